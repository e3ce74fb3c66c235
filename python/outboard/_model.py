"""Models: compile, load, save, look inside."""
import ctypes as C
import itertools
import json
import os
import typing

import numpy as np

from . import _values as values
from ._errors import InvalidArgument, NotFound
from ._function import Function
from ._library import EngineCallback, LIB, OperatorCallback, TensorView, VerifyCallback, check, encode, text
from ._options import OptionSet

REPORTS = ["text", "json", "dot", "html"]


class VerifyResult(typing.NamedTuple):
    """What verify() found for one region: the output with the largest error."""
    symbol: str
    engine: str
    output: str
    max_abs: float
    max_rel: float
    differing: int
    elements: int
    wrong: bool  # beyond rounding


class Engine(typing.NamedTuple):
    """An engine; `problem` is None when it works, else what is missing and how to install it."""
    name: str
    version: str
    library: str
    about: str
    path: str
    problem: str


class Operator(typing.NamedTuple):
    """An operator that models may have: `engines` have it, in the order of preference; `made_of` is what takes its place at import."""
    domain: str
    name: str
    since: int
    about: str
    engines: str
    made_of: str


class _Handle:
    """Owns an ob_model_t, its contexts, and whatever must outlive it."""

    __slots__ = ("pointer", "contexts", "options", "data", "close_model", "close_context")

    def __init__(self, options, data=None):
        self.pointer, self.contexts, self.options, self.data = C.c_void_p(), [], options, data
        self.close_model, self.close_context = LIB.ob_model_close, LIB.ob_context_close

    def __del__(self):
        for context in self.contexts:
            self.close_context(context)
        if self.pointer:
            self.close_model(self.pointer)


class Model(Function):
    """A model that is ready to run; `compile` and `load` make one. Immutable: any number of threads may call it at once."""

    def __init__(self, handle):
        self._regions = {}
        super().__init__(LIB.ob_model_function(handle.pointer, None), handle)

    @property
    def name(self):
        """The name of the model's graph."""
        return text(LIB.ob_model_name(self._handle.pointer))

    @property
    def producer(self):
        """What made the ONNX model, with its version."""
        return text(LIB.ob_model_producer(self._handle.pointer))

    @property
    def metadata(self):
        """The ONNX model's metadata_props."""
        found, value = {}, C.c_char_p()
        for index in itertools.count():
            key = LIB.ob_model_metadata(self._handle.pointer, index, C.byref(value))
            if key is None:
                return found
            found[text(key)] = text(value.value)

    @property
    def symbols(self):
        """Symbols of all regions, in the order in which they run."""
        found = []
        while (symbol := LIB.ob_model_symbol(self._handle.pointer, len(found))) is not None:
            found.append(text(symbol))
        return found

    def region(self, symbol):
        """The function of one region."""
        if symbol not in self._regions:
            pointer = LIB.ob_model_function(self._handle.pointer, symbol.encode())
            if not pointer:
                raise NotFound(f"there is no region '{symbol}', only {', '.join(self.symbols) or 'none'}")
            self._regions[symbol] = Function(pointer, self._handle)
        return self._regions[symbol]

    def save(self, path):
        """Writes the model as one artifact (.ob)."""
        check(LIB.ob_model_save(self._handle.pointer, encode(path)))

    def report(self, form="text"):
        """Graph, placement with reasons, sizes, memory plan: as "text", "dot" or "html" a str, as "json" what json.loads gives."""
        if form not in REPORTS:
            raise InvalidArgument(f"form must be one of {', '.join(REPORTS)}, found {form!r}")
        block = C.c_void_p()
        check(LIB.ob_model_report(self._handle.pointer, REPORTS.index(form), C.byref(block)))
        try:
            found = text(C.string_at(block.value))
        finally:
            LIB.ob_release(block)
        return json.loads(found) if form == "json" else found

    def _check_regions(self, function, inputs):
        found, keep = [], []
        views = (TensorView * max(1, len(self.inputs)))()
        for view, value, info in zip(views, self._ordered(inputs, "input"), self.inputs):
            values.fill_view(view, value, info.number, keep, values.KINDS.index(info.kind))

        @VerifyCallback
        def result(_, one):
            r = one.contents
            found.append(VerifyResult(text(r.symbol), text(r.engine), text(r.output), r.max_abs, r.max_rel, r.differing, r.elements,
                                      LIB.ob_verify_is_wrong(one)))

        check(function(self._handle.pointer, views, result, None))
        return found

    def verify(self, inputs):
        """Runs each region on its engine and on `ref` with the same inputs; a list of VerifyResult."""
        return self._check_regions(LIB.ob_model_verify, inputs)

    def repair(self, inputs):
        """Verifies, and gives regions that are wrong to the next engine until none is; a list of VerifyResult of those. save() keeps it."""
        return self._check_regions(LIB.ob_model_repair, inputs)

    def __repr__(self):
        return f"<outboard.Model {self.inputs} -> {self.outputs}>"


