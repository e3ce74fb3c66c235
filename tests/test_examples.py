"""The examples, built with the project, on a real model."""
import subprocess

import pytest

from support import BUILD, MODELS, ROOT

EXAMPLES = BUILD / "bin" / "examples"


@pytest.fixture(scope="module")
def artifact(outboard, tmp_path_factory):
    path = tmp_path_factory.mktemp("examples") / "magika.ob"
    outboard("compile", MODELS / "magika.onnx", "-o", path)
    return path


def run(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_first_example_is_short():
    assert len((ROOT / "examples" / "classify.c").read_text().splitlines()) < 60


def test_classify_from_path_and_from_memory(artifact):
    from_path, from_memory = run(EXAMPLES / "classify", artifact), run(EXAMPLES / "classify", artifact, "--memory")
    assert from_path == from_memory
    assert "bytes: int32[" in from_path and "2048]" in from_path
    assert "first value of the first output:" in from_path


def test_classify_tells_what_is_wrong(tmp_path):
    (tmp_path / "bad.ob").write_bytes(b"not a model")
    done = subprocess.run([EXAMPLES / "classify", tmp_path / "bad.ob"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.strip()


def test_serve_from_eight_threads(artifact):
    assert "all agree" in run(EXAMPLES / "serve", artifact, "5")
