"""Models in Python: compile, load, describe, run, regions, reports, verification, errors, threads, memory."""
import gc
import json
import threading
import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto as T
from onnx import helper as h

import outboard


def mlp(batch="N", hidden=16):
    """y = relu(x @ w + b) @ v, with a symbolic batch."""
    rng = np.random.default_rng(0)
    init = {"w": rng.standard_normal((8, hidden)), "b": rng.standard_normal(hidden), "v": rng.standard_normal((hidden, 4))}
    init = [onnx.numpy_helper.from_array(a.astype(np.float32), n) for n, a in init.items()]
    nodes = [h.make_node("MatMul", ["x", "w"], ["a"]), h.make_node("Add", ["a", "b"], ["c"]), h.make_node("Relu", ["c"], ["d"]),
             h.make_node("MatMul", ["d", "v"], ["y"])]
    graph = h.make_graph(nodes, "mlp", [h.make_tensor_value_info("x", T.FLOAT, [batch, 8])],
                         [h.make_tensor_value_info("y", T.FLOAT, [batch, 4])], init)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 21)], producer_name="tests", producer_version="3")
    h.set_model_props(model, {"licence": "none", "labels": "a\nb"})
    return model


def expected(model, x):
    w, b, v = (onnx.numpy_helper.to_array(t) for t in model.graph.initializer)
    return np.maximum(x @ w + b, 0) @ v


X = np.random.default_rng(1).standard_normal((3, 8)).astype(np.float32)


@pytest.fixture(scope="module")
def model():
    return outboard.compile(mlp(), threads=1)


def test_a_model_from_every_source(tmp_path):
    proto = mlp()
    onnx.save(proto, tmp_path / "m.onnx")
    data = proto.SerializeToString()
    for source in (proto, data, bytearray(data), memoryview(data), tmp_path / "m.onnx", str(tmp_path / "m.onnx")):
        np.testing.assert_allclose(outboard.compile(source).run([X])[0], expected(proto, X), rtol=1e-4, atol=1e-5)


def test_an_artifact_from_path_and_bytes(model, tmp_path):
    model.save(tmp_path / "m.ob")
    for source in (tmp_path / "m.ob", (tmp_path / "m.ob").read_bytes()):
        loaded = outboard.load(source, threads=1)
        np.testing.assert_array_equal(loaded.run({"x": X})[0], model.run({"x": X})[0])
        assert loaded.metadata == model.metadata and loaded.name == "mlp"


def test_description(model):
    x, y = model.inputs[0], model.outputs[0]
    assert (x.name, x.kind, x.dtype, x.numpy, x.shape, x.type) == ("x", "tensor", "float32", np.float32, ("N", 8), "float32[N, 8]")
    assert y.shape == ("N", 4)
    assert model.metadata == {"licence": "none", "labels": "a\nb"}
    assert (model.name, model.producer) == ("mlp", "tests 3")


def test_lists_dicts_keywords_and_numbers(model):
    want = model.run({"x": X})[0]
    for got in (model.run([X])[0], model(X), model(x=X), model(x=X.tolist())):
        np.testing.assert_array_equal(got, want)


def test_strided_and_foreign_arrays(model):
    want = model.run([X])[0]
    wide = np.zeros((3, 16), np.float32)
    wide[:, ::2] = X
    for x in (wide[:, ::2], np.asfortranarray(X), X[::-1].copy()[::-1], X.astype(">f4")):
        np.testing.assert_array_equal(model.run([x])[0], want)


def test_outputs_live_on_their_own(model):
    """Each result keeps its memory, also after more calls and after the model is gone."""
    first = outboard.compile(mlp(), threads=1)
    kept = [first.run([X * k])[0] for k in range(6)]
    wants = [expected(mlp(), X * k) for k in range(6)]
    del first
    gc.collect()
    for got, want in zip(kept, wants):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_memory_goes_back_when_outputs_are_gone():
    one = outboard.compile(mlp(), threads=1)
    first = one.run([X])  # of unknown shape as yet: looks at the library's memory
    assert first[0].base is not None and len(one._free) == 0
    del first
    gc.collect()
    assert len(one._free) == 1


