"""Graphs: functions, bodies and what they capture, names, symbols. What is imported is exported again and must compute what ONNX
Runtime computes with the model as it was."""
import os
import pathlib

import numpy as np
import onnx
import onnxruntime
import pytest
from importing import import_bytes, run_import
from onnx import AttributeProto, NodeProto, TensorProto, helper, numpy_helper

F, I, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
X = np.arange(6, dtype=np.float32).reshape(2, 3) - 2


def info(name, dtype=F, dims=(2, 3)):
    return helper.make_tensor_value_info(name, dtype, dims)


def named(*names):
    return [onnx.ValueInfoProto(name=n) for n in names]


def model(nodes, inputs=None, outputs=("y",), initializers=(), opset=17, functions=(), opsets=(), ir_version=10):
    graph = helper.make_graph(list(nodes), "g", [info("x")] if inputs is None else list(inputs), named(*outputs), list(initializers))
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(*o) for o in opsets)]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=ir_version)


def compute(proto, feeds):
    onnxruntime.set_default_logger_severity(4)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = proto if isinstance(proto, bytes) else proto.SerializeToString()
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def exported(proto, tmp_path, **options):
    done = import_bytes(proto, tmp_path, "--export", tmp_path / "out.onnx", **options)
    assert done.ok, done.text
    return onnx.load(tmp_path / "out.onnx")


