"""Functions of a model, and their calls: contexts, arrays in, arrays out."""
import collections
import ctypes as C
import re
import time

import numpy as np

from . import _values as values
from ._dtypes import NAMES, NUMBERS, PACKED, STRING, TO_NUMPY
from ._errors import InvalidArgument
from ._library import LIB, RunOptions, TensorView, TraceCallback, ValueInfo, check, text


class Value:
    """What an input or output is: `name`, `kind` ("tensor", "sequence", "optional", "map"), `type` as text, and for tensors `dtype`
    (ONNX's name), `numpy` (its NumPy type), `shape` (numbers, and texts where symbolic; None when the rank is not known)."""

    __slots__ = ("name", "kind", "type", "dtype", "numpy", "shape", "number")

    def __init__(self, info):
        self.name, self.type = text(info.name), text(info.type)
        self.kind = values.KINDS[info.kind]
        innermost = re.search(r"(\w+)\[", self.type)
        self.number = NUMBERS.get(innermost.group(1), 0) if innermost else 0
        self.dtype, self.numpy = NAMES[self.number], TO_NUMPY.get(self.number)
        self.shape = None
        if info.rank >= 0:
            self.shape = tuple(info.dims[i] if info.dims[i] >= 0 else text(info.dim_texts[i]) for i in range(info.rank))

    def __repr__(self):
        return f"<{self.name}: {self.type}>"


class _Lease:
    """A context while somebody looks at its memory; it goes back when the last array over it is gone.

    The model's handle owns all contexts: a finalizer of their own could run before that of a lease in the same ring of garbage."""

    __slots__ = ("context", "free", "handle", "__weakref__")

    def __init__(self, context, free, handle):
        self.context, self.free, self.handle = context, free, handle

    def __del__(self):
        self.free.append(self.context)


class Function:
    """Something callable in a model: the whole of it, or one region. Any number of threads may call it at once."""

    def __init__(self, pointer, handle):
        self._pointer, self._handle = pointer, handle
        self._free = collections.deque()  # contexts that nobody uses
        self._known = {}                  # shapes of the outputs for shapes of the inputs
        self.inputs = self._infos(LIB.ob_function_input_count, LIB.ob_function_input)
        self.outputs = self._infos(LIB.ob_function_output_count, LIB.ob_function_output)
        self._names = [v.name for v in self.inputs]
        self._predictable = [self._is_predictable(v) for v in self.outputs]

    def _infos(self, count, get):
        found = []
        for i in range(count(self._pointer)):
            info = ValueInfo()
            check(get(self._pointer, i, C.byref(info)))
            found.append(Value(info))
        return found

    def _is_predictable(self, value):
        """True when the shapes of the inputs tell the shape of this output: its symbols are symbols of input dims."""
        if value.kind != "tensor" or value.shape is None or value.number == STRING or value.number in PACKED:
            return False
        known = {d for v in self.inputs for d in v.shape or () if isinstance(d, str) and d.isidentifier()}
        used = {name for d in value.shape if isinstance(d, str) for name in re.findall(r"[^\s()+*,\-/]+(?!\w*\()", d)}
        return all(name in known or name.isdigit() for name in used)

    @property
    def arena_bytes(self):
        """Bytes of the arena in which calls of all shapes run: known when every dim has a largest size, and no shape waits for data."""
        size = C.c_size_t()
        check(LIB.ob_function_arena_bytes(self._pointer, C.byref(size)))
        return size.value

    # ------------------------------------------------------------ calls

    def run(self, inputs, *, out=None, timeout=None, cancel=None, trace=None):
        """Runs the function and returns its outputs as a list.

        inputs: a dict by name or a list in order: arrays, objects with DLPack, numbers; lists for sequences, dicts for maps, None for
            an absent optional. Arrays are read in place unless they are strided, of foreign byte order or pack several elements a byte.
        out: a dict by name or a list with arrays to write into, None where the function shall make one. They must be C-contiguous.
        timeout: seconds after which the call gives up (DeadlineExceeded); looked at between regions.
        cancel: a `CancelFlag`. trace: called after each region with (symbol, engine, nanoseconds).
        Outputs look at memory of the library without a copy and stay valid as long as they live."""
        feeds = self._ordered(inputs, "input")
        keep = []
        views = (TensorView * max(1, len(self.inputs)))()
        for view, value, info in zip(views, feeds, self.inputs):
            try:
                values.fill_view(view, value, info.number, keep, values.KINDS.index(info.kind))
            except InvalidArgument as error:
                raise InvalidArgument(f"input '{info.name}': {error}") from None
        shapes = tuple(tuple(view.dims[:view.rank]) if view.dims else None for view in views)
        results = (TensorView * max(1, len(self.outputs)))()
        buffers = self._buffers(out, shapes, results)
        lease = _Lease(self._take(), self._free, self._handle)
        options = None if timeout is None and cancel is None and trace is None else _RunOptions(timeout, cancel, trace)
        check(LIB.ob_context_run(lease.context, views, results, C.byref(options.struct) if options else None))
        return self._collect(results, buffers, shapes, lease)

    def __call__(self, *positional, **named):
        """`function(x, y)` or `function(x=..., y=...)`: run() that returns a single output alone."""
        outputs = self.run(named if named else list(positional))
        return outputs[0] if len(outputs) == 1 else outputs

    def _ordered(self, given, what):
        infos = self.inputs if what == "input" else self.outputs
        if not isinstance(given, dict):
            given = list(given)
            if len(given) != len(infos):
                raise InvalidArgument(f"{len(infos)} {what}s are needed ({', '.join(v.name for v in infos)}), found {len(given)}")
            return given
        unknown = [name for name in given if not any(v.name == name for v in infos)]
        if unknown:
            raise InvalidArgument(f"there is no {what} '{unknown[0]}', only {', '.join(v.name for v in infos) or 'none'}")
        missing = [v.name for v in infos if v.name not in given and v.kind != "optional"] if what == "input" else []
        if missing:
            raise InvalidArgument(f"input '{missing[0]}' is missing")
        return [given.get(v.name) for v in infos]

    def _take(self):
        try:
            return self._free.pop()
        except IndexError:
            context = C.c_void_p()
            check(LIB.ob_context_create(self._pointer, None, C.byref(context)))
            self._handle.contexts.append(context)
            return context

    def _buffers(self, out, shapes, results):
        """Arrays for the library to write into: the caller's, and own ones where the shape is known beforehand."""
        known = self._known.get(shapes) or [None] * len(self.outputs)
        given = self._ordered(out, "output") if out is not None else [None] * len(self.outputs)
        buffers = []
        for info, view, mine, shape in zip(self.outputs, results, given, known):
            if mine is not None:
                _check_buffer(info, mine)
            elif shape is not None:
                mine = np.empty(shape, info.numpy)
            if mine is not None and mine.nbytes:
                view.data, view.bytes = mine.ctypes.data, mine.nbytes
            buffers.append(mine)
        return buffers

    def _collect(self, results, buffers, shapes, lease):
        if shapes not in self._known and any(self._predictable) and len(self._known) < 256:
            self._known[shapes] = [tuple(view.dims[:view.rank]) if easy else None for view, easy in zip(results, self._predictable)]
        outputs = []
        for info, view, buffer in zip(self.outputs, results, buffers):
            if buffer is None:
                outputs.append(values.value(view, lease))
            elif buffer.shape == tuple(view.dims[:view.rank]):
                outputs.append(buffer)
            else:
                outputs.append(_reshaped(info, buffer, tuple(view.dims[:view.rank])))
        return outputs


