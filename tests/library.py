"""The C library through ctypes, as far as tests need it: open, run, close. Tensors are NumPy arrays (strings: of object), sequences
lists, an optional None or its value, maps dicts."""
import ctypes as C
import json

import numpy as np
from onnx import helper

from support import BUILD

STRING = 8
DTYPES = {number: np.dtype(object) if number == STRING else np.dtype(helper.tensor_dtype_to_np_dtype(number)) for number in range(1, 29)}
NUMBERS = {dtype: number for number, dtype in DTYPES.items()}
BITS = {21: 4, 22: 4, 23: 4, 25: 2, 26: 2}  # the packed ones
TENSOR, SEQUENCE, OPTIONAL, MAP = range(4)
STATUS = ["ok", "out of memory", "invalid argument", "invalid model", "invalid artifact", "unsupported", "not found", "io error",
          "engine error", "cancelled", "deadline exceeded", "out of range", "internal"]


class Tensor(C.Structure):
    pass


Tensor._fields_ = [("kind", C.c_int), ("dtype", C.c_int), ("rank", C.c_int32), ("dims", C.POINTER(C.c_int64)),
                   ("strides", C.POINTER(C.c_int64)), ("data", C.c_void_p), ("bytes", C.c_size_t), ("items", C.POINTER(Tensor)),
                   ("item_count", C.c_size_t)]


class String(C.Structure):
    _fields_ = [("data", C.c_void_p), ("size", C.c_size_t)]


def pack(array, bits):
    """Elements of less than a byte, the first in the lowest bits."""
    flat, each = array.view(np.uint8).ravel() & ((1 << bits) - 1), 8 // bits
    flat = np.concatenate([flat, np.zeros(-len(flat) % each, np.uint8)]).reshape(-1, each)
    return np.bitwise_or.reduce(flat << (np.arange(each, dtype=np.uint8) * bits), axis=1).astype(np.uint8)


