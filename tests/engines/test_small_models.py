"""Models of a few nodes that some engine got wrong once: each engine against ref."""
import os
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from support import BUILD, ROOT

sys.path.insert(0, str(ROOT / "python"))
os.environ["OUTBOARD_BUILD"] = str(BUILD)

import outboard  # noqa: E402

ENGINES = sorted(p.stem.removeprefix("ob_engine_") for p in (BUILD / "lib" / "outboard").glob("ob_engine_*.so") if p.stem not in ("ob_engine_ref", "ob_engine_null"))


def compiled(nodes, inputs, outputs, constants, engines):
    values = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in inputs.items()]
    graph = helper.make_graph(nodes, "small", values, [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
                              [numpy_helper.from_array(v, n) for n, v in constants.items()])
    return outboard.compile(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), engines=engines, threads=1)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cast_like_a_tensor_of_larger_rank(engine):
    """Only the type of CastLike's second input counts: it may have a larger rank, and dims that fit nothing."""
    rng = np.random.default_rng(3)
    x = {"m": rng.random((2, 1, 4, 6), np.float32)}
    c = {"c": rng.standard_normal((4, 6)), "odd": rng.standard_normal(5)}
    nodes = [helper.make_node("CastLike", ["c", "m"], ["d"]), helper.make_node("Add", ["m", "d"], ["y"]),
             helper.make_node("CastLike", ["odd", "y"], ["z"])]
    y, z = compiled(nodes, x, ["y", "z"], c, f"{engine},ref").run(x)
    np.testing.assert_array_equal(y, x["m"] + c["c"].astype(np.float32))
    np.testing.assert_array_equal(z, c["odd"].astype(np.float32))