def same(proto, feeds, tmp_path, expected=None):
    new = exported(proto, tmp_path)
    onnx.checker.check_model(new)
    for a, b in zip(compute(proto, feeds) if expected is None else expected, compute(new, feeds), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    return new


# ------------------------------------------------------------------------------------------------ functions

def function(name, nodes, inputs=("a",), outputs=("b",), attributes=(), defaults=(), opset=17, domain="local"):
    return helper.make_function(domain, name, list(inputs), list(outputs), list(nodes),
                                [helper.make_opsetid("", opset), helper.make_opsetid("local", 1)], list(attributes), list(defaults))


def call(name, inputs=("x",), outputs=("y",), **attributes):
    return helper.make_node(name, list(inputs), list(outputs), domain="local", **attributes)


def refer(op, inputs, outputs, kind=AttributeProto.FLOAT, **names):
    return NodeProto(op_type=op, input=inputs, output=outputs,
                     attribute=[AttributeProto(name=k, type=kind, ref_attr_name=v) for k, v in names.items()])


LOCAL = [("local", 1)]


def test_attributes_of_functions(tmp_path):
    f = function("f", [refer("LeakyRelu", ["a"], ["b"], alpha="slope")], attributes=["slope"])
    same(model([call("f", slope=0.25)], functions=[f], opsets=LOCAL), {"x": X}, tmp_path)


def test_an_attribute_left_out_means_the_operators_default(tmp_path):
    f = function("f", [refer("LeakyRelu", ["a"], ["b"], alpha="slope")], attributes=["slope"])
    new = same(model([call("f")], functions=[f], opsets=LOCAL), {"x": X}, tmp_path, [np.where(X < 0, X * 0.01, X)])
    assert not new.graph.node[0].attribute


def test_defaults_of_attributes(tmp_path):
    f = function("f", [refer("LeakyRelu", ["a"], ["b"], alpha="slope")], defaults=[helper.make_attribute("slope", 0.5)])
    same(model([call("f")], functions=[f], opsets=LOCAL), {"x": X}, tmp_path, [np.where(X < 0, X * 0.5, X)])
    same(model([call("f", slope=0.125)], functions=[f], opsets=LOCAL), {"x": X}, tmp_path, [np.where(X < 0, X * 0.125, X)])


def test_constants_from_attributes(tmp_path):
    f = function("f", [refer("Constant", [], ["c"], value_float="v"), helper.make_node("Add", ["a", "c"], ["b"])], attributes=["v"])
    same(model([call("f", v=3.5)], functions=[f], opsets=LOCAL), {"x": X}, tmp_path)


def test_functions_that_call_functions(tmp_path):
    f = function("f", [refer("LeakyRelu", ["a"], ["t"], alpha="slope"), helper.make_node("Neg", ["t"], ["b"])], attributes=["slope"])
    inner = NodeProto(op_type="f", domain="local", input=["t"], output=["b"],
                      attribute=[AttributeProto(name="slope", type=AttributeProto.FLOAT, ref_attr_name="outer")])
    g = function("g", [call("f", ["a"], ["t"], slope=0.5), inner], attributes=["outer"])
    new = same(model([call("g", outer=0.25), call("g", ["y"], ["z"], outer=2.0)], outputs=["z", "y"], functions=[f, g], opsets=LOCAL),
               {"x": X}, tmp_path)
    assert [n.op_type for n in new.graph.node] == ["LeakyRelu", "Neg"] * 4
    assert [o.name for o in new.graph.output] == ["z", "y"]


def test_a_function_has_opsets_of_its_own(tmp_path):
    """ReduceSum and Clip of opset 6 inside a model of opset 17."""
    f = function("f", [helper.make_node("Clip", ["a"], ["t"], min=0.0), helper.make_node("ReduceSum", ["t"], ["b"], axes=[1])], opset=6)
    same(model([call("f")], functions=[f], opsets=LOCAL), {"x": X}, tmp_path, [np.clip(X, 0, None).sum(1, keepdims=True)])


def test_inputs_and_outputs_of_functions_left_out(tmp_path):
    f = function("f", [helper.make_node("Clip", ["a", "low", "high"], ["b"]), helper.make_node("Neg", ["a"], ["n"])],
                 ["a", "low", "high"], ["b", "n"])
    one = numpy_helper.from_array(np.array(1, np.float32), "one")
    same(model([call("f", ["x", "", "one"], ["y"])], initializers=[one], functions=[f], opsets=LOCAL), {"x": X}, tmp_path, [np.minimum(X, 1)])
    same(model([call("f", ["x"], ["", "y"])], functions=[f], opsets=LOCAL), {"x": X}, tmp_path, [-X])


def test_a_function_that_hands_its_input_through(tmp_path):
    f = function("f", [], ["a"], ["a"])
    new = same(model([call("f")], functions=[f], opsets=LOCAL), {"x": X}, tmp_path, [X])
    assert new.graph.output[0].name == "y"


def test_functions_with_bodies(tmp_path):
    """A body in a function sees the function's values, and its attributes."""
    then = helper.make_graph([refer("LeakyRelu", ["t"], ["p"], alpha="slope")], "then", [], named("p"))
    other = helper.make_graph([helper.make_node("Add", ["t", "a"], ["q"])], "else", [], named("q"))
    f = function("f", [helper.make_node("Neg", ["a"], ["t"]), helper.make_node("If", ["c"], ["b"], then_branch=then, else_branch=other)],
                 ["a", "c"], attributes=["slope"])
    proto = model([call("f", ["x", "c"], slope=0.5)], [info("x"), info("c", B, [])], functions=[f], opsets=LOCAL)
    for flag in (True, False):
        same(proto, {"x": X, "c": np.array(flag)}, tmp_path)


def test_names_of_functions_and_the_graph_do_not_meet(tmp_path):
    f = function("f", [helper.make_node("Neg", ["x"], ["t"]), helper.make_node("Exp", ["t"], ["y"])], ["x"], ["y"])
    nodes = [helper.make_node("Abs", ["x"], ["t"]), call("f", ["t"], ["r"]), helper.make_node("Add", ["r", "t"], ["y"])]
    same(model(nodes, functions=[f], opsets=LOCAL), {"x": X}, tmp_path)


def test_overloads(tmp_path):
    f, g = function("f", [helper.make_node("Neg", ["a"], ["b"])]), function("f", [helper.make_node("Exp", ["a"], ["b"])])
    f.overload, g.overload = "neg", "exp"
    node = call("f")
    node.overload = "exp"
    same(model([node], functions=[f, g], opsets=LOCAL), {"x": X}, tmp_path, [np.exp(X)])


def test_functions_unused_are_not_read(tmp_path):
    f = function("f", [helper.make_node("NoSuchThing", ["a"], ["b"])])
    same(model([helper.make_node("Relu", ["x"], ["y"])], functions=[f], opsets=LOCAL), {"x": X}, tmp_path)


# ------------------------------------------------------------------------------------------------ bodies

def branch(flag, then, other, nodes=(), **options):
    node = helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)
    return model([*nodes, node], [info("x"), info("c", B, [])], **options), {"x": X, "c": np.array(flag)}


