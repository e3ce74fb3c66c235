"""Constants: every element type, raw, typed and external, sparse; sizes checked."""
import numpy as np
import onnx
import pytest
from importing import import_bytes, run_import
from onnx import TensorProto, helper, numpy_helper

T = TensorProto
NAMES = {T.FLOAT: "float32", T.DOUBLE: "float64"}
ALL = [v for k, v in T.DataType.items() if v != T.UNDEFINED]


def type_name(dtype):
    return NAMES.get(dtype, T.DataType.Name(dtype).lower())


def model_with(tensors, sparse=(), nodes=(), opset=28):
    """A model whose outputs are its constants."""
    outputs = [t.name for t in tensors] + [s.values.name for s in sparse] + [o for n in nodes for o in n.output]
    graph = helper.make_graph(list(nodes), "g", [], [onnx.ValueInfoProto(name=o) for o in outputs], list(tensors),
                              sparse_initializer=list(sparse))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def raw(dtype, dims, data, name="c"):
    return T(name=name, data_type=dtype, dims=dims, raw_data=data)


def bits_of(dtype):
    if dtype in (T.UINT4, T.INT4, T.FLOAT4E2M1):
        return 4
    if dtype in (T.UINT2, T.INT2):
        return 2
    if dtype in (T.FLOAT6E2M3, T.FLOAT6E3M2):
        return 6
    return helper.tensor_dtype_to_np_dtype(dtype).itemsize * 8


def numbers(dtype, count):
    """Stored bits of `count` elements."""
    if dtype == T.BOOL:
        return [i % 2 for i in range(count)]
    return [(i * 0x9E3779B97F4A7C15F39CC0605CEDC835 + 3) % (1 << bits_of(dtype)) for i in range(count)]


def packed(values, bits):
    whole = 0
    for i, v in enumerate(values):
        whole |= v << i * bits
    return whole.to_bytes((len(values) * bits + 7) // 8, "little")


def in_memory(dtype, values):
    bits = bits_of(dtype)
    return packed(values, 8 if bits == 6 else bits)


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7])
@pytest.mark.parametrize("dtype", [d for d in ALL if d != T.STRING], ids=type_name)
def test_raw(tmp_path, dtype, count):
    values = numbers(dtype, count)
    done = import_bytes(model_with([raw(dtype, [count], packed(values, bits_of(dtype)))]), tmp_path, "--constants")
    assert done.ok, done.text
    assert done.constants()["c"] == (type_name(dtype), (count,), in_memory(dtype, values).hex())


def signed(value, bits):
    return value - (1 << bits) if value >> (bits - 1) else value


def typed(dtype, values):
    """The same numbers in the typed field."""
    bits = bits_of(dtype)
    tensor = T(name="c", data_type=dtype, dims=[len(values)])
    data = packed(values, bits)
    if dtype in (T.FLOAT, T.COMPLEX64):
        tensor.float_data.extend(np.frombuffer(data, np.float32).tolist())
    elif dtype in (T.DOUBLE, T.COMPLEX128):
        tensor.double_data.extend(np.frombuffer(data, np.float64).tolist())
    elif dtype == T.INT64:
        tensor.int64_data.extend(np.frombuffer(data, np.int64).tolist())
    elif dtype in (T.UINT32, T.UINT64):
        tensor.uint64_data.extend(values)
    elif bits in (2, 4):
        tensor.int32_data.extend(data)
    elif dtype in (T.INT8, T.INT16, T.INT32):
        tensor.int32_data.extend(signed(v, bits) for v in values)
    else:
        tensor.int32_data.extend(values)
    return tensor


def harmless(dtype, values):
    """NaNs do not survive Python's floats bit for bit."""
    if dtype in (T.FLOAT, T.DOUBLE, T.COMPLEX64, T.COMPLEX128):
        half = bits_of(dtype) // (2 if dtype in (T.COMPLEX64, T.COMPLEX128) else 1)
        number = {32: 0x3FC00000, 64: 0x3FF8000000000000}[half]
        return [number | (number << half if half != bits_of(dtype) else 0)] * len(values)
    return values


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7])
@pytest.mark.parametrize("dtype", [d for d in ALL if d != T.STRING], ids=type_name)
def test_typed(tmp_path, dtype, count):
    values = harmless(dtype, numbers(dtype, count))
    done = import_bytes(model_with([typed(dtype, values)]), tmp_path, "--constants")
    assert done.ok, done.text
    assert done.constants()["c"] == (type_name(dtype), (count,), in_memory(dtype, values).hex())


