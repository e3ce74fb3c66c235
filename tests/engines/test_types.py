"""Every operator runs on ref with every element type that its definition lets in: the suite's nodes, in all types."""
import collections
import warnings

import numpy as np
import onnx
import pytest
from onnx import defs, numpy_helper
from library import DTYPES, STRING, Failure, Model

TENSORS = {f"tensor({name})": number for number, name in enumerate(
    "undefined float uint8 int8 uint16 int16 int32 int64 string bool float16 double uint32 uint64 complex64 complex128 bfloat16 "
    "float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2 float6e2m3 float6e3m2".split())}
COMPLEX = {14, 15}
# Their definitions let in what has no sum; the pool of TfIdfVectorizer's cases holds integers; BitCast needs equal widths.
REFUSED = {("GridSample", "T1"), ("Resize", "T1"), ("Col2Im", "T")}
NOT_ALL = {"TfIdfVectorizer", "BitCast"}


def convert(array, number):
    """The same numbers in another type, as far as it goes; None where that makes no sense."""
    dtype = DTYPES[number]
    if array.dtype == object or (array.dtype.kind == "c" and dtype.kind != "c"):
        return None
    plain = array if array.dtype.kind in "biuc" else array.astype(np.float64)
    if number == STRING:
        return plain.astype(str).astype(object)
    with np.errstate(all="ignore"):
        return plain != 0 if dtype == bool else plain.astype(dtype)


def templates():
    """One node, its definition, its inputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import onnx.backend.test  # noqa: F401
        from onnx.backend.test.case.node import collect_testcases
        for case in collect_testcases(None):
            if not case.model or len(case.model.graph.node) != 1 or case.model.functions or "random" in case.name:
                continue
            node, inputs = case.model.graph.node[0], case.data_sets[0][0]
            version = {o.domain: o.version for o in case.model.opset_import}.get(node.domain, 0)
            if node.domain not in ("", "ai.onnx.ml") or any(isinstance(x, (list, type(None))) for x in inputs) or any(a.g.node for a in node.attribute):
                continue
            schema = defs.get_schema(node.op_type, domain=node.domain)
            if version >= schema.since_version:
                yield case.model, node, schema, [numpy_helper.to_array(x) if isinstance(x, onnx.TensorProto) else np.asarray(x) for x in inputs]


def variables(node, schema):
    """Type variables of the definition -> numbers of the model's inputs."""
    found, given = collections.defaultdict(list), 0
    for i, name in enumerate(node.input):
        if name:
            found[schema.inputs[min(i, len(schema.inputs) - 1)].type_str].append(given)
            given += 1
    return found


def run(model, inputs, which, number):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for i in which:
        copy.graph.input[i].type.tensor_type.elem_type = number
    for output in copy.graph.output:
        output.ClearField("type")
    with Model(copy.SerializeToString()) as opened:
        return opened.run(dict(zip([i.name for i in copy.graph.input], inputs)))


@pytest.fixture(scope="module")
def outcome():
    """(operator, variable, type) -> None where it ran, else what was said."""
    found = {}
    for model, node, schema, inputs in templates():
        allowed = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}
        for variable, which in variables(node, schema).items():
            for number in [TENSORS[t] for t in allowed.get(variable, ()) if t in TENSORS]:
                key = (node.op_type, variable, number)
                changed = {i: convert(inputs[i], number) for i in which}
                if found.get(key, "") is None or any(c is None for c in changed.values()):
                    continue
                try:
                    run(model, [changed.get(i, x) for i, x in enumerate(inputs)], which, number)
                    found[key] = None
                except Failure as failure:
                    found[key] = str(failure)
    return found


def test_every_type_of_the_definition_runs(outcome):
    assert len(outcome) > 1700
    failed = {key: words for key, words in outcome.items() if words and key[0] not in NOT_ALL}
    refused = {key for key in failed if key[:2] in REFUSED and key[2] in {STRING, *COMPLEX}}
    assert all("can't be added up" in failed[key] for key in refused)
    assert {key: words for key, words in failed.items() if key not in refused} == {}
