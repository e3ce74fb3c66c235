"""Attention in ONNX Runtime's forms, with masks, caches and rotary embedding."""
import numpy as np
import pytest

from contrib_support import ENGINES, check, compare, make, random, run_ort
from library import Model

B, S, N, H = 2, 4, 3, 8
HIDDEN = N * H


def tokens(*shape, high, seed=0):
    return random(*shape, seed=seed, low=0, high=high, dtype=np.int32)


def mask_of(kind, total):
    left = np.ones((B, total), np.int32)
    left[0, total - 2:] = 0
    if kind == "rows":
        return left
    if kind == "matrix":
        return np.repeat(left[:, None], S, 1) & np.tril(np.ones((S, total), np.int32), total - S)
    if kind == "ends":
        return np.array([total - 2, total], np.int32)
    if kind == "ranges":
        return np.array([total - 1, total, 1, 0], np.int32)
    return None


@pytest.mark.parametrize("kind", [None, "rows", "matrix", "ends", "ranges"])
@pytest.mark.parametrize("unidirectional", [0, 1])
@pytest.mark.parametrize("past", [0, 3])
def test_attention(kind, unidirectional, past):
    x, w, b = random(B, S, 10), random(10, 3 * HIDDEN, seed=1), random(3 * HIDDEN, seed=2)
    inputs = [x, w, b, mask_of(kind, S + past), random(2, B, N, past, H, seed=3) if past else None]
    check("Attention", inputs, outputs=2 if past else 1, constants=[1, 2], num_heads=N, unidirectional=unidirectional)
    if not past and kind in (None, "rows"):
        check("Attention", inputs[:4], free=[0], constants=[1, 2], num_heads=N, unidirectional=unidirectional, scale=0.7,
              mask_filter_value=-500.0)


def test_attention_bias_and_sizes():
    x, w = random(B, S, 10), random(10, 2 * HIDDEN + 2 * HIDDEN, seed=1)
    bias = random(B, N, S, S, seed=3)
    check("Attention", [x, w, random(4 * HIDDEN, seed=2), mask_of("rows", S), None, bias], num_heads=N,
          qkv_hidden_sizes=[HIDDEN, HIDDEN, 2 * HIDDEN])
    check("Attention", [x, random(10, 3 * HIDDEN), random(3 * HIDDEN), None, None, bias[:1, :1]], num_heads=N)