def test_unpacked_numbers(tmp_path):
    """protobuf lets writers give each number a tag of its own, or cut runs in pieces."""
    tensor = b"\x08\x05" + b"\x10\x07" + b"\x42\x01c" + b"\x38\x01" + b"\x3a\x02\x02\x03" + b"\x38\x04" + b"\x3a\x01\x05"
    model = model_with([])
    output = onnx.ValueInfoProto(name="c").SerializeToString()
    graph = b"\x2a" + bytes([len(tensor)]) + tensor + b"\x62" + bytes([len(output)]) + output
    model.ClearField("graph")
    done = import_bytes(model.SerializeToString() + b"\x3a" + bytes([len(graph)]) + graph, tmp_path, "--constants")
    assert done.constants()["c"] == ("int64", (5,), np.arange(1, 6).tobytes().hex()), done.text


@pytest.mark.parametrize("dtype", ALL, ids=type_name)
def test_external(tmp_path, dtype):
    if dtype == T.STRING:
        pytest.skip("strings cannot be external")
    values = numbers(dtype, 5)
    data = packed(values, bits_of(dtype))
    (tmp_path / "weights.bin").write_bytes(b"\xff" * 24 + data + b"\xee" * 3)
    tensor = T(name="c", data_type=dtype, dims=[5], data_location=T.EXTERNAL)
    for key, value in {"location": "weights.bin", "offset": "24", "length": str(len(data)), "checksum": "00"}.items():
        tensor.external_data.add(key=key, value=value)
    done = import_bytes(model_with([tensor]), tmp_path, "--constants")
    assert done.ok, done.text
    assert done.constants()["c"] == (type_name(dtype), (5,), in_memory(dtype, values).hex())


def test_strings(tmp_path):
    tensor = helper.make_tensor("c", T.STRING, [2], [b"left", "r\u00e9st".encode()])
    done = import_bytes(model_with([tensor]), tmp_path, "--constants")
    assert done.constants()["c"] == ("string", (2,), "left r\u00e9st")


@pytest.mark.parametrize("rank", [1, 2])
def test_sparse(tmp_path, rank):
    values = helper.make_tensor("s", T.FLOAT, [2], [1.0, 2.0])
    indices = helper.make_tensor("i", T.INT64, [2], [1, 5]) if rank == 1 else helper.make_tensor("i", T.INT64, [2, 2], [0, 1, 1, 2])
    done = import_bytes(model_with([], [helper.make_sparse_tensor(values, indices, [2, 3])]), tmp_path, "--constants")
    assert done.ok, done.text
    dense = np.array([0, 1, 0, 0, 0, 2], np.float32)
    assert ("float32", (2, 3), dense.tobytes().hex()) in done.constants().values()


CONSTANTS = {
    "value_int": (7, np.array(7, np.int64)),
    "value_ints": ([1, 2], np.array([1, 2], np.int64)),
    "value_float": (1.5, np.array(1.5, np.float32)),
    "value_floats": ([1.5, 2], np.array([1.5, 2], np.float32)),
    "value": (numpy_helper.from_array(np.array([[1, 2]], np.int8)), np.array([[1, 2]], np.int8)),
    "sparse_value": (helper.make_sparse_tensor(helper.make_tensor("v", T.FLOAT, [1], [3.0]), helper.make_tensor("i", T.INT64, [1], [1]), [2]),
                     np.array([0, 3], np.float32)),
}


@pytest.mark.parametrize("form", CONSTANTS)
def test_constant_nodes(tmp_path, form):
    attribute, expected = CONSTANTS[form]
    done = import_bytes(model_with([], nodes=[helper.make_node("Constant", [], ["c"], **{form: attribute})]), tmp_path, "--constants")
    assert done.ok, done.text
    assert (str(expected.dtype), expected.shape, expected.tobytes().hex()) in done.constants().values()


@pytest.mark.parametrize("form,value,text", [("value_string", "abc", "abc"), ("value_strings", ["a", "bc"], "a bc")])
def test_constant_strings(tmp_path, form, value, text):
    done = import_bytes(model_with([], nodes=[helper.make_node("Constant", [], ["c"], **{form: value})]), tmp_path, "--constants")
    assert done.ok, done.text
    assert [c[2] for c in done.constants().values()] == [text]


def wrong(**fields):
    tensor = T(name="c")
    dims = fields.pop("dims", [2])
    tensor.dims.extend(dims)
    for key, value in fields.items():
        if key.endswith("_data") and key != "raw_data":
            getattr(tensor, key).extend(value)
        else:
            setattr(tensor, key, value)
    return tensor


