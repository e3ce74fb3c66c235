"""Runs the node tests of the onnx package (one node, inputs, expected outputs) on each engine through the test driver.

Needs numpy, onnx and pytest, and a build with -DOB_TESTS=ON. Environment: OB_BUILD, the build folder (build/check);
OB_TEST_ENGINES, the engines (all that were built), comma-separated. An engine other than ref may refuse a node."""
import os
import pathlib
import subprocess
import urllib.parse

import numpy as np
import pytest
from onnx import AttributeProto, TensorProto, defs, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("OB_BUILD", ROOT / "build" / "check"))
ENGINE_FOLDER = BUILD / "lib" / "outboard"
# null computes nothing; the others want a region's ONNX form, which the host of these tests has not: tests/engines/test_whole_regions.py has them.
ELSEWHERE = {"null", "onnxruntime", "openvino"}
ENGINES = os.environ.get("OB_TEST_ENGINES", "").split(",") if os.environ.get("OB_TEST_ENGINES") else sorted(
    {p.stem.removeprefix("ob_engine_") for p in ENGINE_FOLDER.glob("ob_engine_*.so")} - ELSEWHERE)
DRIVER = BUILD / "tests" / "ob_test_driver"

# Outputs whose shape only the kernel knows.
DATA_SHAPE = {"NonZero", "Unique", "Compress", "NonMaxSuppression", "SequenceAt", "ConcatFromSequence", "OptionalGetElement", "StringSplit",
              "StringNormalizer"}
# Pictures need a library.
NOT_FOR_REF = {"ImageDecoder"}
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
            yield f"string {name} ={urllib.parse.quote(a.s, safe='')}"
        elif a.type == AttributeProto.STRINGS:
            yield f"strings {name} {len(a.strings)} " + " ".join("=" + urllib.parse.quote(s, safe="") for s in a.strings)
        elif a.type == AttributeProto.TENSOR:
            path = folder / f"attribute_{name}"
            path.write_bytes(raw(a.t))
            yield f"tensor {name} {text_of(a.t.data_type, a.t.dims)} {path}"
        else:
            pytest.skip(f"attribute {name} is a graph")


def is_plain(info):
    """A tensor of numbers: what has a form of its own in the driver's text."""
    kind = info.type.WhichOneof("value")
    return kind == "tensor_type" and info.type.tensor_type.elem_type != TensorProto.STRING


def to_tensor(value):
    if isinstance(value, TensorProto):
        return value
    return numpy_helper.from_array(np.asarray(value))


def strings_of(tensor):
    return b"".join(b"%d\n%s" % (len(s), s) for s in tensor.string_data)


def value_lines(value, proto, folder, counter):
    """A value of any kind as the driver reads it."""
    kind = proto.WhichOneof("value")
    if kind == "optional_type":
        inner = proto.optional_type.elem_type
        dtype = element_type(proto)
        return [f"optional {dtype} {0 if value is None else 1}"] + ([] if value is None else value_lines(value, inner, folder, counter))
    if kind == "sequence_type":
        items = [line for item in value for line in value_lines(item, proto.sequence_type.elem_type, folder, counter)]
        return [f"sequence {element_type(proto)} {len(value)}"] + items
    tensor = to_tensor(value)
    counter.append(None)
    path = folder / f"value_{len(counter)}"
    path.write_bytes(strings_of(tensor) if tensor.data_type == TensorProto.STRING else raw(tensor))
    return [f"tensor {text_of(tensor.data_type, tensor.dims)} {path}"]


def element_type(proto):
    kind = proto.WhichOneof("value")
    if kind == "tensor_type":
        return proto.tensor_type.elem_type
    return element_type(getattr(proto, kind).elem_type)


