#!/usr/bin/env python3
"""Makes docs/contrib-operators.md from src/import/onnx/contrib/contribs.def: tools/contrib_table.py [--check]"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/import/onnx/contrib/contribs.def"
PAGE = ROOT / "docs/contrib-operators.md"
HEAD = """# Operators of ONNX Runtime

ONNX Runtime's optimiser, its quantiser and its transformer tools write operators of their own, most in the domain `com.microsoft`. Outboard
takes the models that they write: when a model is read, each such node is replaced by operators of ai.onnx, which every engine knows. So
`outboard inspect` shows those, with the node's name in front: `encoder/attention/7.Softmax`.

What it takes was chosen by what these write: optimised models saved by a session (`optimized_model_filepath`, levels basic and extended),
`quantize_dynamic`, `quantize_static` (QOperator and QDQ), `onnxruntime.transformers.optimizer` and `MatMulNBitsQuantizer`. Level `all` moves
convolutions to `com.microsoft.nchwc`, whose blocks fit one CPU; save with `extended`.

Limits:

- Sizes of heads, hidden sizes, `N` and `K` must be numbers in the model, and packed weights initializers. Batch and lengths may be symbols.
- `MatMulNBits` with `g_idx`, and attention with caches that past and present share through `past_present_share_buffer`, with
  `cache_indirection` or with quantised caches, are refused.
- Integer products are computed in float32 from dequantised factors, and `DynamicQuantizeLSTM` does not round its data. The answers differ
  from ONNX Runtime's by what its own rounding does.
- `FusedMatMul` with `transA`, a batch of matrices and a vector follows the definition; ONNX Runtime takes the batch for rows.
- Left-out zero points are 0, also where ONNX Runtime's own type inference trips over them.

An attribute or input that is not in the table, or a node that can't be replaced, is an error that names node, operator and reason.

## Supported

| operator | domain | becomes |
|---|---|---|
"""
NOT_HEAD = """
## Known and refused

| operator | domain | why, and what to do |
|---|---|---|
"""
FORMS = {
    "OB_CONTRIB": r'"(?P<domain>[^"]*)", (?P<op>\w+), (?P<low>\d+), (?P<high>\d+), (?P<outputs>\d+), "(?P<attributes>[^"]*)", \w+, "(?P<text>[^"]*)"',
    "OB_CONTRIB_BEFORE": r'(?P<until>\d+), (?P<op>\w+), (?P<low>\d+), (?P<high>\d+), (?P<outputs>\d+), "(?P<attributes>[^"]*)", \w+, "(?P<text>[^"]*)"',
    "OB_CONTRIB_NOT": r'"(?P<domain>[^"]*)", (?P<op>\w+), "(?P<text>[^"]*)"',
}


def read_rows():
    rows = []
    for line in TABLE.read_text().splitlines():
        name = line.split("(")[0]
        if name in FORMS:
            match = re.fullmatch(rf"{name}\({FORMS[name]}\)", line)
            if not match:
                raise SystemExit(f"{TABLE.name}: cannot read: {line}")
            rows.append({"domain": "", "form": name, **match.groupdict()})
    return rows


def make_page():
    taken, refused = [], []
    for row in read_rows():
        domain = row["domain"] or ("ai.onnx" + (f", before opset {row['until']}" if "until" in row else ""))
        if row["form"] == "OB_CONTRIB_NOT":
            refused.append(f"| {row['op']} | {domain} | {row['text']} |")
        else:
            taken.append(f"| {row['op']} | {domain} | {row['text']} |")
    return HEAD + "\n".join(taken) + "\n" + NOT_HEAD + "\n".join(refused) + "\n"


def main():
    if "--check" in sys.argv[1:]:
        return 0 if PAGE.exists() and PAGE.read_text() == make_page() else f"{PAGE.name} is out of date: run tools/contrib_table.py"
    PAGE.write_text(make_page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
