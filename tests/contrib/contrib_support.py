"""One node of ONNX Runtime's own operators: built, run by Outboard on each choice of engines, and compared."""
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from library import Model

onnxruntime.set_default_logger_severity(4)
ENGINES = ("ref", "onednn,cpu,ref")
DOMAIN = "com.microsoft"


def random(*shape, seed=0, low=None, high=None, dtype=np.float32):
    generator = np.random.default_rng([seed, *shape, 7])
    if low is None:
        return generator.standard_normal(shape).astype(dtype)
    if np.issubdtype(dtype, np.integer):
        return generator.integers(low, high, shape, endpoint=True).astype(dtype)
    return generator.uniform(low, high, shape).astype(dtype)


def make(op, inputs, outputs=1, constants=(), domain=DOMAIN, opset=21, free=(), **attributes):
    """`inputs`: arrays, None where left out. `constants`: which become initializers. `outputs`: a count, or names ("": left out).
    `free`: inputs all of whose sizes are symbols."""
    names, infos, initializers, feeds = [], [], [], {}
    for i, array in enumerate(inputs):
        names.append("" if array is None else f"x{i}")
        if array is None:
            continue
        if i in constants:
            initializers.append(numpy_helper.from_array(array, f"x{i}"))
            continue
        shape = [f"d{i}_{axis}" for axis in range(array.ndim)] if i in free else array.shape
        infos.append(helper.make_tensor_value_info(f"x{i}", helper.np_dtype_to_tensor_dtype(array.dtype), shape))
        feeds[f"x{i}"] = array
    while names and not names[-1]:
        names.pop()
    results = [f"y{i}" for i in range(outputs)] if isinstance(outputs, int) else list(outputs)
    attributes = {name.rstrip("_"): value for name, value in attributes.items()}  # `opset_` is the node's, `opset` the model's
    node = helper.make_node(op, names, results, name="node", domain=domain, **attributes)
    graph = helper.make_graph([node], "g", infos, [onnx.ValueInfoProto(name=r) for r in results if r], initializers)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(DOMAIN, 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10), feeds


def run_ort(model, feeds, level=onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, feeds)


def compare(got, want, rtol=1e-4, atol=1e-5, steps=0, message=""):
    """`steps`: by how much integers may differ."""
    assert len(got) == len(want)
    for a, b in zip(got, want):
        assert a.shape == b.shape and a.dtype == b.dtype, f"{a.dtype}{a.shape} {b.dtype}{b.shape} {message}"
        if b.dtype.kind in "iub" and steps:
            assert np.abs(a.astype(np.int64) - b.astype(np.int64)).max(initial=0) <= steps, message
        else:
            np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=message)


def check(op, inputs, want=None, engines=ENGINES, rtol=1e-4, atol=1e-5, steps=0, **options):
    """Compares with ONNX Runtime, or with `want` (what its CPU kernels do not do)."""
    model, feeds = make(op, inputs, **options)
    if want is None:
        want = run_ort(model, feeds)
    for engine in engines:
        with Model(model.SerializeToString(), engines=engine) as m:
            compare(m.run(feeds), want, rtol, atol, steps, f"{op} on {engine} {options}")
