"""Symbolic sizes as a user meets them: the RFC's range, shape nodes, and errors of the command and of Python."""
import json
import os
import re
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from support import BUILD, MODELS, ROOT, model_index

COMMAND = str(BUILD / "bin" / "outboard")
PAGE = (ROOT / "docs" / "symbolic.md").read_text()


def constant(name, value, dtype=np.int64):
    return numpy_helper.from_array(np.array(value, dtype), name)


def range_model(path):
    """Range(0, N*2, 1), N being an input's size, in front of element-wise nodes."""
    nodes = [helper.make_node("Shape", ["x"], ["shape"]), helper.make_node("Gather", ["shape", "zero"], ["n"]),
             helper.make_node("Mul", ["n", "two"], ["limit"]), helper.make_node("Range", ["zero", "limit", "one"], ["range"], "arange"),
             helper.make_node("Cast", ["range"], ["positions"], to=TensorProto.FLOAT), helper.make_node("Mul", ["positions", "scale"], ["angles"]),
             helper.make_node("Sin", ["angles"], ["y"])]
    graph = helper.make_graph(nodes, "rfc", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                              [constant("zero", 0), constant("one", 1), constant("two", 2), constant("scale", 0.5, np.float32)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


def run(*words, fails=False):
    done = subprocess.run([COMMAND, *map(str, words)], capture_output=True, text=True)
    assert (done.returncode != 0) == fails, f"{words}: {done.stdout}{done.stderr}"
    return done.stderr if fails else done.stdout


def graph_json(path):
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    begin, end = json.loads(data[8:8 + size])["outboard.graph"]["data_offsets"]
    return json.loads(data[8 + size + begin:8 + size + end])


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    folder = tmp_path_factory.mktemp("range")
    range_model(folder / "range.onnx")
    run("compile", folder / "range.onnx", "-o", folder / "range.ob", "--engines", "cpu,ref")
    return folder / "range.ob"


@pytest.mark.parametrize("n", [0, 1, 3, 50])
def test_range_of_an_expression(artifact, tmp_path, n):
    np.save(tmp_path / "x.npy", np.zeros((n, 4), np.float32))
    run("run", artifact, "--input", f"x={tmp_path / 'x.npy'}", "--save", tmp_path)  # a process of its own
    np.testing.assert_allclose(np.load(tmp_path / "output_0.npy"), np.sin(np.arange(2 * n) * 0.5), rtol=1e-5, atol=1e-6)


def test_the_expression_is_in_the_engines_region_and_on_the_page(artifact):
    document = graph_json(artifact)
    region = document["graphs"][document["regions"][0]["graph"]]
    assert document["regions"][0]["engine"] == "cpu" and len(document["regions"]) == 1
    node = next(n for n in region["nodes"] if n["op"] == "Range")
    limit = region["values"][node["inputs"][1]]
    assert limit["content"] == [{"expr": "2*N"}]
    assert [n["op"] for n in region["nodes"]] == ["Range", "Cast", "Mul", "Sin"]
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.S)]
    assert document["symbols"] in shown
    assert limit in shown and node in shown


def test_shape_nodes_on_the_page():
    """The table on the page is what the script counts."""
    if not model_index():
        pytest.skip("no models")
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", PAGE, re.M)
    assert len(rows) >= 6
    for name, *numbers in rows:
        path = MODELS / model_index()[name]["file"]
        done = subprocess.run([sys.executable, ROOT / "tools" / "shape_nodes.py", path, "--outboard", COMMAND, "--json"],
                              capture_output=True, text=True, env=os.environ)
        assert done.returncode == 0, done.stderr
        row = json.loads(done.stdout)[0]
        assert [row["nodes"], row["shape_nodes"], row["nodes_left"], row["shape_nodes_left"]] == [int(n) for n in numbers], name


# ---------------------------------------------------------------- errors


def two_inputs(path, node, first, second):
    graph = helper.make_graph([helper.make_node(node, ["a", "b"], ["y"], "join", **({"axis": 1} if node == "Concat" else {}))], "g",
                              [helper.make_tensor_value_info("a", TensorProto.FLOAT, first), helper.make_tensor_value_info("b", TensorProto.FLOAT, second)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


CASES = [
    # model, sizes of a and b, what the message says
    ("MatMul", ["m", "k"], ["l", "n"], (2, 4), (5, 3), ["'join'", "eq(k, l) does not hold", "k = 4 ('a' axis 1)", "l = 5 ('b' axis 0)"]),
    ("Add", ["N", 2], ["N", 2], (3, 2), (4, 2), ["'a' axis 0 and 'b' axis 0 are both 'N' but are 3 and 4"]),
    ("Concat", ["N", "p"], ["M", "q"], (3, 2), (4, 2), ["'join'", "N = 3 ('a' axis 0)", "M = 4 ('b' axis 0)"]),
]


@pytest.mark.parametrize("node,first,second,a,b,words", CASES)
def test_errors_name_input_axis_symbol_and_value(tmp_path, node, first, second, a, b, words):
    two_inputs(tmp_path / "m.onnx", node, first, second)
    np.save(tmp_path / "a.npy", np.zeros(a, np.float32))
    np.save(tmp_path / "b.npy", np.zeros(b, np.float32))
    error = run("run", tmp_path / "m.onnx", "--input", f"a={tmp_path / 'a.npy'}", "--input", f"b={tmp_path / 'b.npy'}", fails=True)
    assert all(word in error for word in words), error
    python = in_python(tmp_path / "m.onnx", a, b)
    assert all(word in python for word in words), python


def in_python(path, a, b):
    """The message of the exception."""
    code = ("import sys, numpy as np, outboard\ntry:\n"
            f"    outboard.compile({str(path)!r}).run({{'a': np.zeros({a}, np.float32), 'b': np.zeros({b}, np.float32)}})\n"
            "except outboard.Error as error:\n    print(error)\n")
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "python"), OUTBOARD_BUILD=str(BUILD))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_size_outside_of_its_range(tmp_path):
    range_model(tmp_path / "m.onnx")
    run("compile", tmp_path / "m.onnx", "-o", tmp_path / "m.ob", "--dim", "N=1:64,typical=8")
    run("run", tmp_path / "m.ob", "--random", "1", "--dim", "N=64")
    error = run("run", tmp_path / "m.ob", "--random", "1", "--dim", "N=65", fails=True)
    assert "'x' axis 0 ('N') must be 1 to 64, found 65" in error
    assert "no dim called 'M'" in run("compile", tmp_path / "m.onnx", "-o", tmp_path / "n.ob", "--dim", "M=1", fails=True)
