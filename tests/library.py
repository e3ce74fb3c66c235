"""The C library through ctypes, as far as tests need it: open, run, close, with NumPy arrays."""
import ctypes as C

import numpy as np

from support import BUILD

DTYPES = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
          11: "float64", 12: "uint32", 13: "uint64"}
NUMBERS = {np.dtype(name): number for number, name in DTYPES.items()}
STATUS = ["ok", "out of memory", "invalid argument", "invalid model", "invalid artifact", "unsupported", "not found", "io error",
          "engine error", "cancelled", "deadline exceeded", "out of range", "internal"]


class Tensor(C.Structure):
    _fields_ = [("kind", C.c_int), ("dtype", C.c_int), ("rank", C.c_int32), ("dims", C.POINTER(C.c_int64)),
                ("strides", C.POINTER(C.c_int64)), ("data", C.c_void_p), ("bytes", C.c_size_t), ("items", C.c_void_p),
                ("item_count", C.c_size_t)]


LOG = C.CFUNCTYPE(None, C.c_void_p, C.c_int, C.c_char_p)


class CompileOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("engines", C.c_char_p), ("require", C.c_char_p), ("dims", C.POINTER(C.c_char_p)),
                ("portable", C.c_bool), ("keep_external", C.c_bool)]


class Options(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("allocator", C.c_void_p), ("log", LOG), ("log_user", C.c_void_p),
                ("progress", C.c_void_p), ("progress_user", C.c_void_p), ("threads", C.c_uint32), ("engine_path", C.c_char_p),
                ("base_dir", C.c_char_p), ("compile", C.POINTER(CompileOptions))]


class ValueInfo(C.Structure):
    _fields_ = [("name", C.c_char_p), ("kind", C.c_int), ("dtype", C.c_int), ("rank", C.c_int32), ("dims", C.POINTER(C.c_int64)),
                ("dim_texts", C.POINTER(C.c_char_p))]


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
        self.inputs = [self._info("input", i) for i in range(LIB.ob_function_input_count(self.function))]
        self.outputs = [self._info("output", i) for i in range(LIB.ob_function_output_count(self.function))]

    def _info(self, what, index):
        info = ValueInfo()
        check(getattr(LIB, f"ob_function_{what}")(self.function, C.c_size_t(index), C.byref(info)))
        return info.name.decode()

    def symbols(self):
        found = []
        while (symbol := LIB.ob_model_symbol(self.model, C.c_size_t(len(found)))) is not None:
            found.append(symbol.decode())
        return found

    def run(self, feeds):
        tensors, kept = (Tensor * max(1, len(self.inputs)))(), []
        for i, name in enumerate(self.inputs):
            array = np.require(feeds[name], requirements="C")
            dims = (C.c_int64 * max(1, array.ndim))(*array.shape)
            kept.append((array, dims))
            tensors[i] = Tensor(0, NUMBERS[array.dtype], array.ndim, dims, None, array.ctypes.data, array.nbytes, None, 0)
        results = (Tensor * max(1, len(self.outputs)))()
        check(LIB.ob_context_run(self.context, tensors, results, None))
        return [self._array(t) for t in results[:len(self.outputs)]]

    @staticmethod
    def _array(tensor):
        shape = [tensor.dims[i] for i in range(tensor.rank)]
        dtype, count = np.dtype(DTYPES[tensor.dtype]), int(np.prod(shape, dtype=np.int64))
        if count == 0:
            return np.zeros(shape, dtype)
        buffer = (C.c_char * (count * dtype.itemsize)).from_address(tensor.data)
        return np.frombuffer(buffer, dtype, count).reshape(shape).copy()

    def close(self):
        LIB.ob_context_close(self.context)
        LIB.ob_model_close(self.model)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
