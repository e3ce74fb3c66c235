"""Matrix products and convolutions with something fused to them."""
import numpy as np
import pytest

from contrib_support import check, random

ACTIVATIONS = [("Relu", {}), ("Tanh", {}), ("Sigmoid", {}), ("LeakyRelu", {"activation_alpha": 0.2}),
               ("HardSigmoid", {"activation_alpha": 0.3, "activation_beta": 0.4}), ("Elu", {"activation_alpha": 0.5}), ("Softplus", {})]


@pytest.mark.parametrize("trans", range(16))
def test_fused_mat_mul(trans):
    ta, tb, ba, bb = (trans >> i & 1 for i in range(4))

    def shape(rows, columns, transposed, batch):
        rows, columns = (columns, rows) if transposed else (rows, columns)
        return (rows, 2, 3, columns) if batch else (2, 3, rows, columns)

    a, b = random(*shape(4, 5, ta, ba)), random(*shape(5, 6, tb, bb), seed=1)
    check("FusedMatMul", [a, b], transA=ta, transB=tb, transBatchA=ba, transBatchB=bb, alpha=0.5)


@pytest.mark.parametrize("a, b, ta, tb", [((4, 5), (5, 6), 0, 0), ((5, 4), (6, 5), 1, 1), ((5,), (2, 5, 3), 0, 0),
                                          ((2, 1, 4, 5), (3, 6, 5), 0, 1)])
def test_fused_mat_mul_broadcast(a, b, ta, tb):
    check("FusedMatMul", [random(*a), random(*b, seed=1)], transA=ta, transB=tb)
    check("FusedMatMul", [random(*a), random(*b, seed=1)], transA=ta, transB=tb, free=[0], alpha=2.0)
    check("TransposeMatMul", [random(*a), random(*b, seed=1)], transA=ta, transB=tb)


def test_fused_mat_mul_vector():
    """ONNX Runtime takes the batch for rows here."""
    a, b = random(2, 5, 4), random(5, seed=1)
    check("FusedMatMul", [a, b], [a.transpose(0, 2, 1) @ b], transA=1)


def test_fused_mat_mul_activation():
    a, b = random(2, 4, 5), random(2, 5, 3, seed=1)
    check("FusedMatMulActivation", [a, b], [np.maximum(a @ b, 0)], activation="Relu")
    y = np.exp(2 * a @ b)
    check("FusedMatMulActivation", [a, b], [y / y.sum(1, keepdims=True)], activation="Softmax", activation_axis=1, alpha=2.0)


@pytest.mark.parametrize("activation, parameters", ACTIVATIONS)
def test_fused_gemm(activation, parameters):
    a, b, c = random(4, 5), random(5, 6, seed=1), random(6, seed=2)
    check("FusedGemm", [a, b, c], activation=activation, **parameters)
    check("FusedGemm", [a.T.copy(), b.T.copy(), c], activation=activation, transA=1, transB=1, alpha=0.5, beta=2.0, **parameters)


@pytest.mark.parametrize("activation, parameters", [("Relu", []), ("Tanh", []), ("Sigmoid", []), ("LeakyRelu", [0.2]), ("Clip", [-0.5, 0.5]),
                                                    ("HardSigmoid", [0.3, 0.4])])
def test_fused_conv(activation, parameters):
    x, w, b, z = random(1, 4, 6, 7), random(6, 2, 3, 3, seed=1), random(6, seed=2), random(1, 6, 6, 7, seed=3)
    options = dict(activation=activation, pads=[1, 1, 1, 1], group=2)
    if parameters:
        options["activation_params"] = parameters
    check("FusedConv", [x, w, b], constants=[1, 2], **options)
    check("FusedConv", [x, w, None, z], constants=[1], **options)
    check("FusedConv", [x, w, b, z], **options)


def test_channels_last():
    x, w, b = random(2, 5, 6, 4), random(6, 3, 3, 4, seed=1), random(6, seed=2)
    from onnx.reference import ReferenceEvaluator
    from contrib_support import make

    def conv(image, weight):
        model, feeds = make("Conv", [np.ascontiguousarray(image.transpose(0, 3, 1, 2)), weight, b], domain="", strides=[2, 1])
        return np.ascontiguousarray(ReferenceEvaluator(model).run(None, feeds)[0].transpose(0, 2, 3, 1))

    first = np.ascontiguousarray(w.transpose(0, 3, 1, 2))
    check("NhwcConv", [x, w, b], [conv(x, first)], strides=[2, 1])
    check("NhwcFusedConv", [x, first, b], [np.maximum(conv(x, first), 0)], strides=[2, 1], activation="Relu")
    for dtype in (np.int8, np.uint8):
        x = random(2, 5, 6, 4, low=0, high=100, dtype=dtype)
        check("NhwcMaxPool", [x], kernel_shape=[2, 3], strides=[1, 2], pads=[0, 1, 0, 1])
