"""Wheels that use onnxruntime give the same results with `outboard` in its place, unmodified."""
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from support import BUILD, ROOT

SCRIPT = pathlib.Path(__file__).with_name("wheels.py")
MODULES = {"magika": "magika", "rapidocr": "rapidocr_onnxruntime", "silero": "silero_vad"}


def run(name, runtime):
    env = {**os.environ, "OUTBOARD_BUILD": str(BUILD), "PYTHONPATH": str(ROOT / "python"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, str(SCRIPT), name, runtime], capture_output=True, text=True, env=env, timeout=170)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", MODULES)
def test_the_wheel_gives_what_onnxruntime_gives(name):
    if subprocess.run([sys.executable, "-c", f"import importlib.util as u, sys; sys.exit(u.find_spec('{MODULES[name]}') is None)"]).returncode:
        pytest.skip(f"{MODULES[name]} is not installed")
    want, got = run(name, "onnxruntime"), run(name, "outboard")
    assert (want.pop("runtime"), got.pop("runtime")) == ("onnxruntime", "outboard")
    assert want["labels"] == got["labels"] and want["labels"]
    assert want.keys() == got.keys()
    for key in want.keys() - {"labels"}:
        np.testing.assert_allclose(got[key], want[key], rtol=2e-3, atol=1e-4)
