"""Engines that hand whole regions to a library (openvino, onnxruntime): what they claim is right, sizes by symbols, artifacts in a new process, absence.

Skipped where a library is not installed, but not in CI."""
import collections
import json
import os
import pickle
import re
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from library import Model
from support import BUILD, ROOT, Command
from test_types import TENSORS

sys.path.insert(0, str(ROOT / "tools"))
import probe_engine  # noqa: E402

ENGINES = ["openvino", "onnxruntime"]
VARIABLE = {"openvino": "OUTBOARD_OPENVINO", "onnxruntime": "OUTBOARD_ONNXRUNTIME"}


def problem(name):
    lines = Command()("engines", "--json").stdout.splitlines()
    return next((e["problem"] for e in map(json.loads, lines) if e["name"] == name), "not built")


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    words = problem(request.param)
    if words and not os.environ.get("CI"):
        pytest.skip(words)
    assert not words
    return request.param


# ---------------------------------------------------------------- operators

def claims(name):
    """(domain, operator) -> for each input its types."""
    text = (ROOT / "engines" / name / "operators.def").read_text()
    return {(domain, op): [part.split() for part in lists.split(",")]
            for op, domain, lists in re.findall(r'\{"(\w+)", "([\w.]*)", "([^"]*)"', text)}


COLLECT = """import pickle, sys
sys.path[:0] = sys.argv[1:]
from test_types import templates
sys.stdout.buffer.write(pickle.dumps([(t[0].SerializeToString(), t[3]) for t in templates()]))"""


@pytest.fixture(scope="module")
def nodes():
    """The suite's nodes by operator, from a process of its own: onnx collects them once, and other tests of this process may have changed them."""
    folders = [str(ROOT / "tests" / "engines"), str(ROOT / "tests")]
    done = subprocess.run([sys.executable, "-c", COLLECT, *folders], stdout=subprocess.PIPE, check=True, env=dict(os.environ, OB_BUILD=str(BUILD)))
    found = collections.defaultdict(list)
    for text, inputs in pickle.loads(done.stdout):
        model = onnx.load_model_from_string(text)
        node = model.graph.node[0]
        found[node.domain, node.op_type].append((model, node, onnx.defs.get_schema(node.op_type, domain=node.domain), inputs))
    return found


def varied(template, types, turn):
    """The node with one of the types in place of its first input's, and inputs to match."""
    model, node, schema, inputs = template
    which = next(iter(probe_engine.variables(node, schema).values()))
    number = TENSORS[{v: k for k, v in zip(TENSORS, probe_engine.NAMES)}[types[turn % len(types)]]]
    changed = {i: probe_engine.convert(inputs[i], number) for i in which}
    return probe_engine.model_of(model, which, number), [changed.get(i, x) for i, x in enumerate(inputs)]


def test_claimed_operators_are_right(engine, nodes):
    """Each operator of the table in one of the suite's nodes, in turning types; the whole of it is what tools/probe_engine.py runs."""
    ran, wrong = collections.Counter(), []
    for turn, (key, types) in enumerate(sorted(claims(engine).items())):
        assert nodes[key], f"the suite has no node of {key}"
        template = nodes[key][turn % len(nodes[key])]
        answer = probe_engine.try_one(*varied(template, types[0], turn), engine)
        ran[answer is not None] += 1
        if answer and answer[0]:
            wrong.append(f"{template[0].graph.name}: {answer[0]}")
    assert not wrong
    assert ran[True] > 0.75 * sum(ran.values()) and ran[True] > 100


def test_refusals_have_reasons(engine, tmp_path):
    graph = helper.make_graph([helper.make_node("Det", ["x"], ["d"]), helper.make_node("NonMaxSuppression", ["b", "s"], ["n"])], "g",
                              [helper.make_tensor_value_info(n, TensorProto.DOUBLE if n == "x" else TensorProto.FLOAT, s)
                               for n, s in (("x", [2, 3, 3]), ("b", [1, 6, 4]), ("s", [1, 1, 6]))],
                              [helper.make_tensor_value_info("d", TensorProto.DOUBLE, None), helper.make_tensor_value_info("n", TensorProto.INT64, None)])
    file = tmp_path / "m.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), file)
    report = " ".join(Command()("inspect", file, "--engines", f"{engine},ref").stdout.split())
    assert f"that {engine} was found right with" in report, report


