"""Random nodes with symbols for all sizes of their data: inferred shapes against what ONNX Runtime computes."""
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from op_support import infer_shapes

OPSET = 22
BIG = 2**63 - 1
onnxruntime.set_default_logger_severity(4)


def shapes(rank_low=1, rank_high=4, low=1, high=6):
    return st.lists(st.integers(low, high), min_size=rank_low, max_size=rank_high)


@st.composite
def axes_of(draw, rank, low=0):
    chosen = draw(st.lists(st.integers(0, rank - 1), unique=True, min_size=low, max_size=rank))
    return [a - rank if draw(st.booleans()) else a for a in chosen]


def case(op, data, operands=(), attributes=None, outputs=1):
    """Data: shapes of float inputs with symbols. Operands: constants behind them; None: left out."""
    return {"op": op, "data": data, "operands": list(operands), "attributes": attributes or {}, "outputs": outputs}


def ints(values):
    return np.array(values, dtype=np.int64)


@st.composite
def slices(draw):
    shape = draw(shapes(low=0))
    axes = draw(axes_of(len(shape), 1))
    ends = st.one_of(st.integers(-9, 9), st.sampled_from([BIG, -BIG, 2**31 - 1]))
    pick = [(draw(ends), draw(ends), draw(st.sampled_from([1, 1, 2, 3, -1, -2, -3]))) for _ in axes]
    # ONNX Runtime reads the largest number as "to the front" when it goes backwards; the definition clamps it
    pick = [(s, -BIG if e > 9 and step < 0 else e, step) for s, e, step in pick]
    return case("Slice", [shape], [ints([p[0] for p in pick]), ints([p[1] for p in pick]), ints(axes), ints([p[2] for p in pick])])


@st.composite
def pads(draw):
    shape = draw(shapes(low=3))
    axes = draw(axes_of(len(shape), 1))
    return case("Pad", [shape], [ints(draw(st.lists(st.integers(-1, 3), min_size=2 * len(axes), max_size=2 * len(axes)))), None, ints(axes)])


@st.composite
def reshapes(draw):
    shape = draw(shapes())
    target = list(draw(st.permutations(shape)))
    if len(target) > 1 and draw(st.booleans()):
        target = [target[0] * target[1]] + target[2:]
    if draw(st.booleans()):
        target[draw(st.integers(0, len(target) - 1))] = -1
    zero = [i for i, t in enumerate(target) if i < len(shape) and t == shape[i]]
    if zero and draw(st.booleans()):
        target[zero[0]] = 0
    return case("Reshape", [shape], [ints(target)])


@st.composite
def broadcasts(draw):
    shape = draw(shapes())
    other = [1 if draw(st.booleans()) else d for d in shape][draw(st.integers(0, len(shape) - 1)):]
    op = draw(st.sampled_from(["Add", "Mul", "Max", "Min", "Sum", "Mean", "Pow"]))
    return case(op, draw(st.permutations([shape, other])))


@st.composite
def expands(draw):
    shape = draw(shapes())
    data = [1 if draw(st.booleans()) else d for d in shape][draw(st.integers(0, len(shape) - 1)):]
    return case("Expand", [data], [ints([1 if draw(st.booleans()) and i >= len(shape) - len(data) else d for i, d in enumerate(shape)])])


@st.composite
def reductions(draw):
    shape = draw(shapes())
    op = draw(st.sampled_from(["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL2", "ReduceLogSumExp"]))
    axes = draw(st.one_of(st.none(), axes_of(len(shape))))
    return case(op, [shape], [] if axes is None else [ints(axes)],
                {"keepdims": draw(st.integers(0, 1)), "noop_with_empty_axes": draw(st.integers(0, 1))})


