"""Builds the test models that no package ships as ONNX: MiniLM from its published weights, standard topologies with
seeded weights (MobileNetV2, BERT-base, and QDQ int8 DS-CNN and ResNet-8 as in MLPerf Tiny), and copies of the
constant-weight ImageNet networks of the onnx package with He-scaled weights."""
import numpy as np
import onnx
from onnx import TensorProto as T, helper as h, numpy_helper as nh


class Graph:
    """Collects nodes and initializers; `op` returns the name of the first output."""

    def __init__(self, opset=17):
        self.nodes, self.inits, self.count, self.opset = [], [], 0, opset

    def name(self, hint):
        self.count += 1
        return f"{hint}_{self.count}"

    def const(self, array, hint="w"):
        name = self.name(hint)
        self.inits.append(nh.from_array(np.asarray(array, order="C"), name))
        return name

    def op(self, op_type, *inputs, outputs=1, **attrs):
        outs = [self.name(op_type) for _ in range(outputs)]
        self.nodes.append(h.make_node(op_type, list(inputs), outs, **attrs))
        return outs[0] if outputs == 1 else outs

    def ints(self, *values):
        return self.const(np.array(values, np.int64), "i")

    def save(self, path, inputs, outputs, name):
        graph = h.make_graph(self.nodes, name, inputs, outputs, self.inits)
        model = h.make_model(graph, opset_imports=[h.make_opsetid("", self.opset)], ir_version=9, producer_name="outboard")
        onnx.checker.check_model(model)
        onnx.save(model, path)


def bert(path, weights, layers, heads, hidden, pool=True, eps=1e-12):
    """BERT encoder in the form that PyTorch's exporter writes, shape computations included. `weights(name)` gives arrays.
    With `pool`: mean over the attention mask, L2 normalised -> [batch, hidden]; without: [batch, sequence, hidden]."""
    g = Graph()
    dim = hidden // heads

    def linear(x, name):
        y = g.op("MatMul", x, g.const(weights(name + ".weight").T, "weight"))
        return g.op("Add", g.const(weights(name + ".bias"), "bias"), y)

    def norm(x, name):
        return g.op("LayerNormalization", x, g.const(weights(name + ".weight")), g.const(weights(name + ".bias")), axis=-1, epsilon=eps)

    def size(x, axis):
        s = g.op("Gather", g.op("Shape", x), g.const(np.array(axis, np.int64), "axis"), axis=0)
        return g.op("Unsqueeze", s, g.ints(0))

    def split_heads(x):
        shape = g.op("Concat", size(x, 0), size(x, 1), g.ints(heads), g.ints(dim), axis=0)
        return g.op("Transpose", g.op("Reshape", x, shape), perm=[0, 2, 1, 3])

    seq = size("input_ids", 1)
    positions = g.op("Slice", g.const(np.arange(512, dtype=np.int64)[None], "position_ids"), g.ints(0), seq, g.ints(1), g.ints(1))
    words = g.op("Gather", g.const(weights("embeddings.word_embeddings.weight")), "input_ids", axis=0)
    types = g.op("Gather", g.const(weights("embeddings.token_type_embeddings.weight")), "token_type_ids", axis=0)
    places = g.op("Gather", g.const(weights("embeddings.position_embeddings.weight")), positions, axis=0)
    x = norm(g.op("Add", g.op("Add", words, types), places), "embeddings.LayerNorm")
    mask = g.op("Unsqueeze", g.op("Unsqueeze", "attention_mask", g.ints(1)), g.ints(2))
    mask = g.op("Sub", g.const(np.float32(1)), g.op("Cast", mask, to=T.FLOAT))
    mask = g.op("Mul", mask, g.const(np.float32(np.finfo(np.float32).min)))
    for i in range(layers):
        p = f"encoder.layer.{i}."
        q, k, v = (split_heads(linear(x, p + "attention.self." + n)) for n in ("query", "key", "value"))
        scores = g.op("Div", g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2])), g.const(np.float32(np.sqrt(dim))))
        probs = g.op("Softmax", g.op("Add", scores, mask), axis=-1)
        context = g.op("Transpose", g.op("MatMul", probs, v), perm=[0, 2, 1, 3])
        context = g.op("Reshape", context, g.op("Concat", size(context, 0), size(context, 1), g.ints(hidden), axis=0))
        x = norm(g.op("Add", linear(context, p + "attention.output.dense"), x), p + "attention.output.LayerNorm")
        y = linear(x, p + "intermediate.dense")
        half = g.op("Erf", g.op("Div", y, g.const(np.float32(np.sqrt(2)))))
        y = g.op("Mul", g.op("Mul", y, g.op("Add", half, g.const(np.float32(1)))), g.const(np.float32(0.5)))
        x = norm(g.op("Add", linear(y, p + "output.dense"), x), p + "output.LayerNorm")
    shape = ["batch", "sequence", hidden]
    if pool:
        m = g.op("Cast", g.op("Expand", g.op("Unsqueeze", "attention_mask", g.ints(-1)), g.op("Shape", x)), to=T.FLOAT)
        total = g.op("ReduceSum", g.op("Mul", x, m), g.ints(1), keepdims=0)
        count = g.op("Clip", g.op("ReduceSum", m, g.ints(1), keepdims=0), g.const(np.float32(1e-9)))
        x = g.op("Div", total, count)
        length = g.op("ReduceL2", x, axes=[1], keepdims=1)
        x = g.op("Div", x, g.op("Expand", g.op("Clip", length, g.const(np.float32(1e-12))), g.op("Shape", x)))
        shape = ["batch", hidden]
    g.nodes.append(h.make_node("Identity", [x], ["embedding"]))
    inputs = [h.make_tensor_value_info(n, T.INT64, ["batch", "sequence"]) for n in ("input_ids", "attention_mask", "token_type_ids")]
    g.save(path, inputs, [h.make_tensor_value_info("embedding", T.FLOAT, shape)], "bert")


