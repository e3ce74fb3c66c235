"""Real models as ONNX Runtime's tools leave them: optimised, and quantised in each of its ways."""
import json

import numpy as np
import onnx
import onnxruntime
import pytest
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

from contrib_support import run_ort
from library import Model
from support import MODELS

pytestmark = pytest.mark.skipif(not (MODELS / "models.json").exists(), reason="the models are not here: tools/fetch_models.py")


def source(name):
    entry = json.loads((MODELS / "models.json").read_text())[name]
    case = next(iter(entry["cases"].values()))
    return MODELS / entry["file"], {key: np.load(MODELS / file) for key, file in case.items()}


def optimise(path, result):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(result)
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def operators(path):
    return {node.op_type for node in onnx.load(path).graph.node if node.domain == "com.microsoft"}


def check(path, feeds, tolerance):
    """`tolerance`: root of the mean square of the difference, as a part of that of the answer."""
    want = run_ort(onnx.load(path), feeds, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC)
    with Model(path, engines="onednn,cpu,ref") as m:
        got = m.run(feeds)
    for a, b in zip(got, want, strict=True):
        assert a.shape == b.shape
        assert np.sqrt(np.mean((a - b) ** 2)) <= tolerance * np.sqrt(np.mean(b**2))


class Readings(CalibrationDataReader):
    def __init__(self, feeds):
        self.feeds = [feeds]

    def get_next(self):
        return self.feeds.pop() if self.feeds else None


@pytest.mark.parametrize("name, expected", [("minilm", {"FusedMatMul", "BiasGelu"}), ("mobilenet_v2", {"FusedConv"}), ("magika", set())])
def test_optimised(name, expected, tmp_path):
    path, feeds = source(name)
    optimise(path, tmp_path / "m.onnx")
    assert expected <= operators(tmp_path / "m.onnx")
    check(tmp_path / "m.onnx", feeds, 1e-5)


def test_dynamic(tmp_path):
    """Rounding to 8 bits turns a difference in the last bit into one of a step now and then; the quantised model itself is off by 0.4."""
    path, feeds = source("minilm")
    quantize_dynamic(path, tmp_path / "q.onnx", weight_type=QuantType.QInt8)
    check(tmp_path / "q.onnx", feeds, 0.1)
    optimise(tmp_path / "q.onnx", tmp_path / "m.onnx")
    assert {"DynamicQuantizeMatMul", "MatMulIntegerToFloat", "SkipLayerNormalization", "Gelu"} <= operators(tmp_path / "m.onnx")
    check(tmp_path / "m.onnx", feeds, 0.1)


@pytest.mark.parametrize("form", ["QOperator", "QDQ"])
def test_static(form, tmp_path):
    path, feeds = source("mobilenet_v2")
    quantize_static(path, tmp_path / "q.onnx", Readings(feeds), quant_format=getattr(QuantFormat, form), per_channel=form == "QDQ",
                    weight_type=QuantType.QInt8, activation_type=QuantType.QUInt8)
    check(tmp_path / "q.onnx", feeds, 0.1)
    optimise(tmp_path / "q.onnx", tmp_path / "m.onnx")
    assert {"QLinearAdd", "QGemm"} <= operators(tmp_path / "m.onnx")
    check(tmp_path / "m.onnx", feeds, 0.1)


@pytest.mark.parametrize("multi_head", [False, True])
def test_transformer(multi_head, tmp_path):
    pytest.importorskip("sympy", reason="ONNX Runtime's transformer optimiser needs it")
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions
    path, feeds = source("minilm")
    options = FusionOptions("bert")
    options.use_multi_head_attention = multi_head
    optimizer.optimize_model(str(path), model_type="bert", num_heads=12, hidden_size=384, optimization_options=options,
                             opt_level=0).save_model_to_file(str(tmp_path / "m.onnx"))
    assert {"EmbedLayerNormalization", "MultiHeadAttention" if multi_head else "Attention"} <= operators(tmp_path / "m.onnx")
    check(tmp_path / "m.onnx", feeds, 1e-5)


@pytest.mark.parametrize("symmetric", [True, False])
def test_few_bits(symmetric, tmp_path):
    pytest.importorskip("onnx_ir", reason="ONNX Runtime's quantiser needs it")
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
    path, feeds = source("minilm")
    quantizer = MatMulNBitsQuantizer(onnx.load(path), block_size=32, is_symmetric=symmetric, bits=4)
    quantizer.process()
    quantizer.model.save_model_to_file(str(tmp_path / "m.onnx"))
    assert "MatMulNBits" in operators(tmp_path / "m.onnx")
    check(tmp_path / "m.onnx", feeds, 1e-5)
