"""The examples of docs/python.md and examples/python run."""
import os
import re
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from support import BUILD, ROOT


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    w = onnx.numpy_helper.from_array(np.random.default_rng(0).standard_normal((8, 4)).astype(np.float32), "w")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "model",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 8])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])], [w])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), folder / "model.onnx")
    return folder


def run(folder, *words):
    env = {**os.environ, "OUTBOARD_BUILD": str(BUILD), "PYTHONPATH": str(ROOT / "python"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *map(str, words)], cwd=folder, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_page_runs(folder):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), re.S)
    assert len(blocks) >= 9
    (folder / "page.py").write_text("\n".join(blocks))
    printed = run(folder, "page.py")
    assert "[<x: float32[N, 8]>] [<y: float32[N, 4]>]" in printed
    assert "input 'x' must be float32[N, 8], found float64[3, 8]: the element type differs" in printed


def test_classify(folder):
    np.save(folder / "x.npy", np.ones((1, 8), np.float32))
    assert run(folder, ROOT / "examples/python/classify.py", "model.onnx", "x.npy").count("class") == 4


def test_serve(folder):
    assert run(folder, ROOT / "examples/python/serve.py", "model.onnx", 3, 5).startswith("15 calls by 3 threads")
