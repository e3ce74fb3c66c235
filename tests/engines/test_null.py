"""The engine null: zeros of the right shape, for every size; never chosen by itself."""
import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper


@pytest.fixture
def model(tmp_path):
    nodes = [helper.make_node("Exp", ["x"], ["e"]), helper.make_node("NonZero", ["x"], ["found"])]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
                              [helper.make_tensor_value_info("e", TensorProto.FLOAT, None), helper.make_tensor_value_info("found", TensorProto.INT64, None)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def engines_of(outboard, model, *words):
    report = json.loads(outboard("inspect", model, "--json", *words).stdout)
    return {n["op"]: (n["engine"], n.get("refusals", {})) for n in report["nodes"]}


def test_it_gives_zeros_where_sizes_are_known(outboard, model, tmp_path):
    placed = engines_of(outboard, model, "--engines", "null,ref")
    assert placed["Exp"][0] == "null" and placed["NonZero"][0] == "ref"
    assert "known only when it has run" in str(placed["NonZero"][1])
    for n in (0, 1, 5):
        np.save(tmp_path / "x.npy", np.ones((n, 3), np.float32))
        outboard("run", model, "--engines", "null,ref", "--input", f"x={tmp_path / 'x.npy'}", "--save", tmp_path)
        np.testing.assert_array_equal(np.load(tmp_path / "output_0.npy"), np.zeros((n, 3), np.float32))
        assert np.load(tmp_path / "output_1.npy").shape == (2, 3 * n)


def test_it_is_never_chosen_by_itself(outboard, model):
    assert "null" not in {engine for engine, _ in engines_of(outboard, model).values()}
    assert "computes nothing" in outboard("engines").stdout
