"""What binding refuses: sizes outside their range, axes that disagree, guards of nodes that would not work, windows without room; each
with an error that names input, axis, symbol and values. And what it must not refuse: a branch that is not taken."""
import pathlib
import sys

import numpy as np
import pytest
from onnx import TensorProto as P
from onnx import helper as h
from onnx import numpy_helper as nh

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from library import Failure, Model  # noqa: E402

F, I = np.float32, np.int64
value = h.make_tensor_value_info


def build(nodes, inputs, outputs, constants=()):
    graph = h.make_graph(nodes, "g", inputs, outputs, initializer=[nh.from_array(a, n) for n, a in dict(constants).items()])
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 21)], ir_version=10).SerializeToString()


def refused(model, feed, *words):
    with pytest.raises(Failure) as failure:
        model.run(feed)
    assert "invalid argument" in str(failure.value)
    for word in words:
        assert word in str(failure.value)


def ones(*shape):
    return np.ones(shape, F)


@pytest.fixture(params=["ref", "onednn,cpu,ref"])
def engines(request):
    return request.param


def test_a_size_outside_its_range(engines):
    data = build([h.make_node("Neg", ["x"], ["y"])], [value("x", P.FLOAT, ["n", 2])], [value("y", P.FLOAT, None)])
    with Model(data, engines, dims=["n=2:5"]) as model:
        model.run({"x": ones(5, 2)})
        refused(model, {"x": ones(6, 2)}, "'x' axis 0 ('n') must be 2 to 5, found 6")
        refused(model, {"x": ones(1, 2)}, "'x' axis 0 ('n') must be 2 to 5, found 1")
    with Model(data, engines, dims=["n=3"]) as model:
        refused(model, {"x": ones(4, 2)}, "'x' axis 0 must be 3, found 4")


def test_axes_of_one_name_that_disagree(engines):
    data = build([h.make_node("MatMul", ["a", "b"], ["y"])], [value("a", P.FLOAT, ["n", "k"]), value("b", P.FLOAT, ["k", 3])],
                 [value("y", P.FLOAT, None)])
    with Model(data, engines) as model:
        refused(model, {"a": ones(2, 4), "b": ones(5, 3)}, "'a' axis 1 and 'b' axis 0 are both 'k' but are 4 and 5")
        assert model.run({"a": ones(2, 4), "b": ones(4, 3)})[0].shape == (2, 3)


def test_axes_of_two_names_that_must_agree(engines):
    data = build([h.make_node("MatMul", ["a", "b"], ["y"], name="product")], [value("a", P.FLOAT, ["n", "k"]), value("b", P.FLOAT, ["l", 3])],
                 [value("y", P.FLOAT, None)])
    with Model(data, engines) as model:
        assert model.run({"a": ones(2, 4), "b": ones(4, 3)})[0].shape == (2, 3)
        refused(model, {"a": ones(2, 4), "b": ones(5, 3)}, "node 'product': the inner sizes of the factors: eq(k, l) does not hold for k = 4 ('a' axis 1), l = 5 ('b' axis 0)")


@pytest.mark.parametrize("op, attributes", [("MaxPool", {"kernel_shape": [3]}), ("AveragePool", {"kernel_shape": [3]}), ("Conv", {})])
@pytest.mark.parametrize("inside", [False, True])
def test_windows_without_room(engines, op, attributes, inside):
    names = ["x", "w"] if op == "Conv" else ["x"]
    nodes = [h.make_node(op, names, ["p"], name="window", **attributes), h.make_node("Abs" if inside else "Identity", ["p"], ["y"])]
    data = build(nodes, [value("x", P.FLOAT, [1, 2, "w_"])], [value("y", P.FLOAT, None)], {"w": ones(2, 2, 3)} if op == "Conv" else {})
    with Model(data, engines) as model:
        assert model.run({"x": ones(1, 2, 4)})[0].shape == (1, 2, 2)
        refused(model, {"x": ones(1, 2, 1)}, "axis 2 of '", "comes to -1")
        assert model.run({"x": ones(1, 2, 3)})[0].shape == (1, 2, 1)


def test_reshapes_that_do_not_come_out_even(engines):
    nodes = [h.make_node("Reshape", ["x", "one"], ["flat"]), h.make_node("Reshape", ["flat", "shape"], ["r"], name="last"),
             h.make_node("Relu", ["r"], ["y"])]
    data = build(nodes, [value("x", P.FLOAT, ["n", 3])], [value("y", P.FLOAT, None)], {"one": np.array([-1], I), "shape": np.array([-1, 4], I)})
    with Model(data, engines) as model:
        assert model.run({"x": ones(4, 3)})[0].shape == (3, 4)
        refused(model, {"x": ones(5, 3)}, "Reshape")


def test_guards_belong_to_their_branch(engines):
    """Two nodes of one name, one in each branch; only the branch that runs may refuse."""
    then_branch = h.make_graph([h.make_node("MatMul", ["a", "b"], ["t"], name="node")], "then", [], [value("t", P.FLOAT, None)])
    else_branch = h.make_graph([h.make_node("Relu", ["a"], ["e"], name="node")], "else", [], [value("e", P.FLOAT, None)])
    data = build([h.make_node("If", ["c"], ["y"], then_branch=then_branch, else_branch=else_branch, name="node")],
                 [value("c", P.BOOL, []), value("a", P.FLOAT, ["n", "k"]), value("b", P.FLOAT, ["l", 3])], [value("y", P.FLOAT, None)])
    yes, no = np.array(True), np.array(False)
    with Model(data, engines) as model:
        assert model.run({"c": yes, "a": ones(2, 4), "b": ones(4, 3)})[0].shape == (2, 3)
        assert model.run({"c": no, "a": ones(2, 4), "b": ones(5, 3)})[0].shape == (2, 4)
        refused(model, {"c": yes, "a": ones(2, 4), "b": ones(5, 3)}, "node 'node'")


def test_an_element_outside_its_range(engines):
    nodes = [h.make_node("Expand", ["x", "shape"], ["y"])]
    data = build(nodes, [value("x", P.FLOAT, [1]), value("shape", P.INT64, [1])], [value("y", P.FLOAT, None)])
    with Model(data, engines) as model:
        assert model.run({"x": ones(1), "shape": np.array([7], I)})[0].shape == (7,)
        refused(model, {"x": ones(1), "shape": np.array([-7], I)})
        assert model.run({"x": ones(1), "shape": np.array([2], I)})[0].shape == (2,)