@pytest.mark.parametrize("flag", [True, False])
def test_captures(tmp_path, flag):
    """Of inputs, of values, of constants, from two graphs further out."""
    inner = helper.make_graph([helper.make_node("Add", ["v", "x"], ["i"]), helper.make_node("Mul", ["i", "w"], ["j"])], "inner", [], named("j"))
    same_again = helper.make_graph([helper.make_node("Sub", ["own", "x"], ["k"])], "again", [], named("k"))
    then = helper.make_graph([helper.make_node("Exp", ["v"], ["own"]),
                              helper.make_node("If", ["c"], ["t"], then_branch=inner, else_branch=same_again)], "then", [], named("t"))
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["e"])], "other", [], named("e"))
    proto, feeds = branch(flag, then, other, [helper.make_node("Abs", ["x"], ["v"])],
                          initializers=[numpy_helper.from_array(np.array([1, 2, 3], np.float32), "w")])
    same(proto, feeds, tmp_path)


@pytest.mark.parametrize("flag", [True, False])
def test_outputs_of_bodies_from_outside(tmp_path, flag):
    then = helper.make_graph([helper.make_node("Identity", ["x"], ["t"])], "then", [], named("t"))
    other = helper.make_graph([], "other", [], named("k"), [numpy_helper.from_array(np.ones((2, 3), np.float32), "k")])
    proto, feeds = branch(flag, then, other)
    same(proto, feeds, tmp_path)


def test_bodies_may_use_names_again(tmp_path):
    """Both branches call their values the same; so does the graph around, later."""
    then = helper.make_graph([helper.make_node("Neg", ["x"], ["t"])], "b", [], named("t"))
    other = helper.make_graph([helper.make_node("Exp", ["x"], ["t"])], "b", [], named("t"))
    for flag in (True, False):
        proto, feeds = branch(flag, then, other)
        proto.graph.node.append(helper.make_node("Abs", ["y"], ["t"]))
        proto.graph.output.extend(named("t"))
        expected = -X if flag else np.exp(X)
        same(proto, feeds, tmp_path, [expected, np.abs(expected)])


def test_a_body_may_hide_a_name(tmp_path):
    """Older exporters do it; inside counts what is inside."""
    then = helper.make_graph([helper.make_node("Neg", ["x"], ["v"]), helper.make_node("Exp", ["v"], ["t"])], "then", [], named("t"))
    other = helper.make_graph([helper.make_node("Abs", ["v"], ["e"])], "other", [], named("e"))
    for flag in (True, False):
        proto, feeds = branch(flag, then, other, [helper.make_node("Relu", ["x"], ["v"])])
        same(proto, feeds, tmp_path, [np.exp(-X) if flag else np.maximum(X, 0)])


@pytest.mark.parametrize("rank", [2, 3])
def test_known_branches_are_taken_at_once(tmp_path, rank):
    """The branch for another rank need not make sense."""
    flat = helper.make_graph([helper.make_node("Unsqueeze", ["x", "front"], ["t"]), helper.make_node("Neg", ["t"], ["r"])], "two", [], named("r"))
    deep = helper.make_graph([helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1])], "three", [], named("t"))
    nodes = [helper.make_node("Shape", ["x"], ["s"]), helper.make_node("Size", ["s"], ["n"]), helper.make_node("Equal", ["n", "two"], ["c"]),
             helper.make_node("If", ["c"], ["y"], then_branch=flat, else_branch=deep)]
    constants = [numpy_helper.from_array(np.array(2, np.int64), "two"), numpy_helper.from_array(np.zeros(1, np.int64), "front")]
    x = X if rank == 2 else X[None]
    expected = -X[None] if rank == 2 else X.T[None]
    new = same(model(nodes, [info("x", dims=x.shape)], initializers=constants), {"x": x}, tmp_path, [expected])
    assert "If" not in {n.op_type for n in new.graph.node}


