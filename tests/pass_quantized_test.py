"""The pass that takes operators on integers apart: what they become, and that the answers stay within a step of rounding."""
import subprocess

import numpy as np
import pytest

from pass_test import TOOL, Graph, passes, rng  # noqa: F401 (a fixture)

FLOAT = 1


def integers(*shape, dtype="int8", seed=3):
    info = np.iinfo(dtype)
    return np.random.default_rng(seed).integers(info.min, info.max, shape, endpoint=True).astype(dtype)


def scalar(value, dtype="float32"):
    return np.array(value, dtype)


def quantized(g, *shape):
    return g.QuantizeLinear(g.input(*shape), scalar(0.02), scalar(128, "uint8"))


STEP = 0.01  # of a uint8 with a scale of 1: the answers are compared in float32, up to 255


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_convolution(passes, per_channel, bias):
    g = Graph(opset=13)
    many = [6] if per_channel else []
    last = [integers(6, dtype="int16").astype("int32")] if bias else []
    y = g.QLinearConv(quantized(g, 1, 4, 6, 6), scalar(0.02), scalar(128, "uint8"), integers(6, 2, 3, 3), rng(*many, low=0.001, high=0.01),
                      np.zeros(many, "int8"), scalar(0.05), scalar(120, "uint8"), *last, group=2, pads=[1, 1, 0, 1], strides=[2, 1])
    made = passes(g, g.Cast(y, to=FLOAT), tolerance=STEP)
    assert "QLinearConv" not in made and {"Conv", "DequantizeLinear", "QuantizeLinear"} <= set(made)


@pytest.mark.parametrize("per_column", [True, False])
def test_product(passes, per_column):
    g = Graph(opset=13)
    many = [6] if per_column else []
    y = g.QLinearMatMul(quantized(g, 2, 4, 8), scalar(0.02), scalar(128, "uint8"), integers(8, 6), rng(*many, low=0.001, high=0.01),
                        np.zeros(many, "int8"), scalar(0.05), scalar(120, "uint8"))
    made = passes(g, g.Cast(y, to=FLOAT), tolerance=STEP)
    assert "QLinearMatMul" not in made and "MatMul" in made


def test_product_by_rows_stays(passes):
    g = Graph(opset=13)
    y = g.QLinearMatMul(quantized(g, 4, 8), rng(4, low=0.01, high=0.02), integers(4, dtype="uint8"), integers(8, 6), scalar(0.01),
                        scalar(0, "int8"), scalar(0.05), scalar(120, "uint8"))
    assert "QLinearMatMul" in passes(g, g.Cast(y, to=FLOAT), judge=lambda model, feeds: [])  # the evaluator has it by columns only


@pytest.mark.parametrize("zeros", ["none", "one", "columns"])
def test_integer_product(passes, zeros):
    g = Graph(opset=13)
    points = {"none": [], "one": [scalar(128, "uint8"), scalar(3, "int8")], "columns": [scalar(128, "uint8"), integers(6)]}[zeros]
    made = passes(g, g.Mul(g.Cast(g.MatMulInteger(quantized(g, 4, 8), integers(8, 6), *points), to=FLOAT), 0.01))
    assert "MatMul" in made and "MatMulInteger" not in made


def test_integer_convolution(passes):
    g = Graph(opset=13)
    y = g.ConvInteger(quantized(g, 1, 4, 6, 6), integers(6, 4, 3, 3, dtype="uint8"), scalar(128, "uint8"), scalar(120, "uint8"), pads=[1, 1, 1, 1])
    made = passes(g, g.Cast(y, to=FLOAT))
    assert "Conv" in made and "ConvInteger" not in made


def test_integers_that_are_wanted_stay(passes):
    g = Graph(opset=13)
    y = g.MatMulInteger(quantized(g, 4, 8), integers(8, 6))
    assert "MatMulInteger" in passes(g, y, g.Cast(y, to=FLOAT))


@pytest.mark.parametrize("low, high", [(-3.0, 2.0), (1.0, 3.0), (-3.0, -1.0)])
def test_dynamic_quantization(passes, low, high):
    g = Graph(opset=13)
    y, scale, zero = g.DynamicQuantizeLinear(g.input("n", 8, low=low, high=high), outputs=3)
    made = passes(g, g.Cast(y, to=FLOAT), scale, g.Cast(zero, to=FLOAT), tolerance=STEP)
    assert "DynamicQuantizeLinear" not in made


def test_every_allocation_may_fail(tmp_path):
    g = Graph(opset=13)
    y, scale, zero = g.DynamicQuantizeLinear(g.input(1, 4, 6, 6), outputs=3)
    y = g.QLinearConv(y, scale, zero, integers(6, 4, 3, 3), scalar(0.01), scalar(0, "int8"), scalar(0.05), scalar(120, "uint8"),
                      integers(6).astype("int32"))
    y = g.Cast(g.MatMulInteger(y, integers(4, 5), scalar(120, "uint8"), integers(5, seed=4)), to=FLOAT)
    (tmp_path / "m.onnx").write_bytes(g.model(y).SerializeToString())
    done = subprocess.run([str(TOOL), str(tmp_path / "m.onnx"), "sweep"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
@pytest.mark.parametrize("zeros", [True, False])
@pytest.mark.parametrize("fixed", [True, False])
def test_blocks(passes, dtype, zeros, fixed):
    g = Graph(opset=21)
    x = integers(3, 12, dtype=dtype) if fixed else g.input("n", 3, 12, dtype=dtype, low=0, high=100)
    scale, points = rng(*(3, 3) if fixed else (3, 3, 3), low=0.01, high=0.1), integers(*(3, 3) if fixed else (3, 3, 3), dtype=dtype)
    y = g.DequantizeLinear(x, scale, *([points] if zeros else []), axis=-1, block_size=4)
    assert "DequantizeLinear" not in passes(g, g.Neg(y))


def test_blocks_along_another_axis_stay(passes):
    g = Graph(opset=21)
    assert "DequantizeLinear" in passes(g, g.Neg(g.DequantizeLinear(integers(8, 3), rng(2, 3), axis=0, block_size=4)))
