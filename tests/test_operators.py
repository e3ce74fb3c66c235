"""`outboard ops` lists every operator that the importer and the engines know, and docs/operators.md says the same."""
import importlib.util
import json
import re

import pytest

from op_support import operators
from support import BUILD, ROOT, Command

outboard = Command()
FOUND = [json.loads(line) for line in outboard("ops", "--json").stdout.splitlines()]


def test_every_operator_of_the_tables_is_listed_once():
    names = [(op["domain"], op["name"]) for op in FOUND]
    assert names == sorted(names, key=lambda n: ("" if n[0] == "ai.onnx" else n[0], n[1]))
    assert len(set(names)) == len(names)
    tables = {(op["domain"] or "ai.onnx", op["name"]) for op in operators()}
    upgrades = re.findall(r'^OB_UPGRADE(?:_IN)?\((?:"([\w.]+)", )?(\w+), ', (ROOT / "src/import/onnx/upgrades.def").read_text(), re.M)
    contrib = re.findall(r'^OB_CONTRIB\("([\w.]*)", (\w+), ', (ROOT / "src/import/onnx/contrib/contribs.def").read_text(), re.M)
    assert set(names) == tables | {(domain or "ai.onnx", op) for domain, op in [*upgrades, *contrib]}


def test_every_operator_runs_somewhere():
    assert [op["name"] for op in FOUND if not op["engines"] and not op["made_of"]] == []
    assert all(op["about"] or op["made_of"] for op in FOUND)
    assert all("ref" in op["engines"].split(",") for op in FOUND if op["engines"] not in ("", "host"))


def test_text_form():
    text = outboard("ops").stdout
    assert re.search(r"^ai\.onnx\.ml$", text, re.M)
    assert re.search(r"^  Relu +14  .*\bref\b", text, re.M)
    assert re.search(r"^  SequenceMap +17  becomes Loop$", text, re.M)
    assert outboard("ops", "extra", check=False).returncode == 2


def test_the_page_is_current():
    if not (BUILD / "lib" / "outboard" / "ob_engine_onednn.so").exists():
        pytest.skip("the page is made with all engines")
    spec = importlib.util.spec_from_file_location("make_operators_doc", ROOT / "tools" / "make_operators_doc.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert (ROOT / "docs" / "operators.md").read_text() == tool.make(BUILD / "bin" / "outboard"), "run tools/make_operators_doc.py"
