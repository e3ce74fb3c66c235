"""What tests of operators share: inference as a program, and the table of operators."""
import json
import subprocess

from support import BUILD


def infer_shapes(path, bindings):
    """What inference says about the values of the main graph, and how guards come out, under these values of symbols."""
    done = subprocess.run([str(BUILD / "tests" / "shape_tool"), str(path), *(f"{k}={v}" for k, v in bindings.items())],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [v for v in lines[:-1] if v["graph"] == 0], lines[-1]


def operators():
    """The table of operators."""
    return json.loads(subprocess.run([str(BUILD / "tests" / "op_tool")], capture_output=True, check=True, text=True).stdout)
