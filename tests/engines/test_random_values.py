"""Random nodes with random numbers, from the file to the answer: each engine against ONNX Runtime, or where that is known to
stray from the definition, against onnx's reference evaluator."""
import numpy as np
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from library import Model
from op_random_test import STRATEGIES, build

onnxruntime.set_default_logger_severity(4)
SPECIALS = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-42, -1e-42, 3.4e38, -3.4e38, 1.0], np.float32)


def numbers(random, shape, special):
    values = random.standard_normal(shape).astype(np.float32)
    if special and values.size:
        mask = random.random(shape) < 0.15
        values = np.where(mask, random.choice(SPECIALS, shape), values)
    return values


def agree(got, want):
    if got.shape != want.shape or got.dtype != want.dtype:
        return False
    if got.dtype.kind != "f":
        return bool((got == want).all())
    with np.errstate(all="ignore"):
        return bool(np.isclose(got, want, rtol=1e-4, atol=1e-5, equal_nan=True).all())


def ort(model, feeds):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


# Sums in which infinities and huge numbers meet depend on the order.
FINITE_ONLY = {"convolutions", "deconvolutions", "products", "sums_of_products", "reductions", "pools", "resizes", "broadcasts", "moves"}


@pytest.mark.parametrize("engines", ["ref", "cpu,ref"])
@pytest.mark.parametrize("name", STRATEGIES)
def test_random_values(name, engines):
    seen = 0

    @settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(STRATEGIES[name](), st.integers(0, 2**31), st.booleans())
    def check(c, seed, special):
        nonlocal seen
        random = np.random.default_rng(seed)
        c["operands"] = [numbers(random, o.shape, False) if name in ("convolutions", "deconvolutions") else o for o in c["operands"]]
        model, feeds, _ = build(c)
        feeds = {key: numbers(random, value.shape, special and name not in FINITE_ONLY) for key, value in feeds.items()}
        try:
            want = ort(model, feeds)
        except Exception:  # what ONNX Runtime refuses proves nothing
            return
        with Model(model.SerializeToString(), engines=engines) as m:
            got = m.run(feeds)
        seen += 1
        if all(agree(a, b) for a, b in zip(got, want, strict=True)):
            return
        with np.errstate(all="ignore"):
            want = ReferenceEvaluator(model).run(None, feeds)
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5, err_msg=str(c))

    check()
    assert seen >= 10, f"only {seen} nodes were computed"