def test_rows_that_are_masked_whole(engine):
    """Largest elements of rows of -inf: OpenVINO's begin with the largest finite number."""
    nodes = [helper.make_node("Softmax", ["x"], ["s"]), helper.make_node("ReduceMax", ["x", "axes"], ["m"]),
             helper.make_node("Equal", ["m", "inf"], ["masked"]), helper.make_node("Where", ["masked", "zero", "s"], ["y"])]
    constants = {"axes": np.array([1]), "inf": np.float32(-np.inf), "zero": np.float32(0)}
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], [numpy_helper.from_array(np.asarray(v), n) for n, v in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])
    with Model(model.SerializeToString(), engines=f"{engine},ref") as opened:
        y, = opened.run({"x": np.array([[0, 0, 0, 0], [-np.inf] * 4], np.float32)})
    np.testing.assert_allclose(y, [[0.25] * 4, [0] * 4])


# ---------------------------------------------------------------- sizes by symbols

def shaped_by_symbols():
    """Reshape, Expand and Slice to sizes that follow from the inputs' shapes."""
    nodes = [helper.make_node("Shape", ["x"], ["n"], start=0, end=1), helper.make_node("Shape", ["x"], ["s"], start=1, end=2),
             helper.make_node("Mul", ["n", "s"], ["ns"]), helper.make_node("Concat", ["ns", "twelve"], ["to"], axis=0),
             helper.make_node("Reshape", ["x", "to"], ["flat"]), helper.make_node("MatMul", ["flat", "w"], ["y"]),
             helper.make_node("Div", ["s", "two"], ["half"]), helper.make_node("Add", ["half", "one"], ["end"]),
             helper.make_node("Slice", ["x", "zero", "end", "one"], ["part"]),
             helper.make_node("Concat", ["n", "end", "twelve"], ["wide"], axis=0), helper.make_node("Expand", ["row", "wide"], ["rows"]),
             helper.make_node("Mul", ["part", "rows"], ["scaled"]), helper.make_node("MatMul", ["scaled", "w"], ["z"])]
    rng = np.random.default_rng(1)
    constants = {"twelve": np.array([12]), "zero": np.array([0]), "one": np.array([1]), "two": np.array([2]),
                 "w": rng.standard_normal((12, 5), np.float32), "row": rng.standard_normal((1, 1, 12), np.float32)}
    graph = helper.make_graph(nodes, "symbols", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "length", 12])],
                              [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in "yz"],
                              [numpy_helper.from_array(v, n) for n, v in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])


def test_sizes_by_symbols(engine):
    """One region for all shapes: the symbols become nodes over the shapes of its inputs."""
    model, rng = shaped_by_symbols().SerializeToString(), np.random.default_rng(2)
    with Model(model, engines=f"{engine},cpu,ref") as fast, Model(model) as oracle:
        assert [s for s in fast.symbols() if s.startswith(engine)], fast.symbols()
        for batch, length in ((1, 7), (3, 2), (2, 9), (1, 7)):
            x = rng.standard_normal((batch, length, 12), np.float32)
            for got, want in zip(fast.run({"x": x}), oracle.run({"x": x})):
                assert got.shape == want.shape
                np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)
        assert not [line for level, line in fast.log if "runs on engine" in line]


UNARY = ["Relu", "Sigmoid", "Tanh", "Abs", "Exp", "Softplus", "HardSwish", "Neg", "Floor", "Erf"]
BINARY = ["Add", "Mul", "Sub", "Max", "Min"]


