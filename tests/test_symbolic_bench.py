"""bench/symbolic.py: runs, compares answers, and counts what new shapes made."""
import importlib.util
import json
import os
import subprocess
import sys

import pytest

from support import BUILD, MODELS, ROOT, model_index


@pytest.mark.skipif("minilm" not in model_index(), reason="needs the models")
@pytest.mark.skipif(not importlib.util.find_spec("onnxruntime"), reason="needs ONNX Runtime")
def test_new_shapes_of_minilm(tmp_path):
    folders = [str(ROOT / "python"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "OUTBOARD_BUILD": str(BUILD), "PYTHONPATH": os.pathsep.join(folders)}
    done = subprocess.run([sys.executable, ROOT / "bench" / "symbolic.py", "--models", MODELS, "--shapes", "6", "--longest", "12", "--json", tmp_path / "out.json"],
                          capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    rows = {row["name"]: row for row in found["rows"]}
    assert len(found["shapes"]) == 6 and rows["onnxruntime"]["shapes"] == 6
    regions, made = rows["outboard cpu,ref"]["sizes"]["any"]
    assert regions >= 1 and rows["outboard cpu,ref"]["sizes"]["exact"] == [0, 0]  # nothing is built for a shape
    assert made >= 6 * regions
    assert "first at a shape" in done.stdout
