"""The C library, as include/outboard/outboard.h declares it: structs, prototypes, statuses turned into exceptions.

ctypes releases the interpreter's lock during every call."""
import ctypes as C
import os
import pathlib

from ._errors import BY_STATUS, InternalError, NotFound


class TensorView(C.Structure):
    """ob_tensor_t"""


TensorView._fields_ = [
    ("kind", C.c_int), ("dtype", C.c_int), ("rank", C.c_int32), ("dims", C.POINTER(C.c_int64)), ("strides", C.POINTER(C.c_int64)),
    ("data", C.c_void_p), ("bytes", C.c_size_t), ("items", C.POINTER(TensorView)), ("item_count", C.c_size_t)]


class StringView(C.Structure):
    """ob_string_t"""
    _fields_ = [("data", C.c_void_p), ("size", C.c_size_t)]


LogCallback = C.CFUNCTYPE(None, C.c_void_p, C.c_int, C.c_char_p)
ProgressCallback = C.CFUNCTYPE(None, C.c_void_p, C.c_char_p, C.c_uint64, C.c_uint64)
TraceCallback = C.CFUNCTYPE(None, C.c_void_p, C.c_char_p, C.c_char_p, C.c_uint64)


class CompileOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("engines", C.c_char_p), ("require", C.c_char_p), ("dims", C.POINTER(C.c_char_p)),
                ("portable", C.c_bool), ("keep_external", C.c_bool), ("forbid", C.c_char_p)]


class Options(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("allocator", C.c_void_p), ("log", LogCallback), ("log_user", C.c_void_p),
                ("progress", ProgressCallback), ("progress_user", C.c_void_p), ("threads", C.c_uint32),
                ("engine_path", C.c_char_p), ("base_dir", C.c_char_p), ("compile", C.POINTER(CompileOptions)),
                ("max_plans", C.c_uint32), ("max_instances", C.c_uint32)]


class RunOptions(C.Structure):
    _fields_ = [("struct_size", C.c_size_t), ("deadline_ns", C.c_uint64), ("cancel", C.POINTER(C.c_int)),
                ("trace", TraceCallback), ("trace_user", C.c_void_p)]


class ValueInfo(C.Structure):
    _fields_ = [("name", C.c_char_p), ("kind", C.c_int), ("dtype", C.c_int), ("rank", C.c_int32), ("dims", C.POINTER(C.c_int64)),
                ("dim_texts", C.POINTER(C.c_char_p)), ("type", C.c_char_p)]


class VerifyResult(C.Structure):
    _fields_ = [("symbol", C.c_char_p), ("engine", C.c_char_p), ("output", C.c_char_p), ("max_abs", C.c_double),
                ("max_rel", C.c_double), ("differing", C.c_uint64), ("elements", C.c_uint64)]


class EngineReport(C.Structure):
    _fields_ = [(name, C.c_char_p) for name in ("name", "version", "library", "about", "path", "problem")]


class OperatorReport(C.Structure):
    _fields_ = [("domain", C.c_char_p), ("name", C.c_char_p), ("since", C.c_int32), ("about", C.c_char_p), ("engines", C.c_char_p),
                ("made_of", C.c_char_p)]


VerifyCallback = C.CFUNCTYPE(None, C.c_void_p, C.POINTER(VerifyResult))
EngineCallback = C.CFUNCTYPE(None, C.c_void_p, C.POINTER(EngineReport))
OperatorCallback = C.CFUNCTYPE(None, C.c_void_p, C.POINTER(OperatorReport))

_P, _S = C.c_void_p, C.c_char_p
_PROTOTYPES = {
    "ob_error_message": (_S, []),
    "ob_dtype_name": (_S, [C.c_int]),
    "ob_default_threads": (C.c_uint32, []),
    "ob_version": (_S, []),
    "ob_model_open": (C.c_int, [_S, C.POINTER(Options), C.POINTER(_P)]),
    "ob_model_open_memory": (C.c_int, [_P, C.c_size_t, C.POINTER(Options), C.POINTER(_P)]),
    "ob_model_save": (C.c_int, [_P, _S]),
    "ob_model_close": (None, [_P]),
    "ob_model_metadata": (_S, [_P, C.c_size_t, C.POINTER(_S)]),
    "ob_model_producer": (_S, [_P]),
    "ob_model_name": (_S, [_P]),
    "ob_model_function": (_P, [_P, _S]),
    "ob_model_symbol": (_S, [_P, C.c_size_t]),
    "ob_function_input_count": (C.c_size_t, [_P]),
    "ob_function_output_count": (C.c_size_t, [_P]),
    "ob_function_input": (C.c_int, [_P, C.c_size_t, C.POINTER(ValueInfo)]),
    "ob_function_output": (C.c_int, [_P, C.c_size_t, C.POINTER(ValueInfo)]),
    "ob_function_arena_bytes": (C.c_int, [_P, C.POINTER(C.c_size_t)]),
    "ob_context_create": (C.c_int, [_P, C.POINTER(Options), C.POINTER(_P)]),
    "ob_context_close": (None, [_P]),
    "ob_context_run": (C.c_int, [_P, C.POINTER(TensorView), C.POINTER(TensorView), C.POINTER(RunOptions)]),
    "ob_context_arena_bytes": (C.c_size_t, [_P]),
    "ob_model_report": (C.c_int, [_P, C.c_int, C.POINTER(_P)]),
    "ob_model_verify": (C.c_int, [_P, C.POINTER(TensorView), VerifyCallback, _P]),
    "ob_model_repair": (C.c_int, [_P, C.POINTER(TensorView), VerifyCallback, _P]),
    "ob_verify_is_wrong": (C.c_bool, [_P]),
    "ob_engines_list": (C.c_int, [C.POINTER(Options), EngineCallback, _P]),
    "ob_operators_list": (C.c_int, [C.POINTER(Options), OperatorCallback, _P]),
    "ob_release": (None, [_P]),
}


def _find():
    """The library: that of the build folder in $OUTBOARD_BUILD, the one inside the package, or that of a checkout's own build."""
    here, build = pathlib.Path(__file__).resolve().parent, os.environ.get("OUTBOARD_BUILD")
    folders = [pathlib.Path(build) / "lib"] if build else [here / "lib", here.parent.parent / "build" / "wheel" / "lib"]
    for folder in folders:
        if (folder / "liboutboard.so").exists():
            return str(folder / "liboutboard.so")
    hint = "is OUTBOARD_BUILD a build folder?" if build else "install the package, or set OUTBOARD_BUILD to a build folder"
    raise ImportError(f"there is no {folders[0] / 'liboutboard.so'}: {hint}")


def _load():
    library = C.CDLL(_find())
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


LIB = _load()
message = LIB.ob_error_message


def text(value):
    """A C string, which is UTF-8 unless a model says otherwise."""
    return None if value is None else value.decode("utf-8", "replace")


def check(status):
    if status:
        kind = BY_STATUS[status] if 0 < status < len(BY_STATUS) else InternalError
        raise kind(text(message()))


def encode(value):
    """A path or text for C; None stays None."""
    if value is None:
        return None
    value = os.fsencode(value)
    if b"\0" in value:
        raise NotFound(f"{value!r} holds a NUL byte")
    return value
