"""Python values to ob_tensor_t and back: arrays without copies, strings, sequences (list), optionals (None), maps (dict)."""
import ctypes as C

import numpy as np

from ._dtypes import FROM_NUMPY, PACKED, STRING, TO_NUMPY, pack, unpack
from ._errors import InvalidArgument
from ._library import StringView, TensorView

TENSOR, SEQUENCE, OPTIONAL, MAP = range(4)
KINDS = ["tensor", "sequence", "optional", "map"]


class Memory:
    """Memory of the C library under NumPy's array interface; `owner` keeps it alive as long as an array looks at it."""

    __slots__ = ("__array_interface__", "owner")

    def __init__(self, address, size, owner):
        self.__array_interface__ = {"shape": (size,), "typestr": "|u1", "data": (address, False), "version": 3}
        self.owner = owner


def as_array(value, dtype=None):
    """Anything an array can be made of: arrays as they are, objects with DLPack without a copy, numbers and lists in `dtype`."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, np.generic):
        return np.asarray(value)
    if hasattr(value, "__dlpack__"):
        from ._dlpack import from_dlpack
        return from_dlpack(value)
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
        return np.asarray(value)
    return np.asarray(value, dtype=dtype)


# ---------------------------------------------------------------- to C


def _encoded(item):
    if isinstance(item, (bytes, bytearray, memoryview)):
        return bytes(item)
    if isinstance(item, str):
        return item.encode("utf-8", "surrogateescape")
    raise InvalidArgument(f"an element of a string tensor must be str or bytes, found {type(item).__name__}")


def _strings(array, keep):
    texts = [_encoded(item) for item in array.reshape(-1).tolist()]
    joined = b"".join(texts)
    views = (StringView * max(1, len(texts)))()
    address, used = C.cast(C.c_char_p(joined), C.c_void_p).value, 0
    for view, item in zip(views, texts):
        view.data, view.size = address + used, len(item)
        used += len(item)
    keep += (joined, views)
    return C.addressof(views), C.sizeof(views)


def _dims(shape, keep):
    dims = (C.c_int64 * max(1, len(shape)))(*shape)
    keep.append(dims)
    return dims


def fill_tensor(view, value, number, keep):
    """Makes `view` show the array `value`; `number` is the element type that is wanted, 0 when not known."""
    array = as_array(value, TO_NUMPY.get(number))
    found = STRING if array.dtype.kind in "OUST" else FROM_NUMPY.get(array.dtype)
    if found is None:
        array = array.astype(array.dtype.newbyteorder("="))
        found = FROM_NUMPY.get(array.dtype)
        if found is None:
            raise InvalidArgument(f"arrays of {array.dtype} have no ONNX element type")
    if found != number and TO_NUMPY.get(number) == array.dtype:
        found = number  # the bits of a type that NumPy has not
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array).reshape(array.shape)
    view.kind, view.dtype, view.rank, view.dims = TENSOR, found, array.ndim, _dims(array.shape, keep)
    if found == STRING:
        view.data, view.bytes = _strings(array, keep)
        return
    if found in PACKED:
        array = pack(array, found)
    keep.append(array)
    view.data, view.bytes = array.ctypes.data, array.nbytes


def _fill_items(view, kind, values, numbers, keep):
    items = (TensorView * max(1, len(values)))()
    keep.append(items)
    for item, value, number in zip(items, values, numbers):
        fill_view(item, value, number, keep)
    view.kind, view.items, view.item_count = kind, items, len(values)


def fill_view(view, value, number, keep, kind=None):
    """Makes `view` show any value. `kind` is what the model wants; without it, lists are sequences, dicts maps, None an absent optional."""
    if kind == OPTIONAL or (kind is None and value is None):
        inner = [] if value is None else [value]
        _fill_items(view, OPTIONAL, inner, [number], keep)
    elif kind == MAP or (kind is None and isinstance(value, dict)):
        if not isinstance(value, dict):
            raise InvalidArgument(f"a map must be a dict, found {type(value).__name__}")
        values = list(value.values())
        plain = values if any(isinstance(v, (dict, list)) for v in values) else _map_values(values)
        _fill_items(view, MAP, [_map_keys(list(value)), plain], [0, 0], keep)
    elif kind == SEQUENCE or (kind is None and isinstance(value, (list, tuple))):
        _fill_items(view, SEQUENCE, list(value), [number] * len(value), keep)
    else:
        fill_tensor(view, value, number, keep)


def _map_keys(keys):
    return np.array(keys, object) if keys and isinstance(keys[0], (str, bytes)) else np.array(keys, np.int64)


def _map_values(values):
    array = np.array(values)
    if array.dtype.kind in "US":
        return array.astype(object)
    return array.astype(np.float32) if values and isinstance(values[0], float) else array


# ---------------------------------------------------------------- from C


def _decoded(view):
    item = C.string_at(view.data, view.size) if view.size else b""
    return item.decode("utf-8", "surrogateescape")


def tensor_value(view, owner):
    """The array that `view` shows; numbers of a byte or more are not copied but keep `owner` alive."""
    shape = tuple(view.dims[:view.rank])
    count = 1
    for dim in shape:
        count *= dim
    if view.dtype == STRING:
        views = (StringView * count).from_address(view.data) if count else []
        array = np.empty(count, object)
        array[:] = [_decoded(one) for one in views]
        return array.reshape(shape)
    dtype = TO_NUMPY[view.dtype]
    if count == 0:
        return np.empty(shape, dtype)
    if view.dtype in PACKED:
        per_byte = 8 // PACKED[view.dtype]
        packed = np.asarray(Memory(view.data, -(-count // per_byte), owner))
        return unpack(packed, count, view.dtype).reshape(shape)
    return np.asarray(Memory(view.data, count * dtype.itemsize, owner)).view(dtype).reshape(shape)


def value(view, owner):
    """Any value that `view` shows."""
    if view.kind == TENSOR:
        return tensor_value(view, owner)
    items = [value(view.items[i], owner) for i in range(view.item_count)]
    if view.kind == SEQUENCE:
        return items
    if view.kind == OPTIONAL:
        return items[0] if items else None
    keys, values = items
    return dict(zip(keys.tolist(), values.tolist() if isinstance(values, np.ndarray) and values.ndim == 1 else values))
