"""Passes that recognise what JAX's exporters write: softmax and normalisation in pieces; transposes around an Unsqueeze."""
import subprocess

import pytest

from pass_test import TOOL, Graph, passes, rng  # noqa: F401 (a fixture)


def softmax(g, x, axis, shape=None, shift="max", divide=True):
    """`shape`: reductions lose the axis, and a Reshape to it brings it back."""
    keep = 0 if shape else 1

    def back(value):
        return g.Reshape(value, rng_ints(shape)) if shape else value

    def reduced(op, value):
        return g.ReduceSum(value, rng_ints([axis]), keepdims=keep) if op == "ReduceSum" else getattr(g, op)(value, axes=[axis], keepdims=keep)

    if shift == "max":
        x = g.Sub(x, back(reduced("ReduceMax", x)))
    if shift == "bounded":
        x = g.Sub(x, back(g.Max(-1e9, reduced("ReduceMax", x))))
    power = g.Exp(x)
    total = back(reduced("ReduceSum", power))
    return g.Div(power, total) if divide else g.Mul(g.Reciprocal(total), power)


def rng_ints(values):
    import numpy as np
    return np.array(values, "int64")


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("shift", ["max", "bounded", "none"])
@pytest.mark.parametrize("divide", [True, False])
def test_softmax(passes, axis, shift, divide):
    g = Graph()
    assert passes(g, softmax(g, g.input("n", 4, 5), axis, shift=shift, divide=divide)) == ["Softmax"]


@pytest.mark.parametrize("axis, shape", [(-1, (3, 4, 1)), (1, (3, 1, 5))])
def test_softmax_that_loses_the_axis(passes, axis, shape):
    g = Graph()
    assert passes(g, softmax(g, g.input(3, 4, 5), axis, shape=shape)) == ["Softmax"]


def test_log_softmax(passes):
    g = Graph()
    x = g.input("n", 5)
    shifted = g.Sub(x, g.ReduceMax(x, axes=[-1]))
    assert passes(g, g.Sub(shifted, g.Log(g.ReduceSum(g.Exp(shifted), rng_ints([-1]))))) == ["LogSoftmax"]


def test_not_softmax(passes):
    g = Graph()  # the sum is over another axis, or the wrong thing is divided
    x = g.input(4, 4)
    power = g.Exp(x)
    assert "Softmax" not in passes(g, g.Div(power, g.Reshape(g.ReduceSum(power, rng_ints([0]), keepdims=0), rng_ints([4, 1]))))
    g = Graph()
    x = g.input(4, 4)
    assert "Softmax" not in passes(g, g.Div(x, g.ReduceSum(g.Exp(x), rng_ints([1]))))


def moments(g, x, shape, axis, scale=None, bias=None, bounded="Relu", mean="sum", wrong=None):
    size = shape[axis]
    kept = [1 if i == axis % len(shape) else d for i, d in enumerate(shape)]

    def average(value):
        if mean == "mean":
            return g.ReduceMean(value, axes=[axis], keepdims=0)
        return g.Mul(g.ReduceSum(value, rng_ints([axis]), keepdims=0), 1 / size * (1.1 if wrong == "size" else 1))

    def back(value):
        return g.Reshape(value, rng_ints(kept))

    first, second = average(x), average(g.Mul(x, x))
    variance = g.Sub(second, g.Mul(first, second if wrong == "square" else first))
    variance = g.Relu(variance) if bounded == "Relu" else g.Max(variance, 0.0) if bounded == "Max" else variance
    factor = g.Reciprocal(g.Sqrt(g.Add(back(variance), 1e-5)))
    if scale is not None:
        factor = g.Mul(factor, scale)
    y = g.Mul(g.Sub(x, back(first)), factor)
    return y if bias is None else g.Add(y, bias)


@pytest.mark.parametrize("bounded", ["Relu", "Max", "none"])
@pytest.mark.parametrize("mean", ["sum", "mean"])
@pytest.mark.parametrize("parts", ["both", "scale", "none"])
def test_moments(passes, bounded, mean, parts):
    g = Graph()
    scale, bias = rng(6) if parts != "none" else None, rng(1, 6, seed=8) if parts == "both" else None
    assert passes(g, moments(g, g.input(4, 6), (4, 6), -1, scale, bias, bounded, mean), tolerance=1e-4) == ["LayerNormalization"]


def test_moments_along_the_middle(passes):
    g = Graph()
    y = moments(g, g.input(2, 6, 4), (2, 6, 4), 1, rng(6, 1), rng(1, 6, 1, seed=8))
    assert passes(g, y, tolerance=1e-4) == ["LayerNormalization", "Transpose", "Transpose"]


def test_transposes_of_moments_meet_others(passes):
    g = Graph()
    y = moments(g, g.input(2, 6, 4), (2, 6, 4), 1, rng(6, 1), rng(1, 6, 1, seed=8))
    y = g.Transpose(g.Unsqueeze(y, rng_ints([3])), perm=[0, 2, 1, 3])
    assert passes(g, y, tolerance=1e-4) == ["LayerNormalization", "Transpose", "Unsqueeze"]


@pytest.mark.parametrize("wrong", ["size", "square", "scale", "float64"])
def test_not_moments(passes, wrong):
    g = Graph("float64" if wrong == "float64" else "float32")
    scale = rng(4, 1) if wrong == "scale" else rng(6, dtype=g.dtype)
    assert "LayerNormalization" not in passes(g, moments(g, g.input(4, 6), (4, 6), -1, scale, wrong=wrong))


@pytest.mark.parametrize("perm, axes, outer, left", [([0, 2, 1], [3], [0, 2, 1, 3], []), ([0, 2, 1], [1], [3, 1, 0, 2], ["Transpose"]),
                                                     ([1, 0], [0, 3], [3, 2, 0, 1], []), ([1, 0], [-1], [2, 0, 1], ["Transpose"])])
def test_transposes_around_unsqueeze(passes, perm, axes, outer, left):
    g = Graph()
    x = g.input(*range(2, 2 + len(perm)))
    y = g.Transpose(g.Unsqueeze(g.Transpose(x, perm=perm), rng_ints(axes)), perm=outer)
    assert passes(g, y) == left + ["Unsqueeze"]


def test_every_allocation_may_fail(tmp_path):
    g = Graph()
    y = moments(g, g.input(2, 6, 4), (2, 6, 4), 1, rng(6, 1))
    y = g.Transpose(g.Unsqueeze(y, rng_ints([3])), perm=[0, 2, 1, 3])
    path = tmp_path / "m.onnx"
    path.write_bytes(g.model(softmax(g, y, -1)).SerializeToString())
    done = subprocess.run([str(TOOL), str(path), "sweep"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("order", ["x*clip/6", "x*(clip/6)", "(x/6)*clip"])
def test_hard_swish_in_front_of_a_convolution(passes, order):
    """Its factor of 1/6 is not taken into the weights behind it, which would leave the pieces."""
    g = Graph()
    x = g.Conv(g.input(1, 8, 6, 6), rng(8, 8, 1, 1))
    clip = g.Clip(g.Add(x, 3.0), 0.0, 6.0)
    y = {"x*clip/6": lambda: g.Div(g.Mul(x, clip), 6.0), "x*(clip/6)": lambda: g.Mul(x, g.Div(clip, 6.0)),
         "(x/6)*clip": lambda: g.Mul(g.Mul(x, 1 / 6), clip)}[order]()
    assert passes(g, g.Conv(y, rng(4, 8, 1, 1))) == ["Conv", "Conv", "HardSwish"]
