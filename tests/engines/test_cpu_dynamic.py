"""Operators of the engine cpu whose outputs are as long as the data says, against ref, and that cpu has them."""
import numpy as np
import pytest
from onnx import TensorProto, helper

from library import Model

TYPES = ["bool", "int8", "uint8", "int16", "int32", "int64", "uint64", "float16", "float32", "float64"]


def model(op, arrays, output, **attributes):
    inputs = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), [None] * a.ndim) for n, a in arrays.items()]
    node = helper.make_node(op, list(arrays), ["y"], **attributes)
    graph = helper.make_graph([node], op, inputs, [helper.make_tensor_value_info("y", output, None)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10).SerializeToString()


def both(op, arrays, output, **attributes):
    answers = []
    for engines in ("ref", "cpu"):  # cpu alone: the model does not load where it has no kernel
        with_engine = Model(model(op, arrays, output, **attributes), engines=engines)
        answers.append([with_engine.run(arrays)[0] for _ in range(2)])
    for answer in answers[1] + answers[0][1:]:
        assert answer.dtype == answers[0][0].dtype and answer.shape == answers[0][0].shape
        np.testing.assert_array_equal(answer, answers[0][0])
    return answers[0][0]


@pytest.mark.parametrize("shape", [(7,), (0,), (3, 0, 2), (1, 1), (5, 40), (2, 3, 700), (300, 300)])
@pytest.mark.parametrize("dtype", TYPES)
def test_non_zero(dtype, shape):
    random = np.random.default_rng(len(shape))
    x = (random.integers(-2, 3, shape) * (random.random(shape) < 0.3)).astype(dtype)
    if x.dtype.kind == "f" and x.size > 3:
        x.flat[:3] = -0.0, np.nan, np.finfo(dtype).tiny
    got = both("NonZero", {"x": x}, TensorProto.INT64)
    np.testing.assert_array_equal(got, np.array(np.nonzero(x)))


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("dtype", ["int8", "float32", "float64"])
def test_compress(dtype, axis):
    random = np.random.default_rng(1)
    x = random.integers(-9, 9, (4, 5, 6)).astype(dtype)
    length = x.size if axis is None else x.shape[axis]
    for keep in (length, length - 1, 0):
        condition = random.random(keep) < 0.5
        attributes = {} if axis is None else {"axis": axis}
        got = both("Compress", {"x": x, "condition": condition}, helper.np_dtype_to_tensor_dtype(x.dtype), **attributes)
        np.testing.assert_array_equal(got, np.compress(condition, x, axis))
