"""Inferred shapes against onnx's own test cases of every operator, with the sizes that they have and with symbols in their place."""
import warnings

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from op_support import infer_shapes, operators

warnings.filterwarnings("ignore")
from onnx.backend.test.case.node import collect_testcases  # noqa: E402

CASES = {c.name: c for c in collect_testcases(None) if c.kind == "node" and all(o.domain == "" for o in c.model.opset_import)}
DATA_SHAPE = 1 << 4
# sizes that only the data tell, or (Loop) how often a body ran
UNKNOWN = {op["name"] for op in operators() if op["flags"] & DATA_SHAPE} | {"Loop"}
# what the importer leaves out on purpose
REFUSED = {"test_scan_sum": "Scan of operator set 8 is not supported"}


def tensors(case):
    inputs, outputs = case.data_sets[0]
    return list(inputs), list(outputs)


def as_array(tensor):
    return numpy_helper.to_array(tensor) if isinstance(tensor, onnx.TensorProto) else np.asarray(tensor)


def is_plain(value):
    return isinstance(value, (np.ndarray, np.generic, onnx.TensorProto))


def prepare(case, symbolic):
    """The case's model with small integer (and scale) operands as constants; gives the symbols' values too."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    inputs, _ = tensors(case)
    bindings, constants = {}, set()
    for info, data in zip(model.graph.input, inputs):
        if not is_plain(data) or not info.type.HasField("tensor_type"):
            continue
        array = as_array(data)
        operand = info.type.tensor_type.elem_type in (6, 7) and array.ndim <= 1 or array.ndim <= 1 and len(inputs) > 1 and array.size <= 8
        if operand and array.ndim <= 1 and info.name != model.graph.input[0].name or is_count(case, info.name):
            tensor = data if isinstance(data, onnx.TensorProto) else numpy_helper.from_array(np.asarray(data), info.name)
            tensor.name = info.name
            model.graph.initializer.append(tensor)
            constants.add(info.name)
        elif symbolic:
            for axis, dim in enumerate(info.type.tensor_type.shape.dim):
                if dim.HasField("dim_value"):
                    symbol = f"s_{info.name}_{axis}".replace(".", "_")
                    bindings[symbol] = dim.dim_value
                    dim.dim_param = symbol
    if constants:
        kept = [i for i in model.graph.input if i.name not in constants]
        del model.graph.input[:]
        model.graph.input.extend(kept)
    for output in model.graph.output: # what is inferred must not come from what the case says
        if output.type.HasField("tensor_type"):
            output.type.tensor_type.ClearField("shape")
    return model, bindings


def is_count(case, name):
    """First inputs that are shapes, sizes or counts rather than data."""
    first = case.model.graph.node[-1].op_type
    return first in ("ConstantOfShape", "Range", "HannWindow", "HammingWindow", "BlackmanWindow", "MelWeightMatrix") or name in ("trip_count",)


@pytest.mark.parametrize("symbolic", [False, True], ids=["sizes", "symbols"])
@pytest.mark.parametrize("name", sorted(CASES))
def test_case(tmp_path, name, symbolic):
    if name in REFUSED:
        pytest.skip(REFUSED[name])
    case = CASES[name]
    model, bindings = prepare(case, symbolic)
    path = tmp_path / "case.onnx"
    onnx.save(model, path)
    values, guards = infer_shapes(path, bindings)
    values = {v["name"]: v for v in values}
    assert all(guards[key] in ([None], [1]) for key in guards if key.endswith("value")), guards
    for output, data in zip(model.graph.output, tensors(case)[1]):
        if not is_plain(data) or output.name not in values:
            continue
        actual, value = as_array(data), values[output.name]
        assert value["rank"] in (-1, actual.ndim), value
        if not symbolic and len(model.graph.node) == 1 and model.graph.node[0].op_type not in UNKNOWN:
            assert value["rank"] >= 0 and None not in value["sizes"], value
        if value["rank"] >= 0:
            assert all(size is None or size == real for size, real in zip(value["sizes"], actual.shape)), (value, actual.shape)
        if "numbers" in value and None not in value["numbers"]:
            assert list(np.ravel(actual).astype(np.int64)) == value["numbers"], value
