"""Passes: what each must and must not recognise, and that the meaning stays, judged by onnx's reference evaluator."""
import subprocess

import numpy as np
import onnx
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from support import BUILD
from rebuild import ONNX_TYPES, Rebuilt

TOOL = BUILD / "tests" / "pass_tool"


class Graph:
    """g.Mul(x, 0.5): adds a node, gives its output's name; numbers and arrays become constants."""

    def __init__(self, dtype="float32", opset=17):
        self.dtype, self.opset = dtype, opset
        self.nodes, self.inputs, self.constants, self.feeds = [], [], [], {}

    def input(self, *shape, dtype=None, low=-3.0, high=3.0, sizes=None):
        """An input; names in `shape` are symbols, whose sizes for the test are in `sizes`."""
        name, dtype = f"x{len(self.inputs)}", dtype or self.dtype
        self.inputs.append(helper.make_tensor_value_info(name, ONNX_TYPES[dtype], shape))
        dims = [d if isinstance(d, int) else (sizes or {}).get(d, 3) for d in shape]
        self.feeds[name] = np.random.default_rng(len(self.inputs)).uniform(low, high, dims).astype(dtype)
        return name

    def constant(self, value):
        if isinstance(value, (int, float)):
            value = np.array(value, self.dtype)
        name = f"c{len(self.constants)}"
        self.constants.append(onnx.numpy_helper.from_array(np.asarray(value), name))
        return name

    def __getattr__(self, op):
        def add(*inputs, outputs=1, **attributes):
            names = [i if isinstance(i, str) else self.constant(i) for i in inputs]
            made = [f"t{len(self.nodes)}_{k}" for k in range(outputs)]
            self.nodes.append(helper.make_node(op, names, made, **attributes))
            return made[0] if outputs == 1 else made

        return add

    def model(self, *outputs):
        infos = [helper.make_tensor_value_info(name, onnx.TensorProto.UNDEFINED, None) for name in outputs]
        for info in infos:
            info.ClearField("type")
        graph = helper.make_graph(self.nodes, "g", self.inputs, infos, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)
        typed = onnx.shape_inference.infer_shapes(model)
        known = {v.name: v for v in typed.graph.value_info}
        del model.graph.output[:]
        model.graph.output.extend([known[name] if name in known else next(o for o in typed.graph.output if o.name == name)
                                   for name in outputs])
        return model


def by_onnxruntime(model, feeds):
    """For what the reference evaluator cannot do: groups of ConvTranspose, negative pads."""
    return pytest.importorskip("onnxruntime").InferenceSession(model.SerializeToString()).run(None, feeds)


