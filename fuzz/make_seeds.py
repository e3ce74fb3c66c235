#!/usr/bin/env python3
"""Makes the seeds of the fuzz targets that need tools: small ONNX models that reach every part of the importer.

Run it with Python and the onnx package from anywhere; it writes fuzz/seeds/import_fuzz."""
import pathlib
import sys

import numpy as np
import onnx
from onnx import AttributeProto, NodeProto, TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).resolve().parent / "seeds" / "import_fuzz"
T = TensorProto


def info(name, dtype=T.FLOAT, dims=(2, 3)):
    return helper.make_tensor_value_info(name, dtype, dims)


def named(*names):
    return [onnx.ValueInfoProto(name=n) for n in names]


def model(nodes, inputs=(), outputs=("y",), initializers=(), opset=28, functions=(), opsets=(), **options):
    graph = helper.make_graph(list(nodes), "g", list(inputs), named(*outputs), list(initializers), **options)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), *(helper.make_opsetid(*o) for o in opsets)],
                             functions=list(functions), ir_version=10)


def dtypes():
    """One constant of every type, raw, and one in its typed field."""
    tensors = []
    for dtype in sorted(v for v in T.DataType.values() if v not in (T.UNDEFINED, T.STRING)):
        name = T.DataType.Name(dtype).lower()
        width = helper.tensor_dtype_to_np_dtype(dtype).itemsize
        bits = {T.UINT4: 4, T.INT4: 4, T.FLOAT4E2M1: 4, T.UINT2: 2, T.INT2: 2, T.FLOAT6E2M3: 6, T.FLOAT6E3M2: 6}.get(dtype, 8 * width)
        tensors.append(T(name=name, data_type=dtype, dims=[4], raw_data=bytes((4 * bits + 7) // 8)))
        typed = T(name=name + "_typed", data_type=dtype, dims=[4])
        if dtype in (T.FLOAT, T.COMPLEX64):
            typed.float_data.extend([1.5] * (4 if dtype == T.FLOAT else 8))
        elif dtype in (T.DOUBLE, T.COMPLEX128):
            typed.double_data.extend([1.5] * (4 if dtype == T.DOUBLE else 8))
        elif dtype == T.INT64:
            typed.int64_data.extend([1, -1, 1 << 40, 0])
        elif dtype in (T.UINT32, T.UINT64):
            typed.uint64_data.extend([1, 2, 3, 4])
        else:
            typed.int32_data.extend([1] * (4 if bits >= 6 else 4 * bits // 8))
        tensors.append(typed)
    tensors.append(helper.make_tensor("string", T.STRING, [2], [b"left", b"right"]))
    return model([], outputs=[t.name for t in tensors], initializers=tensors)


def constants():
    sparse = helper.make_sparse_tensor(helper.make_tensor("v", T.FLOAT, [2], [3.0, 4.0]), helper.make_tensor("i", T.INT64, [2, 2], [0, 1, 1, 0]), [2, 2])
    forms = {"value_int": 7, "value_ints": [1, 2], "value_float": 1.5, "value_floats": [1.5], "value_string": "a",
             "value_strings": ["a", "b"], "value": numpy_helper.from_array(np.eye(2, dtype=np.float32)), "sparse_value": sparse}
    nodes = [helper.make_node("Constant", [], [k], **{k: v}) for k, v in forms.items()]
    whole = model(nodes, outputs=list(forms))
    whole.graph.sparse_initializer.append(sparse)
    return whole


def external():
    tensor = T(name="w", data_type=T.FLOAT, dims=[2, 3], data_location=T.EXTERNAL)
    for key, value in {"location": "weights.bin", "offset": "4096", "length": "24", "checksum": "0" * 40}.items():
        tensor.external_data.add(key=key, value=value)
    return model([helper.make_node("Add", ["x", "w"], ["y"])], [info("x")], initializers=[tensor])


def branches():
    inner = helper.make_graph([helper.make_node("Add", ["x", "w"], ["a"]), helper.make_node("Mul", ["a", "k"], ["t"])], "inner", [],
                              named("t"), [numpy_helper.from_array(np.ones(3, np.float32), "k")])
    other = helper.make_graph([helper.make_node("Relu", ["x"], ["e"])], "other", [], named("e"))
    nested = helper.make_graph([helper.make_node("If", ["c"], ["n"], then_branch=inner, else_branch=other)], "nested", [], named("n"))
    node = helper.make_node("If", ["c"], ["y"], then_branch=nested, else_branch=other)
    return model([node], [info("x", dims=["rows", 3]), info("c", T.BOOL, [])],
                 initializers=[numpy_helper.from_array(np.ones(3, np.float32), "w")])


def loops():
    body = helper.make_graph([helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["sum", "x"], ["next"]),
                              helper.make_node("Identity", ["next"], ["seen"])], "body",
                             [info("i", T.INT64, []), info("go", T.BOOL, []), info("sum")], named("on", "next", "seen"))
    loop = helper.make_node("Loop", ["m", "c", "x"], ["last", "all"], body=body)
    step = helper.make_graph([helper.make_node("Add", ["s", "v"], ["o"]), helper.make_node("Identity", ["o"], ["p"])], "step",
                             [info("s", dims=[3]), info("v", dims=[3])], named("o", "p"))
    scan = helper.make_node("Scan", ["z", "x"], ["final", "rows"], body=step, num_scan_inputs=1)
    return model([loop, scan], [info("x"), info("m", T.INT64, []), info("c", T.BOOL, []), info("z", dims=[3])],
                 outputs=["last", "all", "final", "rows"])


def batched_scan():
    """Scan of opset 8."""
    step = helper.make_graph([helper.make_node("Add", ["s", "v"], ["o"]), helper.make_node("Mul", ["o", "k"], ["p"])], "step",
                             [info("s", dims=[3]), info("v", dims=[3])], named("o", "p"))
    scan = helper.make_node("Scan", ["", "z", "x"], ["final", "rows"], body=step, num_scan_inputs=1)
    return model([helper.make_node("Abs", ["z"], ["k"]), scan], [info("x", dims=[2, 4, 3]), info("z", dims=[2, 3])], ["final", "rows"], opset=8)


def known_branch():
    """An If whose condition follows from the rank."""
    flat = helper.make_graph([helper.make_node("Neg", ["x"], ["r"])], "two", [], named("r"))
    deep = helper.make_graph([helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1])], "three", [], named("t"))
    nodes = [helper.make_node("Shape", ["x"], ["s"]), helper.make_node("Size", ["s"], ["n"]), helper.make_node("Equal", ["n", "two"], ["c"]),
             helper.make_node("If", ["c"], ["y"], then_branch=flat, else_branch=deep)]
    return model(nodes, [info("x")], initializers=[numpy_helper.from_array(np.array(2, np.int64), "two")])


def functions():
    slope = NodeProto(op_type="LeakyRelu", input=["s"], output=["b"],
                      attribute=[AttributeProto(name="alpha", type=AttributeProto.FLOAT, ref_attr_name="alpha")])
    f = helper.make_function("local", "f", ["a", "k"], ["b"], [helper.make_node("Softmax", ["a"], ["s"], axis=1), slope],
                             [helper.make_opsetid("", 11)], ["alpha"], [helper.make_attribute("beta", 1.0)])
    g = helper.make_function("local", "g", ["a"], ["b"], [helper.make_node("f", ["a"], ["t"], domain="local", alpha=0.1),
                                                          helper.make_node("f", ["t"], ["b"], domain="local")],
                             [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)])
    return model([helper.make_node("g", ["x"], ["y"], domain="local")], [info("x")], functions=[f, g], opsets=[("local", 1)])


def chain():
    """A shape chain as exporters write it."""
    zero = numpy_helper.from_array(np.zeros(1, np.int64), "zero")
    minus = numpy_helper.from_array(np.array([-1], np.int64), "minus")
    nodes = [helper.make_node("Shape", ["x"], ["s"]), helper.make_node("Gather", ["s", "zero"], ["b"]),
             helper.make_node("Concat", ["b", "minus"], ["t"], axis=0), helper.make_node("Reshape", ["x", "t"], ["y"])]
    return model(nodes, [info("x", dims=["batch", "h", "w"])], initializers=[zero, minus], opset=17)


def collections():
    nodes = [helper.make_node("SequenceConstruct", ["x", "x"], ["s"]), helper.make_node("SequenceAt", ["s", "i"], ["y"]),
             helper.make_node("Optional", ["x"], ["o"], type=helper.make_tensor_type_proto(T.FLOAT, [2, 3]))]
    sequence = helper.make_tensor_sequence_value_info("q", T.FLOAT, [2, None])
    return model(nodes, [info("x"), info("i", T.INT64, []), sequence], ["y", "s", "o"])


def old():
    """An operator of every family that has to be brought up to date."""
    image = [info("x", dims=[1, 4, 6, 6])]
    list_ = lambda *v: numpy_helper.from_array(np.array(v, np.float32), "scales")
    made = {
        "softmax": (7, helper.make_node("Softmax", ["x"], ["y"], axis=1), []), "clip": (6, helper.make_node("Clip", ["x"], ["y"], min=0.0, max=6.0), []),
        "pad": (2, helper.make_node("Pad", ["x"], ["y"], pads=[0, 0, 1, 1, 0, 0, 1, 1], value=1.0), []),
        "split": (2, helper.make_node("Split", ["x"], ["y", "z"], axis=1, split=[1, 3]), []), "topk": (1, helper.make_node("TopK", ["x"], ["y", "z"], k=2), []),
        "slice": (1, helper.make_node("Slice", ["x"], ["y"], starts=[1], ends=[3], axes=[2]), []),
        "reduce": (11, helper.make_node("ReduceMean", ["x"], ["y"], axes=[2, 3]), []), "squeeze": (11, helper.make_node("Squeeze", ["x"], ["y"], axes=[0]), []),
        "upsample": (9, helper.make_node("Upsample", ["x", "scales"], ["y"]), [list_(1, 1, 2, 2)]), "upsample7": (7, helper.make_node("Upsample", ["x"], ["y"], scales=[1.0, 1.0, 2.0, 2.0]), []),
        "resize": (10, helper.make_node("Resize", ["x", "scales"], ["y"]), [list_(1, 1, 2, 2)]), "dropout": (7, helper.make_node("Dropout", ["x"], ["y", "z"], ratio=0.5), []),
        "batch": (7, helper.make_node("BatchNormalization", ["x", "scales", "scales", "scales", "scales"], ["y"], spatial=1), [list_(1, 1, 1, 1)]),
        "group": (18, helper.make_node("GroupNormalization", ["x", "scales", "scales"], ["y"], num_groups=2), [list_(1, 1)]),
        "broadcast": (6, helper.make_node("Add", ["x", "scales"], ["y"], axis=1, broadcast=1), [list_(1, 1, 1, 1)]),
        "onehot": (9, helper.make_node("OneHot", ["x", "scales", "two"], ["y"]), [list_(4), numpy_helper.from_array(np.array([0, 1], np.float32), "two")]),
        "conv": (11, helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3], auto_pad="SAME_UPPER"), [numpy_helper.from_array(np.zeros((2, 4, 3, 3), np.float32), "w")]),
    }
    return {f"old_{name}": model([node], image, [o for o in node.output], initializers, opset=opset) for name, (opset, node, initializers) in made.items()}


