"""Shared by all Python tests: where the command and the models are."""
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("OB_BUILD", ROOT / "build" / "check"))
os.environ.setdefault("VIRTUAL_ENV", sys.prefix)  # where the engines openvino and onnxruntime look for their libraries
MODELS = pathlib.Path(os.environ.get("OUTBOARD_MODELS", ROOT / "models"))


def model_index():
    file = MODELS / "models.json"
    return json.loads(file.read_text()) if file.exists() else {}


class Command:
    """Runs `outboard` and hands back what it did."""

    def __init__(self):
        self.path = BUILD / "bin" / "outboard"

    def __call__(self, *arguments, check=True, timeout=600, **options):
        done = subprocess.run([str(self.path), *map(str, arguments)], capture_output=True, text=True, timeout=timeout, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"outboard {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done
