"""outboard.backend: nodes and models one at a time; the suite itself is tests/onnx_backend."""
import numpy as np
import onnx
import pytest
from onnx import TensorProto as T
from onnx import helper as h

import outboard
import outboard.backend as backend

X = np.arange(6, dtype=np.float32).reshape(2, 3)


def model():
    graph = h.make_graph([h.make_node("Neg", ["x"], ["0"])], "g", [h.make_tensor_value_info("x", T.FLOAT, [2, 3])],
                         [h.make_tensor_value_info("0", T.FLOAT, [2, 3])])
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 21)])


def test_models():
    assert (backend.run_model(model(), X)[0] == -X).all()
    prepared = backend.prepare(model(), "CPU", engines="ref")
    assert (prepared.run([X])["0"] == -X).all() and (prepared.run({"x": X})[0] == -X).all()
    assert prepared.model.symbols == ["ref_0"]


def test_engines_from_the_environment(monkeypatch):
    monkeypatch.setenv("OUTBOARD_ENGINES", "ref")
    assert backend.prepare(model()).model.symbols == ["ref_0"]


def test_nodes():
    assert (backend.run_node(h.make_node("Add", ["a", "b"], ["c"]), [X, X]).c == 2 * X).all()
    assert (backend.run_node(h.make_node("Clip", ["x", "", "m"], ["y"]), [X, np.float32(2)]).y == np.minimum(X, 2)).all()
    old = h.make_node("Squeeze", ["x"], ["y"], axes=[0])
    assert backend.run_node(old, [X[None]], opset_version=11).y.shape == (2, 3)
    ml = h.make_node("Binarizer", ["x"], ["y"], domain="ai.onnx.ml", threshold=2.0)
    assert (backend.run_node(ml, [X]).y == (X > 2)).all()


def test_devices():
    assert backend.supports_device("CPU") and backend.supports_device("CPU:0")
    assert not backend.supports_device("CUDA") and not backend.supports_device("X")
    with pytest.raises(outboard.Error, match="only CPU"):
        backend.prepare(model(), "CUDA")


def test_bad_models_are_refused():
    bad = model()
    bad.graph.node[0].op_type = "Nothing"
    with pytest.raises((onnx.checker.ValidationError, outboard.Error)):
        backend.prepare(bad)
