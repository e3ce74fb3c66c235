"""Operators whose attributes or shape operands are expressions run inside regions of the engine cpu: numbers come with each binding, the
region is compiled once. What they make is compared with the reference engine, and `report` says what a new shape costs."""
import pathlib
import sys

import numpy as np
import pytest
from onnx import TensorProto as P
from onnx import helper as h
from onnx import numpy_helper as nh

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from library import Model  # noqa: E402

value = h.make_tensor_value_info


class Builder:
    """x: float32[n, m]; the sizes n and m are read from its shape, as exporters do it."""

    def __init__(self):
        self.nodes, self.constants = [], []
        self.add("Shape", ["x"], "shape")
        self.n = self.add("Gather", ["shape", self.ints([0])], "n")
        self.m = self.add("Gather", ["shape", self.ints([1])], "m")

    def add(self, op, inputs, output=None, **attributes):
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(h.make_node(op, inputs, [output], output, **attributes))
        return output

    def constant(self, array):
        self.constants.append(nh.from_array(array, f"c{len(self.constants)}"))
        return self.constants[-1].name

    def ints(self, numbers):
        return self.constant(np.array(numbers, np.int64))

    def concat(self, *parts):
        return self.add("Concat", list(parts), axis=0)

    def scalar(self, vector):
        return self.add("Squeeze", [vector, self.ints([0])])


def range_(b):
    end = b.scalar(b.add("Mul", [b.n, b.ints([2])]))
    return b.add("Cast", [b.add("Range", [b.constant(np.array(0)), end, b.constant(np.array(1))])], to=P.FLOAT)


def expand(b):
    return b.add("Expand", ["x", b.concat(b.ints([3]), b.n, b.m)])


def slice_(b):
    half = b.add("Div", [b.m, b.ints([2])])
    return b.add("Slice", ["x", half, b.m, b.ints([1])])


def reshape(b):
    return b.add("Reshape", ["x", b.concat(b.m, b.n)])


def pad(b):
    return b.add("Pad", ["x", b.concat(b.ints([0]), b.n, b.ints([1]), b.m)])


def tile(b):
    return b.add("Tile", ["x", b.concat(b.ints([2]), b.n)])


def resize(b):
    image = b.add("Unsqueeze", ["x", b.ints([0, 1])])
    sizes = b.concat(b.ints([1, 1]), b.add("Mul", [b.n, b.ints([2])]), b.add("Add", [b.m, b.ints([3])]))
    return b.add("Resize", [image, "", "", sizes], mode="linear")


def constant_of_shape(b):
    return b.add("ConstantOfShape", [b.concat(b.m, b.n, b.n)], value=nh.from_array(np.array([2.5], np.float32)))


def top_k(b):
    k = b.add("Div", [b.add("Add", [b.m, b.ints([1])]), b.ints([2])])
    b.nodes.append(h.make_node("TopK", ["x", k], ["values", "indices"], "top"))
    return "values"


CASES = {"Range": range_, "Expand": expand, "Slice": slice_, "Reshape": reshape, "Pad": pad, "Tile": tile, "Resize": resize,
         "ConstantOfShape": constant_of_shape, "TopK": top_k}
SIZES = [(1, 1), (2, 3), (7, 5), (3, 16), (16, 2)]


def build(case):
    """y = f(x) negated, so that a view does not end as nothing at all."""
    b = Builder()
    b.add("Neg", [CASES[case](b)], "y")
    graph = h.make_graph(b.nodes, "g", [value("x", P.FLOAT, ["n", "m"])], [value("y", P.FLOAT, None)], initializer=b.constants)
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 21)], ir_version=10).SerializeToString()


@pytest.mark.parametrize("case", CASES)
def test_runs_inside_a_region_of_cpu(case):
    blob, rng = build(case), np.random.default_rng(5)
    with Model(blob, engines="cpu,ref") as fast, Model(blob, engines="ref") as oracle:
        report = fast.report()
        here = [node for node in report["nodes"] if node["op"] == case]
        assert len(here) == 1 and here[0]["engine"] == "cpu"
        assert not {node["op"] for node in report["nodes"]} & {"Shape", "Gather", "Concat"}  # the chain is gone
        region = next(r for r in report["regions"] if r["symbol"] == here[0]["region"])
        assert not any(r["dynamic"] for r in report["regions"])
        assert region["accepts"] == "any"
        assert set(region["symbols"]) <= {"n", "m"} and region["symbols"]
        for n, m in SIZES * 2:
            x = rng.standard_normal((n, m)).astype(np.float32)
            (got,), (want,) = fast.run({"x": x}), oracle.run({"x": x})
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
        region = next(r for r in fast.report()["regions"] if r["symbol"] == here[0]["region"])
        assert 1 < region["instances"] <= len(SIZES) + 1  # one a shape, and the likely one of the report


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engines", ["cpu,ref", "ref", "onednn,cpu,ref"])
def test_one_plan_has_room_for_all_shapes(case, engines):
    """With bounds the arena is known beforehand, and no shape wants more."""
    blob, rng = build(case), np.random.default_rng(6)
    with Model(blob, engines=engines, dims=("n=1:16,typical=4", "m=1:16")) as bounded, Model(blob, engines="ref") as oracle:
        memory = bounded.report()["memory"]
        assert memory["bounded"] and memory["largest_arena_bytes"] == bounded.arena_bytes()
        (y,) = bounded.run({"x": np.zeros((16, 16), np.float32)})
        taken = bounded.arena_bytes()  # with room for the output
        for n, m in SIZES * 2:
            x = rng.standard_normal((n, m)).astype(np.float32)
            (got,), (want,) = bounded.run({"x": x}), oracle.run({"x": x})
            np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)
        assert bounded.arena_bytes() == taken


def test_the_range_of_the_rfc():
    """Range(0, N*2, 1) from a dim: the numbers themselves."""
    with Model(build("Range"), engines="cpu,ref") as model:
        for n in (1, 4, 9):
            (y,) = model.run({"x": np.zeros((n, 2), np.float32)})
            np.testing.assert_array_equal(y, -np.arange(2 * n, dtype=np.float32))
