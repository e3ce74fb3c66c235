"""Passes on the real models: rebuilt as ONNX from graph JSON, they give what they gave before, by ONNX Runtime."""
import subprocess

import numpy as np
import pytest

from support import BUILD, MODELS, model_index
from rebuild import Rebuilt

ort = pytest.importorskip("onnxruntime")
CASES = [(name, case) for name, entry in model_index().items() for case in entry["cases"]]


@pytest.mark.skipif(not CASES, reason="the models were not fetched")
@pytest.mark.parametrize("name, case", CASES)
def test_model(tmp_path, name, case):
    entry = model_index()[name]
    path = MODELS / entry["file"]
    feeds = {key: np.load(MODELS / file) for key, file in entry["cases"][case].items()}
    subprocess.run([str(BUILD / "tests" / "pass_tool"), str(path), str(tmp_path)], check=True, capture_output=True)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    rebuilt = tmp_path / "rebuilt.onnx"
    rebuilt.write_bytes(Rebuilt(tmp_path, feeds).model.SerializeToString())
    wanted, got = (ort.InferenceSession(str(file), options) for file in (path, rebuilt))
    assert [o.name for o in wanted.get_outputs()] == [o.name for o in got.get_outputs()]
    for w, g in zip(wanted.run(None, feeds), got.run(None, feeds)):
        assert w.shape == g.shape
        np.testing.assert_allclose(g, w, rtol=1e-4, atol=1e-4 * max(1e-30, np.abs(w).max()))
