"""Symbolic shapes of all values of ONNX's backend tests (node), their inputs' sizes made symbols: evaluated at the test's own and ten
random bindings, they are what onnx's reference evaluator computes."""
import collections
import random
import re
import warnings

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from op_support import infer_shapes
from symbolic import Wrong, evaluate

# Where the reference evaluator's own shapes are not what the definition says.
REFERENCE_IS_WRONG = re.compile(r"test_range_.*_expanded|test_split_1d_uneven")
# Scan: it gives bodies no inputs when it is to show all values. ImageDecoder: it wants Pillow.
NO_REFERENCE = {"scan", "image"}
BINDINGS = 10


def operator_of(case):
    return case.name.split("_")[1]


def load_cases():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.loader import load_model_tests

        cases = collections.defaultdict(list)
        for case in load_model_tests(kind="node"):
            if all(i.type.WhichOneof("value") == "tensor_type" for i in case.model.graph.input) and not REFERENCE_IS_WRONG.match(case.name):
                cases[operator_of(case)].append(case)
        return cases


CASES = load_cases()
COUNTS = collections.Counter()


def is_content(array):
    """May be read as sizes, axes or the like: it keeps its numbers."""
    return array.dtype.kind in "iu" and array.ndim <= 1


def make_dynamic(case):
    """The model with a symbol for each size of its inputs, the test's inputs, and the symbols' numbers there."""
    model, numbers = onnx.ModelProto(), {}
    model.CopyFrom(case.model)
    inputs = [numpy_helper.to_array(x) if isinstance(x, TensorProto) else np.asarray(x) for x in case.data_sets[0][0]]
    for k, (info, array) in enumerate(zip(model.graph.input, inputs)):
        for axis, dim in enumerate(info.type.tensor_type.shape.dim):
            if not is_content(array):
                dim.dim_param = f"i{k}_{axis}"
                numbers[dim.dim_param] = array.shape[axis]
    for output in model.graph.output:
        if output.type.WhichOneof("value") == "tensor_type":
            output.type.tensor_type.ClearField("shape")
    return model, inputs, numbers


def other_sizes(numbers, rng):
    """Sizes that were equal stay equal, which keeps most of what the operator asks for."""
    mapping = {size: size if size in (0, 1) else rng.randint(2, 7) for size in sorted(set(numbers.values()))}
    return {symbol: mapping[size] for symbol, size in numbers.items()}


def resized(inputs, sizes):
    arrays = []
    for k, array in enumerate(inputs):
        shape = [sizes[f"i{k}_{axis}"] for axis in range(array.ndim)] if not is_content(array) else array.shape
        arrays.append(np.resize(array, shape) if array.size else np.zeros(shape, array.dtype))
    return arrays


def holds(guards, sizes):
    """Are these sizes that Outboard takes?"""
    for index in range(guards["guards"]):
        for text in guards[str(index)]:
            try:
                if not evaluate(text, sizes):
                    return False
            except Wrong as wrong:
                if "is not known" not in str(wrong):
                    return False
    return True


def has_negative(values, sizes):
    """The last part of an uneven Split, say: refused when it is bound."""
    for value in values:
        for text in value.get("dims", []):
            try:
                if evaluate(text, sizes) < 0:
                    return True
            except Wrong:
                pass
    return False


def compare(case, values, computed, sizes):
    for value in values:
        actual = computed.get(value["name"])
        if not hasattr(actual, "shape") or "dims" not in value or value["rank"] < 0:
            continue
        assert len(actual.shape) == value["rank"], (case.name, value, actual.shape)
        for text, size in zip(value["dims"], actual.shape):
            if re.search(r"\bu_\d+", text):
                COUNTS["known at run time only"] += 1
                continue
            assert evaluate(text, sizes) == size, (case.name, value["name"], value["dims"], actual.shape, sizes)
            COUNTS["dims"] += 1
        COUNTS["values"] += 1


def check(case, path):
    model, inputs, numbers = make_dynamic(case)
    onnx.save(model, path)
    values, guards = infer_shapes(path, {})
    rng = random.Random(case.name)
    try:
        reference = ReferenceEvaluator(model)
    except Exception:  # operators that it lacks
        COUNTS["without reference"] += 1
        return
    for trial in range(BINDINGS + 1):
        sizes = other_sizes(numbers, rng) if trial else numbers
        if not holds(guards, sizes) or has_negative(values, sizes):
            assert trial, f"{case.name}: its own sizes are refused: {guards}"
            continue
        feeds = dict(zip([i.name for i in model.graph.input], resized(inputs, sizes)))
        try:
            computed = reference.run(None, feeds, intermediate=True)
        except Exception:  # sizes that the operator does not take
            COUNTS["refused by the reference"] += 1
            continue
        compare(case, values, computed, sizes)
        COUNTS["bindings"] += 1


@pytest.mark.parametrize("operator", sorted(CASES))
@pytest.mark.filterwarnings("ignore")
def test_symbolic_shapes(operator, tmp_path):
    before = COUNTS["values"]
    for case in CASES[operator]:
        check(case, tmp_path / "model.onnx")
    if operator not in NO_REFERENCE:
        assert COUNTS["values"] > before, f"{operator}: nothing was compared"
    print(dict(COUNTS))  # seen with -s
