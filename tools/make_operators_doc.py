#!/usr/bin/env python3
"""Writes docs/operators.md from what `outboard ops --json` says: make_operators_doc.py [COMMAND [FILE]]. A test keeps it current."""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ENGINES = ("onednn", "cpu", "ref")
HEAD = """# Operators

Made by `tools/make_operators_doc.py` from `outboard ops --json`; a test keeps it current.

Outboard follows the definition of the version given here; models of older operator sets are brought up to it when they are read. An engine
that has an operator may still refuse a node of it, for its types or shapes: `outboard inspect` says why. `ref` has every type that the
definition allows. The host itself runs control flow. Where ONNX's text, its reference and ONNX Runtime disagree, see
[differences](differences.md).
"""


def rows(operators):
    yield "| operator | since | " + " | ".join(ENGINES) + " | what it is |"
    yield "|---|---|" + "---|" * len(ENGINES) + "---|"
    for op in operators:
        has = op["engines"].split(",")
        marks = ["host" if op["engines"] == "host" and e == "ref" else "x" if e in has else "" for e in ENGINES]
        about = f"becomes {op['made_of']}" if op["made_of"] else op["about"]
        yield f"| {op['name']} | {op['since']} | " + " | ".join(marks) + f" | {about} |"


def make(command):
    text = subprocess.run([str(command), "ops", "--json"], capture_output=True, text=True, check=True).stdout
    operators = [json.loads(line) for line in text.splitlines()]
    page = [HEAD]
    for domain in sorted({op["domain"] for op in operators}, key=lambda d: (d != "ai.onnx", d)):
        mine = [op for op in operators if op["domain"] == domain]
        page += [f"## {domain}", "", f"{len(mine)} operators.", "", *rows(mine), ""]
    return "\n".join(page).rstrip() + "\n"


if __name__ == "__main__":
    command = sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "check" / "bin" / "outboard"
    file = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs" / "operators.md"
    file.write_text(make(command))
