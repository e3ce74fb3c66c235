"""Element types: ONNX's numbers and names, and the NumPy types that stand for them.

The small floats and integers are those of `ml_dtypes` where that is installed; without it their bits are handed over as unsigned
integers. NumPy keeps one element a byte where the C library packs two (int4, uint4, float4e2m1) or four (int2, uint2)."""
import numpy as np

try:
    import ml_dtypes
except ImportError:
    ml_dtypes = None

STRING, UNDEFINED = 8, 0
_PLAIN = {1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
          11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128"}
# name here, name in ml_dtypes, bits taken in a packed tensor
_SMALL = {16: ("bfloat16", "bfloat16", 16), 17: ("float8e4m3fn", "float8_e4m3fn", 8), 18: ("float8e4m3fnuz", "float8_e4m3fnuz", 8),
          19: ("float8e5m2", "float8_e5m2", 8), 20: ("float8e5m2fnuz", "float8_e5m2fnuz", 8), 21: ("uint4", "uint4", 4),
          22: ("int4", "int4", 4), 23: ("float4e2m1", "float4_e2m1fn", 4), 24: ("float8e8m0", "float8_e8m0fnu", 8),
          25: ("uint2", "uint2", 2), 26: ("int2", "int2", 2), 27: ("float6e2m3", "float6_e2m3fn", 8),
          28: ("float6e3m2", "float6_e3m2fn", 8)}

NAMES = {UNDEFINED: "undefined", STRING: "string", **_PLAIN, **{n: small[0] for n, small in _SMALL.items()}}
NUMBERS = {name: number for number, name in NAMES.items()}
PACKED = {number: bits for number, (_, _, bits) in _SMALL.items() if bits < 8}  # bits of an element where more than one share a byte
_SIGNED = {22, 26}


def _numpy_of_small(number):
    _, name, bits = _SMALL[number]
    if ml_dtypes is not None and hasattr(ml_dtypes, name):
        return np.dtype(getattr(ml_dtypes, name))
    return np.dtype("uint16" if bits == 16 else "uint8")


TO_NUMPY = {**{number: np.dtype(name) for number, name in _PLAIN.items()}, **{n: _numpy_of_small(n) for n in _SMALL},
            STRING: np.dtype(object)}
FROM_NUMPY = {dtype: number for number, dtype in reversed(TO_NUMPY.items())}  # plain types win where bits stand for small ones


def number_of(dtype):
    """ONNX's number of a NumPy type, or of a name in ONNX's or NumPy's manner; 0 when there is none."""
    if isinstance(dtype, str) and dtype in NUMBERS:
        return NUMBERS[dtype]
    dtype = np.dtype(dtype)
    return STRING if dtype.kind in "OUST" else FROM_NUMPY.get(dtype.newbyteorder("="), UNDEFINED)


def pack(array, number):
    """Elements that share bytes, the first in the low bits, as ONNX has them."""
    bits = PACKED[number]
    per_byte = 8 // bits
    codes = np.zeros(-(-array.size // per_byte) * per_byte, np.uint8)
    codes[:array.size] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    codes &= (1 << bits) - 1
    packed = codes[0::per_byte]
    for i in range(1, per_byte):
        packed = packed | codes[i::per_byte] << (bits * i)
    return np.ascontiguousarray(packed)


def unpack(packed, count, number):
    """The reverse: one element a byte, in the NumPy type of `number`."""
    bits = PACKED[number]
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = (packed[:, None] >> shifts & ((1 << bits) - 1)).reshape(-1)[:count].astype(np.uint8)
    if number in _SIGNED and TO_NUMPY[number] != np.uint8:
        codes = (codes.view(np.int8) << (8 - bits)) >> (8 - bits)
    return codes.view(TO_NUMPY[number])
