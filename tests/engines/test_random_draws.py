"""Random operators with a seed draw what NumPy's RandomState draws, which is what onnx's reference evaluator uses."""
import numpy as np
import onnx
import pytest
from library import Model
from onnx import TensorProto, helper

SHAPE = [3, 700]  # more than the generator makes at a time


def run(op, inputs=(), outputs=1, **attributes):
    feeds = {f"x{i}": v for i, v in enumerate(inputs)}
    infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in feeds.items()]
    results = [f"y{i}" for i in range(outputs)]
    graph = helper.make_graph([helper.make_node(op, list(feeds), results, **attributes)], "g", infos, [onnx.ValueInfoProto(name=r) for r in results])
    with Model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10).SerializeToString()) as model:
        return model.run(feeds)


@pytest.mark.parametrize("seed", [0, 1, 4294967040, 3.7])
def test_seeded_draws(seed):
    def state():
        return np.random.RandomState(int(seed))
    x = np.linspace(0, 1, 2100, dtype=np.float64).reshape(SHAPE)
    (uniform,) = run("RandomUniform", shape=SHAPE, seed=float(seed), low=-1.0, high=3.0, dtype=TensorProto.DOUBLE)
    np.testing.assert_allclose(uniform, state().uniform(-1, 3, SHAPE))
    (normal,) = run("RandomNormal", shape=SHAPE, seed=float(seed), mean=1.0, scale=2.0, dtype=TensorProto.DOUBLE)
    np.testing.assert_allclose(normal, state().randn(*SHAPE) * 2 + 1)
    (bits,) = run("Bernoulli", [x], seed=float(seed))
    np.testing.assert_array_equal(bits, state().binomial(1, x))


def test_dropout_is_seeded_by_an_integer():
    x, ratio, training = np.ones(SHAPE, np.float32), np.array(0.25, np.float32), np.array(True)
    y, mask = run("Dropout", [x, ratio, training], outputs=2, seed=5)
    np.testing.assert_array_equal(mask, np.random.RandomState(5).uniform(0, 1, SHAPE) >= 0.25)
    np.testing.assert_allclose(y, mask / 0.75)


def test_without_a_seed_every_call_draws_anew():
    assert (run("RandomUniform", shape=[8])[0] != run("RandomUniform", shape=[8])[0]).any()
