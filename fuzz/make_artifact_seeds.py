#!/usr/bin/env python3
"""Makes the seeds of artifact_fuzz, graph_json_fuzz and npy_fuzz: make_artifact_seeds.py BUILD_DIR (needs numpy and the tests' tools)."""
import pathlib
import subprocess
import sys

import numpy as np

SEEDS = pathlib.Path(__file__).resolve().parent / "seeds"


def main():
    tool = pathlib.Path(sys.argv[1]) / "tests" / "artifact_tool"
    for name in ("artifact_fuzz", "graph_json_fuzz", "npy_fuzz"):
        (SEEDS / name).mkdir(parents=True, exist_ok=True)
    artifact = SEEDS / "artifact_fuzz" / "one_of_everything.ob"
    subprocess.run([tool, "make", artifact], check=True)
    text = subprocess.run([tool, "read", artifact], check=True, stdout=subprocess.PIPE).stdout
    (SEEDS / "graph_json_fuzz" / "one_of_everything.json").write_bytes(text)
    for dtype in ("f2", "f4", ">f8", "i1", "<i8", "u2", "?", "c8", ">c16", "U3", "S4", "V2"):
        np.save(SEEDS / "npy_fuzz" / f"{dtype.strip('<>?')or'bool'}.npy", np.zeros((2, 3), dtype))
    np.save(SEEDS / "npy_fuzz" / "fortran.npy", np.asfortranarray(np.arange(6, dtype="i4").reshape(2, 3)))
    np.save(SEEDS / "npy_fuzz" / "scalar.npy", np.float32(1))
    np.save(SEEDS / "npy_fuzz" / "empty.npy", np.zeros((0, 3), "f4"))


if __name__ == "__main__":
    main()
