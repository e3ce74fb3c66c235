"""The wheel: built by the tree's own backend, installed by pip, run without the tree."""
import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

from support import BUILD, ROOT

PROGRAM = """
import numpy as np, onnx.helper as h, outboard, outboard.backend, sys
assert outboard.__file__.startswith(sys.argv[1]), outboard.__file__
engines = {e.name: e for e in outboard.engines()}
assert engines["ref"].path.startswith(sys.argv[1]) and engines["cpu"].problem is None, engines
x = np.ones((2, 3), np.float32)
assert (outboard.backend.run_node(h.make_node("Add", ["a", "b"], ["c"]), [x, x]).c == 2).all()
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Packs the library that is tested: compiling all of it again would say no more."""
    folder = tmp_path_factory.mktemp("wheel")
    code = f"import outboard_build; print(outboard_build.build_wheel({str(folder)!r}, {{'build': {str(BUILD)!r}}}))"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "python")}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


def test_names_in_the_wheel(wheel):
    assert wheel.name.startswith("outboard-0.1.0-py3-none-linux_")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"outboard/__init__.py", "outboard/backend.py", "outboard/lib/liboutboard.so", "outboard/lib/outboard/ob_engine_ref.so",
            "outboard/lib/outboard/ob_engine_cpu.so", "outboard-0.1.0.dist-info/RECORD"} <= names
    assert not any("test" in name or name.endswith(".pyc") for name in names)


def test_the_same_tree_gives_the_same_bytes(wheel, tmp_path):
    before = wheel.read_bytes()
    code = f"import outboard_build; outboard_build.build_wheel({str(tmp_path)!r}, {{'build': {str(BUILD)!r}}})"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "python")}, check=True, capture_output=True)
    assert (tmp_path / wheel.name).read_bytes() == before


def test_the_installed_package_works(wheel, tmp_path):
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--target", str(tmp_path), str(wheel)]
    done = subprocess.run(pip, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    env = {k: v for k, v in os.environ.items() if k not in ("OUTBOARD_BUILD", "OUTBOARD_ENGINE_PATH")}
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], env={**env, "PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
                          cwd=pathlib.Path(tmp_path).anchor)
    assert done.returncode == 0, done.stderr
