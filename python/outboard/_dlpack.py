"""DLPack both ways, without copies: what NumPy itself can't exchange (bfloat16, the float8 kinds) goes through the structs here.

Arrays of NumPy's own types speak DLPack themselves."""
import ctypes as C
import sys

import numpy as np

from ._dtypes import FROM_NUMPY, NUMBERS, TO_NUMPY
from ._errors import Unsupported

CPU = 1
# (code, bits) of DLPack for element types that NumPy's own exchange does not know
_CODES = {(4, 16): "bfloat16", (10, 8): "float8e4m3fn", (11, 8): "float8e4m3fnuz", (12, 8): "float8e5m2", (13, 8): "float8e5m2fnuz",
          (14, 8): "float8e8m0"}


class _Tensor(C.Structure):
    """DLTensor"""
    _fields_ = [("data", C.c_void_p), ("device_type", C.c_int32), ("device_id", C.c_int32), ("ndim", C.c_int32), ("code", C.c_uint8),
                ("bits", C.c_uint8), ("lanes", C.c_uint16), ("shape", C.POINTER(C.c_int64)), ("strides", C.POINTER(C.c_int64)),
                ("byte_offset", C.c_uint64)]


_Deleter = C.CFUNCTYPE(None, C.c_void_p)


class _Managed(C.Structure):
    """DLManagedTensor"""
    _fields_ = [("tensor", _Tensor), ("context", C.c_void_p), ("deleter", _Deleter)]


def _function(name, result, *arguments):
    return C.PYFUNCTYPE(result, *arguments)((name, C.pythonapi))


_capsule_new = _function("PyCapsule_New", C.py_object, C.c_void_p, C.c_char_p, C.c_void_p)
_capsule_pointer = _function("PyCapsule_GetPointer", C.c_void_p, C.py_object, C.c_char_p)
_capsule_rename = _function("PyCapsule_SetName", C.c_int, C.py_object, C.c_char_p)
_capsule_is_valid = _function("PyCapsule_IsValid", C.c_int, C.py_object, C.c_char_p)
NEW, USED = b"dltensor", b"used_dltensor"  # a capsule keeps the pointer to its name

# ---------------------------------------------------------------- in


class _Imported:
    """Memory of another library under NumPy's array interface, given back when the last array over it is gone."""

    def __init__(self, managed):
        tensor = managed.contents.tensor
        shape = tuple(tensor.shape[:tensor.ndim])
        size = tensor.bits // 8
        interface = {"shape": shape, "typestr": f"|u{size}", "data": ((tensor.data or 0) + tensor.byte_offset, False), "version": 3}
        if tensor.strides:
            interface["strides"] = tuple(size * s for s in tensor.strides[:tensor.ndim])
        self.managed, self.__array_interface__ = managed, interface

    def __del__(self):
        if self.managed.contents.deleter:
            self.managed.contents.deleter(C.cast(self.managed, C.c_void_p))


class _Given:
    """A capsule that was fetched already, for NumPy."""

    def __init__(self, capsule, device):
        self._capsule, self._device = capsule, device

    def __dlpack__(self, **options):
        return self._capsule

    def __dlpack_device__(self):
        return self._device


def from_dlpack(source):
    """An array over the memory of `source`, an object with __dlpack__ on the CPU."""
    device = tuple(source.__dlpack_device__())
    if device[0] != CPU:
        raise Unsupported(f"DLPack device {device} is not supported, only the CPU is")
    capsule = source.__dlpack__()
    managed = C.cast(_capsule_pointer(capsule, NEW), C.POINTER(_Managed))
    tensor = managed.contents.tensor
    name = _CODES.get((tensor.code, tensor.bits))
    if name is None or tensor.lanes != 1:
        return np.from_dlpack(_Given(capsule, device))
    _capsule_rename(capsule, USED)
    return np.asarray(_Imported(managed)).view(TO_NUMPY[NUMBERS[name]])


# ---------------------------------------------------------------- out

_lent = {}  # address of a _Managed: its capsule, it, and what it points to


@_Deleter
def _give_back(address):
    _lent.pop(address, None)


def _sweep():
    """Forgets capsules that nobody took and nobody holds. (A destructor in Python can't do it: it may run with an exception set.)"""
    for address, held in list(_lent.items()):
        if sys.getrefcount(held[0]) <= 2 and _capsule_is_valid(held[0], NEW):
            _lent.pop(address, None)


class _Exporter:
    """An array of a type that NumPy does not export, for libraries that speak DLPack."""

    def __init__(self, array, code, bits):
        self._array, self._code, self._bits = array, code, bits

    def __dlpack_device__(self):
        return CPU, 0

    def __dlpack__(self, **options):
        _sweep()
        array = self._array
        shape = (C.c_int64 * max(1, array.ndim))(*array.shape)
        strides = (C.c_int64 * max(1, array.ndim))(*[s // array.itemsize for s in array.strides])
        managed = _Managed(_Tensor(array.ctypes.data, CPU, 0, array.ndim, self._code, self._bits, 1, shape, strides, 0), None, _give_back)
        capsule = _capsule_new(C.addressof(managed), NEW, None)
        _lent[C.addressof(managed)] = capsule, managed, array, shape, strides
        return capsule

    def __del__(self):
        _sweep()


def to_dlpack(array):
    """An object with __dlpack__ over the memory of `array`: the array itself where NumPy can export it."""
    number = FROM_NUMPY.get(array.dtype)
    for (code, bits), name in _CODES.items():
        if NUMBERS[name] == number:
            return _Exporter(array, code, bits)
    return array