@pytest.fixture
def passes(tmp_path):
    def run(graph, *outputs, tolerance=1e-5, judge=lambda model, feeds: ReferenceEvaluator(model).run(None, feeds)):
        model = graph.model(*outputs)
        (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
        done = subprocess.run([str(TOOL), str(tmp_path / "m.onnx"), str(tmp_path)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        rebuilt = Rebuilt(tmp_path, graph.feeds)
        assert [o.name for o in rebuilt.model.graph.output] == list(outputs)
        wanted, got = judge(model, graph.feeds), judge(rebuilt.model, graph.feeds)
        for w, g in zip(wanted, got):
            assert w.dtype == g.dtype and w.shape == g.shape
            np.testing.assert_allclose(g, w, rtol=tolerance, atol=tolerance * max(1e-30, np.max(np.abs(w), initial=0)))
        return sorted(node.op_type for node in rebuilt.model.graph.node)

    return run


def rng(*shape, low=-1.0, high=1.0, seed=7, dtype="float32"):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(dtype)


# ---------------------------------------------------------------- Gelu

def erf_gelu(g, x, form=0, root=2 ** 0.5, half=0.5, one=1.0):
    e = g.Add(g.Erf(g.Div(x, root) if form % 2 == 0 else g.Mul(x, 1 / root)), one)
    if form // 2 == 0:
        return g.Mul(g.Mul(x, e), half)
    if form // 2 == 1:
        return g.Mul(g.Mul(x, half), e)
    if form // 2 == 2:
        return g.Mul(half, g.Mul(e, x))
    return g.Mul(x, g.Div(e, 1 / half))


@pytest.mark.parametrize("form", range(8))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gelu_by_erf(passes, form, dtype):
    g = Graph(dtype)
    assert passes(g, erf_gelu(g, g.input("n", 5), form)) == ["Gelu"]


def test_gelu_of_a_shared_value(passes):
    g = Graph()
    x = g.Relu(g.input(4, 5))
    assert passes(g, erf_gelu(g, x), g.Neg(x)) == ["Gelu", "Neg", "Relu"]


@pytest.mark.parametrize("cubed", ["pow", "mul", "taken out"])
def test_gelu_by_tanh(passes, cubed):
    g = Graph()
    x = g.input(4, 5)
    if cubed == "taken out":
        inner = g.Mul(g.Mul(x, 0.7978845608), g.Add(1.0, g.Mul(g.Mul(x, 0.044715), x)))
    else:
        power = g.Pow(x, 3.0) if cubed == "pow" else g.Mul(g.Mul(x, x), x)
        inner = g.Mul(g.Add(x, g.Mul(power, 0.044715)), 0.7978845608)
    assert passes(g, g.Mul(g.Mul(x, 0.5), g.Add(g.Tanh(inner), 1.0))) == ["Gelu"]


@pytest.mark.parametrize("wrong", [dict(root=1.5), dict(half=0.25), dict(one=2.0)])
def test_not_gelu_with_other_numbers(passes, wrong):
    g = Graph()
    assert "Gelu" not in passes(g, erf_gelu(g, g.input(4, 5), **wrong))


def test_not_gelu_of_two_values(passes):
    g = Graph()
    x, y = g.input(4, 5), g.input(4, 5)
    assert "Gelu" not in passes(g, g.Mul(g.Mul(y, 0.5), g.Add(g.Erf(g.Div(x, 2 ** 0.5)), 1.0)))


def test_not_gelu_where_an_intermediate_is_used(passes):
    g = Graph()
    x = g.input(4, 5)
    erf = g.Erf(g.Div(x, 2 ** 0.5))
    assert "Gelu" not in passes(g, g.Mul(g.Mul(x, 0.5), g.Add(erf, 1.0)), g.Neg(erf))


def test_not_gelu_where_a_constant_enlarges_the_shape(passes):
    g = Graph()
    x = g.input(5)
    ops = passes(g, g.Mul(g.Mul(x, np.full((1, 1), 0.5, "float32")), g.Add(g.Erf(g.Div(x, 2 ** 0.5)), 1.0)))
    assert "Gelu" not in ops


def test_not_gelu_in_float16(passes):
    g = Graph("float16")
    assert "Gelu" not in passes(g, erf_gelu(g, g.input(4, 5)), tolerance=1e-2)


# ---------------------------------------------------------------- HardSigmoid, HardSwish, Swish, Mish

HARD_SWISH = {
    "product, then Div": lambda g, x: g.Div(g.Mul(x, g.Clip(g.Add(x, 3.0), 0.0, 6.0)), 6.0),
    "quotient, then Mul": lambda g, x: g.Mul(g.Div(g.Clip(g.Add(x, 3.0), 0.0, 6.0), 6.0), x),
    "Mul by a sixth": lambda g, x: g.Mul(g.Mul(x, g.Clip(g.Add(3.0, x), 0.0, 6.0)), 0.16666667),
    "Min and Max": lambda g, x: g.Mul(x, g.Div(g.Min(g.Max(g.Add(x, 3.0), 0.0), 6.0), 6.0)),
    "Relu and Min": lambda g, x: g.Div(g.Mul(x, g.Min(g.Relu(g.Add(x, 3.0)), 6.0)), 6.0),
    "HardSigmoid": lambda g, x: g.Mul(x, g.HardSigmoid(x, alpha=1 / 6, beta=0.5)),
    "Clip to one": lambda g, x: g.Mul(g.Clip(g.Add(g.Mul(x, 1 / 6), 0.5), 0.0, 1.0), x),
}


@pytest.mark.parametrize("form", HARD_SWISH)
def test_hard_swish(passes, form):
    g = Graph(opset=13)
    assert passes(g, HARD_SWISH[form](g, g.input("n", 5, low=-6, high=6))) == ["HardSwish"]


def test_hard_sigmoid(passes):
    g = Graph(opset=13)
    x = g.input(4, 5, low=-6, high=6)
    ops = passes(g, g.Div(g.Clip(g.Add(x, 3.0), 0.0, 6.0), 6.0), g.Clip(g.Add(g.Mul(x, 0.2), 0.5), 0.0, 1.0))
    assert ops == ["HardSigmoid", "HardSigmoid"]


@pytest.mark.parametrize("shift, low, high, divisor", [(3.0, 0.0, 6.0, 5.0), (3.0, 0.5, 6.0, 6.0), (2.0, 0.0, 6.0, 6.0)])
def test_not_hard_swish_with_other_numbers(passes, shift, low, high, divisor):
    g = Graph(opset=13)
    x = g.input(4, 5, low=-6, high=6)
    assert "HardSwish" not in passes(g, g.Div(g.Mul(x, g.Clip(g.Add(x, shift), low, high)), divisor))


def test_not_hard_swish_of_two_values(passes):
    g = Graph(opset=13)
    x, y = g.input(4, 5), g.input(4, 5)
    assert passes(g, g.Div(g.Mul(y, g.Clip(g.Add(x, 3.0), 0.0, 6.0)), 6.0)).count("HardSwish") == 0


def test_not_hard_swish_where_the_clip_is_used(passes):
    g = Graph(opset=13)
    x = g.input(4, 5)
    clip = g.Clip(g.Add(x, 3.0), 0.0, 6.0)
    assert "HardSwish" not in passes(g, g.Div(g.Mul(x, clip), 6.0), g.Neg(clip))


def test_swish_and_mish(passes):
    g = Graph()
    x = g.input("n", 5)
    assert passes(g, g.Mul(x, g.Sigmoid(x)), g.Mul(g.Sigmoid(g.Mul(x, 1.702)), x), g.Mul(x, g.Tanh(g.Softplus(x)))) == [
        "Mish", "Swish", "Swish"]


def test_not_swish(passes):
    g = Graph()
    x, y = g.input(4, 5), g.input(4, 5)
    s = g.Sigmoid(x)
    assert "Swish" not in passes(g, g.Mul(y, g.Sigmoid(g.Mul(x, 2.0))), g.Mul(x, s), g.Neg(s))
    g = Graph()
    x = g.input(4, 5)
    assert "Swish" not in passes(g, g.Mul(g.Mul(x, 2.0), g.Sigmoid(x)))


# ---------------------------------------------------------------- LayerNormalization

def layer_norm(g, x, scale, bias, axes=(-1,), epsilon=1e-5, square="pow", keep=1, divide=True):
    d = g.Sub(x, g.ReduceMean(x, axes=list(axes), keepdims=keep))
    s = g.Pow(d, 2.0) if square == "pow" else g.Mul(d, d)
    root = g.Sqrt(g.Add(g.ReduceMean(s, axes=list(axes), keepdims=keep), epsilon))
    y = g.Div(d, root) if divide else g.Mul(g.Reciprocal(root), d)
    y = y if scale is None else g.Mul(y, scale)
    return y if bias is None else g.Add(bias, y)


@pytest.mark.parametrize("square", ["pow", "mul"])
@pytest.mark.parametrize("divide", [True, False])
@pytest.mark.parametrize("with_bias", [True, False])
def test_layer_normalization(passes, square, divide, with_bias):
    g = Graph()
    x = g.input("n", "s", 6, sizes={"n": 2, "s": 4})
    y = layer_norm(g, x, rng(6), rng(6, seed=8) if with_bias else None, square=square, divide=divide)
    assert passes(g, y) == ["LayerNormalization"]


def test_layer_normalization_over_two_axes(passes):
    g = Graph()
    assert passes(g, layer_norm(g, g.input(2, 4, 6), rng(4, 6), rng(4, 6, seed=8), axes=(1, 2))) == ["LayerNormalization"]


def test_layer_normalization_keeps_a_bias_of_another_shape(passes):
    g = Graph()
    assert passes(g, layer_norm(g, g.input(2, 4, 6), rng(6), rng(4, 6, seed=8))) == ["Add", "LayerNormalization"]


@pytest.mark.parametrize("wrong", ["axis", "scale shape", "no scale", "power", "float64"])
def test_not_layer_normalization(passes, wrong):
    g = Graph("float64" if wrong == "float64" else "float32")
    x = g.input(2, 4, 6)
    scale = rng(4, 6, dtype=g.dtype) if wrong == "scale shape" else None if wrong == "no scale" else rng(6, dtype=g.dtype)
    if wrong == "power":
        d = g.Sub(x, g.ReduceMean(x, axes=[-1], keepdims=1))
        y = g.Mul(g.Div(d, g.Sqrt(g.Add(g.ReduceMean(g.Pow(d, 4.0), axes=[-1], keepdims=1), 1e-5))), scale)
    else:
        y = layer_norm(g, x, scale, None, axes=(1,) if wrong == "axis" else (-1,))
    assert "LayerNormalization" not in passes(g, y)


def test_not_layer_normalization_where_the_deviation_is_used(passes):
    g = Graph()
    x = g.input(2, 6)
    d = g.Sub(x, g.ReduceMean(x, axes=[-1]))
    y = g.Mul(g.Div(d, g.Sqrt(g.Add(g.ReduceMean(g.Pow(d, 2.0), axes=[-1]), 1e-5))), rng(6))
    assert "LayerNormalization" not in passes(g, y, g.Neg(d))


# ---------------------------------------------------------------- bounds, scales, moves

def test_clips_merge(passes):
    g = Graph()
    x = g.input("n", 5, low=-9, high=9)
    outputs = g.Min(g.Relu(x), 6.0), g.Clip(g.Clip(x, -4.0, 2.0), -1.0, 5.0), g.Max(g.Relu(x), 0.0), g.Relu(g.Clip(x, -2.0))
    # the last two are one Relu, of which the second output is a copy
    assert passes(g, *outputs) == ["Clip", "Clip", "Relu", "Relu"]


@pytest.mark.parametrize("bounds", [((-4.0, 2.0), (3.0, 5.0)), ((3.0, 5.0), (-4.0, 2.0)), ((1.0, 2.0), (0.0, 9.0)), ((5.0, 1.0), (0.0, 3.0))])
def test_clips_that_do_not_overlap(passes, bounds):
    g = Graph()
    x = g.input(40, low=-9, high=9)
    assert passes(g, g.Clip(g.Clip(x, *bounds[0]), *bounds[1])) == ["Clip"]


def test_relu_forms(passes):
    g = Graph()
    x = g.input(40, low=-9, high=9)
    assert passes(g, g.Max(x, 0.0), g.Max(0.0, g.Neg(x))) == ["Neg", "Relu", "Relu"]


def test_integer_bounds_stay(passes):
    g = Graph("int32", opset=13)
    x = g.input(4, 5, low=-9, high=9)
    assert passes(g, g.Max(x, np.array(0, "int32"))) == ["Max"]


def test_bounds_that_enlarge_stay(passes):
    g = Graph()
    assert passes(g, g.Max(g.input(5), np.zeros((1, 1), "float32"))) == ["Max"]


def test_shared_clip_stays(passes):
    g = Graph()
    r = g.Clip(g.input(5, 5), -1.0, 1.0)
    assert passes(g, g.Clip(r, 0.0, 9.0), g.Neg(r)) == ["Clip", "Clip", "Neg"]


def test_scales_merge(passes):
    g = Graph()
    x = g.input("n", 5)
    assert passes(g, g.Mul(g.Div(g.Mul(x, 3.0), 7.0), 2.0)) == ["Mul"]


def test_neutral_numbers_go(passes):
    g = Graph()
    x = g.Abs(g.input("n", 5))
    assert passes(g, g.Pow(g.Div(g.Sub(g.Add(g.Mul(x, 1.0), 0.0), 0.0), 1.0), 1.0)) == ["Abs"]


def test_scales_of_integers_and_shared_ones_stay(passes):
    g = Graph("int32", opset=14)
    i = g.input(4, 5, low=-90, high=90)
    assert passes(g, g.Div(g.Mul(i, np.array(3, "int32")), np.array(7, "int32"))) == ["Div", "Mul"]
    g = Graph()
    m = g.Mul(g.input(4, 5), 3.0)
    assert passes(g, g.Mul(m, 2.0), g.Neg(m)) == ["Mul", "Mul", "Neg"]


def test_scales_that_would_overflow_stay(passes):
    g = Graph()
    assert passes(g, g.Mul(g.Mul(g.input(4, 5, low=0, high=1e-10), 1e30), 1e30), tolerance=1e-3) == ["Mul", "Mul"]


def test_sum_of_two(passes):
    g = Graph()
    x, y, z = g.input(4, 5), g.input(5), g.input(4, 1)
    assert passes(g, g.Sum(x, y), g.Sum(x, y, z)) == ["Add", "Sum"]


def test_transposes(passes):
    g = Graph()
    x = g.input(2, 3, 4, 5)
    # an input that is an output needs a node between
    assert passes(g, g.Transpose(g.Transpose(x, perm=[0, 2, 3, 1]), perm=[0, 3, 1, 2]), g.Neg(x)) == ["Neg", "Transpose"]
    g = Graph()
    x = g.Neg(g.input(2, 3, 4, 5))
    assert passes(g, g.Transpose(g.Transpose(x, perm=[0, 2, 3, 1]), perm=[0, 3, 1, 2])) == ["Neg"]
    g = Graph()
    assert passes(g, g.Transpose(g.Transpose(g.input(2, 3, 4, 5), perm=[1, 2, 3, 0]), perm=[3, 1, 0, 2])) == ["Transpose"]
    g = Graph()
    assert passes(g, g.Transpose(g.Transpose(g.Neg(g.input(2, 3, 4))))) == ["Neg"]


def test_views(passes):
    axes = np.array([1], "int64")
    g = Graph()
    x = g.Neg(g.input("n", 5))
    assert passes(g, g.Squeeze(g.Unsqueeze(x, axes), axes)) == ["Neg"]
    g = Graph()
    x = g.Neg(g.input(6, 5))
    assert passes(g, g.Reshape(g.Reshape(g.Flatten(x, axis=0), np.array([5, 6])), np.array([6, 5]))) == ["Neg"]
    g = Graph()
    x = g.Neg(g.input(6, 5))
    assert passes(g, g.Reshape(g.Transpose(x), np.array([6, 5]))) == ["Neg", "Reshape", "Transpose"]


# ---------------------------------------------------------------- scales into weights

def conv(g, x, out=6, into=4, bias=True, seed=3, group=1, **attributes):
    inputs = [x, rng(out, into // group, 3, 3, seed=seed)] + ([rng(out, seed=seed + 1)] if bias else [])
    return g.Conv(*inputs, group=group, **attributes)


def batch_norm(g, x, channels, seed=11, dtype="float32"):
    p = [rng(channels, low=0.5, high=2, seed=seed), rng(channels, seed=seed + 1), rng(channels, seed=seed + 2),
         rng(channels, low=0.1, high=3, seed=seed + 3)]
    return g.BatchNormalization(x, *[a.astype(dtype) for a in p], epsilon=1e-3)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("group", [1, 2])
def test_batch_normalization_after_conv(passes, bias, group):
    g = Graph()
    assert passes(g, batch_norm(g, conv(g, g.input("n", 4, 8, 8), bias=bias, group=group, pads=[1] * 4), 6), tolerance=1e-5) == ["Conv"]


def test_scale_and_shift_after_conv(passes):
    g = Graph()
    y = conv(g, g.input(2, 4, 8, 8))
    y = g.Sub(g.Add(g.Div(g.Mul(y, rng(6, 1, 1)), rng(1, 6, 1, 1, low=1, high=2)), 0.5), rng(6, 1, 1, seed=9))
    assert passes(g, g.Sub(1.0, y)) == ["Conv"]


@pytest.mark.parametrize("shape", [(6,), (1, 1, 6), (6, 1), (2, 6, 1, 1), (6, 6, 1)])
def test_not_folded_when_not_by_channel(passes, shape):
    g = Graph()
    x = g.input(2, 4, 8, 8)
    assert "Mul" in passes(g, g.Mul(conv(g, x), rng(*shape)))


def test_not_folded_when_the_conv_is_shared(passes):
    g = Graph()
    y = conv(g, g.input(2, 4, 8, 8))
    assert passes(g, batch_norm(g, y, 6), g.Neg(y)) == ["BatchNormalization", "Conv", "Neg"]


def test_shared_weights_stay_for_the_others(passes):
    g = Graph()
    x, w = g.input(2, 4, 8, 8), rng(6, 4, 3, 3)
    w = g.constant(w)
    assert passes(g, batch_norm(g, g.Conv(x, w), 6), g.Conv(g.Neg(x), w)) == ["Conv", "Conv", "Neg"]


@pytest.mark.parametrize("group", [1, 2])
def test_batch_normalization_after_conv_transpose(passes, group):
    g = Graph()
    y = g.ConvTranspose(g.input(2, 4, 8, 8), rng(4, 6 // group, 3, 3), rng(6, seed=4), group=group, strides=[2, 2])
    assert passes(g, batch_norm(g, y, 6), judge=by_onnxruntime) == ["ConvTranspose"]


@pytest.mark.parametrize("turned", [0, 1])
@pytest.mark.parametrize("c", [None, (6,), (1, 6), (1,)])
def test_gemm(passes, turned, c):
    g = Graph()
    inputs = [g.input("n", 4), rng(6, 4) if turned else rng(4, 6)] + ([] if c is None else [rng(*c, seed=5)])
    y = g.Gemm(*inputs, transB=turned, alpha=0.5, beta=0.25)
    assert passes(g, batch_norm(g, g.Add(g.Mul(y, rng(6)), rng(1, 6, seed=8)), 6)) == ["Gemm"]


def test_gemm_with_a_bias_by_row_stays(passes):
    g = Graph()
    y = g.Gemm(g.input(6, 4), rng(4, 6), rng(6, 1))
    assert passes(g, g.Mul(y, rng(6))) == ["Gemm", "Mul"]


@pytest.mark.parametrize("group", [1, 2])
def test_batch_normalization_before_conv(passes, group):
    g = Graph()
    assert passes(g, conv(g, batch_norm(g, g.input(2, 4, 8, 8), 4), group=group), tolerance=2e-5) == ["Conv"]


def test_padding_stops_a_shift_but_not_a_scale(passes):
    g = Graph()
    x = g.input(2, 4, 8, 8)
    assert passes(g, conv(g, g.Add(x, rng(4, 1, 1)), pads=[1] * 4)) == ["Add", "Conv"]
    g = Graph()
    assert passes(g, conv(g, g.Add(g.input(2, 4, 8, 8), rng(4, 1, 1)), auto_pad="SAME_UPPER")) == ["Add", "Conv"]
    g = Graph()
    assert passes(g, conv(g, g.Mul(g.input(2, 4, 8, 8), rng(4, 1, 1)), pads=[1] * 4)) == ["Conv"]


def test_before_gemm(passes):
    g = Graph()
    assert passes(g, g.Gemm(g.Add(g.Mul(g.input(3, 4), rng(4)), rng(4, seed=9)), rng(4, 6), rng(6), alpha=0.5, beta=2.0)) == ["Gemm"]


def test_scales_go_into_a_batch_normalization(passes):
    g = Graph()
    assert passes(g, g.Add(g.Mul(batch_norm(g, g.input("n", 4, 3, 3), 4), rng(4, 1, 1)), rng(4, 1, 1, seed=9))) == ["BatchNormalization"]


def test_float64_weights(passes):
    g = Graph("float64")
    y = g.Conv(g.input(1, 2, 5, 5), rng(3, 2, 3, 3, dtype="float64"))
    assert passes(g, batch_norm(g, y, 3, dtype="float64"), tolerance=1e-12) == ["Conv"]


# ---------------------------------------------------------------- shapes, duplicates, outputs, branches

def test_shape_chain_becomes_a_symbolic_reshape(passes):
    g = Graph()
    x = g.input("n", "s", 12, sizes={"n": 2, "s": 5})
    shape = g.Shape(x)
    part = lambda i: g.Unsqueeze(g.Gather(shape, np.array(i, "int64")), np.array([0], "int64"))
    y = g.Reshape(x, g.Concat(part(0), part(1), np.array([4, 3], "int64"), axis=0))
    assert passes(g, y) == ["Reshape"]


def test_duplicates_merge_and_random_ones_do_not(passes):
    g = Graph()
    x = g.input(4, 5)
    assert passes(g, g.Add(g.Exp(x), g.Exp(x))) == ["Add", "Exp"]


def test_attributes_keep_nodes_apart(passes):
    g = Graph()
    x = g.input(4, 5)
    assert passes(g, g.Add(g.Softmax(x, axis=0), g.Softmax(x, axis=1))) == ["Add", "Softmax", "Softmax"]


def test_identities_keep_names_of_outputs(passes):
    g = Graph()
    x = g.input(4, 5)
    y = g.Identity(g.Exp(x))
    assert passes(g, g.Identity(y), y, g.Identity(x)).count("Exp") == 1


def test_unused_outputs_are_dropped(passes):
    g = Graph()
    values, _ = g.MaxPool(g.input(1, 2, 6, 6), outputs=2, kernel_shape=[2, 2])
    assert passes(g, values) == ["MaxPool"]


def test_constant_if_takes_its_branch(passes):
    g = Graph()
    x = g.input(4, 5)
    branch = lambda op: helper.make_graph([helper.make_node(op, [x], ["b"])], op, [], [
        helper.make_tensor_value_info("b", onnx.TensorProto.FLOAT, [4, 5])])
    y = getattr(g, "If")(np.array(True), then_branch=branch("Exp"), else_branch=branch("Neg"))
    assert passes(g, g.Relu(y)) == ["Exp", "Relu"]


# ---------------------------------------------------------------- running out of memory

def test_every_allocation_may_fail(tmp_path):
    g = Graph()
    x = g.input("n", 4, 8, 8)
    y = erf_gelu(g, batch_norm(g, conv(g, x), 6))
    y = g.Div(g.Mul(y, g.Clip(g.Add(y, 3.0), 0.0, 6.0)), 6.0)
    y = g.Reshape(y, g.Concat(g.Unsqueeze(g.Gather(g.Shape(x), np.array(0)), np.array([0])), np.array([-1]), axis=0))
    (tmp_path / "m.onnx").write_bytes(g.model(y).SerializeToString())
    done = subprocess.run([str(TOOL), str(tmp_path / "m.onnx"), "sweep"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split()[0]) > 50


# ---------------------------------------------------------------- biases after views, look-ups

def test_bias_after_a_squeeze_of_a_convolution(passes):
    g = Graph()
    y = g.Squeeze(g.Conv(g.input("n", 4, 8, 1), rng(6, 4, 3, 1)), np.array([3]))
    assert passes(g, g.Relu(g.Add(g.Mul(y, rng(1, 6, 1)), rng(6, 1)))) == ["Conv", "Relu", "Squeeze"]


def test_bias_after_a_view_that_moves_channels_stays(passes):
    g = Graph()
    y = g.Reshape(g.Conv(g.input(2, 4, 8, 1), rng(6, 4, 3, 1)), np.array([2, 36]))
    assert "Add" in passes(g, g.Add(y, rng(36)))


def one_hot(g, x, rows=5, first=0, dtype="int32", column=True):
    column = g.Reshape(x, np.array([0, 0, 1])) if column else x
    hot = g.Cast(g.Equal(column, np.arange(first, first + rows, dtype=dtype).reshape(1, 1, rows)), to=1)
    return g.MatMul(hot, rng(rows, 3))


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_one_hot_product_is_a_look_up(passes, dtype):
    g = Graph()
    x = g.input("n", 7, dtype=dtype, low=-3, high=8, sizes={"n": 6})
    g.feeds[x][0] = [-100, -1, 0, 4, 5, 6, 100]
    assert passes(g, one_hot(g, x, dtype=dtype)) == ["Clip", "Gather"]


def test_not_a_look_up(passes):
    g = Graph()
    x = g.input(2, 7, dtype="int32", low=-3, high=8)
    assert "Gather" not in passes(g, one_hot(g, x, first=1), one_hot(g, x, first=-2))
    g = Graph()
    x = g.input(2, 7, 5, dtype="int32", low=0, high=5)
    assert "Gather" not in passes(g, one_hot(g, x, column=False))


# ---------------------------------------------------------------- padding

def test_pad_before_conv(passes):
    g = Graph()
    x = g.Pad(g.input("n", 4, 8, 8), np.array([0, 0, 1, 2, 0, 0, 3, 0]))
    assert passes(g, conv(g, x, pads=[1, 0, 2, 1], strides=[2, 1])) == ["Conv"]
    g = Graph(opset=18)
    x = g.Pad(g.input("n", 4, 8, 8), np.array([1, 2]), 0.0, np.array([-1]))
    assert passes(g, conv(g, x, auto_pad="VALID")) == ["Conv"]


@pytest.mark.parametrize("wrong", ["value", "mode", "channels", "negative", "auto_pad", "shared"])
def test_pad_stays(passes, wrong):
    g = Graph(opset=18)
    amount = [0, 1, 0, 0, 0, 1, 0, 0] if wrong == "channels" else [0, 0, -1, 0, 0, 0, 0, 0] if wrong == "negative" else [0, 0, 1, 1, 0, 0, 1, 1]
    x = g.Pad(g.input(1, 4, 8, 8), np.array(amount), 0.5 if wrong == "value" else 0.0, mode="reflect" if wrong == "mode" else "constant")
    y = conv(g, x, into=6 if wrong == "channels" else 4, **({"auto_pad": "SAME_UPPER"} if wrong == "auto_pad" else {}))
    assert "Pad" in passes(g, *([y, g.Neg(x)] if wrong == "shared" else [y]), judge=by_onnxruntime)
