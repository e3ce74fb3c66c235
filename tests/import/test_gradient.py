"""Gradient: each derivative against differences, gradients of gradients, other values than those of the graph, and errors."""
import sys

import numpy as np
import onnx
import pytest
from importing import ROOT
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(ROOT / "tests"))
from library import Failure, Model  # noqa: E402

RNG = np.random.default_rng(3)


def positive(*shape):
    return RNG.uniform(0.5, 2, shape)


def signed(*shape):
    values = RNG.uniform(0.2, 1.5, shape)
    return np.where(RNG.random(shape) < 0.5, -values, values)


def ints(*values):
    return np.array(values, np.int64)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, name=outputs[0], **attributes)


def build(nodes, feeds, outputs, constants=()):
    infos = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, v.shape) for n, v in feeds.items()]
    graph = helper.make_graph(nodes, "g", infos, [onnx.ValueInfoProto(name=o) for o in outputs],
                              [numpy_helper.from_array(v, n) for n, v in constants])
    opsets = [helper.make_opsetid("", 22), helper.make_opsetid("ai.onnx.preview.training", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def gradient(xs, y, outputs, inputs=None, zs=()):
    more = {"zs": list(zs)} if zs else {}
    return helper.make_node("Gradient", inputs or [*xs, *zs], outputs, name="gradient", domain="ai.onnx.preview.training", xs=xs, y=y, **more)


def run(nodes, feeds, outputs, constants=()):
    with Model(build(nodes, feeds, outputs, constants)) as model:
        return model.run(feeds)


def differences(nodes, feeds, name, constants, step=1e-6):
    """d(sum of y)/d(name), element by element."""
    with Model(build(nodes, feeds, ["y"], constants)) as model:
        slope = np.zeros_like(feeds[name])
        for at in np.ndindex(*feeds[name].shape):
            ends = []
            for sign in (1, -1):
                moved = feeds[name].copy()
                moved[at] += sign * step
                ends.append(model.run({**feeds, name: moved})[0].sum())
            slope[at] = (ends[0] - ends[1]) / (2 * step)
    return slope


ONE = [("Abs", {}), ("Clip", {}), ("Cos", {}), ("Erf", {}), ("Exp", {}), ("Identity", {}), ("LeakyRelu", {"alpha": 0.3}), ("Neg", {}), ("Relu", {}),
       ("Sigmoid", {}), ("Sin", {}), ("Softplus", {}), ("Tanh", {}), ("Reciprocal", {}), ("Floor", {}), ("Sign", {}), ("Flatten", {"axis": 1}),
       ("Softmax", {"axis": 1}), ("LogSoftmax", {}), ("Transpose", {"perm": [2, 0, 1]}), ("Transpose", {})]
CASES = [pytest.param([node(op, ["a"], ["t"], **more)], {"a": signed(2, 3, 2)}, (), id=f"{op}-{i}") for i, (op, more) in enumerate(ONE)]


def case(name, nodes, feeds, constants=()):
    CASES.append(pytest.param(nodes, feeds, constants, id=name))


for op in ("Log", "Sqrt"):
    case(op, [node(op, ["a"], ["t"])], {"a": positive(2, 3)})
for op in ("Add", "Sub", "Mul", "Div", "Pow", "Sum", "Mean"):
    case(op, [node(op, ["a", "b"], ["t"])], {"a": positive(2, 3), "b": positive(2, 3)})
    case(f"{op}-broadcast", [node(op, ["a", "b"], ["t"])], {"a": positive(2, 1, 3), "b": positive(4, 1)})
for a, b in (((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (4, 3, 2))):
    case(f"MatMul-{a}-{b}", [node("MatMul", ["a", "b"], ["t"])], {"a": signed(*a), "b": signed(*b)})
for ta in (0, 1):
    for tb in (0, 1):
        case(f"Gemm-{ta}{tb}", [node("Gemm", ["a", "b", "c"], ["t"], transA=ta, transB=tb, alpha=0.5, beta=2.0)],
             {"a": signed(*((3, 2) if ta else (2, 3))), "b": signed(*((4, 3) if tb else (3, 4))), "c": signed(4)})
for op in ("ReduceSum", "ReduceMean"):
    for keep in (0, 1):
        case(f"{op}-{keep}", [node(op, ["a", "axes"], ["t"], keepdims=keep)], {"a": signed(2, 3, 2)}, [("axes", ints(-2))])
        case(f"{op}-all-{keep}", [node(op, ["a"], ["t"], keepdims=keep)], {"a": signed(2, 3)})
case("Reshape", [node("Reshape", ["a", "s"], ["t"])], {"a": signed(2, 3)}, [("s", ints(3, -1))])
case("Unsqueeze", [node("Unsqueeze", ["a", "s"], ["t"])], {"a": signed(2, 3)}, [("s", ints(1))])
case("Squeeze", [node("Squeeze", ["a", "s"], ["t"])], {"a": signed(2, 1, 3)}, [("s", ints(1))])
case("Expand", [node("Expand", ["a", "s"], ["t"])], {"a": signed(1, 3)}, [("s", ints(4, 2, 3))])
case("Concat", [node("Concat", ["a", "b"], ["t"], axis=-1)], {"a": signed(2, 3), "b": signed(2, 2)})
case("Where", [node("Where", ["m", "a", "b"], ["t"])], {"a": signed(2, 2), "b": signed(2)}, [("m", np.array([[True, False], [False, True]]))])


@pytest.mark.parametrize("nodes,feeds,constants", CASES)
def test_against_differences(nodes, feeds, constants):
    """y = t * t, so that the slope that reaches the operator is no constant."""
    forwards = [*nodes, node("Mul", ["t", "t"], ["y"])]
    slopes = run([*forwards, gradient(list(feeds), "y", [f"d{n}" for n in feeds])], feeds, [f"d{n}" for n in feeds], constants)
    for name, slope in zip(feeds, slopes, strict=True):
        expected = differences(forwards, feeds, name, constants)
        assert slope.shape == expected.shape
        np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-6)


def test_second_derivatives():
    feeds = {"x": signed(5)}
    nodes = [node("Sigmoid", ["x"], ["y"]), gradient(["x"], "y", ["dy"]), gradient(["x"], "dy", ["ddy"])]
    s = 1 / (1 + np.exp(-feeds["x"]))
    np.testing.assert_allclose(run(nodes, feeds, ["ddy"])[0], s * (1 - s) * (1 - 2 * s), rtol=1e-9)


def test_at_other_values_and_by_intermediate_ones():
    """The tensors named define the function; the inputs say where its gradient is taken."""
    feeds = {"w": signed(3), "x": signed(3), "h2": signed(3)}
    nodes = [node("Mul", ["w", "x"], ["h"]), node("Mul", ["h", "h"], ["q"]), node("Mul", ["q", "x"], ["y"]),
             gradient(["h"], "y", ["dh"], ["h2", "x"], zs=["x"]), gradient(["h"], "y", ["dh1"], zs=["x"])]
    at_other, at_own = run(nodes, feeds, ["dh", "dh1"])
    np.testing.assert_allclose(at_other, 2 * feeds["h2"] * feeds["x"])
    np.testing.assert_allclose(at_own, 2 * feeds["w"] * feeds["x"] ** 2)


def test_what_y_does_not_depend_on_has_a_zero_gradient_and_outputs_may_be_left_out():
    feeds = {"a": signed(2), "b": signed(3)}
    (db,) = run([node("Exp", ["a"], ["y"]), gradient(["a", "b"], "y", ["", "db"])], feeds, ["db"])
    assert db.tolist() == [0, 0, 0]


def refused(nodes, feeds, *words):
    with pytest.raises(Failure) as failure:
        run(nodes, feeds, ["d"])
    assert all(word in str(failure.value) for word in words), failure.value


def test_errors_name_what_is_wrong():
    feeds = {"a": signed(2, 2)}
    det = [node("Exp", ["a"], ["e"]), node("Det", ["e"], ["y"])]
    refused([*det, gradient(["a"], "y", ["d"])], feeds, "unsupported", "'gradient'", "'y' (Det)", "no derivative")
    refused([*det, gradient(["a"], "nowhere", ["d"])], feeds, "'y'", "nowhere")
    refused([*det, gradient(["z"], "y", ["d"], ["a"])], feeds, "'xs'", "'z'")
    refused([*det, gradient(["a"], "y", ["d"], ["a", "a"])], feeds, "2 inputs", "1 names")
