"""Row 44 of what has broken systems of this kind: data at run time that an operator does not allow. Each is an error that names the node and
says what was wrong, on every engine; what is allowed but odd (the smallest integer by -1, a shift by the width) has a defined answer."""
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

sys.path.insert(0, str(__import__("pathlib").Path(__file__).resolve().parents[1]))
from library import Failure, Model  # noqa: E402

ENGINES = ["ref", "cpu,ref", "onednn,cpu,ref"]
X = np.arange(12, dtype=np.float32).reshape(3, 4)
IMAGE = np.arange(32, dtype=np.float32).reshape(1, 2, 4, 4)


def i64(*values, shape=None):
    array = np.array(values, np.int64)
    return array if shape is None else array.reshape(shape)


def f32(*values):
    return np.array(values, np.float32)


def model(op, inputs, outputs=1, dims=True, **attributes):
    names = ["" if v is None else f"x{i}" for i, v in enumerate(inputs)]
    infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape if dims else [f"{n}_{k}" for k in range(v.ndim)])
             for n, v in zip(names, inputs) if v is not None]
    results = [f"y{i}" for i in range(outputs)]
    graph = helper.make_graph([helper.make_node(op, names, results, name="culprit", **attributes)], "g", infos,
                              [onnx.ValueInfoProto(name=r) for r in results])
    feeds = {n: v for n, v in zip(names, inputs) if v is not None}
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10).SerializeToString(), feeds


def run(engines, op, inputs, outputs=1, dims=False, **attributes):
    data, feeds = model(op, inputs, outputs, dims, **attributes)
    with Model(data, engines=engines) as opened:
        return opened.run(feeds)


BAD = [
    ("Gather", [X, i64(0, 3)], {}, "3"), ("Gather", [X, i64(-4)], {}, "-4"), ("Gather", [X, i64(2**62)], {"axis": 1}, str(2**62)),
    ("GatherElements", [X, i64(0, 9, shape=(1, 2))], {}, "9"), ("GatherND", [X, i64(2, 4, shape=(1, 2))], {}, "4"),
    ("GatherND", [X, i64(-4, 0, shape=(1, 2))], {}, "-4"), ("ScatterElements", [X, i64(3, shape=(1, 1)), f32(1).reshape(1, 1)], {}, "3"),
    ("ScatterElements", [X, i64(-5, shape=(1, 1)), f32(1).reshape(1, 1)], {"axis": 1}, "-5"),
    ("ScatterND", [X, i64(3, shape=(1, 1)), np.ones((1, 4), np.float32)], {}, "3"), ("ScatterND", [X, i64(-9, 0, shape=(1, 2)), f32(1)], {}, "-9"),
    ("Div", [i64(1, 2), i64(1, 0)], {}, "0"), ("Div", [np.array([1], np.uint8), np.array([0], np.uint8)], {}, "0"),
    ("Mod", [i64(1, 2), i64(0, 1)], {}, "0"), ("Range", [np.array(0, np.int64), np.array(5, np.int64), np.array(0, np.int64)], {}, "0"),
    ("Range", [np.float32(0), np.float32("nan"), np.float32(1)], {}, "nan"), ("Range", [np.float32(0), np.float32("inf"), np.float32(1)], {}, "inf"),
    ("Reshape", [X, i64(5, 5)], {}, "12"), ("Reshape", [X, i64(-1, 5)], {}, "12"), ("Reshape", [X, i64(-1, -1)], {}, "-1"),
    ("Reshape", [X, i64(2**40, 2**40)], {}, ""), ("Expand", [X, i64(2, 5)], {}, "sizes 3 and 2"), ("Expand", [X, i64(-3, 4)], {}, "-3"),
    ("Tile", [X, i64(-1, 1)], {}, "-1"), ("Tile", [X, i64(2**40, 2**40)], {}, ""), ("ConstantOfShape", [i64(3, -1)], {}, "-1"),
    ("ConstantOfShape", [i64(2**40, 2**40)], {}, ""), ("TopK", [X, i64(5)], {}, "5"), ("TopK", [X, i64(-1)], {}, "-1"),
    ("Split", [X, i64(1, 1)], {}, "3"), ("Split", [X, i64(-1, 4)], {}, "-1"), ("Unsqueeze", [X, i64(0, 0)], {}, "0"), ("Unsqueeze", [X, i64(5)], {}, "5"),
    ("Squeeze", [X, i64(0)], {}, "3"), ("Slice", [X, i64(0), i64(2), i64(4)], {}, "4"), ("Slice", [X, i64(0), i64(2), i64(0), i64(0)], {}, "0"),
    ("Pad", [X, i64(0, -9, 0, 0)], {}, ""), ("ReduceSum", [X, i64(2)], {}, "2"),
    ("ReduceSum", [X, i64(0, 0)], {}, "0"), ("CumSum", [X, np.array(2, np.int64)], {}, "2"), ("OneHot", [i64(0, 1), i64(-1), f32(0, 1)], {}, "-1"),
    ("BitShift", [np.array([1], np.uint8), np.array([1, 2], np.uint8)], {"direction": "SIDEWAYS"}, "direction"),
    ("ReverseSequence", [X, i64(9, 1, 1, 1)], {"time_axis": 0, "batch_axis": 1}, "9"),
    ("MaxUnpool", [f32(1).reshape(1, 1, 1, 1), i64(99, shape=(1, 1, 1, 1))], {"kernel_shape": [2, 2]}, "99"),
    ("NegativeLogLikelihoodLoss", [X, i64(0, 9, 1)], {}, "9"), ("RoiAlign", [IMAGE, f32(0, 0, 1, 1).reshape(1, 4), i64(7)], {}, "7"),
    ("EyeLike", [X], {"dtype": 99}, "99"), ("Cast", [X], {"to": 0}, "to"), ("DepthToSpace", [IMAGE], {"blocksize": 3}, "must come out even"),
    ("Einsum", [X, X], {"equation": "ij,jk->ik"}, ""), ("MatMul", [X, X], {}, ""), ("Conv", [IMAGE, np.ones((2, 3, 1, 1), np.float32)], {}, ""),
    ("Resize", [IMAGE, None, f32(1, 1, float("nan"), 1)], {}, "nan"), ("Resize", [IMAGE, None, f32(1, 1, -2, 1)], {}, "-2"),
    ("Resize", [IMAGE, None, f32(1, 1, 1e30, 1)], {}, ""), ("Resize", [IMAGE, None, None, i64(1, 2, -4, 4)], {}, "-4"),
    ("Dropout", [X, f32(1.5).reshape(()), np.array(True)], {}, "1.5"), ("Bernoulli", [X], {"dtype": 8}, "string"),
    ("CenterCropPad", [X, i64(-1, 2)], {}, "-1"), ("Trilu", [i64(1)], {}, ""), ("HannWindow", [np.array(-3, np.int32)], {}, "-3"),
    ("SplitToSequence", [X, i64(2, 2)], {}, "3"),
    ("Multinomial", [np.full((1, 2), -np.inf, np.float32)], {"sample_size": -1}, "sample_size"),
]


