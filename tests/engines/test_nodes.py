"""Runs the node tests of the onnx package (one node, inputs, expected outputs) on each engine through the test driver.

Needs numpy, onnx and pytest, and a build with -DOB_TESTS=ON. Environment: OB_BUILD, the build folder (build/check);
OB_TEST_ENGINES, the engines (all that were built), comma-separated. An engine other than ref may refuse a node."""
import os
import pathlib
import subprocess

import numpy as np
import pytest
from onnx import AttributeProto, TensorProto, defs, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("OB_BUILD", ROOT / "build" / "check"))
ENGINE_FOLDER = BUILD / "lib" / "outboard"
ENGINES = os.environ.get("OB_TEST_ENGINES", "").split(",") if os.environ.get("OB_TEST_ENGINES") else sorted(
    p.stem.removeprefix("ob_engine_") for p in ENGINE_FOLDER.glob("ob_engine_*.so"))
DRIVER = BUILD / "tests" / "ob_test_driver"

# Outputs whose shape only the kernel knows.
DATA_SHAPE = {"NonZero", "Unique", "Compress", "NonMaxSuppression"}
# Values that are no tensors, and pictures: not for these engines' kernels.
NOT_FOR_REF = {"ImageDecoder", "OptionalGetElement", "OptionalHasElement"}
# The answer is a matter of chance; only its shape and type are compared.
RANDOM = {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}
PACKED_TWO = {TensorProto.UINT4, TensorProto.INT4, TensorProto.FLOAT4E2M1}
PACKED_FOUR = {getattr(TensorProto, "UINT2", -1), getattr(TensorProto, "INT2", -1)}


def newest(model):
    """The one node of the model, if its operator's definition is still the newest; else None."""
    if len(model.graph.node) != 1 or model.functions or model.graph.initializer:
        return None
    node = model.graph.node[0]
    version = {o.domain: o.version for o in model.opset_import}.get(node.domain, 0)
    if node.domain != "":
        return None
    try:
        schema = defs.get_schema(node.op_type, version, node.domain)
        last = defs.get_schema(node.op_type, domain=node.domain)
    except defs.SchemaError:
        return None
    return (node, last) if schema.since_version == last.since_version else None


def raw(tensor):
    if tensor.raw_data:
        return tensor.raw_data
    copy = numpy_helper.from_array(numpy_helper.to_array(tensor))
    return copy.raw_data


def text_of(dtype, dims):
    return f"{dtype} {len(dims)} " + " ".join(str(d) for d in dims)


def attribute_lines(node, schema, folder):
    stated = {a.name: a for a in node.attribute}
    for name, formal in schema.attributes.items():
        if name not in stated and formal.default_value.type != AttributeProto.UNDEFINED:
            stated[name] = formal.default_value
    for name, a in stated.items():
        if a.type == AttributeProto.INT:
            yield f"int {name} {a.i}"
        elif a.type == AttributeProto.INTS:
            yield f"ints {name} {len(a.ints)} " + " ".join(map(str, a.ints))
        elif a.type == AttributeProto.FLOAT:
            yield f"float {name} {float(a.f)!r}"
        elif a.type == AttributeProto.FLOATS:
            yield f"floats {name} {len(a.floats)} " + " ".join(repr(float(f)) for f in a.floats)
        elif a.type == AttributeProto.STRING:
            text = a.s.decode()
            if not text or any(c.isspace() for c in text):
                pytest.skip(f"attribute {name} has no form in the driver's text")
            yield f"string {name} {text}"
        elif a.type == AttributeProto.STRINGS:
            yield f"strings {name} {len(a.strings)} " + " ".join(s.decode() for s in a.strings)
        elif a.type == AttributeProto.TENSOR:
            path = folder / f"attribute_{name}"
            path.write_bytes(raw(a.t))
            yield f"tensor {name} {text_of(a.t.data_type, a.t.dims)} {path}"
        else:
            pytest.skip(f"attribute {name} is a graph")


def to_tensor(value):
    """A tensor of a test case as TensorProto; other kinds of values are not for this test."""
    if isinstance(value, TensorProto):
        tensor = value
    elif isinstance(value, (np.ndarray, np.generic)):
        tensor = numpy_helper.from_array(np.asarray(value))
    else:
        pytest.skip("not a tensor")
    if tensor.data_type == TensorProto.STRING:
        pytest.skip("strings")
    return tensor


def read_outputs(path):
    data = path.read_bytes()
    while data:
        line, data = data.split(b"\n", 1)
        dtype, _, *dims = map(int, line.split())
        count = int(np.prod(dims, dtype=np.int64))
        if dtype in PACKED_TWO:
            size = (count + 1) // 2
        elif dtype in PACKED_FOUR:
            size = (count + 3) // 4
        else:
            size = count * np.dtype(helper.tensor_dtype_to_np_dtype(dtype)).itemsize
        tensor = TensorProto(data_type=dtype, dims=dims, raw_data=data[:size])
        data = data[size:]
        yield tensor


def compare(op, got, want, chance):
    assert got.data_type == want.data_type
    assert list(got.dims) == list(want.dims)
    if op in RANDOM or chance:
        return
    a, b = numpy_helper.to_array(got), numpy_helper.to_array(want)
    if a.dtype.kind in "iub" and b.dtype.kind in "iub":
        np.testing.assert_array_equal(a, b)
    else:
        loose = want.data_type in (TensorProto.FLOAT16, TensorProto.BFLOAT16)
        wide = np.complex128 if a.dtype.kind == "c" else np.float64
        np.testing.assert_allclose(a.astype(wide), b.astype(wide), rtol=2e-2 if loose else 1e-3, atol=1e-3 if loose else 1e-5)


def cases():
    for case in collect_testcases(None):
        found = newest(case.model) if case.model else None
        if found:
            yield pytest.param(case, *found, id=case.name.removeprefix("test_"))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case,node,schema", cases())
def test_node(case, node, schema, engine, tmp_path):
    graph = case.model.graph
    given, expected = case.data_sets[0]
    inputs = {v.name: to_tensor(t) for v, t in zip(graph.input, given, strict=True)}
    outputs = {v.name: to_tensor(t) for v, t in zip(graph.output, expected, strict=True)}
    lines = [f"op {node.op_type} {node.domain or '-'} {schema.since_version}"]
    for i, name in enumerate(node.input):
        if not name:
            lines.append("noinput")
            continue
        path = tmp_path / f"input_{i}"
        path.write_bytes(raw(inputs[name]))
        lines.append(f"input {text_of(inputs[name].data_type, inputs[name].dims)} {path}")
    for name in node.output:
        if not name:
            lines.append("nooutput")
        elif node.op_type in DATA_SHAPE:
            lines.append(f"dynamic {outputs[name].data_type}")
        else:
            lines.append(f"output {text_of(outputs[name].data_type, outputs[name].dims)}")
    lines += attribute_lines(node, schema, tmp_path)
    result = tmp_path / "result"
    environment = dict(os.environ, OUTBOARD_ENGINE_PATH=str(ENGINE_FOLDER))
    done = subprocess.run([DRIVER, engine, result], input="\n".join(lines), text=True, capture_output=True, env=environment, timeout=120)
    if done.returncode == 3 and (engine != "ref" or node.op_type in NOT_FOR_REF):
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    wanted = [outputs[name] for name in node.output if name]
    for got, want in zip(read_outputs(result), wanted, strict=True):
        compare(node.op_type, got, want, case.name.startswith("test_training_dropout"))
