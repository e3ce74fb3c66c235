"""Every CPU test of onnx's backend suite. A test that is listed in expected.txt must fail; listing one that passes is an error."""
import pytest


def test_onnx(onnx_test, results):
    outcome, reason, details = results.outcome(onnx_test)
    known = results.expected.get(onnx_test) or results.expected.get(f"{onnx_test}?")
    if outcome == "passed":
        assert onnx_test not in results.expected, f"{onnx_test} passes: take it off expected.txt ({known})"
    elif known is not None:
        pytest.xfail(known)
    else:
        pytest.fail(f"{reason}\n{details}", pytrace=False)
