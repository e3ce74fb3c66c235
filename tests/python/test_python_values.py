"""Values of every kind through Python: element types, strings, sequences, optionals, maps, DLPack."""
import gc
import os
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto as T
from onnx import helper as h

import outboard
from outboard import _dlpack, _dtypes

RNG = np.random.default_rng(5)


def compiled(node, inputs, outputs, domains=(), **attributes):
    """A model of one node; inputs and outputs: name to type."""
    opsets = [h.make_opsetid("", 24), *[h.make_opsetid(d, v) for d, v in domains]]
    node = h.make_node(node, list(inputs), list(outputs), domain=domains[0][0] if domains else "", **attributes)
    graph = h.make_graph([node], "g", [h.make_value_info(n, t) for n, t in inputs.items()], [h.make_value_info(n, t) for n, t in outputs.items()])
    model = h.make_model(graph, opset_imports=opsets)
    model.ir_version = 11
    return outboard.compile(model, engines="ref", threads=1)


def tensor(dtype, shape=None):
    return h.make_tensor_type_proto(dtype, shape)


def identity(dtype):
    return compiled("Identity", {"x": tensor(dtype, ["a", "b"])}, {"y": tensor(dtype, ["a", "b"])})


def sample(number, shape=(3, 5)):
    dtype = _dtypes.TO_NUMPY[number]
    if dtype == object:
        return np.array(["", "a", "grüße", "日本", "x" * 100] * 3, object).reshape(shape)
    if dtype.kind == "c":
        return (RNG.standard_normal(shape) + 1j * RNG.standard_normal(shape)).astype(dtype)
    if dtype.kind in "iub":
        return RNG.integers(0, 2 if dtype.kind == "b" else 100, shape).astype(dtype)
    return RNG.integers(-4, 4, shape).astype(np.float32).astype(dtype)


KNOWN = [n for n in _dtypes.NAMES if n and n <= T.INT2]


@pytest.mark.parametrize("number", KNOWN, ids=[_dtypes.NAMES[n] for n in KNOWN])
def test_every_element_type(number):
    model = identity(number)
    for shape in ((3, 5), (1, 1), (0, 4)):
        x = sample(number)[:shape[0], :shape[1]]
        y, = model.run([x])
        assert y.dtype == x.dtype and y.shape == x.shape
        if x.dtype == object or number in _dtypes.PACKED:  # the high bits of a byte mean nothing there
            assert y.tolist() == x.tolist()
        else:
            assert y.tobytes() == np.ascontiguousarray(x).tobytes()
        assert model.inputs[0].numpy == x.dtype


def test_packing_is_that_of_onnx():
    x = np.array([1, -2, 7, -8, 3], ml_dtypes.int4)
    packed = _dtypes.pack(x, T.INT4)
    assert packed.tolist() == [0xE1, 0x87, 0x03]
    assert (_dtypes.unpack(packed, 5, T.INT4) == x).all()
    two = np.array([0, 1, -2, -1, 1], ml_dtypes.int2)
    assert _dtypes.pack(two, T.INT2).tolist() == [0b11100100, 0b01]
    assert (_dtypes.unpack(_dtypes.pack(two, T.INT2), 5, T.INT2) == two).all()


def test_strings_of_all_sorts():
    model = identity(T.STRING)
    for x in (np.array([["a", "bc"]]), np.array([[b"a", b"bc"]]), np.array([["a", b"bc"]], object)):
        assert model.run([x])[0].tolist() == [["a", "bc"]]
    odd = np.array([[b"\xff\x00z"]], object)
    assert model.run([odd])[0][0, 0].encode("utf-8", "surrogateescape") == b"\xff\x00z"
    assert model.run([model.run([odd])[0]])[0][0, 0].encode("utf-8", "surrogateescape") == b"\xff\x00z"
    with pytest.raises(outboard.InvalidArgument, match="input 'x': an element of a string tensor must be str or bytes, found int"):
        model.run([np.array([[1]], object)])


def sequence(dtype):
    return h.make_sequence_type_proto(tensor(dtype, None))


@pytest.mark.parametrize("dtype,values", [
    (T.FLOAT, [np.ones(3, np.float32), np.zeros((2, 2), np.float32)]), (T.FLOAT, []),
    (T.STRING, [np.array(["a", "b"], object), np.array("c", object)]), (T.INT4, [np.array([1, -2, 3], ml_dtypes.int4)])])
def test_sequences(dtype, values):
    got, = compiled("Identity", {"x": sequence(dtype)}, {"y": sequence(dtype)}).run([values])
    assert isinstance(got, list) and len(got) == len(values)
    for a, b in zip(got, values):
        assert a.dtype == b.dtype and a.tolist() == b.tolist()


