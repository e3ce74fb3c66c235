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
    assert "operator 'Nonsense' of domain 'com.microsoft'" in message("Nonsense", [random(2)]).replace("operator Nonsense", "operator 'Nonsense'")


def test_counts():
    assert "it has 1 inputs, expected 2 to 2" in message("BiasGelu", [random(2)])
    assert "it has 2 outputs, expected at most 1" in message("Gelu", [random(2)], outputs=2)


def test_missing_input():
    assert "input 0 is missing" in message("BiasGelu", [None, random(2)])


def test_activation():
    assert "'activation' is 'Nonsense'" in message("FusedGemm", [random(2, 2), random(2, 2)], activation="Nonsense")