def test_optional_without_an_input(tmp_path):
    kind = helper.make_tensor_type_proto(F, [2, 3])
    proto = model([helper.make_node("Optional", [], ["o"], type=kind), helper.make_node("OptionalHasElement", ["o"], ["y"])], opset=18)
    new = exported(proto, tmp_path)
    assert new.graph.node[0].attribute[0].tp.tensor_type.elem_type == F


def test_loop(tmp_path):
    body = helper.make_graph([helper.make_node("Less", ["i", "limit"], ["on"]), helper.make_node("Add", ["sum", "step"], ["next"]),
                              helper.make_node("Identity", ["next"], ["seen"])], "body",
                             [info("i", I, []), info("go", B, []), info("sum")], named("on", "next", "seen"))
    nodes = [helper.make_node("Abs", ["x"], ["step"]), helper.make_node("Loop", ["m", "", "x"], ["last", "all"], body=body)]
    limit = numpy_helper.from_array(np.array(2, np.int64), "limit")
    proto = model(nodes, [info("x"), info("m", I, [])], ["last", "all"], [limit])
    same(proto, {"x": X, "m": np.array(9, np.int64)}, tmp_path)


def test_scan(tmp_path):
    body = helper.make_graph([helper.make_node("Add", ["s", "v"], ["o"]), helper.make_node("Mul", ["o", "w"], ["p"])], "body",
                             [info("s", dims=[3]), info("v", dims=[3])], named("o", "p"))
    node = helper.make_node("Scan", ["z", "x"], ["final", "rows"], body=body, num_scan_inputs=1)
    proto = model([node], [info("x"), info("z", dims=[3])], ["final", "rows"], [numpy_helper.from_array(np.array(2, np.float32), "w")])
    same(proto, {"x": X, "z": np.ones(3, np.float32)}, tmp_path)


def test_scan_over_a_batch(tmp_path):
    """Scan 8, which ONNX Runtime still has."""
    body = helper.make_graph([helper.make_node("Add", ["s", "v"], ["o"]), helper.make_node("Mul", ["o", "w"], ["p"])], "body",
                             [info("s", dims=[3]), info("v", dims=[3])], named("o", "p"))
    node = helper.make_node("Scan", ["", "z", "x"], ["final", "rows"], body=body, num_scan_inputs=1, directions=[1])
    abs_ = helper.make_node("Abs", ["k"], ["w"])
    proto = model([abs_, node], [info("x", dims=[2, 4, 3]), info("z", dims=[2, 3]), info("k", dims=[])], ["final", "rows"], opset=8)
    x = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    same(proto, {"x": x, "z": np.ones((2, 3), np.float32), "k": np.array(-2, np.float32)}, tmp_path)


def test_old_operators_in_bodies(tmp_path):
    then = helper.make_graph([helper.make_node("Squeeze", ["x"], ["s"], axes=[0]), helper.make_node("Softmax", ["s"], ["t"], axis=0)], "then", [], named("t"))
    other = helper.make_graph([helper.make_node("ReduceMax", ["x"], ["e"], axes=[0], keepdims=0)], "other", [], named("e"))
    for flag in (True, False):
        node = helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)
        proto = model([node], [info("x", dims=[1, 2, 3]), info("c", B, [])], opset=11)
        same(proto, {"x": X[None], "c": np.array(flag)}, tmp_path)


# ------------------------------------------------------------------------------------------------ inputs, outputs, names

def test_initializers_among_the_inputs(tmp_path):
    """IR version 3 wants them listed; they are constants all the same."""
    w = numpy_helper.from_array(np.ones((2, 3), np.float32), "w")
    for ir in (3, 7):
        proto = model([helper.make_node("Add", ["x", "w"], ["y"])], [info("x"), info("w")], initializers=[w], ir_version=ir, opset=8)
        new = same(proto, {"x": X}, tmp_path)
        assert [i.name for i in new.graph.input] == ["x"]


def test_outputs_that_no_node_makes(tmp_path):
    """An input or a constant may be an output; the names stay."""
    w = numpy_helper.from_array(np.ones(3, np.float32), "w")
    new = same(model([], outputs=["x", "w"], initializers=[w]), {"x": X}, tmp_path, [X, np.ones(3, np.float32)])
    assert new.graph.input[0].name == "x"