def test_a_sequence_outlives_its_call():
    model = compiled("SplitToSequence", {"x": tensor(T.FLOAT, ["n"])}, {"y": sequence(T.FLOAT)}, keepdims=1)
    kept = [model.run([np.arange(4, dtype=np.float32) + k])[0] for k in range(4)]
    gc.collect()
    assert [[float(v[0]) for v in values] for values in kept] == [[k, k + 1, k + 2, k + 3] for k in range(4)]


@pytest.mark.parametrize("inner,value", [(tensor(T.FLOAT, [2]), np.ones(2, np.float32)), (sequence(T.INT64), [np.array([1, 2])])])
def test_optionals(inner, value):
    kind = h.make_optional_type_proto(inner)
    has = compiled("OptionalHasElement", {"x": kind}, {"y": tensor(T.BOOL, [])})
    assert has.inputs[0].kind == "optional"
    assert has.run([value])[0] and not has.run([None])[0] and not has.run({})[0]
    got, = compiled("Identity", {"x": kind}, {"y": kind}).run([value])
    assert np.array_equal(got, value)
    assert compiled("Identity", {"x": kind}, {"y": kind}).run([None]) == [None]


ML = [("ai.onnx.ml", 3)]


def test_maps_in():
    kind = h.make_map_type_proto(T.STRING, tensor(T.INT64, []))
    model = compiled("DictVectorizer", {"x": kind}, {"y": tensor(T.INT64, None)}, ML, string_vocabulary=["a", "b", "c"])
    assert model.inputs[0].kind == "map"
    assert model.run([{"c": 5, "a": 2}])[0].ravel().tolist() == [2, 0, 5]
    with pytest.raises(outboard.InvalidArgument, match="a map must be a dict, found list"):
        model.run([[1]])


def test_maps_out():
    model = compiled("ZipMap", {"x": tensor(T.FLOAT, [2, 3])}, {"y": h.make_sequence_type_proto(h.make_map_type_proto(T.STRING, tensor(T.FLOAT, [])))},
                     ML, classlabels_strings=["p", "q", "r"])
    got, = model.run([np.arange(6, dtype=np.float32).reshape(2, 3)])
    assert got == [{"p": 0, "q": 1, "r": 2}, {"p": 3, "q": 4, "r": 5}]


class Lender:
    """Another library's tensor."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return outboard.to_dlpack(self.array).__dlpack__(**options)

    def __dlpack_device__(self):
        return 1, 0


@pytest.mark.parametrize("number", [T.FLOAT, T.INT64, T.BOOL, T.BFLOAT16, T.FLOAT8E5M2, T.FLOAT8E4M3FN])
def test_dlpack(number):
    x = sample(number)
    same = outboard.from_dlpack(Lender(x))
    assert same.ctypes.data == x.ctypes.data and same.dtype == x.dtype and same.tobytes() == x.tobytes()
    turned = outboard.from_dlpack(Lender(x.T))
    assert turned.shape == (5, 3) and np.ascontiguousarray(turned).tobytes() == np.ascontiguousarray(x.T).tobytes()
    y, = identity(number).run([Lender(x)])
    assert y.tobytes() == x.tobytes()
    back = outboard.from_dlpack(outboard.to_dlpack(y))
    assert back.ctypes.data == y.ctypes.data


def test_dlpack_gives_back_what_it_borrowed():
    x = sample(T.BFLOAT16)
    before = sys.getrefcount(x)
    same = outboard.from_dlpack(Lender(x))
    assert sys.getrefcount(x) > before
    del same
    lender = outboard.to_dlpack(x)
    lender.__dlpack__()  # nobody takes it
    del lender
    gc.collect()
    assert not _dlpack._lent and sys.getrefcount(x) == before


def test_dlpack_of_another_device():
    class Elsewhere(Lender):
        def __dlpack_device__(self):
            return 2, 0

    with pytest.raises(outboard.Unsupported, match="only the CPU"):
        outboard.from_dlpack(Elsewhere(sample(T.FLOAT)))


def test_without_ml_dtypes():
    """The bits go through as unsigned integers."""
    code = ("import sys; sys.modules['ml_dtypes'] = None; import numpy as np, outboard; "
            "m = outboard.compile(sys.argv[1], engines='ref'); x = np.arange(6, dtype=np.uint16).reshape(2, 3); "
            "y, = m.run([x]); assert y.dtype == np.uint16 and (x == y).all()")
    graph = h.make_graph([h.make_node("Identity", ["x"], ["y"])], "g", [h.make_value_info("x", tensor(T.BFLOAT16, [2, 3]))],
                         [h.make_value_info("y", tensor(T.BFLOAT16, [2, 3]))])
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 21)]), file.name)
        path = os.pathsep.join(p for p in sys.path if p)
        done = subprocess.run([sys.executable, "-c", code, file.name], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