WRONG = [
    (wrong(data_type=1, raw_data=bytes(7)), "raw_data has 7 bytes"),
    (wrong(data_type=1, raw_data=bytes(9)), "raw_data has 9 bytes"),
    (wrong(data_type=1), "it has no data"),
    (wrong(data_type=0, raw_data=bytes(8)), "element type 0 does not exist"),
    (wrong(data_type=29, raw_data=bytes(8)), "element type 29 does not exist"),
    (wrong(data_type=-1, raw_data=bytes(8)), "element type -1 does not exist"),
    (wrong(data_type=1, float_data=[1, 2], raw_data=bytes(8)), "both raw_data and typed data"),
    (wrong(data_type=1, float_data=[1]), "float_data has 1 elements, its shape and type (float32) need 2"),
    (wrong(data_type=1, float_data=[1, 2, 3]), "float_data has 3 elements"),
    (wrong(data_type=1, int32_data=[1, 2]), "do not belong in int32_data"),
    (wrong(data_type=7, int32_data=[1, 2]), "do not belong in int32_data"),
    (wrong(data_type=2, int32_data=[1, 256]), "256 does not fit in uint8"),
    (wrong(data_type=3, int32_data=[1, -129]), "-129 does not fit in int8"),
    (wrong(data_type=9, int32_data=[0, 2]), "2 does not fit in bool"),
    (wrong(data_type=9, raw_data=b"\0\2"), "neither 0 nor 1"),
    (wrong(data_type=8, raw_data=bytes(2)), "strings cannot be raw"),
    (wrong(data_type=8, string_data=[b"a"]), "string_data has 1 elements"),
    (wrong(data_type=1, dims=[-2], raw_data=bytes(8)), "dim -2 is negative"),
    (wrong(data_type=1, dims=[1 << 62, 4], raw_data=bytes(8)), "multiply to more than"),
    (wrong(data_type=1, dims=[1 << 32, 1 << 32, 1], raw_data=bytes(8)), "multiply to more than"),
    (wrong(data_type=1, dims=[1 << 40], raw_data=bytes(8)), "raw_data has 8 bytes"),
    (wrong(data_type=1, dims=[1] * 33, raw_data=bytes(4)), "33 dims; the most is 32"),
    (wrong(data_type=22, dims=[3], int32_data=[1]), "int32_data has 1 elements"),
    (wrong(data_type=14, dims=[2], float_data=[1, 2]), "float_data has 2 elements, its shape and type (complex64) need 4"),
    (wrong(data_type=27, dims=[4], raw_data=bytes(4)), "raw_data has 4 bytes, its shape and type (float6e2m3) need 3"),
]


@pytest.mark.parametrize("tensor,words", WRONG, ids=[w for _, w in WRONG])
def test_wrong_tensors(tmp_path, tensor, words):
    done = import_bytes(model_with([tensor]), tmp_path)
    assert not done.ok and words in done.message, done.text
    assert done.status in ("invalid model", "unsupported") and "'c'" in done.message


def sparse_of(values, indices, dims):
    return helper.make_sparse_tensor(values, indices, dims)


ONE = helper.make_tensor("s", T.FLOAT, [1], [1.0])


@pytest.mark.parametrize("indices,dims,words", [
    (helper.make_tensor("i", T.INT64, [1], [6]), [2, 3], "index 6 is outside"),
    (helper.make_tensor("i", T.INT64, [1], [-1]), [2, 3], "index -1 is outside"),
    (helper.make_tensor("i", T.INT64, [1, 2], [1, 3]), [2, 3], "index 3 is outside of dim 1"),
    (helper.make_tensor("i", T.INT64, [1, 3], [1, 1, 1]), [2, 3], "indices must be"),
    (helper.make_tensor("i", T.INT32, [1], [1]), [2, 3], "indices must be"),
    (helper.make_tensor("i", T.INT64, [2], [1, 2]), [2, 3], "indices must be"),
    (helper.make_tensor("i", T.INT64, [1], [1]), [1 << 40], "made dense"),
    (helper.make_tensor("i", T.INT64, [1], [1]), [-4], "negative"),
])
def test_wrong_sparse(tmp_path, indices, dims, words):
    model = model_with([], [sparse_of(ONE, indices, dims)])
    done = import_bytes(model, tmp_path)
    assert not done.ok and words in done.message, done.text


def test_large_external_file(tmp_path):
    """More than 2 GB are mapped, not read."""
    size = (1 << 31) + (1 << 20)
    with open(tmp_path / "huge.bin", "wb") as file:
        file.truncate(size)
        file.seek(size - 8)
        file.write(np.array([1.5, 2.5], np.float32).tobytes())
    huge = T(name="huge", data_type=T.UINT8, dims=[size], data_location=T.EXTERNAL)
    huge.external_data.add(key="location", value="huge.bin")
    last = T(name="last", data_type=T.FLOAT, dims=[2], data_location=T.EXTERNAL)
    last.external_data.add(key="location", value="huge.bin")
    last.external_data.add(key="offset", value=str(size - 8))
    (tmp_path / "model.onnx").write_bytes(model_with([huge, last]).SerializeToString())
    done = run_import(tmp_path / "model.onnx", "--constants")
    assert done.ok, done.text
    assert done.constants()["last"][2] == np.array([1.5, 2.5], np.float32).tobytes().hex()
    assert done.peak < 1 << 20