def unpack(data, bits, count, dtype):
    parts = (data[:, None] >> (np.arange(8 // bits, dtype=np.uint8) * bits)) & ((1 << bits) - 1)
    flat = parts.ravel()[:count].astype(np.uint8)
    return (np.where(flat >> (bits - 1), flat | (256 - (1 << bits)), flat).astype(np.uint8) if dtype.name in ("int4", "int2") else flat).view(dtype)


def strings_of(array, kept):
    raw = [s if isinstance(s, bytes) else str(s).encode() for s in array.ravel()]
    buffers = [C.create_string_buffer(r, len(r) + 1) for r in raw]
    strings = (String * max(1, len(raw)))(*[String(C.addressof(b), len(r)) for b, r in zip(buffers, raw)])
    kept.append((buffers, strings))
    return C.addressof(strings), C.sizeof(String) * len(raw)


def tensor_of(value, info, kept):
    """A ctypes tensor; what it points to goes into `kept`. `info`: the element type, for those of an empty collection."""
    if isinstance(value, dict):
        keys = np.array(list(value), object if value and isinstance(next(iter(value)), str) else np.int64)
        parts = [keys, np.array(list(value.values()), np.float32)]
        return collection(MAP, parts, info, kept)
    if isinstance(value, (list, tuple)):
        return collection(SEQUENCE, value, info, kept)
    if value is None:
        return collection(OPTIONAL, [], info, kept)
    array = np.asarray(value)
    array = np.require(array.astype(object) if array.dtype.kind in "US" else array, requirements="C")
    number = NUMBERS[array.dtype]
    dims = (C.c_int64 * max(1, array.ndim))(*array.shape)
    if number == STRING:
        data, size = strings_of(array, kept)
    else:
        held = pack(array, BITS[number]) if number in BITS else array
        kept.append(held)
        data, size = held.ctypes.data, held.nbytes
    kept.append(dims)
    return Tensor(TENSOR, number, array.ndim, dims, None, data, size, None, 0)


def collection(kind, values, dtype, kept):
    items = (Tensor * max(1, len(values)))(*[tensor_of(v, dtype, kept) for v in values])
    kept.append(items)
    return Tensor(kind, dtype, 0, None, None, None, 0, items, len(values))


def array_of(tensor):
    shape = [tensor.dims[i] for i in range(tensor.rank)]
    dtype, count = DTYPES[tensor.dtype], int(np.prod(shape, dtype=np.int64))
    if count == 0:
        return np.zeros(shape, dtype)
    if tensor.dtype == STRING:
        strings = (String * count).from_address(tensor.data)
        texts = [C.string_at(s.data, s.size).decode("utf-8", "surrogateescape") if s.size else "" for s in strings]
        flat = np.empty(count, object)
        flat[:] = texts
        return flat.reshape(shape)
    bits = BITS.get(tensor.dtype, 8 * dtype.itemsize)
    size = (count * bits + 7) // 8
    buffer = np.frombuffer((C.c_char * size).from_address(tensor.data), np.uint8)
    return (unpack(buffer, bits, count, dtype) if tensor.dtype in BITS else buffer.view(dtype)).reshape(shape).copy()


def value_of(tensor):
    if tensor.kind == TENSOR:
        return array_of(tensor)
    items = [value_of(tensor.items[i]) for i in range(tensor.item_count)]
    if tensor.kind == OPTIONAL:
        return items[0] if items else None
    return dict(zip(items[0].tolist(), items[1].tolist())) if tensor.kind == MAP else items


LOG = C.CFUNCTYPE(None, C.c_void_p, C.c_int, C.c_char_p)


class CompileOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("engines", C.c_char_p), ("require", C.c_char_p), ("dims", C.POINTER(C.c_char_p)),
                ("portable", C.c_bool), ("keep_external", C.c_bool)]


class Options(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("allocator", C.c_void_p), ("log", LOG), ("log_user", C.c_void_p),
                ("progress", C.c_void_p), ("progress_user", C.c_void_p), ("threads", C.c_uint32), ("engine_path", C.c_char_p),
                ("base_dir", C.c_char_p), ("compile", C.POINTER(CompileOptions)), ("max_plans", C.c_uint32), ("max_instances", C.c_uint32)]


class ValueInfo(C.Structure):
    _fields_ = [("name", C.c_char_p), ("kind", C.c_int), ("dtype", C.c_int), ("rank", C.c_int32), ("dims", C.POINTER(C.c_int64)),
                ("dim_texts", C.POINTER(C.c_char_p)), ("type", C.c_char_p)]


class Failure(Exception):
    def __init__(self, status, message):
        super().__init__(f"{STATUS[status]}: {message}")
        self.status = STATUS[status]


def load_library():
    lib = C.CDLL(str(BUILD / "lib" / "liboutboard.so"))
    lib.ob_error_message.restype = C.c_char_p
    lib.ob_model_function.restype = C.c_void_p
    lib.ob_model_symbol.restype = C.c_char_p
    for name in ("ob_function_input_count", "ob_function_output_count", "ob_context_arena_bytes"):
        getattr(lib, name).restype = C.c_size_t
    return lib


LIB = load_library()


def check(status):
    if status != 0:
        raise Failure(status, LIB.ob_error_message().decode())


class Model:
    """A model from bytes or a path, with one context for all its calls."""

    def __init__(self, source, engines="ref", dims=(), symbol=None):
        self.log = []
        self._callback = LOG(lambda _, level, line: self.log.append((level, line.decode())))
        texts = (C.c_char_p * (len(dims) + 1))(*[d.encode() for d in dims], None)
        compile_options = CompileOptions(C.sizeof(CompileOptions), engines.encode(), None, texts, False, False)
        options = Options(C.sizeof(Options))
        options.log, options.threads, options.compile = self._callback, 1, C.pointer(compile_options)
        options.engine_path = str(BUILD / "lib" / "outboard").encode()
        self.model, self.context = C.c_void_p(), C.c_void_p()
        if isinstance(source, bytes):
            self._bytes = source
            check(LIB.ob_model_open_memory(source, C.c_size_t(len(source)), C.byref(options), C.byref(self.model)))
        else:
            check(LIB.ob_model_open(str(source).encode(), C.byref(options), C.byref(self.model)))
        self.function = C.c_void_p(LIB.ob_model_function(self.model, symbol.encode() if symbol else None))
        check(LIB.ob_context_create(self.function, None, C.byref(self.context)))
        infos = [self._info("input", i) for i in range(LIB.ob_function_input_count(self.function))]
        self.inputs, self.kinds = [i[0] for i in infos], [i[1:] for i in infos]
        self.outputs = [self._info("output", i)[0] for i in range(LIB.ob_function_output_count(self.function))]

    def _info(self, what, index):
        info = ValueInfo()
        check(getattr(LIB, f"ob_function_{what}")(self.function, C.c_size_t(index), C.byref(info)))
        return info.name.decode(), info.kind, info.dtype

    def symbols(self):
        found = []
        while (symbol := LIB.ob_model_symbol(self.model, C.c_size_t(len(found)))) is not None:
            found.append(symbol.decode())
        return found

    def run(self, feeds):
        tensors, kept = (Tensor * max(1, len(self.inputs)))(), []
        for i, (name, (kind, dtype)) in enumerate(zip(self.inputs, self.kinds)):
            value = feeds[name]
            wrap = kind == OPTIONAL and value is not None
            tensors[i] = collection(OPTIONAL, [value], dtype, kept) if wrap else tensor_of(value, dtype, kept)
        results = (Tensor * max(1, len(self.outputs)))()
        check(LIB.ob_context_run(self.context, tensors, results, None))
        return [value_of(t) for t in results[:len(self.outputs)]]

    def report(self):
        """What `outboard inspect --json` prints."""
        text = C.c_void_p()
        check(LIB.ob_model_report(self.model, 1, C.byref(text)))
        found = json.loads(C.string_at(text.value))
        LIB.ob_release(text)
        return found

    def arena_bytes(self):
        return LIB.ob_context_arena_bytes(self.context)

    def close(self):
        LIB.ob_context_close(self.context)
        LIB.ob_model_close(self.model)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