@st.composite
def windows(draw):
    axes = draw(st.integers(1, 3))
    kernel = draw(st.lists(st.integers(1, 3), min_size=axes, max_size=axes))
    attributes = {"kernel_shape": kernel, "strides": draw(st.lists(st.integers(1, 3), min_size=axes, max_size=axes))}
    dilations = draw(st.lists(st.integers(1, 2), min_size=axes, max_size=axes))
    auto = draw(st.sampled_from(["NOTSET", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]))
    if auto == "NOTSET":
        attributes["pads"] = [draw(st.integers(0, k - 1)) for k in kernel * 2]
        attributes["dilations"] = dilations
    else:
        attributes["auto_pad"] = auto
    size = draw(st.lists(st.integers(6, 11), min_size=axes, max_size=axes))
    return axes, kernel, attributes, size


@st.composite
def pools(draw):
    axes, kernel, attributes, size = draw(windows())
    op = draw(st.sampled_from(["MaxPool", "AveragePool", "LpPool"]))
    if "auto_pad" not in attributes and op != "LpPool":
        attributes["ceil_mode"] = draw(st.integers(0, 1))
    return case(op, [[draw(st.integers(1, 2)), draw(st.integers(1, 3)), *size]], [], attributes)


@st.composite
def convolutions(draw):
    axes, kernel, attributes, size = draw(windows())
    group, per_group = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    if draw(st.booleans()):
        del attributes["kernel_shape"]
    weight = np.ones([group * draw(st.integers(1, 2)), per_group, *kernel], np.float32)
    return case("Conv", [[draw(st.integers(1, 2)), group * per_group, *size]], [weight], {**attributes, "group": group})


@st.composite
def deconvolutions(draw):
    axes, kernel, attributes, size = draw(windows())
    attributes.pop("auto_pad", None)
    group, per_group = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    if draw(st.booleans()):
        attributes["output_padding"] = [draw(st.integers(0, s - 1)) for s in attributes["strides"]]
    weight = np.ones([group * per_group, draw(st.integers(1, 2)), *kernel], np.float32)
    return case("ConvTranspose", [[draw(st.integers(1, 2)), group * per_group, *size]], [weight], {**attributes, "group": group})


@st.composite
def concats(draw):
    shape = draw(shapes())
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        part = list(shape)
        part[axis] = draw(st.integers(1, 5))
        parts.append(part)
    return case("Concat", parts, [], {"axis": axis})


@st.composite
def splits(draw):
    shape = draw(shapes())
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    if draw(st.booleans()):
        parts = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
        shape[axis] = max(sum(parts), 1)
        return case("Split", [shape], [ints(parts)], {"axis": axis}, len(parts))
    count = draw(st.integers(1, 4))
    shape[axis] = count * draw(st.integers(1, 3)) - (draw(st.integers(0, 1)) if count > 1 else 0)
    return case("Split", [shape], [], {"axis": axis, "num_outputs": count}, count)


@st.composite
def gathers(draw):
    shape = draw(shapes())
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    indices = np.zeros(draw(shapes(0, 2)), np.int64)
    return case("Gather", [shape], [indices], {"axis": axis})


@st.composite
def products(draw):
    a, b, k = draw(shapes(0, 3)), draw(shapes(0, 1)), draw(st.integers(1, 5))
    batch = draw(shapes(0, 2))
    left = ([1 if draw(st.booleans()) else d for d in batch] + [draw(st.integers(1, 4))] if draw(st.booleans()) else []) + [k]
    right = (batch if draw(st.booleans()) else []) + [k, draw(st.integers(1, 4))] if draw(st.booleans()) else [k]
    return case("MatMul", [left, right])


@st.composite
def moves(draw):
    shape = draw(shapes(low=2))
    rank = len(shape)
    kind = draw(st.sampled_from(["Transpose", "Unsqueeze", "Flatten", "Tile", "TopK", "Squeeze", "CumSum", "ArgMax"]))
    if kind == "Transpose":
        return case(kind, [shape], [], {"perm": draw(st.permutations(range(rank)))} if draw(st.booleans()) else {})
    if kind == "Unsqueeze":
        return case(kind, [shape], [ints(draw(axes_of(rank + 2).filter(lambda a: len({x % (rank + 2) for x in a}) == 2)))])
    if kind == "Flatten":
        return case(kind, [shape], [], {"axis": draw(st.integers(-rank, rank))})
    if kind == "Tile":
        return case(kind, [shape], [ints(draw(st.lists(st.integers(0, 3), min_size=rank, max_size=rank)))])
    if kind == "TopK":
        axis = draw(st.integers(-rank, rank - 1))
        return case(kind, [shape], [ints([draw(st.integers(0, shape[axis]))])], {"axis": axis}, 2)
    if kind == "Squeeze":
        axes = draw(axes_of(rank, 1))
        for axis in axes:
            shape[axis] = 1
        return case(kind, [shape], [ints(axes)])
    if kind == "CumSum":
        return case(kind, [shape], [np.array(draw(st.integers(-rank, rank - 1)), np.int64)])
    return case(kind, [shape], [], {"axis": draw(st.integers(-rank, rank - 1)), "keepdims": draw(st.integers(0, 1))})


