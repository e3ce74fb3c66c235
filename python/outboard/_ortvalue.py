"""OrtValue and IOBinding of the onnxruntime-like interface: values with a device, which is the CPU, and bindings of names to buffers."""
import numpy as np

from ._dlpack import from_dlpack
from ._dtypes import NAMES, STRING, TO_NUMPY, number_of
from ._errors import InvalidArgument, Unsupported

# where ONNX's name in "tensor(...)" is not that of the element type here
ONNX_NAMES = {"float32": "float", "float64": "double"}


def _check_device(device):
    if str(device).lower() not in ("cpu", "default"):
        raise Unsupported(f"device '{device}' is not supported, only the CPU is")


def _dtype(element_type):
    """The NumPy type of a NumPy type, a type class or ONNX's number."""
    return TO_NUMPY[element_type] if isinstance(element_type, int) else np.dtype(element_type)


class OrtValue:
    """A value on the CPU: an array, or a list or dict for sequences and maps."""

    def __init__(self, value):
        self._value = value

    @staticmethod
    def ortvalue_from_numpy(numpy_obj, device_type="cpu", device_id=0):
        _check_device(device_type)
        return OrtValue(np.asarray(numpy_obj))

    @staticmethod
    def ortvalue_from_numpy_with_onnx_type(data, onnx_element_type):
        return OrtValue(np.asarray(data).view(TO_NUMPY[onnx_element_type]))

    @staticmethod
    def ortvalue_from_shape_and_type(shape, element_type, device_type="cpu", device_id=0):
        _check_device(device_type)
        return OrtValue(np.empty(shape, _dtype(element_type)))

    @staticmethod
    def from_dlpack(source, is_bool_tensor=False):
        array = from_dlpack(source)
        return OrtValue(array.view(np.bool_) if is_bool_tensor and array.dtype == np.uint8 else array)

    def numpy(self):
        return self._value

    def data_ptr(self):
        return self._value.ctypes.data

    def shape(self):
        return list(self._value.shape)

    def data_type(self):
        if isinstance(self._value, list):
            return f"seq({OrtValue(self._value[0]).data_type()})" if self._value else "seq(tensor(float))"
        name = NAMES[number_of(self._value.dtype)]
        return f"tensor({ONNX_NAMES.get(name, name)})"

    def element_type(self):
        return number_of(self._value.dtype)

    def device_name(self):
        return "cpu"

    def is_tensor(self):
        return isinstance(self._value, np.ndarray)

    def is_tensor_sequence(self):
        return isinstance(self._value, list)

    def is_sparse_tensor(self):
        return False

    def has_value(self):
        return self._value is not None

    def update_inplace(self, array):
        np.copyto(self._value, array, casting="no")

    def __dlpack__(self, **options):
        return self._value.__dlpack__(**options)

    def __dlpack_device__(self):
        return self._value.__dlpack_device__()


class _Lender:
    """Memory of the caller, who keeps it alive, under NumPy's array interface."""

    def __init__(self, address, size):
        self.__array_interface__ = {"shape": (size,), "typestr": "|u1", "data": (address, False), "version": 3}


def _array_at(address, shape, element_type):
    dtype = _dtype(element_type)
    if dtype == TO_NUMPY[STRING]:
        raise InvalidArgument("strings can't be bound by address")
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    return np.asarray(_Lender(address, size)).view(dtype).reshape(shape) if size else np.empty(shape, dtype)


class IOBinding:
    """Inputs and buffers for outputs, by name, for calls that come again and again."""

    def __init__(self, session):
        self._session = session
        self.feed, self.buffers, self.results = {}, {}, {}

    def bind_cpu_input(self, name, arr_on_cpu):
        self.feed[name] = arr_on_cpu

    def bind_input(self, name, device_type, device_id, element_type, shape, buffer_ptr):
        _check_device(device_type)
        self.feed[name] = _array_at(buffer_ptr, shape, element_type)

    def bind_ortvalue_input(self, name, ortvalue):
        self.feed[name] = ortvalue.numpy()

    def bind_output(self, name, device_type="cpu", device_id=0, element_type=None, shape=None, buffer_ptr=None):
        _check_device(device_type)
        self._session._index(name)
        self.buffers[name] = None if buffer_ptr is None else _array_at(buffer_ptr, shape, element_type)

    def bind_ortvalue_output(self, name, ortvalue):
        self._session._index(name)
        self.buffers[name] = ortvalue.numpy()

    def synchronize_inputs(self):
        """Nothing to wait for on the CPU."""

    synchronize_outputs = synchronize_inputs

    def get_outputs(self):
        """An OrtValue for each bound output, in the order in which they were bound."""
        return [OrtValue(value) for value in self.results.values()]

    def copy_outputs_to_cpu(self):
        return list(self.results.values())

    def clear_binding_inputs(self):
        self.feed.clear()

    def clear_binding_outputs(self):
        self.buffers.clear()
        self.results.clear()
