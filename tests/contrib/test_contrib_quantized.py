"""Operators on quantised tensors, and weights of few bits."""
import numpy as np
import pytest

from onnx import TensorProto, helper

from contrib_support import ENGINES, check, compare, make, random, run_ort
from library import Failure, Model

BYTES = [np.uint8, np.int8]


def scale(value):
    return np.array(value, np.float32)


def zero(dtype, value=3):
    return np.array(value + (128 if dtype == np.uint8 else 0), dtype)


def bytes_of(*shape, dtype, seed=0):
    info = np.iinfo(dtype)
    return random(*shape, seed=seed, low=info.min, high=info.max, dtype=dtype)


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("op", ["QLinearAdd", "QLinearMul"])
@pytest.mark.parametrize("shapes", [((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (4,)), ((1,), (3, 2)), ((2, 1, 4), (3, 1))])
def test_binary(dtype, op, shapes):
    a, b = bytes_of(*shapes[0], dtype=dtype), bytes_of(*shapes[1], dtype=dtype, seed=1)
    check(op, [a, scale(0.03), zero(dtype), b, scale(0.05), zero(dtype, -9), scale(0.06), zero(dtype, 1)], steps=1)
    real = np.float32(0.0015) * (a.astype(np.float32) * b) if op == "QLinearMul" else a * np.float32(0.03) + b * np.float32(0.05)
    want = np.clip(np.rint(real / 0.06), np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype)
    check(op, [a, scale(0.03), None, b, scale(0.05), None, scale(0.06)], [want], steps=1, free=[0])


@pytest.mark.parametrize("dtype", BYTES)
def test_unary(dtype):
    x = bytes_of(2, 3, 4, dtype=dtype)
    operands = [x, scale(0.05), zero(dtype), scale(1 / 200), zero(dtype, -100)]
    constants = [1, 2, 3, 4]
    check("QLinearSigmoid", operands, constants=constants, steps=1)
    check("QLinearLeakyRelu", operands[:3] + [scale(0.04), zero(dtype)], constants=constants, alpha=0.2, steps=1)
    check("QLinearSoftmax", operands, constants=constants, axis=-1, steps=1, opset_=21)
    for version in (12, 13):
        check("QLinearSoftmax", operands, constants=constants, axis=1, steps=1, **{"opset_": version})


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("axes", [[1], [-1, 1], [0, 1, 2]])
def test_reduce_mean(keep, axes):
    x = bytes_of(2, 3, 4, dtype=np.uint8)
    mean = ((x.astype(np.float32) - 131) * 0.05).mean(tuple(axes), keepdims=bool(keep))
    want = np.clip(np.rint(mean / 0.02) + 131, 0, 255).astype(np.uint8)
    check("QLinearReduceMean", [x, scale(0.05), zero(np.uint8), scale(0.02), zero(np.uint8)], [want], axes=axes, keepdims=keep, steps=1)


@pytest.mark.parametrize("dtype", BYTES)
def test_where(dtype):
    x, y = bytes_of(2, 3, dtype=dtype), bytes_of(3, dtype=dtype, seed=1)
    condition = random(2, 1, low=0, high=1, dtype=np.int32).astype(bool)
    check("QLinearWhere", [condition, x, scale(0.05), zero(dtype), y, scale(0.04), zero(dtype, 5), scale(0.06), zero(dtype, 0)], steps=1)


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("count", [1, 3])
def test_concat(dtype, count):
    inputs = [scale(0.05), zero(dtype)]
    for i in range(count):
        inputs += [bytes_of(2, i + 1, dtype=dtype, seed=i), scale(0.03 + 0.01 * i), zero(dtype, i)]
    check("QLinearConcat", inputs, axis=1, constants=[0, 1, 3, 4], steps=1)


@pytest.mark.parametrize("dtype", BYTES)
@pytest.mark.parametrize("last", [0, 1])
def test_pools(dtype, last):
    x = bytes_of(2, 5, 6, 4, dtype=dtype)
    operands = [x, scale(0.05), zero(dtype), scale(0.03), zero(dtype, -3)]
    check("QLinearGlobalAveragePool", operands, channels_last=last, steps=1)
    for include in (0, 1):
        check("QLinearAveragePool", operands, channels_last=last, kernel_shape=[2, 3], strides=[1, 2], pads=[0, 1, 1, 1],
              count_include_pad=include, steps=1)
    check("QLinearAveragePool", operands, channels_last=last, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1, steps=1)


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("per_channel", [True, False])
def test_conv(last, per_channel):
    x, w = bytes_of(1, 6, 6, 4, dtype=np.uint8) if last else bytes_of(1, 4, 6, 6, dtype=np.uint8), bytes_of(6, 2, 3, 3, dtype=np.int8, seed=1)
    scales = random(6, low=0.001, high=0.01) if per_channel else scale(0.005)
    zeros = np.zeros(6 if per_channel else (), np.int8)
    bias = random(6, low=-1000, high=1000, dtype=np.int32)
    check("QLinearConv", [x, scale(0.02), zero(np.uint8), w, scales, zeros, scale(0.03), zero(np.uint8), bias], group=2, pads=[1, 1, 1, 1],
          channels_last=last, constants=list(range(1, 9)), steps=1)


@pytest.mark.parametrize("x_type, y_type", [(np.float32, np.uint8), (np.float32, np.int16), (np.float32, np.uint16), (np.float16, np.int8)])
def test_linear(x_type, y_type):
    x = random(3, 4).astype(x_type)
    check("QuantizeLinear", [x, np.array(0.02, x_type), np.array(5, y_type)], steps=1)
    q = bytes_of(3, 4, dtype=y_type)
    check("DequantizeLinear", [q, np.array(0.02, x_type), np.array(5, y_type)], rtol=1e-3)
    if x_type == np.float32:
        check("QuantizeLinear", [x, random(4, low=0.01, high=0.1), np.arange(4).astype(y_type)], axis=1, steps=1)
        check("DequantizeLinear", [q, random(3, low=0.01, high=0.1), np.arange(3).astype(y_type)], axis=0)


@pytest.mark.parametrize("a_type", BYTES)
@pytest.mark.parametrize("b_type", BYTES)
@pytest.mark.parametrize("per_column", [True, False])
def test_products(a_type, b_type, per_column):
    a, b = bytes_of(2, 4, 8, dtype=a_type), bytes_of(8, 6, dtype=b_type, seed=1)
    scales = random(6, low=0.001, high=0.01) if per_column else scale(0.005)
    zeros = bytes_of(6, dtype=b_type, seed=2) // 16 if per_column else zero(b_type)
    bias = random(6, seed=3)
    real = (a.astype(np.float32) - zero(a_type)) @ (b.astype(np.float32) - zeros) * (0.02 * scales)
    check("MatMulIntegerToFloat", [a, b, scale(0.02), scales, zero(a_type), zeros, bias], [real + bias], rtol=1e-3, atol=1e-3)
    if (a_type, b_type) != (np.int8, np.uint8):  # ONNX Runtime has no kernel for these
        check("MatMulIntegerToFloat", [a, b, scale(0.02), scales, zero(a_type), zeros, bias], rtol=1e-3, atol=1e-3)
        check("MatMulIntegerToFloat", [a, b, scale([0.02]), scales], rtol=1e-3, atol=1e-3)
    x = random(2, 4, 8, seed=4)
    check("DynamicQuantizeMatMul", [x, b, scales, zeros, bias], constants=[1, 2, 3], rtol=1e-3, atol=1e-3)
    check("DynamicQuantizeMatMul", [x, b, scales, None, bias], free=[0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("trans", [0, 1])
@pytest.mark.parametrize("per_column", [True, False])
@pytest.mark.parametrize("real", [True, False])
def test_gemm(trans, per_column, real):
    a, b = bytes_of(4, 8, dtype=np.uint8), bytes_of(8, 6, dtype=np.int8, seed=1)
    a, b = (np.ascontiguousarray(v.T) if trans else v for v in (a, b))
    scales = random(6, low=0.001, high=0.01) if per_column else scale(0.005)
    zeros = np.zeros(6, np.int8) if per_column else zero(np.int8, 0)
    c = random(6, low=-1000, high=1000, dtype=np.int32)
    inputs = [a, scale(0.02), zero(np.uint8), b, scales, zeros, c] + ([] if real else [scale(0.1), zero(np.uint8)])
    check("QGemm", inputs, transA=trans, transB=trans, alpha=0.5, constants=list(range(1, len(inputs))), steps=1, rtol=1e-3, atol=1e-3)


def test_integers():
    a, b = bytes_of(3, 4, dtype=np.uint8), bytes_of(3, 4, dtype=np.uint8, seed=1)
    check("MulInteger", [a, zero(np.uint8), b, zero(np.uint8, 4)], [(a.astype(np.int32) - 131) * (b.astype(np.int32) - 132)])
    check("ReduceSumInteger", [bytes_of(3, 4, dtype=np.int8)], [bytes_of(3, 4, dtype=np.int8).sum(1, dtype=np.int32)], axes=[1], keepdims=0)
    a, b = bytes_of(3, 4, dtype=np.int16), bytes_of(4, 2, dtype=np.int16, seed=1) // 16
    check("MatMulInteger16", [a, b])


@pytest.mark.parametrize("mask", [True, False])
@pytest.mark.parametrize("segments", [True, False])
def test_embedding(mask, segments):
    ids = random(2, 5, low=0, high=9, dtype=np.int32)
    tables = [bytes_of(n, 8, dtype=np.uint8, seed=n) for n in (10, 7, 2)]
    weights = [bytes_of(8, dtype=np.uint8, seed=n) for n in (3, 4)]
    inputs = [ids, random(2, 5, low=0, high=1, dtype=np.int32) if segments else None, *tables, *weights,
              np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32) if mask else None, *[scale(0.01 * i) for i in range(1, 6)],
              *[zero(np.uint8, i) for i in range(5)]]
    if not segments:
        inputs[4] = inputs[10] = inputs[15] = None
    check("QEmbedLayerNormalization", inputs, outputs=2, constants=[i for i in range(2, 18) if inputs[i] is not None and i != 7], epsilon=1e-6,
          rtol=1e-3, atol=1e-3)


def pack(values, bits):
    """Along the last axis, lowest bits first, filled up to bytes."""
    each = 8 // bits
    short = -values.shape[-1] % each
    values = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, short)]).reshape(*values.shape[:-1], -1, each)
    return (values.astype(np.uint32) << (np.arange(each) * bits).astype(np.uint32)).sum(-1).astype(np.uint8)


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("k, block", [(32, 16), (40, 16), (48, 16), (64, 64)])
@pytest.mark.parametrize("zeros", ["none", "packed", "float"])
def test_mat_mul_n_bits(bits, k, block, zeros):
    n, blocks = 6, -(-k // block)
    q = random(n, blocks, block, low=0, high=2**bits - 1, dtype=np.uint8)
    scales = random(n, blocks, low=0.01, high=0.1)
    points = random(n, blocks, seed=1, low=0, high=2**bits - 1, dtype=np.uint8)
    inputs = [random(2, 3, k), pack(q, bits), scales, {"none": None, "packed": pack(points, bits), "float": points.astype(np.float32)}[zeros]]
    used = points.astype(np.float32) if zeros != "none" else np.full((n, blocks), 2.0 ** (bits - 1), np.float32)
    w = ((q - used[..., None]) * scales[..., None]).reshape(n, -1)[:, :k]
    options = dict(K=k, N=n, bits=bits, block_size=block, constants=[1, 2, 3], rtol=1e-3, atol=1e-3)
    check("MatMulNBits", inputs, [inputs[0] @ w.T], **options)
    bias = random(n, seed=2)
    check("MatMulNBits", inputs[:3] + [inputs[3], None, bias], [inputs[0] @ w.T + bias], **options, free=[0])
    if bits != 2 and zeros != "float":
        check("MatMulNBits", [inputs[0], inputs[1], scales.reshape(-1), inputs[3]], **options)


def test_mat_mul_n_bits_refused():
    q, scales = pack(random(2, 1, 16, low=0, high=15, dtype=np.uint8), 4), random(2, 1, low=0.1, high=0.2)
    x = random(1, 16)
    for inputs, constants, words in [([x, q, scales, None, np.zeros(16, np.int32)], [1, 2, 4], "input 4 ('g_idx') is not supported"),
                                     ([x, q, scales], [2], "input 'B' must be an initializer")]:
        with pytest.raises(Failure, match=words.replace("(", r"\(").replace(")", r"\)")):
            Model(make("MatMulNBits", inputs, constants=constants, K=16, N=2, block_size=16)[0].SerializeToString())
    with pytest.raises(Failure, match="bytes"):
        Model(make("MatMulNBits", [x, q, scales], constants=[1, 2], K=16, N=3, block_size=16)[0].SerializeToString())
    with pytest.raises(Failure, match="'bits' is 3"):
        Model(make("MatMulNBits", [x, q, scales], constants=[1, 2], K=16, N=2, block_size=16, bits=3)[0].SerializeToString())


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("zeros", [True, False])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_gather_block_quantized(bits, zeros, shape):
    rows, size, block = 6, 48, 16
    q = random(rows, size, low=0, high=2**bits - 1, dtype=np.uint8)
    scales = random(rows, size // block, low=0.01, high=0.1)
    points = random(rows, size // block, seed=1, low=0, high=2**bits - 1, dtype=np.uint8)
    indices = random(*shape, low=0, high=rows - 1, dtype=np.int64)
    used = points.astype(np.float32) if zeros else np.float32(2 ** (bits - 1)) * np.ones(points.shape, np.float32)
    table = (q - np.repeat(used, block, 1)) * np.repeat(scales, block, 1)
    inputs = [pack(q, bits), indices, scales, pack(points, bits) if zeros else None]
    check("GatherBlockQuantized", inputs, [table[indices]], constants=[0, 2, 3], bits=bits, block_size=block)
    check("GatherBlockQuantized", inputs, constants=[0, 2, 3], bits=bits, block_size=block)


@pytest.mark.parametrize("kind", ["UINT4", "INT4"])
@pytest.mark.parametrize("zeros", [True, False])
def test_gather_block_quantized_of_small_integers(kind, zeros):
    rows, size, block = 5, 48, 16
    low, high = (0, 15) if kind == "UINT4" else (-8, 7)
    q, points = random(rows, size, low=low, high=high, dtype=np.int8), random(rows, 3, seed=1, low=low, high=high, dtype=np.int8)
    inputs = [np.zeros((rows, size), np.uint8), np.array([3, -1, 0], np.int64), random(rows, 3, low=0.01, high=0.1),
              np.zeros((rows, 3), np.uint8) if zeros else None]
    model, feeds = make("GatherBlockQuantized", inputs, constants=[0, 2, 3], block_size=block)
    for tensor in model.graph.initializer:
        if tensor.name in ("x0", "x3"):
            values = q if tensor.name == "x0" else points
            tensor.CopyFrom(helper.make_tensor(tensor.name, getattr(TensorProto, kind), values.shape, values.flatten()))
    want = run_ort(model, feeds)
    for engines in ENGINES:
        with Model(model.SerializeToString(), engines=engines) as m:
            compare(m.run(feeds), want)