def random_network(seed):
    """A few layers over [batch, channels, height, width] with branches that meet again; batch and width are symbols."""
    rng, nodes, constants = np.random.default_rng(seed), [], {}
    channels, values = int(rng.integers(2, 6)), ["x"]
    constants["w0"] = rng.standard_normal((channels, 3, 3, 3)).astype(np.float32) / 3
    nodes.append(helper.make_node("Conv", ["x", "w0"], ["v0"], pads=[1, 1, 1, 1]))
    values = ["v0"]
    for i in range(1, int(rng.integers(4, 9))):
        kind, a, b = rng.integers(0, 4), *rng.choice(values, 2)
        if kind == 0:
            constants[f"w{i}"] = rng.standard_normal((channels, channels, 1, 1)).astype(np.float32) / channels
            nodes.append(helper.make_node("Conv", [a, f"w{i}"], [f"v{i}"]))
        elif kind == 1:
            nodes.append(helper.make_node(str(rng.choice(BINARY)), [a, b], [f"v{i}"]))
        elif kind == 2:
            nodes.append(helper.make_node("Softmax", [a], [f"v{i}"], axis=int(rng.integers(0, 4))))
        else:
            nodes.append(helper.make_node("Tanh", [a], [f"t{i}"]))  # keeps what follows in range
            nodes.append(helper.make_node(str(rng.choice(UNARY)), [f"t{i}"], [f"v{i}"]))
        values.append(f"v{i}")
    outputs = sorted({values[-1], str(rng.choice(values))})
    graph = helper.make_graph(nodes, "random", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 6, "width"])],
                              [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
                              [numpy_helper.from_array(v, n) for n, v in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)])


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(engine, seed):
    model, rng = random_network(seed).SerializeToString(), np.random.default_rng(seed)
    with Model(model, engines=f"{engine},cpu,ref") as fast, Model(model) as oracle:
        assert [s for s in fast.symbols() if s.startswith(engine)]
        for batch, width in ((1, 5), (3, 8)):
            x = rng.standard_normal((batch, 3, 6, width), np.float32)
            for got, want in zip(fast.run({"x": x}), oracle.run({"x": x})):
                np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4)


# ---------------------------------------------------------------- the command

@pytest.fixture
def artifact(engine, tmp_path):
    file = tmp_path / "m.onnx"
    onnx.save(shaped_by_symbols(), file)
    Command()("compile", file, "-o", tmp_path / "m.ob", "--engines", f"{engine},cpu,ref")
    return tmp_path / "m.ob"


def run(artifact, folder, **environment):
    done = Command()("run", artifact, "--random", 5, "--dim", "batch=2", "--dim", "length=6", "--save", folder, env=dict(os.environ, **environment))
    return [np.load(folder / f"output_{i}.npy") for i in range(2)], done.stderr


def test_an_artifact_runs_in_a_new_process(engine, artifact, tmp_path):
    first, words = run(artifact, tmp_path / "a")
    assert not words
    oracle, _ = run(tmp_path / "m.onnx", tmp_path / "b")
    for got, want in zip(first, oracle):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_without_the_library(engine, artifact, tmp_path):
    """What was compiled for it runs on another engine, and a line says why."""
    want, _ = run(artifact, tmp_path / "a")
    got, words = run(artifact, tmp_path / "b", **{VARIABLE[engine]: "/nowhere/lib.so"})
    assert "/nowhere/lib.so" in words and "instead of" in words
    for g, w in zip(got, want):
        np.testing.assert_allclose(g, w, rtol=1e-4, atol=1e-5)
    environment = dict(os.environ, VIRTUAL_ENV="/nowhere", HOME="/nowhere")
    environment.pop(VARIABLE[engine], None)
    listed = subprocess.run([str(BUILD / "bin" / "outboard"), "engines"], capture_output=True, text=True, env=environment).stdout
    line = next(line for line in listed.splitlines() if line.startswith(engine))
    assert "not usable" not in line or f"pip install {engine}" in line


@pytest.mark.parametrize("variable,words", [("OUTBOARD_OPENVINO_PRECISION", "f32, bf16 or f16"), ("OUTBOARD_ONNXRUNTIME_QDQ", "literal or fused")])
def test_options_that_are_none(variable, words):
    listed = Command()("engines", env=dict(os.environ, **{variable: "nonsense"})).stdout
    assert words in listed or "not found" in listed


def test_another_precision_is_another_fingerprint(tmp_path):
    if problem("openvino"):
        pytest.skip("openvino is not here")
    onnx.save(shaped_by_symbols(), tmp_path / "m.onnx")
    Command()("compile", tmp_path / "m.onnx", "-o", tmp_path / "m.ob", "--engines", "openvino,cpu,ref")
    _, words = run(tmp_path / "m.ob", tmp_path / "a", OUTBOARD_OPENVINO_PRECISION="bf16")
    assert "built again" in words