def patterns():
    """What the passes recognise, as their tests build it."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
    import pass_fusion_test as f
    import pass_quantized_test as q
    import pass_test as t

    made = {}

    def graph(name, build, **options):
        g = t.Graph(**options)
        outputs = build(g)
        made[f"pass_{name}"] = g.model(*(outputs if isinstance(outputs, tuple) else (outputs,)))

    graph("gelu", lambda g: t.erf_gelu(g, g.input("n", 5)))
    graph("hard_swish", lambda g: t.HARD_SWISH["product, then Div"](g, g.input("n", 5)), opset=13)
    graph("layer_normalization", lambda g: t.layer_norm(g, g.input("n", 4, 6), t.rng(6), t.rng(6)))
    graph("after_conv", lambda g: t.batch_norm(g, t.conv(g, g.Pad(g.input("n", 4, 8, 8), np.array([0, 0, 1, 1, 0, 0, 1, 1])), group=2), 6))
    graph("before_conv", lambda g: t.conv(g, t.batch_norm(g, g.input(2, 4, 8, 8), 4)))
    graph("gemm", lambda g: g.Add(g.Mul(g.Gemm(g.input("n", 4), t.rng(4, 6), t.rng(6), alpha=0.5, beta=0.25), t.rng(6)), t.rng(1, 6)))
    graph("conv_transpose", lambda g: t.batch_norm(g, g.ConvTranspose(g.input(2, 4, 8, 8), t.rng(4, 3, 3, 3), group=2), 6))
    graph("look_up", lambda g: t.one_hot(g, g.input("n", 7, dtype="int32", low=-3, high=8)))
    graph("lift", lambda g: g.Add(g.Squeeze(g.Conv(g.input("n", 4, 8, 1), t.rng(6, 4, 3, 1)), np.array([3])), t.rng(6, 1)))
    graph("moves", lambda g: (g.Transpose(g.Transpose(g.Neg(g.input(2, 3, 4)))), g.Min(g.Relu(g.input(2, 3)), 6.0)))
    graph("softmax", lambda g: f.softmax(g, g.input(3, 4, 5), 1, shape=(3, 1, 5)))
    graph("moments", lambda g: g.Transpose(g.Unsqueeze(f.moments(g, g.input(2, 6, 4), (2, 6, 4), 1, t.rng(6, 1)), f.rng_ints([3])), perm=[0, 2, 1, 3]))
    graph("dynamic", lambda g: g.Cast(g.MatMulInteger(g.DynamicQuantizeLinear(g.input("n", 4), outputs=3)[0], q.integers(4, 5)), to=1), opset=13)
    graph("quantized", lambda g: g.QLinearConv(q.quantized(g, 1, 4, 6, 6), q.scalar(0.02), q.scalar(128, "uint8"), q.integers(6, 2, 3, 3), t.rng(6),
                                               np.zeros(6, "int8"), q.scalar(0.05), q.scalar(120, "uint8"), group=2), opset=13)
    return made


def contribs():
    """Operators of ONNX Runtime, one of each family."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "contrib"))
    from contrib_support import make, random
    bytes_ = lambda *shape: np.arange(np.prod(shape)).reshape(shape).astype(np.uint8)
    number, zero = np.array(0.1, np.float32), np.array(3, np.uint8)
    x, group = random(2, 4, 12), dict(num_heads=2, kv_num_heads=1, do_rotary=1)
    cases = {
        "skip": ("SkipLayerNormalization", [x, x, random(12), random(12)], {"outputs": 4}),
        "product": ("FusedMatMul", [x, x], {"transB": 1, "alpha": 0.5}),
        "conv": ("FusedConv", [random(1, 2, 5, 5), random(2, 2, 3, 3)], {"activation": "Clip", "activation_params": [0.0, 6.0]}),
        "attention": ("Attention", [x, random(12, 36), random(36), np.ones((2, 4), np.int32)], {"num_heads": 3, "unidirectional": 1, "free": [0]}),
        "heads": ("MultiHeadAttention", [x, x, x, random(36), np.array([3, 4], np.int32)], {"num_heads": 3}),
        "group": ("GroupQueryAttention", [random(2, 1, 16), random(2, 1, 8), random(2, 1, 8), random(2, 1, 5, 8), random(2, 1, 5, 8), np.array([3, 4], np.int32),
                                          np.array(5, np.int32), random(9, 4), random(9, 4)], {"outputs": 3, **group}),
        "integers": ("DynamicQuantizeMatMul", [x, bytes_(12, 4), number, zero], {"constants": [1]}),
        "add": ("QLinearAdd", [bytes_(2, 3), number, zero, bytes_(3), number, zero, number, zero], {}),
        "concat": ("QLinearConcat", [number, zero, bytes_(2, 3), number, zero, bytes_(2, 3), number, zero], {"axis": 1}),
        "bits": ("MatMulNBits", [x, bytes_(3, 1, 8), random(3, 1), bytes_(3, 1)], {"constants": [1, 2, 3], "N": 3, "K": 12, "block_size": 16}),
        "rows": ("GatherBlockQuantized", [bytes_(5, 16), np.array([1, 3]), random(5, 2), bytes_(5, 1)], {"constants": [0, 2, 3], "block_size": 16}),
        "lstm": ("DynamicQuantizeLSTM", [random(3, 1, 2), bytes_(1, 2, 8), bytes_(1, 2, 8), None, None, None, None, None, random(1), bytes_(1), random(1), bytes_(1)],
                 {"hidden_size": 2, "outputs": 3}),
        "crop": ("Crop", [random(1, 1, 6, 6)], {"domain": "", "opset": 9, "border": [1, 1, 1, 1]}),
    }
    return {f"contrib_{name}": make(op, inputs, **options)[0] for name, (op, inputs, options) in cases.items()}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    seeds = {f.__name__: f() for f in (dtypes, constants, external, branches, loops, batched_scan, known_branch, functions, chain, collections)} | old() | patterns() | contribs()
    for name, proto in seeds.items():
        (FOLDER / f"{name}.onnx").write_bytes(proto.SerializeToString(deterministic=True))
    print(f"{len(seeds)} seeds in {FOLDER}")


if __name__ == "__main__":
    main()
