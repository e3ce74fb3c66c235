"""bench/compare.py: runs, compares answers before it measures, and writes what it found."""
import json
import shutil
import subprocess
import sys

import pytest

from support import BUILD, MODELS, ROOT, model_index

NAME = "ds_cnn_qdq"


def compare(*words):
    return subprocess.run([sys.executable, ROOT / "bench" / "compare.py", "--command", BUILD / "bin" / "outboard", "--threads", "1", "--rounds", "1", "--seconds",
                           "0.02", *map(str, words)], capture_output=True, text=True, timeout=600)


@pytest.mark.skipif(NAME not in model_index(), reason="needs the models")
def test_measures_a_model(tmp_path):
    done = compare("--models", MODELS, "--only", NAME, "--json", tmp_path / "out.json", "--markdown", tmp_path / "out.md")
    assert done.returncode == 0, done.stdout + done.stderr
    row, = json.loads((tmp_path / "out.json").read_text())["rows"]
    for figure in ("run", "first", "load", "peak"):
        assert row[figure]["low"] <= row[figure]["ratio"] <= row[figure]["high"]
        assert row[figure]["ours"] > 0 and row[figure]["theirs"] > 0
    assert "geometric mean" in done.stdout and f"| {NAME} b1 | 1 |" in (tmp_path / "out.md").read_text()


@pytest.mark.skipif(NAME not in model_index(), reason="needs the models")
def test_a_wrong_answer_has_no_speed(tmp_path):
    entry = model_index()[NAME]
    (tmp_path / "data").mkdir()
    shutil.copy(MODELS / entry["file"], tmp_path)
    for case in entry["cases"].values():
        for file in case.values():
            shutil.copy(MODELS / file, tmp_path / file)
    # tolerances that nothing meets, under a name that is not treated as quantised
    (tmp_path / "models.json").write_text(json.dumps({"net": {**entry, "atol": -1, "rtol": 0}}))
    done = compare("--models", tmp_path, "--json", tmp_path / "out.json")
    assert done.returncode == 1
    row, = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert "largest error" in row["problem"] and "run" not in row


def test_unknown_models_are_named():
    if model_index():
        done = compare("--models", MODELS, "--only", "nothing")
        assert done.returncode != 0 and "nothing" in done.stderr