def test_an_output_twice(tmp_path):
    new = exported(model([helper.make_node("Relu", ["x"], ["y"])], outputs=["y", "y"]), tmp_path)
    assert len(new.graph.output) == 2


def dims(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def test_symbols(tmp_path):
    inputs = [info("x", dims=["batch", 3]), info("z", dims=["batch", 3]), helper.make_tensor_value_info("u", F, [None, "?", ""]),
              info("v", dims=["sequence length", "1st"])]
    minus = inputs[2].type.tensor_type.shape.dim.add()
    minus.dim_value = -1
    nodes = [helper.make_node("Add", ["x", "z"], ["y"]), helper.make_node("Concat", ["x", "z"], ["c"], axis=0)]
    new = exported(model(nodes, inputs, ["y", "c"]), tmp_path)
    given = {i.name: dims(i) for i in new.graph.input}
    assert given["x"] == given["z"] == ["batch", 3]
    assert given["u"][:2] == ["u_0", "u_1"] and len(set(given["u"])) == 4
    assert dims(new.graph.output[0]) == ["batch", 3]
    assert dims(new.graph.output[1])[0] in ("2*batch", "batch*2")
    assert len(set(given["v"])) == 2


def test_types_that_the_model_states_are_not_believed(tmp_path):
    """value_info is often left over from another batch size."""
    proto = model([helper.make_node("Relu", ["x"], ["t"]), helper.make_node("Neg", ["t"], ["y"])], [info("x", dims=[4, 3])])
    proto.graph.value_info.append(info("t", dims=[1, 3]))
    proto.graph.output[0].CopyFrom(info("y", dims=[1, 3]))
    assert dims(exported(proto, tmp_path).graph.output[0]) == [4, 3]


def test_metadata_and_unknown_fields_do_no_harm(tmp_path):
    proto = model([helper.make_node("Relu", ["x"], ["y"], doc_string="d")])
    helper.set_model_props(proto, {"key": "value", "": "empty"})
    proto.training_info.add()
    proto.graph.doc_string = "text"
    same(proto, {"x": X}, tmp_path)


def test_contrib_operators_pass_by_domain(tmp_path):
    """An operator of another domain is either known or named in the error."""
    proto = model([helper.make_node("FusedMatMul", ["x", "x"], ["y"], domain="com.microsoft", transB=1)], opsets=[("com.microsoft", 1)])
    done = import_bytes(proto, tmp_path)
    assert done.ok or ("FusedMatMul" in done.message and "com.microsoft" in done.message)


# ------------------------------------------------------------------------------------------------ whole models

MODELS = pathlib.Path(os.environ.get("OUTBOARD_MODELS", pathlib.Path(__file__).resolve().parents[2] / "models"))
SMALL = sorted(p for p in MODELS.glob("*.onnx") if p.stat().st_size < 15_000_000)


def random_feeds(proto):
    numbers = np.random.default_rng(5)
    constants = {t.name for t in proto.graph.initializer}
    feeds = {}
    for value in proto.graph.input:
        if value.name in constants:
            continue
        tensor = value.type.tensor_type
        shape = [d.dim_value if d.dim_value > 0 else (64 if i > 1 else 1) for i, d in enumerate(tensor.shape.dim)]
        if proto.producer_name == "spox" or value.name in ("input", "sr", "state"):  # silero: a window of 512 samples at 16 kHz
            shape = {"input": [1, 512], "state": [2, 1, 128], "sr": []}.get(value.name, shape)
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        feeds[value.name] = (numbers.standard_normal(shape) if dtype.kind == "f" else np.full(shape, 16000 if value.name == "sr" else 1)).astype(dtype)
    return feeds


@pytest.mark.parametrize("path", SMALL, ids=lambda p: p.stem)
def test_public_models(tmp_path, path):
    done = run_import(path, "--export", tmp_path / "out.onnx")
    assert done.ok, done.text
    proto = onnx.load(path)
    feeds = random_feeds(proto)
    new = onnx.load(tmp_path / "out.onnx")
    if any("QuantizeLinear" in n.op_type for n in new.graph.node):
        new.opset_import[0].version = 25  # ONNX Runtime does not have the newest, which means the same
    for a, b in zip(compute(proto, feeds), compute(new, feeds), strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)
