"""Gelu and its relatives, normalisation, and what ONNX Runtime had before ONNX."""
import math

import numpy as np
import pytest

from contrib_support import check, random

SHAPES = [(5,), (2, 3, 8), (1, 1, 4, 16), (0, 4)]


def gelu(x):
    return (x * 0.5 * (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2)))).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
def test_gelu(shape):
    x, bias = random(*shape), random(shape[-1], seed=1)
    check("Gelu", [x])
    check("QuickGelu", [x])
    check("QuickGelu", [x], alpha=0.5)
    check("FastGelu", [x])
    check("FastGelu", [x], free=[0])
    if x.size:
        check("FastGelu", [x, bias])
        check("BiasGelu", [x, bias])


def test_gelu_that_only_gpus_have():
    x, w, bias = random(3, 4), random(4, 6, seed=1), random(6, seed=2)
    y = x @ w + bias
    check("GemmFastGelu", [x, w, bias], [(y * 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))).astype(np.float32)])
    x, bias = random(2, 3, 8), random(8, seed=1)
    left, right = np.split(x + bias, 2, -1)
    check("BiasSplitGelu", [x, bias], [left * gelu(right)])
    check("BiasAdd", [x, bias, x], [x + bias + x])
    check("BiasDropout", [x, bias, x], [x + bias + x, np.ones(x.shape, bool)], outputs=2)
    check("BiasDropout", [x, bias], [x + bias])


@pytest.mark.parametrize("axis", [-1, 1, 2])
def test_bias_softmax(axis):
    x, bias = random(2, 3, 4), random(2, 1, 4, seed=1)
    y = x + bias
    first = axis % 3
    flat = y.reshape(*y.shape[:first], -1)
    e = np.exp(flat - flat.max(-1, keepdims=True))
    check("BiasSoftmax", [x, bias], [(e / e.sum(-1, keepdims=True)).reshape(y.shape)], axis=axis, is_inner_broadcast=1)


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("bias", [True, False])
def test_layer_normalization_before_17(axis, bias):
    x = random(2, 3, 8)
    shape = x.shape[axis:]
    check("LayerNormalization", [x, random(*shape, seed=1), random(*shape, seed=2) if bias else None], domain="", opset=11, axis=axis,
          epsilon=1e-3)
    check("LayerNormalization", [x, random(*shape, seed=1)], domain="", opset=13, axis=axis, outputs=3)
    check("SimplifiedLayerNormalization", [x, random(*shape, seed=1)], domain="", opset=13, axis=axis, epsilon=1e-3)
    check("SimplifiedLayerNormalization", [x, random(*shape, seed=1)], domain="", opset=21, axis=axis, outputs=2, epsilon=1e-3)


@pytest.mark.parametrize("skip", [(2, 3, 8), (1, 3, 8), (3, 8)])
@pytest.mark.parametrize("beta", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_skip_layer_normalization(skip, beta, bias):
    x, s = random(2, 3, 8), random(*skip, seed=1)
    gamma, b, c = random(8, seed=2), random(8, seed=3) if beta else None, random(8, seed=4) if bias else None
    check("SkipLayerNormalization", [x, s, gamma, b, c], epsilon=1e-5)
    check("SkipLayerNormalization", [x, s, gamma, b, c], outputs=["y", "", "", "sum"], free=[0])
    check("SkipSimplifiedLayerNormalization", [x, s, gamma, c], epsilon=1e-5)
    check("SkipSimplifiedLayerNormalization", [x, s, gamma, c], outputs=["y", "", "", "sum"])


@pytest.mark.parametrize("segments", [True, False])
@pytest.mark.parametrize("positions", [True, False])
@pytest.mark.parametrize("mask", [True, False])
def test_embed_layer_normalization(segments, positions, mask):
    integers = dict(dtype=np.int32, low=0)
    ids = random(2, 5, high=9, **integers)
    check("EmbedLayerNormalization",
          [ids, random(2, 5, seed=1, high=1, **integers) if segments else None, random(10, 8), random(7, 8, seed=1),
           random(2, 8, seed=2) if segments else None, random(8, seed=3), random(8, seed=4),
           np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]], np.int32) if mask else None,
           random(2, 5, seed=5, high=6, **integers) if positions else None],
          outputs=3, constants=[2, 3, 4, 5, 6], epsilon=1e-6, mask_index_type=1)


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("activation", [0, 1])
def test_group_norm(last, activation):
    x, gamma, beta, skip = random(2, 6, 3, 5), random(6, seed=1), random(6, seed=2), random(2, 6, seed=3)

    def want(v):
        g = v.reshape(2, 2, -1)
        g = (g - g.mean(-1, keepdims=True)) / np.sqrt(g.var(-1, keepdims=True) + 1e-5)
        g = g.reshape(v.shape) * gamma[:, None, None] + beta[:, None, None]
        return g / (1 + np.exp(-g)) if activation else g

    def form(v):
        return np.ascontiguousarray(v.transpose(0, 2, 3, 1)) if last else v

    check("GroupNorm", [form(x), gamma, beta], [form(want(x))], groups=2, channels_last=last, activation=activation)
    total = x + skip[:, :, None, None] + gamma[:, None, None]
    if last:
        check("SkipGroupNorm", [form(x), gamma, beta, skip, gamma], [form(want(total)), form(total)], outputs=2, groups=2,
              activation=activation)


def test_before_onnx():
    x = random(2, 3, 6, 7)
    check("Affine", [x], domain="", opset=9, alpha=2.0, beta=-1.0)
    check("ScaledTanh", [x], domain="", opset=9, alpha=2.0, beta=0.5)
    check("ParametricSoftplus", [x], domain="", opset=9, alpha=2.0, beta=0.5)
    check("ImageScaler", [x], domain="", opset=9, scale=0.5, bias=[1.0, -2.0, 3.0])
    check("Crop", [x], domain="", opset=9, border=[1, 2, 3, 0])
    check("Crop", [x], domain="", opset=9, border=[1, 2, 0, 0], scale=[3, 2], free=[0])
