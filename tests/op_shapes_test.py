"""Inferred shapes and contents of the real models against what ONNX Runtime computes, value by value."""
import os

import numpy as np
import onnx
import onnxruntime
import pytest

from op_support import infer_shapes
from support import MODELS, model_index

INDEX = model_index()
CASES = [(name, case) for name, m in INDEX.items() for case in m["cases"]]


def with_all_outputs(path):
    """The model with every intermediate value as an output, and no optimisation that would take one away."""
    model = onnx.load(path)
    known = {o.name for o in model.graph.output}
    inferred = onnx.shape_inference.infer_shapes(model)
    types = {v.name: v for v in list(inferred.graph.value_info)}
    for node in model.graph.node:
        for name in node.output:
            if name and node.op_type != "Constant" and name not in known and name in types:
                model.graph.output.append(types[name])
                known.add(name)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def bindings_of(values, inputs):
    """The symbols' values: dims of inputs that are a symbol alone."""
    bound = {}
    for value in values:
        if value["name"] in inputs and "dims" in value:
            for text, size in zip(value["dims"], inputs[value["name"]].shape):
                if not text.lstrip("-").isdigit():
                    bound[text] = size
    return bound


@pytest.mark.parametrize("name,case", CASES)
def test_every_value(name, case):
    path = MODELS / INDEX[name]["file"]
    inputs = {key: np.load(MODELS / file) for key, file in INDEX[name]["cases"][case].items()}
    values, _ = infer_shapes(path, {})
    values, guards = infer_shapes(path, bindings_of(values, inputs))
    session = with_all_outputs(path)
    computed = dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs)))
    compared = contents = 0
    for value in values:
        actual = computed.get(value["name"])
        if actual is None or value["rank"] < 0:
            continue
        assert len(actual.shape) == value["rank"], value
        assert str(actual.dtype) == value["dtype"], value
        assert all(size is None or size == real for size, real in zip(value["sizes"], actual.shape)), (value, actual.shape)
        compared += 1
        if "numbers" in value and None not in value["numbers"]:
            assert list(np.ravel(actual).astype(np.int64)) == value["numbers"], value
            contents += 1
    assert compared >= len(computed) * 0.6, f"only {compared} of {len(computed)} values were compared"
    assert all(guards[key] in ([None], [1]) for key in guards if key.endswith("value")), guards
    if os.environ.get("OB_VERBOSE"):
        print(f"{name} {case}: {compared} of {len(computed)} values, {contents} contents")
