"""The table of operators against ONNX's own definitions: nothing may drift."""
import struct

import onnx.defs
import pytest
from onnx import helper

from op_support import operators

TENSOR_TYPES = {f"tensor({name})": number for number, name in enumerate(
    "undefined float uint8 int8 uint16 int16 int32 int64 string bool float16 double uint32 uint64 complex64 complex128 bfloat16 "
    "float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2 float6e2m3 float6e3m2".split())}
KINDS = {"INT": 1, "FLOAT": 2, "STRING": 3, "INTS": 4, "FLOATS": 5, "STRINGS": 6, "TENSOR": 7}
# a type is held as its text; the importer makes dense constants of sparse ones
KINDS["TYPE_PROTO"] = KINDS["STRING"]
NOT_HELD = {"SPARSE_TENSOR"}
# lists of strings have no default in the table: kernels know it
OWN_DEFAULT = {("RNN", "activations")}


TABLE = {(op["domain"], op["name"]): op for op in operators()}
# The newest definition that is not "deprecated": the operator is then kept as it was.
SCHEMAS = {}
for one in sorted(onnx.defs.get_all_schemas_with_history(), key=lambda s: s.since_version):
    if not one.deprecated:
        SCHEMAS[one.domain, one.name] = one
for one in onnx.defs.get_all_schemas():
    if one.domain == "" and one.deprecated:
        del SCHEMAS["", one.name]


def allowed(schema, param):
    """Element types of a formal parameter; none where it may be something else than a tensor."""
    constraints = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}
    names = constraints.get(param.type_str, [param.type_str])
    return sorted(TENSOR_TYPES[n] for n in names) if all(n in TENSOR_TYPES for n in names) else []


def option(param):
    return onnx.defs.OpSchema.FormalParameterOption(param.option)


def test_every_operator_is_there():
    assert {key for key in TABLE if key[0] == ""} == {key for key in SCHEMAS if key[0] == ""}


def test_sorted_and_complete():
    keys = list(TABLE)
    assert keys == sorted(keys)
    assert all(op["infers"] and op["doc"] for op in TABLE.values())


@pytest.mark.parametrize("key", sorted(set(SCHEMAS) & set(TABLE)), ids=".".join)
def test_parameters(key):
    op, schema = TABLE[key], SCHEMAS[key]
    assert op["since"] == schema.since_version
    assert (op["min_inputs"], op["min_outputs"]) == (schema.min_input, schema.min_output)
    variadic = onnx.defs.OpSchema.FormalParameterOption.Variadic
    for side in ("inputs", "outputs"):
        formal = list(getattr(schema, side))
        assert op[f"variadic_{side}"] == bool(formal and option(formal[-1]) == variadic)
        assert [p["name"] for p in op[side]] == [p.name for p in formal]
        for mine, theirs in zip(op[side], formal):
            assert mine["types"] == allowed(schema, theirs), mine
            assert mine["optional"] == (option(theirs) == onnx.defs.OpSchema.FormalParameterOption.Optional)
    check_letters(op, schema)


def check_letters(op, schema):
    """Two parameters share a letter where they share a type variable."""
    letters = {}
    for mine, theirs in zip(op["inputs"] + op["outputs"], list(schema.inputs) + list(schema.outputs)):
        bound = "(" not in theirs.type_str and theirs.is_homogeneous and mine["types"]
        assert bool(mine["letter"]) == bool(bound), (mine, theirs.type_str)
        if bound:
            assert letters.setdefault(theirs.type_str, mine["letter"]) == mine["letter"]
    assert len(set(letters.values())) == len(letters)


@pytest.mark.parametrize("key", sorted(set(SCHEMAS) & set(TABLE)), ids=".".join)
def test_attributes(key):
    op, schema = TABLE[key], SCHEMAS[key]
    kind_of = {a.name: str(a.type).split(".")[-1] for a in schema.attributes.values()}
    assert sorted(op["bodies"]) == sorted(n for n, kind in kind_of.items() if kind == "GRAPH")
    held = {n for n, kind in kind_of.items() if kind in KINDS}
    assert held | set(op["bodies"]) | {n for n, kind in kind_of.items() if kind in NOT_HELD} == set(kind_of)
    assert {a["name"] for a in op["attributes"]} == held
    for mine in op["attributes"]:
        theirs = schema.attributes[mine["name"]]
        assert mine["kind"] == KINDS[kind_of[mine["name"]]]
        assert mine["required"] == theirs.required
        if (key[1], mine["name"]) in OWN_DEFAULT:
            continue
        given = theirs.default_value is not None and theirs.default_value.name
        assert ("default" in mine) == bool(given)
        if given:
            want = helper.get_attribute_value(theirs.default_value)
            got = mine["default"]
            if isinstance(want, float):
                want, got = struct.pack("f", want), struct.pack("f", got)
            assert got == (want.decode() if isinstance(want, bytes) and not isinstance(got, bytes) else want)
