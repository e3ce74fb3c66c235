"""Options of C calls from keyword arguments."""
import ctypes as C
import os

from ._errors import InvalidArgument
from ._library import CompileOptions, LogCallback, Options, ProgressCallback, encode, text

LEVELS = ("debug", "info", "warning")


def comma_list(value, what):
    """"a,b" or ["a", "b"] as bytes; None stays None."""
    if value is None:
        return None
    if not isinstance(value, str):
        value = ",".join(value)
    if "\0" in value:
        raise InvalidArgument(f"{what} holds a NUL")
    return value.encode()


def _dim(name, size):
    if not isinstance(size, (tuple, list)):
        return f"{name}={size}"
    return f"{name}={size[0]}:{size[1]}" + (f",typical={size[2]}" if len(size) > 2 else "")


def _dims(dims):
    """{"batch": 1, "seq": (1, 512), "n": (1, 64, 8)} or ["batch=1", "seq=1:512"] as a NULL-terminated array; None stays None."""
    if dims is None:
        return None
    if isinstance(dims, dict):
        dims = [_dim(name, size) for name, size in dims.items()]
    return (C.c_char_p * (len(dims) + 1))(*[d.encode() for d in dims], None)


class OptionSet:
    """An ob_options_t and everything that it points to. Callbacks must live as long as the model does: keep the object."""

    def __init__(self, *, engines=None, require=None, forbid=None, dims=None, portable=False, threads=0, engine_path=None, base_dir=None, log=None,
                 progress=None, max_plans=0, max_instances=0):
        for name, number in (("threads", threads), ("max_plans", max_plans), ("max_instances", max_instances)):
            if number < 0:
                raise InvalidArgument(f"{name} must not be negative, found {number}")
        self._texts = _dims(dims)
        self._compile = CompileOptions(C.sizeof(CompileOptions), comma_list(engines, "engines"), comma_list(require, "require"),
                                       self._texts, portable, False, comma_list(forbid, "forbid"))
        self.struct = Options(C.sizeof(Options), threads=threads, compile=C.pointer(self._compile), max_plans=max_plans,
                              max_instances=max_instances)
        if engine_path is not None and not isinstance(engine_path, (str, bytes)):
            engine_path = os.fspath(engine_path) if isinstance(engine_path, os.PathLike) else ":".join(map(os.fspath, engine_path))
        self.struct.engine_path, self.struct.base_dir = encode(engine_path), encode(base_dir)
        if log is not None:
            self.struct.log = self._log = LogCallback(lambda _, level, line: log(LEVELS[level], text(line)))
        if progress is not None:
            self.struct.progress = self._progress = ProgressCallback(lambda _, what, done, total: progress(text(what), done, total))

    def pointer(self):
        return C.byref(self.struct)