def seeded_bert_weights(layers, hidden, intermediate, vocab=30522, seed=7):
    rng = np.random.default_rng(seed)

    def get(name):
        if "LayerNorm.weight" in name:
            return np.ones(hidden, np.float32)
        if name.endswith("bias"):
            return (rng.standard_normal(intermediate if "intermediate" in name else hidden) * 0.02).astype(np.float32)
        rows = {"word": vocab, "position": 512, "token_type": 2}
        for key, n in rows.items():
            if f"{key}_embeddings" in name:
                return (rng.standard_normal((n, hidden)) * 0.02).astype(np.float32)
        out, inn = (intermediate, hidden) if "intermediate" in name else (hidden, intermediate) if ".output.dense" in name and "attention" not in name else (hidden, hidden)
        return (rng.standard_normal((out, inn)) / np.sqrt(inn)).astype(np.float32)

    return get


def mobilenet_v2(path, seed=3):
    """MobileNetV2 1.0 at 224x224, batch norm kept as its own node, ReLU6 as Clip. Input [batch,3,224,224], output [batch,1000]."""
    g, rng = Graph(), np.random.default_rng(seed)

    def conv_bn(x, cin, cout, k, stride, group=1, relu=True):
        fan = cin // group * k * k
        w = g.const((rng.standard_normal((cout, cin // group, k, k)) * np.sqrt(2 / fan)).astype(np.float32))
        x = g.op("Conv", x, w, kernel_shape=[k, k], strides=[stride] * 2, pads=[k // 2] * 4, group=group)
        stats = [rng.uniform(0.8, 1.2, cout), rng.normal(0, 0.1, cout), rng.normal(0, 0.1, cout), rng.uniform(0.8, 1.2, cout)]
        x = g.op("BatchNormalization", x, *(g.const(s.astype(np.float32), "bn") for s in stats), epsilon=1e-5)
        return g.op("Clip", x, g.const(np.float32(0)), g.const(np.float32(6))) if relu else x

    x, cin = conv_bn("image", 3, 32, 3, 2), 32
    for expand, cout, repeat, stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(repeat):
            s, mid, y = stride if i == 0 else 1, cin * expand, x
            if expand != 1:
                y = conv_bn(y, cin, mid, 1, 1)
            y = conv_bn(y, mid, mid, 3, s, group=mid)
            y = conv_bn(y, mid, cout, 1, 1, relu=False)
            x = g.op("Add", x, y) if s == 1 and cin == cout else y
            cin = cout
    x = conv_bn(x, cin, 1280, 1, 1)
    x = g.op("Flatten", g.op("GlobalAveragePool", x), axis=1)
    w = (rng.standard_normal((1000, 1280)) / np.sqrt(1280)).astype(np.float32)
    g.nodes.append(h.make_node("Gemm", [x, g.const(w), g.const(np.zeros(1000, np.float32))], ["logits"], transB=1))
    g.save(path, [h.make_tensor_value_info("image", T.FLOAT, ["batch", 3, 224, 224])],
           [h.make_tensor_value_info("logits", T.FLOAT, ["batch", 1000])], "mobilenet_v2")


class Quantised(Graph):
    """QDQ int8: per-channel symmetric weights, per-tensor asymmetric uint8-free int8 activations, int32 bias, scales from a float run."""

    def __init__(self, rng, sample):
        super().__init__(17)
        self.rng, self.values = rng, {}
        self.x, self.scale = None, None
        self.sample = sample

    def activation(self, x, float_value):
        lo, hi = min(0.0, float(float_value.min())), max(0.0, float(float_value.max()))
        scale = np.float32(max(hi - lo, 1e-6) / 255)
        zero = np.int8(np.clip(round(-128 - lo / scale), -128, 127))
        s, z = self.const(scale, "scale"), self.const(zero, "zero")
        y = self.op("DequantizeLinear", self.op("QuantizeLinear", x, s, z), s, z)
        self.values[y] = float_value
        return y, scale

    def conv(self, x, in_scale, cin, cout, k, stride=1, group=1, relu=True):
        kh, kw = k
        w = (self.rng.standard_normal((cout, cin // group, kh, kw)) * np.sqrt(2 / (cin // group * kh * kw))).astype(np.float32)
        b = (self.rng.standard_normal(cout) * 0.05).astype(np.float32)
        ws = (np.abs(w).max((1, 2, 3)) / 127).astype(np.float32)
        wq = np.clip(np.round(w / ws[:, None, None, None]), -127, 127).astype(np.int8)
        weight = self.op("DequantizeLinear", self.const(wq), self.const(ws, "scale"), self.const(np.zeros(cout, np.int8), "zero"), axis=0)
        bs = (ws * in_scale).astype(np.float32)
        bias = self.op("DequantizeLinear", self.const(np.round(b / bs).astype(np.int32), "bias"), self.const(bs, "scale"), self.const(np.zeros(cout, np.int32), "zero"), axis=0)
        pads = [(kh - 1) // 2, (kw - 1) // 2, kh // 2, kw // 2]
        attrs = dict(kernel_shape=[kh, kw], strides=[stride, stride], pads=pads, group=group)
        y = self.op("Conv", x, weight, bias, **attrs)
        float_y = run_conv(self.values[x], w, b, attrs)
        if relu:
            y, float_y = self.op("Relu", y), np.maximum(float_y, 0)
        return self.activation(y, float_y)

    def head(self, x, in_scale, cin, classes):
        mean = self.values[x].mean((2, 3))
        p, ps = self.activation(self.op("Flatten", self.op("GlobalAveragePool", x), axis=1), mean)
        w = (self.rng.standard_normal((classes, cin)) / np.sqrt(cin)).astype(np.float32)
        ws = np.float32(np.abs(w).max() / 127)
        weight = self.op("DequantizeLinear", self.const(np.round(w / ws).astype(np.int8)), self.const(ws, "scale"), self.const(np.int8(0), "zero"))
        bias = self.op("DequantizeLinear", self.const(np.zeros(classes, np.int32), "bias"), self.const(np.float32(ws * ps), "scale"), self.const(np.int32(0), "zero"))
        y, _ = self.activation(self.op("Gemm", p, weight, bias, transB=1), mean @ w.T)
        self.nodes.append(h.make_node("Softmax", [y], ["probabilities"], axis=-1))


def run_conv(x, w, b, attrs):
    """Plain float convolution, to find activation ranges."""
    node = h.make_node("Conv", ["x", "w", "b"], ["y"], **attrs)
    from onnx.reference import ReferenceEvaluator
    vi = [h.make_tensor_value_info(n, T.FLOAT, None) for n in "xwb"]
    model = h.make_model(h.make_graph([node], "g", vi, [h.make_tensor_value_info("y", T.FLOAT, None)]), opset_imports=[h.make_opsetid("", 17)])
    return ReferenceEvaluator(model).run(None, {"x": x, "w": w, "b": b})[0]


def ds_cnn_qdq(path, seed=5):
    """Keyword spotting (MLPerf Tiny DS-CNN): [1,1,49,10] features -> 12 classes, QDQ int8."""
    rng = np.random.default_rng(seed)
    sample = rng.standard_normal((1, 1, 49, 10)).astype(np.float32)
    g = Quantised(rng, sample)
    x, s = g.activation("features", sample)
    x, s = g.conv(x, s, 1, 64, (10, 4), stride=2)
    for _ in range(4):
        x, s = g.conv(x, s, 64, 64, (3, 3), group=64)
        x, s = g.conv(x, s, 64, 64, (1, 1))
    g.head(x, s, 64, 12)
    g.save(path, [h.make_tensor_value_info("features", T.FLOAT, [1, 1, 49, 10])], [h.make_tensor_value_info("probabilities", T.FLOAT, [1, 12])], "ds_cnn")


def resnet8_qdq(path, seed=6):
    """Image classification (MLPerf Tiny ResNet-8): [1,3,32,32] -> 10 classes, QDQ int8."""
    rng = np.random.default_rng(seed)
    sample = rng.standard_normal((1, 3, 32, 32)).astype(np.float32)
    g = Quantised(rng, sample)
    x, s = g.activation("image", sample)
    x, s = g.conv(x, s, 3, 16, (3, 3))
    cin = 16
    for cout, stride in ((16, 1), (32, 2), (64, 2)):
        y, ys = g.conv(x, s, cin, cout, (3, 3), stride)
        y, ys = g.conv(y, ys, cout, cout, (3, 3), relu=False)
        if cin != cout:
            x, s = g.conv(x, s, cin, cout, (1, 1), stride, relu=False)
        total = np.maximum(g.values[x] + g.values[y], 0)
        x, s = g.activation(g.op("Relu", g.op("Add", x, y)), total)
        cin = cout
    g.head(x, s, 64, 10)
    g.save(path, [h.make_tensor_value_info("image", T.FLOAT, [1, 3, 32, 32])], [h.make_tensor_value_info("probabilities", T.FLOAT, [1, 10])], "resnet8")


def he_weights(source, target, head=1.0, seed=11):
    """A copy of an onnx "light" model with seeded He-scaled weights in place of its one constant for all, which would hide errors.
    `head` scales the classifier so that the last softmax does not saturate."""
    model, rng = onnx.load(source), np.random.default_rng(seed)
    shapes = {i.name: nh.to_array(i) for i in model.graph.initializer}
    norms = {name: k for n in model.graph.node if n.op_type == "BatchNormalization" for k, name in enumerate(n.input[1:5])}
    multiplied = {i for n in model.graph.node if n.op_type == "Mul" for i in n.input}
    scales = {n.input[0] for n in model.graph.node if n.op_type == "Unsqueeze" and n.output[0] in multiplied}

    def weight(name, shape):
        if name in norms:  # scale, bias, mean, variance
            is_offset = norms[name] in (1, 2)
            return rng.normal(0, .1, shape) if is_offset else rng.uniform(.8, 1.2, shape)
        if name in scales:
            return rng.uniform(.8, 1.2, shape)
        if len(shape) > 1:
            fan = max(1, int(np.prod(shape[1:])))
            return rng.standard_normal(shape) * np.sqrt(2 / fan) * (head if len(shape) == 2 else 1)
        return rng.normal(0, .05, shape)

    nodes, weights = [], []
    for node in model.graph.node:
        if node.op_type != "ConstantOfShape":
            nodes.append(node)
            continue
        name, shape = node.output[0], tuple(int(d) for d in shapes[node.input[0]])
        weights.append(nh.from_array(weight(name, shape).astype(np.float32), name))
    used = {i for n in nodes for i in n.input}
    initializers = [i for i in model.graph.initializer if i.name in used] + weights
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(initializers)
    model.ir_version = max(model.ir_version, 4)
    known = {i.name for i in initializers} | set(shapes)
    inputs = [i for i in model.graph.input if i.name not in known]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    onnx.save(model, target)