def _is_path(source):
    return isinstance(source, (str, os.PathLike))


def _open(source, options):
    if _is_path(source):
        handle = _Handle(options)
        check(LIB.ob_model_open(encode(source), options.pointer(), C.byref(handle.pointer)))
        return Model(handle)
    if hasattr(source, "SerializeToString"):
        source = source.SerializeToString()
    data = np.frombuffer(source, np.uint8)
    handle = _Handle(options, data)
    check(LIB.ob_model_open_memory(data.ctypes.data, data.size, options.pointer(), C.byref(handle.pointer)))
    return Model(handle)


def compile(source, *, engines=None, require=None, forbid=None, dims=None, portable=False, threads=0, engine_path=None, base_dir=None, log=None,
            progress=None, max_plans=0, max_instances=0):
    """Compiles an ONNX model in memory.

    source: a path, the bytes of an ONNX file, or an onnx.ModelProto.
    engines: names in order of preference ("onednn,cpu,ref" or a list); default: all that are installed.
    require: contracts such as "onednn=Conv"; the compile fails when one can't be kept.
    forbid: "onednn=Softmax": operators that an engine does not get.
    dims: {"batch": 1, "seq": (1, 512)} fixes or bounds symbols, (1, 512, 64) with a likely size. portable: keep constants in plain form only.
    threads: 0 means the CPUs that affinity and cgroup allow. base_dir: for external data of a model that is given as bytes.
    log(level, line) and progress(what, done, total) are called while it works.
    max_plans, max_instances: shapes whose memory plans are kept, and whose instances a region keeps; 0: 64."""
    return _open(source, OptionSet(engines=engines, require=require, forbid=forbid, dims=dims, portable=portable, threads=threads,
                                   engine_path=engine_path, base_dir=base_dir, log=log, progress=progress, max_plans=max_plans,
                                   max_instances=max_instances))


def load(source, *, engines=None, threads=0, engine_path=None, log=None, progress=None, max_plans=0, max_instances=0):
    """Loads an artifact (.ob) from a path or bytes; an ONNX model is compiled. The file is mapped: leave it as it is while the
    model lives."""
    return _open(source, OptionSet(engines=engines, threads=threads, engine_path=engine_path, log=log, progress=progress,
                                   max_plans=max_plans, max_instances=max_instances))


def engines(engine_path=None):
    """Engines that are installed, and those that could be."""
    found = []

    @EngineCallback
    def result(_, one):
        r = one.contents
        found.append(Engine(*(text(getattr(r, name)) for name in Engine._fields)))

    options = OptionSet(engine_path=engine_path)
    check(LIB.ob_engines_list(options.pointer(), result, None))
    return found


def operators(engine_path=None):
    """All operators, sorted by domain and name."""
    found = []

    @OperatorCallback
    def result(_, one):
        values_of = (getattr(one.contents, name) for name in Operator._fields)
        found.append(Operator(*(text(v) if isinstance(v, bytes) else v for v in values_of)))

    options = OptionSet(engine_path=engine_path)
    check(LIB.ob_operators_list(options.pointer(), result, None))
    return found
