"""The onnxruntime-like interface, beside onnxruntime itself where that has an answer."""
import threading

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto as T
from onnx import helper as h

import outboard


def proto():
    """Outputs of several kinds: y = x + x, s = [x, x], n = x's shape."""
    nodes = [h.make_node("Add", ["x", "x"], ["y"]), h.make_node("SequenceConstruct", ["x", "x"], ["s"]), h.make_node("Shape", ["x"], ["n"])]
    graph = h.make_graph(nodes, "three", [h.make_tensor_value_info("x", T.FLOAT, ["N", 3])],
                         [h.make_tensor_value_info("y", T.FLOAT, ["N", 3]), h.make_tensor_sequence_value_info("s", T.FLOAT, ["N", 3]),
                          h.make_tensor_value_info("n", T.INT64, [2])])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8, producer_name="tests")
    h.set_model_props(model, {"k": "v"})
    return model


X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture(params=[onnxruntime, outboard], ids=["onnxruntime", "outboard"])
def ort(request):
    return request.param


@pytest.fixture
def session(ort):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(proto().SerializeToString(), options, providers=["CPUExecutionProvider"])


def test_descriptions(session):
    x, = session.get_inputs()
    assert (x.name, x.type, x.shape) == ("x", "tensor(float)", ["N", 3])
    assert [(o.name, o.type) for o in session.get_outputs()] == [("y", "tensor(float)"), ("s", "seq(tensor(float))"), ("n", "tensor(int64)")]
    meta = session.get_modelmeta()
    assert (meta.producer_name, meta.graph_name, meta.custom_metadata_map) == ("tests", "three", {"k": "v"})
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert session.get_overridable_initializers() == []


def test_run(session):
    y, s, n = session.run(None, {"x": X})
    assert (y == 2 * X).all() and len(s) == 2 and (s[1] == X).all() and n.tolist() == [2, 3]
    n, y = session.run(["n", "y"], {"x": X[:1]})
    assert n.tolist() == [1, 3] and (y == 2 * X[:1]).all()
    assert (session.run(["y"], {"x": X.tolist()})[0] == 2 * X).all()


@pytest.mark.parametrize("names,feed", [(["absent"], {"x": X}), (None, {}), (None, {"x": X.astype(np.int32)}), (None, {"x": X[0]}),
                                        (None, {"x": X, "z": X})])
def test_mistakes(session, names, feed):
    with pytest.raises(Exception):
        session.run(names, feed)


def test_binding(ort, session):
    binding = session.io_binding()
    value = ort.OrtValue.ortvalue_from_numpy(X)
    assert value.shape() == [2, 3] and value.data_type() == "tensor(float)" and value.is_tensor() and value.device_name() == "cpu"
    room = np.zeros((2, 3), np.float32)
    binding.bind_ortvalue_input("x", value)
    binding.bind_output("y", "cpu", 0, np.float32, room.shape, room.ctypes.data)
    binding.bind_output("n")
    session.run_with_iobinding(binding)
    binding.synchronize_outputs()
    assert (room == 2 * X).all()
    y, n = binding.get_outputs()
    assert (y.numpy() == 2 * X).all() and n.numpy().tolist() == [2, 3]
    assert binding.copy_outputs_to_cpu()[1].tolist() == [2, 3]
    binding.clear_binding_inputs()
    binding.bind_input("x", "cpu", 0, np.float32, X.shape, X.ctypes.data)
    value = ort.OrtValue.ortvalue_from_shape_and_type([2, 3], np.float32)
    binding.clear_binding_outputs()
    binding.bind_ortvalue_output("y", value)
    session.run_with_iobinding(binding)
    assert (value.numpy() == 2 * X).all()


def test_ort_values(ort, session):
    value = ort.OrtValue.ortvalue_from_numpy(X.copy())
    y, = session.run_with_ort_values(["y"], {"x": value})
    assert (y.numpy() == 2 * X).all()
    value.update_inplace(X + 1)
    assert (session.run_with_ort_values(["y"], {"x": value})[0].numpy() == 2 * X + 2).all()


def test_terminate(ort, session):
    options = ort.RunOptions()
    options.log_severity_level = 3
    session.run(None, {"x": X}, options)
    options.terminate = True
    with pytest.raises(Exception):
        session.run(None, {"x": X}, options)
    options.terminate = False
    session.run(None, {"x": X}, options)


def test_module(ort):
    assert "CPUExecutionProvider" in ort.get_available_providers() and ort.get_device() == "CPU"
    ort.set_default_logger_severity(3)
    ort.disable_telemetry_events()
    with pytest.raises(Exception):
        ort.InferenceSession("/absent/model.onnx")


def test_options_have_a_meaning(tmp_path):
    onnx.save(proto(), tmp_path / "m.onnx")
    options = outboard.SessionOptions()
    options.add_free_dimension_override_by_name("N", 2)
    options.add_session_config_entry("outboard.engines", "ref")
    session = outboard.InferenceSession(tmp_path / "m.onnx", sess_options=options)
    assert session.get_inputs()[0].shape == [2, 3]
    outboard.compile(proto()).save(tmp_path / "m.ob")
    assert (outboard.InferenceSession(str(tmp_path / "m.ob"), engines="ref").run(["y"], {"x": X})[0] == 2 * X).all()
    with pytest.raises(outboard.Error):
        outboard.InferenceSession(tmp_path / "m.onnx", engines="absent")


def test_sessions_in_threads():
    session, wrong = outboard.InferenceSession(proto().SerializeToString()), []

    def work(k):
        for _ in range(30):
            if not (session.run(["y"], {"x": X * k})[0] == 2 * k * X).all():
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