def test_rings_of_garbage_leave_contexts_alone():
    """A failed call in a ring (exception, traceback, frame) that the collector finds gives its context back unharmed."""
    one = outboard.compile(mlp(), threads=1)
    for _ in range(3):
        try:
            one.run([X[:, :5]])
        except outboard.Error as error:
            error.itself = error
        gc.collect()
        np.testing.assert_allclose(one.run([X])[0], expected(mlp(), X), rtol=1e-4, atol=1e-5)


def test_out(model):
    want, buffer = model.run([X])[0], np.full((3, 4), np.nan, np.float32)
    for out in ([buffer], {"y": buffer}):
        buffer[:] = np.nan
        got = model.run([X], out=out)[0]
        assert got is buffer
        np.testing.assert_array_equal(buffer, want)
    large = np.zeros(100, np.float32)
    got = model.run([X], out=[large])[0]
    assert np.shares_memory(got, large) and got.shape == (3, 4)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("buffer,words", [
    (np.zeros((3, 4)), "must be an array of float32, found float64"),
    (np.zeros((4, 3), np.float32).T, "must be C-contiguous"),
    (np.zeros((2, 2), np.float32), "needs 48 bytes"),
    ([0.0], "found list"),
])
def test_bad_buffers(model, buffer, words):
    with pytest.raises(outboard.InvalidArgument, match=words):
        model.run([X], out=[buffer])


@pytest.mark.parametrize("inputs,words", [
    ([], "1 inputs are needed"),
    ({}, "input 'x' is missing"),
    ({"x": X, "z": X}, "there is no input 'z'"),
    ({"x": X[0]}, "must be float32.N, 8.*the rank differs"),
    ({"x": X.astype(np.float64)}, "the element type differs"),
    ({"x": X[:, :5]}, "axis 1 must be 8, found 5"),
    ({"x": np.array(["a"])}, "the element type differs"),
    ({"x": np.zeros(3, "M8[s]")}, "have no ONNX element type"),
])
def test_bad_inputs(model, inputs, words):
    with pytest.raises(outboard.InvalidArgument, match=words) as caught:
        model.run(inputs)
    assert isinstance(caught.value, outboard.Error) and isinstance(caught.value, ValueError)
    assert caught.value.status == "invalid argument"
    model.run([X])


def test_errors_by_status(tmp_path):
    with pytest.raises(outboard.NotFound, match="absent.onnx"):
        outboard.compile(tmp_path / "absent.onnx")
    with pytest.raises(outboard.InvalidModel):
        outboard.compile(b"\x08\x08")
    with pytest.raises(outboard.Error, match="nothing"):
        outboard.compile(mlp(), engines="nothing")
    bad = mlp()
    bad.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(outboard.Unsupported, match="NoSuchOperator"):
        outboard.compile(bad)


