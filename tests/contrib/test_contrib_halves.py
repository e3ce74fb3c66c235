"""The same in float16, as the transformer tools convert models: against the answers in float32."""
import numpy as np
import pytest

from contrib_support import ENGINES, make, random
from library import Model

H = 16
CASES = {
    "FastGelu": ([(2, 8), (8,)], {}),
    "QuickGelu": ([(2, 8)], {}),
    "SkipLayerNormalization": ([(2, 3, 8), (2, 3, 8), (8,), (8,), (8,)], {"epsilon": 1e-5}),
    "SkipSimplifiedLayerNormalization": ([(2, 3, 8), (2, 3, 8), (8,)], {"epsilon": 1e-5}),
    "GroupNorm": ([(2, 3, 3, 8), (8,), (8,)], {"groups": 2, "activation": 1}),
    "FusedMatMul": ([(2, 4, 8), (2, 4, 8)], {"transB": 1, "alpha": 0.25}),
    "FusedConv": ([(1, 4, 5, 5), (4, 4, 3, 3)], {"activation": "Relu"}),
    "Attention": ([(2, 5, 8), (8, 3 * H), (3 * H,)], {"num_heads": 2, "unidirectional": 1}),
    "MultiHeadAttention": ([(2, 5, H)] * 3, {"num_heads": 2, "unidirectional": 1}),
    "RotaryEmbedding": ([(2, 5, H), "places", (8, H // 4), (8, H // 4)], {"num_heads": 2}),
}


@pytest.mark.parametrize("op", CASES)
def test_float16(op):
    shapes, attributes = CASES[op]
    inputs = [np.tile(np.arange(5), (2, 1)) if shape == "places" else random(*shape, seed=i) for i, shape in enumerate(shapes)]
    model, feeds = make(op, inputs, **attributes)
    with Model(model.SerializeToString()) as m:
        want = m.run(feeds)[0]
    model, feeds = make(op, [i.astype(np.float16) if i.dtype == np.float32 else i for i in inputs], **attributes)
    for engines in ENGINES:
        with Model(model.SerializeToString(), engines=engines) as m:
            got = m.run(feeds)[0]
        assert got.dtype == np.float16
        np.testing.assert_allclose(got.astype(np.float32), want, rtol=0.02, atol=0.02)