@st.composite
def resizes(draw):
    shape = [draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(3, 9)), draw(st.integers(3, 9))]
    if draw(st.booleans()):
        return case("Resize", [shape], [None, None, ints(shape[:2] + [draw(st.integers(1, 12)), draw(st.integers(1, 12))])])
    scales = [draw(st.sampled_from([0.5, 1.0, 1.5, 2.0, 1 / 3, 0.7, 2.25, 0.6])) for _ in range(2)]
    return case("Resize", [shape], [None, np.array([1, 1, *scales], np.float32)])


@st.composite
def sums_of_products(draw):
    sizes = {c: draw(st.integers(1, 4)) for c in "abcd"}
    terms = ["".join(draw(st.permutations("abcd"))[:draw(st.integers(1, 3))]) for _ in range(draw(st.integers(1, 3)))]
    labels = sorted(set("".join(terms)))
    equation = ",".join(terms)
    if draw(st.booleans()):
        equation += "->" + "".join(draw(st.permutations(labels))[:draw(st.integers(0, len(labels)))])
    return case("Einsum", [[sizes[c] for c in term] for term in terms], [], {"equation": equation})


STRATEGIES = {f.__name__: f for f in (slices, pads, reshapes, broadcasts, expands, reductions, pools, convolutions, deconvolutions, concats,
                                      splits, gathers, products, moves, resizes, sums_of_products)}


def build(c):
    """The model, its inputs and the symbols' values."""
    names, inputs, constants, feeds, bindings = [], [], [], {}, {}
    for i, shape in enumerate(c["data"]):
        symbols = [f"d{i}_{axis}" for axis in range(len(shape))]
        inputs.append(helper.make_tensor_value_info(f"x{i}", TensorProto.FLOAT, symbols))
        feeds[f"x{i}"] = np.ones(shape, np.float32)
        bindings.update(zip(symbols, shape))
        names.append(f"x{i}")
    for i, operand in enumerate(c["operands"]):
        names.append("" if operand is None else f"c{i}")
        if operand is not None:
            constants.append(numpy_helper.from_array(np.asarray(operand), f"c{i}"))
    outputs = [f"y{i}" for i in range(c["outputs"])]
    node = helper.make_node(c["op"], names, outputs, **c["attributes"])
    graph = helper.make_graph([node], "g", inputs, [onnx.ValueInfoProto(name=o) for o in outputs], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10), feeds, bindings


@pytest.mark.parametrize("name", STRATEGIES)
def test_random_nodes(tmp_path, name):
    path = tmp_path / "node.onnx"
    seen = 0

    @settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(STRATEGIES[name]())
    def check(c):
        nonlocal seen
        model, feeds, bindings = build(c)
        onnx.save(model, path)
        try:
            session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
            computed = session.run(None, feeds)
        except Exception:  # what ONNX Runtime refuses says nothing about shapes
            return
        values, guards = infer_shapes(path, bindings)
        values = {v["name"]: v for v in values}
        for i, actual in enumerate(computed):
            assert values[f"y{i}"]["sizes"] == list(actual.shape), (c, values[f"y{i}"])
        assert all(guards[key] == [1] for key in guards if key.endswith("value")), (c, guards)
        seen += 1

    check()
    assert seen >= 20, f"only {seen} nodes were computed"
