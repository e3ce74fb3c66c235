"""Real models, each with the oracle alone, with `cpu` and with `onednn`: outputs against ONNX Runtime's, then `verify`."""
import numpy as np
import pytest

from support import MODELS, model_index

ENGINES = ["ref", "cpu,ref", "onednn,cpu,ref"]
INDEX = model_index()
CASES = [(name, case, engines) for name, m in INDEX.items() for case in m["cases"] for engines in ENGINES]


def compile_model(outboard, folder, name, engines):
    artifact = folder / f"{name}-{engines.replace(',', '_')}.ob"
    outboard("compile", MODELS / INDEX[name]["file"], "-o", artifact, "--engines", engines)
    return artifact


def input_options(name, case):
    return [a for key, file in INDEX[name]["cases"][case].items() for a in ("--input", f"{key}={MODELS / file}")]


def close(name, got, want):
    """Within the model's tolerance; quantised networks may differ by one step (1/256 of a probability) in one value of a thousand."""
    if got.dtype != np.float32:
        return (got == want).all(), "differs"
    error = np.abs(got.astype(np.float64) - want)
    bound = INDEX[name]["atol"] + INDEX[name]["rtol"] * np.abs(want)
    if name.endswith("_qdq"):
        share = float((error <= bound).mean())
        return share >= 0.999 or bool((error <= 1 / 256).all()), f"{share:.2%} of the values agree, largest error {error.max():.3g}"
    return bool((error <= bound).all()), f"largest error {error.max():.3g}, relative to the largest value {error.max() / max(np.abs(want).max(), 1e-30):.3g}"


@pytest.mark.parametrize("name,case,engines", CASES)
def test_outputs(outboard, tmp_path, name, case, engines):
    artifact = compile_model(outboard, tmp_path, name, engines)
    outboard("run", artifact, *input_options(name, case), "--save", tmp_path / "out", "--threads", 2)
    artifact.unlink()
    golden = sorted(MODELS.glob(f"data/{name}-{case}-output_*.npy"))
    assert golden
    for i, file in enumerate(golden):
        got, want = np.load(tmp_path / "out" / f"output_{i}.npy"), np.load(file)
        assert got.dtype == want.dtype and got.shape == want.shape
        right, words = close(name, got, want)
        assert right, f"output {i}: {words}"


@pytest.mark.parametrize("name", INDEX)
def test_verify(outboard, name):
    case = next(iter(INDEX[name]["cases"]))
    outboard("verify", MODELS / INDEX[name]["file"], *input_options(name, case))
