"""The table of contrib operators against ONNX Runtime's own schemas, and the page that is made from it."""
import importlib.util

import onnxruntime.capi.onnxruntime_pybind11_state as state
import pytest

from support import ROOT

SPEC = importlib.util.spec_from_file_location("contrib_table", ROOT / "tools" / "contrib_table.py")
contrib_table = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(contrib_table)
ROWS = contrib_table.read_rows()
SCHEMAS = {}
for schema in sorted(state.get_all_operator_schema(), key=lambda s: -s.since_version):
    SCHEMAS[schema.domain, schema.name] = schema  # the oldest: what came before ONNX's own


def test_page():
    assert contrib_table.PAGE.read_text() == contrib_table.make_page(), "run tools/contrib_table.py"


def test_sorted_and_unique():
    keys = [(row["domain"], row["op"]) for row in ROWS]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['domain']}.{row['op']}")
def test_schema(row):
    schema = SCHEMAS[row["domain"], row["op"]]
    if row["form"] == "OB_CONTRIB_NOT":
        return
    assert set(row["attributes"].split()) == set(schema.attributes)
    assert int(row["outputs"]) == schema.max_output
    assert int(row["high"]) == min(schema.max_input, 1000)
    # those of older definitions were optional at the end, and a list needs one element
    assert schema.min_input <= int(row["low"]) <= schema.min_input + 1
