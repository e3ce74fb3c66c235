"""The passes that take Attention and RotaryEmbedding apart: which they take, and that the answers stay."""
import subprocess

import numpy as np
import pytest

from pass_test import TOOL, Graph, passes, rng  # noqa: F401 (a fixture)


def mask_of(kind):
    if kind == "bool":
        mask = np.tril(np.ones((5, 6), bool), 1)
        mask[2] = False  # a row that sees nothing
        return mask
    if kind == "float":
        return np.where(np.tril(np.ones((5, 6), bool), 1), rng(5, 6), -np.inf).astype("float32")
    return None


@pytest.mark.parametrize("kind", [None, "bool", "float"])
@pytest.mark.parametrize("causal", [0, 1])
@pytest.mark.parametrize("grouped", [False, True])
def test_attention(passes, kind, causal, grouped):
    g = Graph(opset=24)
    kv = 2 if grouped else 4
    mask = mask_of(kind)
    y = g.Attention(g.input("b", 4, 5, 8), g.input("b", kv, 6, 8), g.input("b", kv, 6, 3), *([] if mask is None else [mask]), is_causal=causal,
                    scale=0.3)
    made = passes(g, y)
    assert "Attention" not in made and made.count("MatMul") == 2 and "Softmax" in made


@pytest.mark.parametrize("softcap", [0.0, 2.0])
def test_attention_of_rows(passes, softcap):
    g = Graph(opset=24)
    y = g.Attention(g.input(2, "q", 16), g.input(2, "k", 8), g.input(2, "k", 8), q_num_heads=4, kv_num_heads=2, is_causal=1, softcap=softcap)
    assert "Attention" not in passes(g, y)


def test_attention_with_a_cache(passes):
    g = Graph(opset=24)
    q, k, past = g.input(2, 3, 1, 8), g.input(2, 3, 1, 8), g.input(2, 3, "past", 8)
    y, key, value = g.Attention(q, k, g.Neg(k), "", past, past, is_causal=1, outputs=3)
    made = passes(g, y, key, value)
    assert "Attention" not in made and made.count("Concat") == 2


def test_outputs_that_are_inputs(passes):
    g = Graph(opset=24)
    k = g.input(2, 3, 4, 8)
    y, key, value = g.Attention(k, k, k, outputs=3)
    assert "Attention" not in passes(g, y, key, value)


@pytest.mark.parametrize("why", ["window", "scores", "float64", "short mask"])
def test_stays(passes, why):
    g = Graph("float64" if why == "float64" else "float32", opset=25 if why == "window" else 24)
    x = g.input(2, 3, 4, 8)
    mask = [np.ones((4, 3), bool)] if why == "short mask" else []
    y = g.Attention(x, x, x, *mask, outputs=4 if why == "scores" else 1, **({"left_window_size": 2} if why == "window" else {}))
    assert "Attention" in passes(g, *(y[::3] if why == "scores" else [y]), judge=lambda model, feeds: [])


@pytest.mark.parametrize("pairs", [0, 1])
@pytest.mark.parametrize("turned", [0, 4])
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("positions", [False, True])
def test_rotary_embedding(passes, pairs, turned, flat, positions):
    g = Graph(opset=23)
    x = g.input(2, 5, 24) if flat else g.input(2, 3, 5, 8)
    cache = [rng(9 if positions else 2, *([] if positions else [5]), (turned or 8) // 2, seed=s) for s in (1, 2)]
    places = [np.arange(10, dtype="int64").reshape(2, 5) % 9] if positions else []
    y = g.RotaryEmbedding(x, *cache, *places, interleaved=pairs, rotary_embedding_dim=turned, **({"num_heads": 3} if flat else {}))
    assert "RotaryEmbedding" not in passes(g, y)


def test_every_allocation_may_fail(tmp_path):
    g = Graph(opset=24)
    past = g.input(2, 2, "past", 4)
    y = g.Attention(g.input(2, 3, 16), g.input(2, 3, 8), g.input(2, 3, 8), "", past, past, q_num_heads=4, kv_num_heads=2, is_causal=1, softcap=2.0)
    y = g.RotaryEmbedding(y, rng(2, 3, 1), rng(2, 3, 1), num_heads=4, interleaved=1, rotary_embedding_dim=2)
    (tmp_path / "m.onnx").write_bytes(g.model(y).SerializeToString())
    done = subprocess.run([str(TOOL), str(tmp_path / "m.onnx"), "sweep"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