@pytest.mark.parametrize("engines", ENGINES)
@pytest.mark.parametrize("op,inputs,attributes,words", BAD, ids=[f"{i}-{b[0]}" for i, b in enumerate(BAD)])
def test_row_44_data_that_is_not_allowed(op, inputs, attributes, words, engines):
    with pytest.raises(Failure) as failure:
        run(engines, op, inputs, outputs=2 if op in ("TopK", "Split") else 1, **attributes)
    message = str(failure.value)
    assert failure.value.status in ("out of range", "invalid argument", "invalid model", "unsupported", "out of memory"), message
    if failure.value.status != "out of memory":
        assert "culprit" in message and words in message, message


@pytest.mark.parametrize("engines", ENGINES)
@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
def test_row_44_integers_at_their_limits(engines, dtype):
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    a, b = np.array([low, low, high, low], dtype), np.array([-1, 1, 1, 2], dtype)
    with np.errstate(all="ignore"):
        assert run(engines, "Div", [a, b])[0].tolist() == [low, low, high, low // 2]
        for op, function in (("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply)):
            assert run(engines, op, [a, b])[0].tolist() == function(a, b).tolist()
    assert run(engines, "Mod", [a, b])[0].tolist()[0] == 0
    assert run(engines, "Neg", [a])[0].tolist() == [low, low, -high, low]
    assert run(engines, "Abs", [a])[0].tolist() == [low, low, high, low]


@pytest.mark.parametrize("engines", ENGINES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.uint64])
def test_row_44_shifts_by_the_width_and_more(engines, dtype):
    width = np.dtype(dtype).itemsize * 8
    a, b = np.array([1, 255, 3], dtype), np.array([width, 255, width - 1], dtype)
    assert run(engines, "BitShift", [a, b], direction="LEFT")[0].tolist()[:2] == [0, 0]
    assert run(engines, "BitShift", [a, b], direction="RIGHT")[0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("engines", ENGINES)
def test_row_44_not_a_number_where_a_place_is_meant(engines):
    """They read nothing outside of the picture; what comes out is a number or NaN."""
    nan = np.full((1, 2, 2, 2), np.nan, np.float32)
    for mode in ("nearest", "linear", "cubic"):
        for padding in ("zeros", "border", "reflection"):
            assert run(engines, "GridSample", [IMAGE, nan], mode=mode, padding_mode=padding)[0].shape == (1, 2, 2, 2)
            assert run(engines, "GridSample", [IMAGE, nan * 0 + 1e38], mode=mode, padding_mode=padding)[0].shape == (1, 2, 2, 2)
    for box in (np.nan, np.inf, 1e38, -1e38):
        for op, inputs, more in (("RoiAlign", [IMAGE, np.full((1, 4), box, np.float32), i64(0)], {}),
                                 ("MaxRoiPool", [IMAGE, np.array([[0, box, box, box, box]], np.float32)], {"pooled_shape": [2, 2]})):
            try:
                run(engines, op, inputs, **more)
            except Failure as failure:  # a box that is none, or needs too many samples
                assert "culprit" in str(failure) and "region 0" in str(failure)
    run(engines, "NonMaxSuppression", [np.full((1, 3, 4), np.nan, np.float32), np.full((1, 1, 3), np.nan, np.float32), i64(3)])
    run(engines, "DeformConv", [IMAGE, np.ones((2, 2, 1, 1), np.float32), np.full((1, 2, 4, 4), np.nan, np.float32)])


def test_row_44_tensors_that_do_not_fit():
    data, feeds = model("Relu", [X])
    with Model(data) as opened:
        for bad, words in ((X.astype(np.float64), "float64"), (X[:2], "2"), (X.ravel(), "rank")):
            with pytest.raises(Failure, match=words):
                opened.run({"x0": bad})
        assert opened.run(feeds)[0].tolist() == X.tolist()
