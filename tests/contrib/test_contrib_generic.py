"""Operators that ONNX has by now, and the LSTM with quantised weights."""
import numpy as np
import pytest

from contrib_support import check, random


def test_moves():
    x = random(4, 5)
    check("Trilu", [x])
    check("Trilu", [x, np.array(1, np.int64)], upper=0)
    check("Pad", [x, np.array([1, 0, 2, 3], np.int64), np.array([0.5], np.float32)])
    check("Pad", [x, np.array([1, 0, 2, 3], np.int64)], mode="reflect")
    check("ExpandDims", [x, np.array(1, np.int32)], constants=[1])
    check("ExpandDims", [x, np.array(-1, np.int32)], [x[..., None]], constants=[1])
    check("SampleOp", [x])
    check("GatherND", [x, np.array([[0, 1], [3, 2]], np.int32)])
    check("GatherND", [x, np.array([[0], [3]], np.int64)])
    check("TorchEmbedding", [x, np.array([[0, 3]], np.int64)], [x[[[0, 3]]]])


def test_range():
    check("Range", [np.array(v, np.float32) for v in (1, 9, 2)])
    check("Range", [np.array(v, np.int64) for v in (1, 9)])
    check("Range", [np.array([v], np.int32) for v in (9, 1, -3)], [np.array([9, 6, 3], np.int32)])


def test_unique():
    check("Unique", [np.array([3, 1, 3, 2, 1, 3], np.float32)], outputs=3)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_grid_sample(mode, padding):
    x, grid = random(2, 3, 5, 6), random(2, 4, 3, 2, seed=1, low=-1.3, high=1.3)
    if (mode, padding) != ("bicubic", "border"):  # there ONNX Runtime strays from ONNX
        check("GridSample", [x, grid], mode=mode, padding_mode=padding, align_corners=1)


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean"])
def test_c_dist(metric):
    check("CDist", [random(4, 5), random(3, 5, seed=1)], metric=metric, rtol=1e-3)


def test_complex():
    a, b = random(2, 3, 2), random(2, 3, 2, seed=1)
    x, y = a[..., 0] + 1j * a[..., 1], b[..., 0] + 1j * b[..., 1]

    def pairs(z):
        return np.stack([z.real, z.imag], -1).astype(np.float32)

    check("ComplexMul", [a, b], [pairs(x * y)])
    check("ComplexMulConj", [a, b], [pairs(x * y.conj())])
    check("Rfft", [a[..., 0].copy()], [pairs(np.fft.rfft(a[..., 0]))], signal_ndim=1)


def test_is_all_finite():
    x = random(2, 3)
    for value, want in ((1.0, True), (np.nan, False), (np.inf, False)):
        y = x.copy()
        y[0, 1] = value
        check("IsAllFinite", [x, y], [np.array(want)])
    check("IsAllFinite", [y], [np.array(True)], isnan_only=1)


@pytest.mark.parametrize("direction", ["forward", "bidirectional"])
@pytest.mark.parametrize("per_column", [True, False])
def test_lstm(direction, per_column):
    """ONNX Runtime rounds the data to 8 bits as well: that is the tolerance."""
    directions, hidden, size, length = 2 if direction == "bidirectional" else 1, 4, 5, 3
    columns = (directions, 4 * hidden) if per_column else (directions,)
    weights = [random(directions, n, 4 * hidden, seed=n, low=-100, high=100, dtype=np.int8) for n in (size, hidden)]
    scales = [random(*columns, seed=9, low=0.004, high=0.006) for _ in weights]
    zeros = [np.zeros(columns, np.int8) for _ in weights]
    check("DynamicQuantizeLSTM", [random(length, 2, size), *weights, random(directions, 8 * hidden, seed=3), None, None, None, None, scales[0],
                                  zeros[0], scales[1], zeros[1]],
          constants=[1, 2, 8, 9, 10, 11], outputs=3, hidden_size=hidden, direction=direction, atol=0.02, rtol=0.02)
