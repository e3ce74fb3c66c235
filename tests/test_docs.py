"""The walk-throughs show code that exists, and the toy engine works as its page says."""
import os
import re
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from support import BUILD, ROOT

TOY = ROOT / "examples" / "engine-toy"


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "docs" / page).read_text(), re.S)


@pytest.mark.parametrize("page,files", [
    ("add-an-engine.md", [TOY / "toy.c"]),
    ("add-an-op.md", [ROOT / "src/op/thresholded_relu.c", ROOT / "src/op/flatten.c", ROOT / "src/op/ops.def", ROOT / "engines/ref/thresholded_relu.c"]),
])
def test_code_on_the_page_is_code_in_the_tree(page, files):
    source = "\n".join(f.read_text() for f in files)
    shown = blocks(page, "c")
    assert len(shown) >= 4
    for block in shown:
        assert block.strip("\n") in source, block


def test_pages_refer_to_what_exists():
    for page in ("add-an-op.md", "add-an-engine.md", "artifact-format.md", "engines.md", "graph-json.md", "architecture.md", "symbolic.md"):
        text = (ROOT / "docs" / page).read_text()
        for path in re.findall(r"`((?:src|engines|examples|tests|tools|docs)/[\w./-]+)`", text):
            assert (ROOT / path).exists() or path.endswith("/NAME"), f"{page}: {path}"
        for link in re.findall(r"\]\(([\w./-]+\.md)", text):
            assert (ROOT / "docs" / link).exists(), f"{page}: {link}"


def test_the_toy_is_as_long_as_its_page_says():
    lines = len((TOY / "toy.c").read_text().splitlines())
    assert lines <= 150
    assert f"in {lines} lines" in (ROOT / "docs" / "add-an-engine.md").read_text()


def run(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """Folders with engines: the toy, built against an installed tree alone, and that tree's."""
    folder = tmp_path_factory.mktemp("toy")
    run("cmake", "--install", BUILD, "--prefix", folder / "prefix")
    run("cmake", "-S", TOY, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}", "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror")
    run("cmake", "--build", folder / "build")
    installed = next((folder / "prefix").rglob("ob_engine_ref.so")).parent
    return f"{folder / 'build'}:{installed}"


def save(path, operators):
    """z = the operators one after another, each of the result so far and x; the batch is symbolic."""
    nodes, last = [], "y"
    for i, op in enumerate(operators):
        out = "z" if i + 1 == len(operators) else f"t{i}"
        nodes.append(helper.make_node(op, [last, "x"] if op in ("Add", "Mul") else [last], [out]))
        last = out
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 5]) for n in "xyz"]
    graph = helper.make_graph(nodes, "small", values[:2], values[2:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save(tmp_path_factory.mktemp("model") / "small.onnx", ["Mul", "Add", "Tanh", "Add", "Relu"])


def test_the_toy_is_listed(outboard, toy):
    assert "four element-wise operators" in outboard("engines", "--engine-path", toy).stdout


def test_the_toy_computes(outboard, toy, model, tmp_path):
    rng = np.random.default_rng(1)
    x, y = (rng.standard_normal((3, 5)).astype(np.float32) for _ in range(2))
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    inputs = ["--input", f"x={tmp_path / 'x.npy'}", "--input", f"y={tmp_path / 'y.npy'}"]
    options = ["--engines", "toy,ref", "--engine-path", toy]
    outboard("run", model, *options, *inputs, "--save", tmp_path / "out")
    assert np.allclose(np.load(tmp_path / "out" / "output_0.npy"), np.maximum(np.tanh(x * y + x) + x, 0), atol=1e-6)
    verified = outboard("verify", model, *options, *inputs).stdout
    assert "toy_0" in verified and "0 wrong" in verified
    assert "toy_0" in outboard("inspect", model, *options).stdout


def test_the_toy_says_why_not(outboard, toy, tmp_path):
    mixed = save(tmp_path / "mixed.onnx", ["Mul", "Softmax", "Relu"])
    report = outboard("inspect", mixed, "--engines", "toy,ref", "--engine-path", toy).stdout
    assert "Softmax is not one of the toy's operators" in report


def test_an_artifact_of_the_toy_runs_without_it(outboard, toy, model, tmp_path):
    """An engine that is missing is replaced, with a warning."""
    outboard("compile", model, "-o", tmp_path / "toy.ob", "--engines", "toy,ref", "--engine-path", toy)
    done = outboard("run", tmp_path / "toy.ob", "--dim", "N=2")
    assert "toy" in done.stderr


# ---- the README

README = (ROOT / "README.md").read_text()


def test_links_of_the_readme():
    for link in re.findall(r"\]\(([\w./-]+)\)", README):
        assert (ROOT / link).exists(), link


def test_commands_of_the_readme(tmp_path):
    node = helper.make_node("Relu", ["x"], ["y"])
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), tmp_path / "model.onnx")
    np.save(tmp_path / "x.npy", np.zeros((1, 4), np.float32))
    lines = [line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.splitlines() if line.startswith("outboard ")]
    assert len(lines) >= 6
    for line in lines:
        words = [str(BUILD / "bin" / "outboard"), *line.split("#")[0].split()[1:]]
        words += ["--seconds", "0.01"] if words[1] == "bench" else []
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, line + done.stderr
    assert (tmp_path / "out" / "output_0.npy").exists()


def test_python_of_the_readme(tmp_path):
    node = helper.make_node("Relu", ["x"], ["y"])
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), tmp_path / "model.onnx")
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    environment = dict(os.environ, PYTHONPATH=str(ROOT / "python"), OUTBOARD_BUILD=str(BUILD))
    done = subprocess.run([sys.executable, "-c", code + "assert y.shape == (1, 4) and session.get_inputs()[0].name == 'x'"], cwd=tmp_path,
                          env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_code_of_the_readme(tmp_path):
    (code,) = re.findall(r"```c\n(.*?)```", README, re.S)
    first, rest = code.split("\n", 1)
    (tmp_path / "readme.c").write_text(f"#include <stdio.h>\n{first}\nint main(void) {{\nob_tensor_t inputs[1] = {{0}}, outputs[1] = {{0}};\n{rest}\nreturn 0; }}\n")
    run("cc", "-std=c11", "-Wall", "-Werror", "-Wno-unused-result", "-fsyntax-only", f"-I{ROOT / 'include'}", tmp_path / "readme.c")
