"""Windows in every form that ONNX has (pads, auto_pad, dilations, groups, rounding up, output sizes), with constant and with given
weights, fixed and symbolic sizes, and batches without images: the engine onednn against ref."""
import itertools

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from library import Model
from support import BUILD

pytestmark = pytest.mark.skipif(not (BUILD / "lib" / "outboard" / "ob_engine_onednn.so").exists(), reason="onednn is not built")

PADS = [{}, {"pads": [0, 1, 2, 0]}, {"auto_pad": "SAME_UPPER"}, {"auto_pad": "SAME_LOWER"}, {"auto_pad": "VALID"}]
STEPS = [{}, {"strides": [2, 2]}, {"strides": [1, 3]}]
DILATIONS = [{}, {"dilations": [2, 1]}]


def merged(*lists):
    for parts in itertools.product(*lists):
        yield {k: v for part in parts for k, v in part.items()}


def conv_cases():
    for attributes in merged(PADS, STEPS, DILATIONS):
        for channels, outputs, group in ((3, 5, 1), (16, 32, 1), (6, 4, 2), (20, 20, 20), (32, 32, 2)):
            yield "Conv", attributes | {"group": group}, channels, (outputs, channels // group, 3, 3)


def deconv_cases():
    sizes = [{}, {"strides": [2, 2]}, {"strides": [2, 2], "output_padding": [1, 1]}, {"strides": [2, 3], "output_shape": [13, 17]}]
    for attributes in merged(PADS, sizes, DILATIONS):
        if "output_shape" in attributes and "pads" in attributes:
            continue
        for channels, outputs, group in ((3, 5, 1), (16, 32, 1), (6, 4, 2)):
            yield "ConvTranspose", attributes | {"group": group}, channels, (channels, outputs // group, 3, 3)


def pool_cases():
    for attributes in merged(PADS, STEPS, [{}, {"ceil_mode": 1}], [{"kernel_shape": [3, 3]}, {"kernel_shape": [2, 3]}]):
        for channels in (5, 16):
            yield "MaxPool", attributes, channels, None
            yield "MaxPool", attributes | {"dilations": [1, 2]}, channels, None
            yield "AveragePool", attributes, channels, None
            yield "AveragePool", attributes | {"count_include_pad": 1}, channels, None
            yield "AveragePool", attributes | {"dilations": [2, 1]}, channels, None
    for op in ("GlobalAveragePool", "GlobalMaxPool"):
        yield op, {}, 5, None


def model_of(op, attributes, channels, weights, dims, constant):
    random = np.random.default_rng(1)
    inputs, initializers, feeds = [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)], [], {}
    names = ["x"]
    if weights:
        outputs = weights[0] if op == "Conv" else weights[1] * attributes["group"]
        for name, shape in (("w", weights), ("b", (outputs,))):
            names.append(name)
            value = random.standard_normal(shape).astype(np.float32)
            if constant:
                initializers.append(numpy_helper.from_array(value, name))
            else:
                inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
                feeds[name] = value
    nodes = [helper.make_node(op, names, ["t"], **attributes), helper.make_node("Relu", ["t"], ["y"])]
    if not weights:  # a pool alone is too light to be given to onednn
        names[0] = "c"
        initializers.append(numpy_helper.from_array(random.standard_normal((channels, channels, 1, 1)).astype(np.float32), "k"))
        nodes = [helper.make_node("Conv", ["x", "k"], ["c"]), helper.make_node(op, names, ["t"], **attributes), nodes[1]]
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    return model.SerializeToString(), feeds


def answers(model, feeds, images, engines):
    with Model(model, engines=engines) as opened:
        return [opened.run(feeds | {"x": x})[0] for x in images]


@pytest.mark.parametrize("form", ["fixed", "symbolic", "given weights"])
@pytest.mark.parametrize("cases", [conv_cases, deconv_cases, pool_cases])
def test_windows_agree(cases, form):
    random = np.random.default_rng(0)
    for op, attributes, channels, weights in cases():
        dims = [1, channels, 7, 9] if form == "fixed" else ["N", channels, "H", "W"]
        shapes = [(1, channels, 7, 9)] if form == "fixed" else [(1, channels, 7, 9), (3, channels, 7, 9), (0, channels, 7, 9)]
        if "output_shape" not in attributes and form != "fixed":
            shapes.append((2, channels, 10, 8))
        images = [random.standard_normal(s).astype(np.float32) for s in shapes]
        model, feeds = model_of(op, attributes, channels, weights, dims, form != "given weights")
        want = answers(model, feeds, images, "ref")
        got = answers(model, feeds, images, "onednn,ref")
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4, err_msg=f"{op} {attributes} {channels} {weights} {form}")
