"""Nodes that are not supported say which, and what to do."""
import pytest

from contrib_support import make, random
from library import Failure, Model


def message(*arguments, **options):
    with pytest.raises(Failure) as failure:
        Model(make(*arguments, **options)[0].SerializeToString())
    return str(failure.value)


def test_unknown_attribute():
    text = message("Gelu", [random(2)], wrong=1)
    assert "node 'node' (Gelu): attribute 'wrong' of operator Gelu (domain 'com.microsoft') is not known" in text


def test_unknown_operator():
    text = message("Nonsense", [random(2)])
    assert "operator Nonsense of domain 'com.microsoft' (operator set 1) is not known: export it as a function" in text


def test_known_and_refused():
    text = message("BeamSearch", [random(2)])
    assert "node 'node' (BeamSearch): operator BeamSearch of domain 'com.microsoft' is not supported: it is a search loop" in text
    model, _ = make("Conv", [random(1, 8, 4, 4), random(8, 8, 1, 1)], domain="com.microsoft.nchwc")
    model.opset_import.add(domain="com.microsoft.nchwc", version=1)
    with pytest.raises(Failure, match="save it at level extended"):
        Model(model.SerializeToString())


def test_counts():
    assert "it has 1 inputs, expected 2 to 2" in message("BiasGelu", [random(2)])
    assert "it has 2 outputs, expected at most 1" in message("Gelu", [random(2)], outputs=2)


def test_missing_input():
    assert "input 0 is missing" in message("BiasGelu", [None, random(2)])


def test_activation():
    assert "'activation' is 'Nonsense'" in message("FusedGemm", [random(2, 2), random(2, 2)], activation="Nonsense")


def test_out_of_memory(tmp_path):
    """Each allocation of an import fails in turn: an error each time, and nothing is left behind."""
    import numpy as np

    from importing import import_bytes
    x, w = random(2, 4, 6), random(6, 18, seed=1)
    model, _ = make("Attention", [x, w, random(18), np.ones((2, 4), np.int32)], constants=[1, 2], num_heads=3, unidirectional=1)
    import_bytes(model, tmp_path, "--sweep")
    model, _ = make("MatMulNBits", [x[..., :4], np.zeros((3, 1, 8), np.uint8), random(3, 1)], constants=[1, 2], N=3, K=4, block_size=16)
    import_bytes(model, tmp_path, "--sweep")


BIG = 2**63 - 1


@pytest.mark.parametrize("op, inputs, attributes, words", [
    ("Attention", [(1, 2, 4), (4, 12), (12,)], {"num_heads": BIG}, "attribute 'num_heads' is 9223372036854775807"),
    ("Attention", [(1, 2, 4), (4, 12), (12,)], {"num_heads": 0}, "attribute 'num_heads' is 0"),
    ("Attention", [(1, 2, 4), (4, 12), (12,)], {"num_heads": 3}, "the hidden size 4 is no multiple of the 3 heads"),
    ("Attention", [(1, 2, 4), (4, 12), (12,)], {"num_heads": 1, "qkv_hidden_sizes": [BIG, BIG, 2]}, "do not fit weights of 12 columns"),
    ("Attention", [(1, 2, 4), (4, 12), (12,)], {"num_heads": 1, "qkv_hidden_sizes": [4]}, "must have 3 elements"),
    ("Attention", [(1, 2, 4), (4, 12), (12,)], {"num_heads": 1, "do_rotary": 1}, "attribute 'do_rotary' is 1, only 0 is supported"),
    ("MultiHeadAttention", [(1, 2, 4), (1, 2, 4), (1, 2, 4)], {"num_heads": "x"}, "attribute 'num_heads' is not an integer"),
    ("GroupNorm", [(1, 2, 2, 4), (4,), (4,)], {"groups": 0, "activation": 0}, "num_groups"),
    ("QLinearReduceMean", [(2, 2)], {"axes": [0], "keepdims": 1}, "has 1 inputs"),
    ("Crop", [(1, 1, 4, 4)], {"border": [BIG, BIG, BIG, BIG], "domain": ""}, "a border or scale of"),
    ("CDist", [(2, 2), (2, 2)], {"metric": "cosine"}, "attribute 'metric' is 'cosine'"),
])
def test_wrong_numbers(op, inputs, attributes, words):
    assert words in message(op, [random(*shape) for shape in inputs], **({"opset": 9} if attributes.get("domain") == "" else {}), **attributes)