def _check_buffer(info, buffer):
    if info.kind != "tensor" or info.number == STRING or info.number in PACKED:
        raise InvalidArgument(f"output '{info.name}' ({info.type}) can't be written into a buffer")
    if not isinstance(buffer, np.ndarray) or buffer.dtype != info.numpy:
        found = buffer.dtype if isinstance(buffer, np.ndarray) else type(buffer).__name__
        raise InvalidArgument(f"the buffer for output '{info.name}' must be an array of {info.numpy}, found {found}")
    if not buffer.flags.c_contiguous or not buffer.flags.writeable:
        raise InvalidArgument(f"the buffer for output '{info.name}' must be C-contiguous and writeable")


def _reshaped(info, buffer, shape):
    """The front of a caller's buffer, when the output is smaller or of another shape."""
    count = int(np.prod(shape, dtype=np.int64))
    if count > buffer.size:
        raise InvalidArgument(f"output '{info.name}' has shape {shape}, its buffer {buffer.shape}")
    return buffer.reshape(-1)[:count].reshape(shape)


class CancelFlag:
    """Stops a call from another thread: give it to run(cancel=...), then call set()."""

    def __init__(self):
        self.value = C.c_int(0)

    def set(self):
        self.value.value = 1

    def clear(self):
        self.value.value = 0


class _RunOptions:
    """An ob_run_options_t with what it points to."""

    def __init__(self, timeout, cancel, trace):
        self.struct = RunOptions(C.sizeof(RunOptions))
        if timeout is not None:
            self.struct.deadline_ns = max(1, time.monotonic_ns() + int(timeout * 1e9))
        if cancel is not None:
            self.struct.cancel = C.pointer(cancel.value)
        if trace is not None:
            self.struct.trace = self._trace = TraceCallback(lambda _, symbol, engine, ns: trace(text(symbol), text(engine), ns))