class Reader:
    """What the driver wrote."""

    def __init__(self, data):
        self.data = data

    def line(self):
        line, self.data = self.data.split(b"\n", 1)
        return line.decode()

    def take(self, size):
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def tensor(self, dtype, dims):
        count = int(np.prod(dims, dtype=np.int64))
        if dtype == TensorProto.STRING:
            return TensorProto(data_type=dtype, dims=dims, string_data=[self.take(int(self.line())) for _ in range(count)])
        if dtype in PACKED_TWO:
            size = (count + 1) // 2
        elif dtype in PACKED_FOUR:
            size = (count + 3) // 4
        else:
            size = count * np.dtype(helper.tensor_dtype_to_np_dtype(dtype)).itemsize
        return TensorProto(data_type=dtype, dims=dims, raw_data=self.take(size))

    def value(self, line):
        kind, dtype, count, *dims = line.split()
        if kind == "tensor":
            return self.tensor(int(dtype), [int(d) for d in dims])
        items = [self.value(self.line()) for _ in range(int(count))]
        return items if kind == "sequence" else (items[0] if items else None)

    def outputs(self):
        while self.data:
            line = self.line()
            if line.startswith("put "):
                yield self.value(line[4:])
            else:
                dtype, _, *dims = map(int, line.split())
                yield self.tensor(dtype, dims)


def compare(op, got, want, chance):
    if isinstance(want, (list, tuple)) or want is None:
        assert (got is None) == (want is None)
        for a, b in zip(got or [], want or [], strict=True):
            compare(op, a, b, chance)
        return
    want = to_tensor(want)
    assert got.data_type == want.data_type
    assert list(got.dims) == list(want.dims)
    if op in RANDOM or chance:
        return
    if want.data_type == TensorProto.STRING:
        assert list(got.string_data) == list(want.string_data)
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
    inputs = dict(zip((v.name for v in graph.input), zip(graph.input, given, strict=True), strict=True))
    outputs = dict(zip((v.name for v in graph.output), zip(graph.output, expected, strict=True), strict=True))
    lines = [f"op {node.op_type} {node.domain or '-'} {schema.since_version}"]
    counter = []
    for i, name in enumerate(node.input):
        if not name:
            lines.append("noinput")
        elif not is_plain(inputs[name][0]):
            lines += ["any " + value_lines(inputs[name][1], inputs[name][0].type, tmp_path, counter)[0]]
            lines += value_lines(inputs[name][1], inputs[name][0].type, tmp_path, counter)[1:]
        else:
            tensor = to_tensor(inputs[name][1])
            path = tmp_path / f"input_{i}"
            path.write_bytes(raw(tensor))
            lines.append(f"input {text_of(tensor.data_type, tensor.dims)} {path}")
    for name in node.output:
        if not name:
            lines.append("nooutput")
            continue
        info, value = outputs[name]
        kind = info.type.WhichOneof("value")
        if kind != "tensor_type":
            lines.append(f"put {1 if kind == 'sequence_type' else 2} {element_type(info.type)} -1")
        elif not is_plain(info):
            known = node.op_type not in DATA_SHAPE
            lines.append("put 0 " + (text_of(TensorProto.STRING, to_tensor(value).dims) if known else f"{TensorProto.STRING} -1"))
        elif node.op_type in DATA_SHAPE:
            lines.append(f"dynamic {to_tensor(value).data_type}")
        else:
            lines.append(f"output {text_of(to_tensor(value).data_type, to_tensor(value).dims)}")
    lines += attribute_lines(node, schema, tmp_path)
    result = tmp_path / "result"
    environment = dict(os.environ, OUTBOARD_ENGINE_PATH=str(ENGINE_FOLDER))
    done = subprocess.run([DRIVER, engine, result], input="\n".join(lines), text=True, capture_output=True, env=environment, timeout=120)
    if done.returncode == 3 and (engine != "ref" or node.op_type in NOT_FOR_REF):
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    wanted = [outputs[name][1] for name in node.output if name]
    for got, want in zip(Reader(result.read_bytes()).outputs(), wanted, strict=True):
        compare(node.op_type, got, want, case.name.startswith("test_training_dropout"))