def test_a_damaged_artifact(model, tmp_path):
    model.save(tmp_path / "m.ob")
    data = (tmp_path / "m.ob").read_bytes()
    with pytest.raises(outboard.InvalidArtifact):
        outboard.load(data[:len(data) // 2])


def test_dims_and_contracts():
    fixed = outboard.compile(mlp(), dims={"N": 3})
    assert fixed.inputs[0].shape == (3, 8)
    with pytest.raises(outboard.InvalidArgument):
        fixed.run([X[:2]])
    assert outboard.compile(mlp(), dims=["N=1:4"]).inputs[0].shape == ("N", 8)
    with pytest.raises(outboard.Error):
        outboard.compile(mlp(), engines=["ref"], require="onednn=MatMul")


def test_regions_and_trace(model):
    assert model.symbols
    seen = []
    model.run([X], trace=lambda symbol, engine, ns: seen.append((symbol, engine, ns)))
    assert [s for s, _, _ in seen] == model.symbols and all(ns > 0 for _, _, ns in seen)
    only = outboard.compile(mlp(), engines="ref", threads=1)
    region = only.region(only.symbols[0])
    np.testing.assert_array_equal(region.run([X])[0], only.run([X])[0])
    with pytest.raises(outboard.NotFound, match="there is no region 'x'"):
        only.region("x")


def test_reports(model):
    assert model.report().startswith("graph")
    assert "onednn" in json.dumps(model.report("json")) or "cpu" in json.dumps(model.report("json"))
    assert model.report("html").lstrip().startswith("<!") and "digraph" in model.report("dot")
    with pytest.raises(outboard.InvalidArgument, match="form must be"):
        model.report("pdf")


def test_verify(model):
    found = model.verify({"x": X})
    assert [r.symbol for r in found] == model.symbols
    assert all(r.differing == 0 and r.elements > 0 for r in found)
    assert not any(r.wrong for r in found) and model.repair({"x": X}) == []


def test_engines():
    found = {e.name: e for e in outboard.engines()}
    assert found["ref"].problem is None and found["ref"].path.endswith("ob_engine_ref.so")


def test_operators():
    found = {(o.domain, o.name): o for o in outboard.operators()}
    relu = found["ai.onnx", "Relu"]
    assert "ref" in relu.engines.split(",") and relu.since >= 14 and relu.about


def test_log_and_progress():
    lines, units = [], []
    outboard.compile(mlp(), log=lambda level, line: lines.append((level, line)), progress=lambda *a: units.append(a))
    assert units and units[-1][1] == units[-1][2]
    assert all(level in ("debug", "info", "warning") for level, _ in lines)


def slow():
    """A loop of `trips` iterations."""
    body = h.make_graph([h.make_node("Identity", ["c"], ["d"]), h.make_node("Add", ["s", "s"], ["t"])], "body",
                        [h.make_tensor_value_info("i", T.INT64, []), h.make_tensor_value_info("c", T.BOOL, []),
                         h.make_tensor_value_info("s", T.FLOAT, [])],
                        [h.make_tensor_value_info("d", T.BOOL, []), h.make_tensor_value_info("t", T.FLOAT, [])])
    graph = h.make_graph([h.make_node("Loop", ["n", "", "x"], ["y"], body=body)], "slow",
                         [h.make_tensor_value_info("n", T.INT64, []), h.make_tensor_value_info("x", T.FLOAT, [])],
                         [h.make_tensor_value_info("y", T.FLOAT, [])])
    return outboard.compile(h.make_model(graph, opset_imports=[h.make_opsetid("", 21)]), engines="ref", threads=1)


def test_deadline_and_cancel():
    model = slow()
    forever = [np.array(2**60), np.array(0, np.float32)]
    with pytest.raises(outboard.DeadlineExceeded) as caught:
        model.run(forever, timeout=0.05)
    assert isinstance(caught.value, TimeoutError)
    flag = outboard.CancelFlag()
    threading.Timer(0.05, flag.set).start()
    with pytest.raises(outboard.Cancelled):
        model.run(forever, cancel=flag)
    assert model.run([np.array(3), np.array(1, np.float32)])[0] == 8


def test_the_interpreter_runs_meanwhile():
    """A call releases the lock: another thread counts while it lasts."""
    model, ticks, flag = slow(), [], outboard.CancelFlag()

    def count():
        for _ in range(20):
            ticks.append(time.monotonic())
            time.sleep(0.001)
        flag.set()

    threading.Thread(target=count).start()
    with pytest.raises(outboard.Cancelled):
        model.run([np.array(2**60), np.array(0, np.float32)], cancel=flag)
    assert len(ticks) == 20


def test_threads_share_a_model(model):
    wants = {k: model.run([X * k])[0].copy() for k in range(8)}
    wrong = []

    def work(k):
        for _ in range(50):
            if not np.array_equal(model.run([X * k])[0], wants[k]):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(model._free) <= 9