@pytest.mark.parametrize("kind", [None, "rows", "ends", "matrix"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("past", [0, 2])
def test_multi_head_attention(kind, bias, past):
    length = 5
    q, k, v = random(B, S, HIDDEN), random(B, length, HIDDEN, seed=1), random(B, length, 2 * HIDDEN if not past else HIDDEN, seed=2)
    cache = random(B, N, past, H, seed=4) if past else None
    inputs = [q, k, v, random(2 * HIDDEN + v.shape[-1], seed=3) if bias else None, mask_of(kind, length + past), None, cache, cache]
    check("MultiHeadAttention", inputs, outputs=3 if past else 1, num_heads=N)


@pytest.mark.parametrize("unidirectional", [0, 1])
def test_multi_head_attention_forms(unidirectional):
    q, k, v = random(B, S, HIDDEN), random(B, N, 6, H, seed=1), random(B, N, 6, H, seed=2)
    options = dict(num_heads=N, unidirectional=unidirectional)
    if not unidirectional:
        check("MultiHeadAttention", [q, k, v], num_heads=N)
    bias = random(1, N, S, S, seed=5)
    check("MultiHeadAttention", [q, q, v.transpose(0, 2, 1, 3)[:, :S].reshape(B, S, HIDDEN).copy(), None, None, bias], scale=0.3, **options)
    packed = random(B, S, N, 3, H, seed=6)
    parts = [packed[:, :, :, i].reshape(B, S, HIDDEN).copy() for i in range(3)]
    model, feeds = make("MultiHeadAttention", parts, **options)
    want = run_ort(model, feeds)
    check("MultiHeadAttention", [packed], want, **options)
    pair = random(B, S, N, 2, H, seed=6)
    parts = [q] + [pair[:, :, :, i].reshape(B, S, HIDDEN).copy() for i in range(2)]
    want = run_ort(*make("MultiHeadAttention", parts, **options))
    check("MultiHeadAttention", [q, pair], want, **options)


def caches(length, size):
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(size)[None] / size)
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


@pytest.mark.parametrize("pairs", [0, 1])
@pytest.mark.parametrize("offset", [True, False])
def test_rotary_embedding(pairs, offset):
    cosines, sines = caches(12, H // 2)
    places = np.array([3], np.int64) if offset else random(B, S, low=0, high=11, dtype=np.int64)
    check("RotaryEmbedding", [random(B, S, HIDDEN), places, cosines, sines], interleaved=pairs)
    check("RotaryEmbedding", [random(B, N, S, H), places, cosines, sines], interleaved=pairs)
    cosines, sines = caches(12, H // 4)
    check("RotaryEmbedding", [random(B, S, HIDDEN), places, cosines, sines], interleaved=pairs, num_heads=N, rotary_embedding_dim=H // 2)


KV = 2
HEADS = 4


def group_inputs(length, past, buffer, ends, packed=False, rotary=False, size=16):
    """`ends`: lengths of the sequences with what is new. `buffer`: room in the cache."""
    batch = len(ends)
    q, k, v = random(batch, length, HEADS * size), random(batch, length, KV * size, seed=1), random(batch, length, KV * size, seed=2)
    if packed:
        q, k, v = np.concatenate([q, k, v], -1), None, None
    cache = [random(batch, KV, buffer, size, seed=s) for s in (3, 4)]
    cosines, sines = caches(32, size // 2) if rotary else (None, None)
    return [q, k, v, *cache, np.array(ends, np.int32) - 1, np.array(max(ends), np.int32), cosines, sines]


@pytest.mark.parametrize("options", [{}, {"packed": True, "rotary": True}, {"rotary": True}], ids=["plain", "packed", "rotary"])
@pytest.mark.parametrize("attributes", [{}, {"local_window_size": 3}, {"softcap": 2.0, "scale": 0.4}, {"smooth_softmax": 1},
                                        {"rotary_interleaved": 1}], ids=str)
@pytest.mark.parametrize("state", ["prompt", "token", "grown", "many"])
def test_group_query_attention(state, options, attributes):
    length, past, buffer, ends = {"prompt": (5, 0, 0, [5, 5]), "token": (1, 6, 12, [7, 5]), "grown": (1, 6, 6, [7, 7]),
                                  "many": (3, 4, 9, [7])}[state]
    attributes = dict(attributes, num_heads=HEADS, kv_num_heads=KV, do_rotary=int(options.get("rotary", False)))
    model, feeds = make("GroupQueryAttention", group_inputs(length, past, buffer, ends, **options), outputs=3, constants=[6, 7, 8], **attributes)
    want = run_ort(model, feeds)
    for engines in ENGINES:
        with Model(model.SerializeToString(), engines=engines) as m:
            got = m.run(feeds)
        compare(got[:1], want[:1], message=f"{engines}")
        for a, b in zip(got[1:], want[1:], strict=True):
            assert a.shape == b.shape
            for row, end in enumerate(ends):  # what lies behind is not defined
                np.testing.assert_allclose(a[row, :, :end], b[row, :, :end], rtol=1e-4, atol=1e-5)


def test_group_query_attention_extras():
    inputs = group_inputs(3, 4, 7, [7])
    attributes = dict(num_heads=HEADS, kv_num_heads=KV, constants=[6], outputs=3)  # without a cache to write, ONNX Runtime reads none
    check("GroupQueryAttention", inputs + [None, random(1, HEADS, 3, 7, seed=8)], **attributes)
    check("GroupQueryAttention", inputs + [None, None, random(HEADS, seed=9)], **attributes)
    rotary = group_inputs(3, 4, 7, [7], rotary=True)
    places = np.array([[3, 5, 6]], np.int64)
    check("GroupQueryAttention", rotary + [places], do_rotary=1, **attributes)
    check("GroupQueryAttention", inputs, num_heads=HEADS, kv_num_heads=KV, outputs=3)  # the total length is not known before


@pytest.mark.parametrize("kind", [None, "rows"])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("past", [0, 3])
def test_q_attention(kind, signed, past):
    x, w = random(B, S, 10, low=0, high=255, dtype=np.uint8), random(10, 3 * HIDDEN, seed=1, low=-100, high=100, dtype=np.int8)
    w = w if signed else (w.astype(np.int32) + 128).astype(np.uint8)
    one = np.array(0.02, np.float32)
    inputs = [x, w, random(3 * HIDDEN, seed=2), one, one, mask_of(kind, S + past), np.array(120, np.uint8), np.array(0 if signed else 128, w.dtype),
              random(2, B, N, past, H, seed=3) if past else None]
    check("QAttention", inputs, outputs=2 if past else 1, constants=[1, 2], num_heads=N, unidirectional=1)
