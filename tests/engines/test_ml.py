"""Operators of ai.onnx.ml on ref against ONNX Runtime: random trees, support vectors, linear models, encoders and maps.

Where the two do what docs/differences.md says, the expected value is written out here."""
import numpy as np
import onnx
import onnxruntime
import pytest
from library import Failure, Model
from onnx import TensorProto, helper

RNG = np.random.default_rng(7)
DTYPES = [np.float32, np.float64, np.int64, np.int32]
TRANSFORMS = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]
onnxruntime.set_default_logger_severity(4)


def value_info(name, value):
    value = np.asarray(value)
    dtype = TensorProto.STRING if value.dtype.kind in "OU" else helper.np_dtype_to_tensor_dtype(value.dtype)
    return helper.make_tensor_value_info(name, dtype, [f"{name}_{i}" for i in range(value.ndim)])


def model_of(nodes, feeds, outputs, version):
    graph = helper.make_graph(nodes, "g", [value_info(n, v) for n, v in feeds.items()], [onnx.ValueInfoProto(name=o) for o in outputs])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", version)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def run(op, inputs, outputs=1, version=3, **attributes):
    feeds = {f"x{i}": v for i, v in enumerate(inputs)}
    results = [f"y{i}" for i in range(outputs)]
    data = model_of([helper.make_node(op, list(feeds), results, domain="ai.onnx.ml", **attributes)], feeds, results, version)
    with Model(data) as model:
        return data, feeds, model.run(feeds)


def in_onnxruntime(data, feeds):
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, feeds)


def same(found, expected, **tolerance):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    if expected.dtype.kind in "OU":
        assert found.tolist() == expected.tolist()
    else:
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, **({"rtol": 1e-4, "atol": 1e-5} | tolerance))


def compare(op, inputs, outputs=1, version=3, **attributes):
    data, feeds, found = run(op, inputs, outputs, version, **attributes)
    if op.startswith("TreeEnsemble") and inputs[0].dtype.kind == "i":  # which ONNX Runtime does not take
        data, feeds, _ = run(op, [inputs[0].astype(np.float32)], outputs, version, **attributes)
    loose = {"rtol": 1e-2, "atol": 1e-3} if attributes.get("post_transform") == "PROBIT" else {}  # an approximation, there in float32
    for mine, theirs in zip(found, in_onnxruntime(data, feeds), strict=True):
        same(mine, theirs, **loose)


def features(dtype=np.float32, rows=6, columns=4):
    return (RNG.standard_normal((rows, columns)) * 3).astype(dtype)


# ------------------------------------------------------------------------------------------- encoders


@pytest.mark.parametrize("dtype", DTYPES)
def test_simple_ones(dtype):
    x = features(dtype)
    compare("Binarizer", [x.astype(np.float32)], threshold=0.25)
    compare("Scaler", [x], offset=[1.0, 2.0, -1.0, 0.5], scale=[2.0, 0.5, 1.0, 3.0])
    compare("Scaler", [x], offset=[1.0], scale=[2.0])
    compare("ArrayFeatureExtractor", [x, np.array([3, 0, 3], np.int64)])
    compare("ArrayFeatureExtractor", [x[0], np.array([[1, 2]], np.int64)])
    compare("FeatureVectorizer", [x, features(dtype, 6, 2)], inputdimensions=[3, 4])
    if dtype in (np.float32, np.int64):
        values = {"imputed_value_floats": [9.0]} if dtype == np.float32 else {"imputed_value_int64s": [9]}
        old = {"replaced_value_float": float(x[0, 0])} if dtype == np.float32 else {"replaced_value_int64": int(x[0, 0])}
        compare("Imputer", [x], **values, **old)
    for norm in ("L1", "L2", "MAX"):
        compare("Normalizer", [x], norm=norm)


def test_scaler_without_lists_and_zero_rows():
    _, _, (found,) = run("Normalizer", [np.zeros((2, 3), np.float32)], norm="L2")
    same(found, np.zeros((2, 3), np.float32))
    _, _, (found,) = run("Scaler", [np.ones((2, 3), np.float32)])
    same(found, np.ones((2, 3), np.float32))


def test_imputer_by_column_and_nan():
    x = np.array([[np.nan, 1], [2, np.nan]], np.float32)
    compare("Imputer", [x], imputed_value_floats=[5.0, 6.0], replaced_value_float=float("nan"))


STRINGS = np.array([["a", "b"], ["c", "a"]], object)


def test_label_encoders():
    compare("LabelEncoder", [STRINGS], keys_strings=["a", "b"], values_int64s=[5, 6], default_int64=-7)
    compare("LabelEncoder", [STRINGS], keys_strings=["a", "b"], values_floats=[0.5, 6], default_float=-7.0)
    compare("LabelEncoder", [STRINGS], keys_strings=["a", "b"], values_strings=["x", "y"])
    compare("LabelEncoder", [np.array([1, 2, 3], np.int64)], keys_int64s=[1, 3], values_strings=["x", "y"], default_string="?")
    compare("LabelEncoder", [np.array([1, np.nan, 3], np.float32)], version=4, keys_floats=[float("nan"), 3], values_int64s=[4, 5])
    keys, values = np.array([1, 2], np.int16), np.array([0.5, 7.0], np.float64)
    _, _, (found,) = run("LabelEncoder", [np.array([2, 1, 9], np.int16)], version=4, keys_tensor=onnx.numpy_helper.from_array(keys),
                         values_tensor=onnx.numpy_helper.from_array(values), default_tensor=onnx.numpy_helper.from_array(np.array([-1.5])))
    same(found, np.array([7, 0.5, -1.5]))


def test_label_encoder_of_version_1():
    compare("LabelEncoder", [STRINGS], version=1, classes_strings=["b", "a"], default_int64=9)
    compare("LabelEncoder", [np.array([1, 0, 7], np.int64)], version=1, classes_strings=["b", "a"], default_string="?")


def test_category_mapper_and_one_hot():
    compare("CategoryMapper", [STRINGS], cats_strings=["a", "c"], cats_int64s=[1, 9], default_int64=-3)
    compare("CategoryMapper", [np.array([9, 0], np.int64)], cats_strings=["a", "c"], cats_int64s=[1, 9], default_string="none")
    compare("OneHotEncoder", [STRINGS], cats_strings=["a", "c"])
    compare("OneHotEncoder", [np.array([1, 4], np.int64)], cats_int64s=[4, 5])
    compare("OneHotEncoder", [np.array([1.5, 4.0], np.float32)], cats_int64s=[4, 1])


# ------------------------------------------------------------------------------------------- linear models and support vectors


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_linear_models(dtype, transform):
    x, wide = features(dtype), [float(v) for v in RNG.uniform(-0.01, 0.01, 12)]
    intercepts = [0.5, 0.4, 0.6]
    compare("LinearClassifier", [x], outputs=2, coefficients=wide, intercepts=intercepts, classlabels_ints=[4, 5, 6], post_transform=transform)
    compare("LinearClassifier", [x], outputs=2, coefficients=wide, intercepts=intercepts, classlabels_strings=["u", "v", "w"],
            post_transform=transform)
    if dtype == np.float32:
        compare("LinearRegressor", [x], coefficients=wide, intercepts=intercepts, targets=3, post_transform=transform)
        compare("LinearRegressor", [x], coefficients=wide[:4])


def test_linear_classifier_with_one_row_of_two_classes():
    x = features()
    weights = [0.5, -1.0, 0.25, 2.0]
    score = x @ np.array(weights, np.float32) + np.float32(0.1)
    _, _, (labels, scores) = run("LinearClassifier", [x], outputs=2, coefficients=weights, intercepts=[0.1], classlabels_ints=[3, 8],
                                 post_transform="LOGISTIC")
    same(labels, np.where(score > 0, 8, 3))
    both = 1 / (1 + np.exp(-np.stack([-score, score], 1)))
    same(scores, both.astype(np.float32))


def vectors(kernel, counts, labels, **more):
    total, classes = sum(counts), len(counts)
    pairs = classes * (classes - 1) // 2
    return dict(kernel_type=kernel, kernel_params=[0.3, 0.1, 2.0], vectors_per_class=list(counts),
                support_vectors=[float(v) for v in RNG.standard_normal(total * 4)],
                coefficients=[float(v) for v in RNG.standard_normal(total * (classes - 1))],
                rho=[float(v) for v in RNG.standard_normal(pairs)], classlabels_ints=labels, **more)


@pytest.mark.parametrize("kernel", ["LINEAR", "POLY", "RBF", "SIGMOID"])
def test_support_vectors(kernel):
    x = features()
    compare("SVMClassifier", [x], outputs=2, **vectors(kernel, (3, 2), [7, 9]))
    compare("SVMClassifier", [x], outputs=2, **vectors(kernel, (3, 2, 4), [7, 9, 1]))
    a, b = [-1.0, -0.5, -2.0], [0.1, 0.2, -0.3]
    compare("SVMClassifier", [x], outputs=2, **vectors(kernel, (3, 2, 4), [7, 9, 1], prob_a=a, prob_b=b))
    compare("SVMClassifier", [x], outputs=2, **vectors(kernel, (3, 2), [7, 9], prob_a=a[:1], prob_b=b[:1]))
    for one_class in (0, 1):
        compare("SVMRegressor", [x], kernel_type=kernel, kernel_params=[0.3, 0.1, 2.0], n_supports=3, one_class=one_class, rho=[0.2],
                support_vectors=[float(v) for v in RNG.standard_normal(12)], coefficients=[0.5, -1.0, 2.0])


def test_linear_support_vectors():
    x = features()
    weights = [float(v) for v in RNG.standard_normal(12)]
    compare("SVMClassifier", [x], outputs=2, coefficients=weights, rho=[0.5], kernel_params=[0.0, 0.0, 0.0], classlabels_ints=[1, 2, 3])
    compare("SVMClassifier", [x.astype(np.float64)], outputs=2, coefficients=weights, rho=[0.5], kernel_params=[0.0, 0.0, 0.0], classlabels_strings=["a", "b", "c"])
    compare("SVMRegressor", [x], coefficients=weights[:4], rho=[0.5], kernel_params=[0.0, 0.0, 0.0])


# ------------------------------------------------------------------------------------------- trees


def random_trees(trees, depth, missing=True, modes=("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")):
    """Complete trees, and (tree, node) of their leaves."""
    n, leaves = {k: [] for k in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids",
                                 "missing_value_tracks_true")}, []
    for tree in range(trees):
        inner = 2**depth - 1
        for node in range(2 * inner + 1):
            leaf = node >= inner
            n["treeids"].append(tree)
            n["nodeids"].append(node)
            n["featureids"].append(0 if leaf else int(RNG.integers(4)))
            n["values"].append(0.0 if leaf else float(np.float32(RNG.integers(-3, 3))))
            n["modes"].append("LEAF" if leaf else str(RNG.choice(modes)))
            n["truenodeids"].append(0 if leaf else 2 * node + 1)
            n["falsenodeids"].append(0 if leaf else 2 * node + 2)
            n["missing_value_tracks_true"].append(int(RNG.integers(2)) if missing and not leaf else 0)
            if leaf:
                leaves.append((tree, node))
    return {f"nodes_{k}": v for k, v in n.items()}, leaves


def votes(prefix, leaves, targets, low=-1.0, each=1):
    chosen = [(leaf, int(t)) for leaf in leaves for t in RNG.choice(targets, each, replace=False)]
    return {f"{prefix}_treeids": [leaf[0] for leaf, _ in chosen], f"{prefix}_nodeids": [leaf[1] for leaf, _ in chosen],
            f"{prefix}_ids": [t for _, t in chosen], f"{prefix}_weights": [float(np.float32(v)) for v in RNG.uniform(low, 1, len(chosen))]}


def tree_features(dtype=np.float32, nan=True):
    x = RNG.integers(-4, 4, (12, 4)).astype(dtype)
    if nan and dtype in (np.float32, np.float64):
        x[RNG.random(x.shape) < 0.1] = np.nan
    return x


@pytest.mark.parametrize("aggregate", ["SUM", "AVERAGE", "MIN", "MAX"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_tree_regressors(aggregate, dtype):
    for mode in ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ"):
        nodes, leaves = random_trees(5, 3, modes=[mode])
        x = tree_features(dtype)
        compare("TreeEnsembleRegressor", [x], n_targets=3, aggregate_function=aggregate, base_values=[0.5, 1.0, -1.0], **nodes,
                **votes("target", leaves, [0, 1, 2], each=3))
        compare("TreeEnsembleRegressor", [x], n_targets=1, aggregate_function=aggregate, **nodes, **votes("target", leaves, [0]))


def test_missing_values_go_where_the_node_says():
    nodes, leaves = random_trees(1, 1, modes=["BRANCH_NEQ"])
    for flag in (0, 1):
        nodes["nodes_missing_value_tracks_true"][0] = flag
        _, _, (found,) = run("TreeEnsembleRegressor", [np.full((1, 4), np.nan, np.float32)], n_targets=1, **nodes, target_treeids=[0, 0],
                             target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[10.0, 20.0])
        assert found.tolist() == [[10.0 if flag else 20.0]]


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"])
def test_tree_classifiers(transform):
    nodes, leaves = random_trees(4, 3, modes=["BRANCH_LEQ"])
    x = tree_features()
    compare("TreeEnsembleClassifier", [x], outputs=2, classlabels_int64s=[5, 6, 7], post_transform=transform, **nodes,
            **votes("class", leaves, [0, 1, 2], each=3))
    compare("TreeEnsembleClassifier", [x], outputs=2, classlabels_strings=["p", "q", "r"], post_transform=transform, **nodes,
            base_values=[0.1, 0.2, 0.3], **votes("class", leaves, [0, 1, 2]))


@pytest.mark.parametrize("low,transform", [(0, "NONE"), (-1, "NONE"), (-1, "LOGISTIC")])
def test_tree_classifiers_of_two_classes_with_one_score(low, transform):
    nodes, leaves = random_trees(4, 3, modes=["BRANCH_LEQ"])
    one = votes("class", leaves, [0], low)
    if low == 0:
        one["class_weights"] = [w / 4 for w in one["class_weights"]]
    compare("TreeEnsembleClassifier", [tree_features()], outputs=2, classlabels_int64s=[0, 1], post_transform=transform, **nodes, **one)


def test_tree_ensembles_of_version_5_with_doubles():
    tensor = onnx.numpy_helper.from_array
    nodes = dict(nodes_featureids=[0, 1, 2], nodes_modes=tensor(np.array([0, 6, 3], np.uint8)),
                 nodes_splits=tensor(np.array([0.5, 0.0, 2.0])), nodes_truenodeids=[1, 0, 2], nodes_falsenodeids=[2, 1, 3],
                 nodes_trueleafs=[0, 1, 1], nodes_falseleafs=[0, 1, 1], tree_roots=[0],
                 membership_values=tensor(np.array([3.0, -1.0, np.nan])), leaf_targetids=[0, 1, 0, 1],
                 leaf_weights=tensor(np.array([1.0, 2.0, 3.0, 4.0])), n_targets=2, aggregate_function=1, post_transform=0)
    x = np.array([[0.1, 3, 9], [0.1, 4, 9], [0.9, 0, 9], [0.9, 0, 1]])
    _, _, (found,) = run("TreeEnsemble", [x], version=5, **nodes)
    same(found, np.array([[1.0, 0], [0, 2], [3, 0], [0, 4]]))


def test_broken_trees_are_refused():
    nodes, leaves = random_trees(2, 2)
    good = votes("target", leaves, [0])
    x = tree_features()
    for change, words in (({"nodes_truenodeids": [99] * len(nodes["nodes_modes"])}, "nodes_truenodeids"),
                          ({"nodes_featureids": [4] * len(nodes["nodes_modes"])}, "nodes_featureids"),
                          ({"nodes_modes": ["LEAF"]}, "nodes_modes"), ({"nodes_nodeids": [0] * len(nodes["nodes_modes"])}, "nodes_nodeids"),
                          ({"nodes_truenodeids": [0] * len(nodes["nodes_modes"]), "nodes_falsenodeids": [0] * len(nodes["nodes_modes"])}, "cycle"),
                          ({"target_ids": [5] * len(good["target_ids"])}, "target_ids")):
        with pytest.raises(Exception, match=words):
            run("TreeEnsembleRegressor", [x], n_targets=1, **(nodes | good | change))


@pytest.mark.parametrize("op,inputs,outputs,version,attributes,words", [
    ("LabelEncoder", [STRINGS], 1, 3, dict(keys_strings=["a"], values_int64s=[1, 2]), "1 keys and 2 values"),
    ("LabelEncoder", [STRINGS], 1, 3, dict(keys_int64s=[1], values_int64s=[1]), "the keys are int64"),
    ("LabelEncoder", [STRINGS], 1, 3, dict(values_int64s=[1]), "keys_strings"),
    ("Scaler", [features()], 1, 3, dict(offset=[1.0, 2.0]), "'offset'"), ("Normalizer", [features()], 1, 3, dict(norm="L7"), "'norm'"),
    ("Imputer", [features()], 1, 3, dict(imputed_value_int64s=[1]), "'imputed_value_floats'"),
    ("Imputer", [features()], 1, 3, dict(imputed_value_floats=[1.0, 2.0]), "'imputed_value_floats'"),
    ("OneHotEncoder", [STRINGS], 1, 3, dict(cats_int64s=[1]), "the categories are int64"),
    ("OneHotEncoder", [STRINGS], 1, 3, dict(cats_strings=["z"], zeros=0), "element 0"),
    ("OneHotEncoder", [STRINGS], 1, 3, dict(), "'cats_strings' and 'cats_int64s'"),
    ("FeatureVectorizer", [features()], 1, 3, dict(inputdimensions=[1, 2]), "'inputdimensions'"),
    ("ArrayFeatureExtractor", [features(), np.array([9], np.int64)], 1, 3, {}, "9"),
    ("LinearRegressor", [features()], 1, 3, dict(coefficients=[1.0] * 5), "'coefficients'"),
    ("LinearRegressor", [features()], 1, 3, dict(coefficients=[1.0] * 4, targets=0), "'targets'"),
    ("LinearClassifier", [features()], 2, 3, dict(coefficients=[1.0] * 9, intercepts=[0.0] * 3, classlabels_ints=[1, 2, 3]), "'coefficients'"),
    ("LinearClassifier", [features()], 2, 3, dict(coefficients=[1.0] * 4), "classlabels_strings"),
    ("LinearClassifier", [features()], 2, 3, dict(coefficients=[1.0] * 8, classlabels_ints=[1, 2], post_transform="SOFT"), "'post_transform'"),
    ("SVMClassifier", [features()], 2, 3, dict(coefficients=[1.0], rho=[0.0], classlabels_ints=[1, 2], vectors_per_class=[1]), "'vectors_per_class'"),
    ("SVMClassifier", [features()], 2, 3, dict(coefficients=[1.0] * 2, rho=[0.0], classlabels_ints=[1, 2], vectors_per_class=[1, 1]), "'support_vectors'"),
    ("SVMClassifier", [features()], 2, 3, dict(coefficients=[1.0] * 2, rho=[0.0], classlabels_ints=[1, 2], vectors_per_class=[-1, 2]), "'vectors_per_class'"),
    ("SVMRegressor", [features()], 1, 3, dict(coefficients=[1.0] * 4), "'rho'"), ("SVMRegressor", [features()], 1, 3, dict(kernel_type="CUBE"), "'kernel_type'"),
    ("ZipMap", [features()], 1, 1, dict(classlabels_int64s=[1, 2]), "2 labels for 4 columns"),
    ("CategoryMapper", [STRINGS], 1, 1, dict(cats_strings=["a"], cats_int64s=[1, 2]), "'cats_strings'"),
    ("Binarizer", [features()[0, 0].reshape(())], 1, 1, dict(threshold=1), "'threshold'"),
])
def test_what_is_wrong_is_named(op, inputs, outputs, version, attributes, words):
    with pytest.raises(Failure) as failure:
        run(op, inputs, outputs, version, **attributes)
    assert words in str(failure.value) and op in str(failure.value), failure.value


# ------------------------------------------------------------------------------------------- maps


def test_zip_map_and_back():
    x = features(columns=3)
    for labels in ({"classlabels_strings": ["a", "b", "c"]}, {"classlabels_int64s": [7, 3, 5]}):
        _, _, (maps,) = run("ZipMap", [x], **labels)
        keys = next(iter(labels.values()))
        assert [list(m) for m in maps] == [keys] * len(x)
        same(np.array([list(m.values()) for m in maps], np.float32), x)


def map_model(op, key, value, feed, **attributes):
    info = onnx.ValueInfoProto(name="x")
    info.type.map_type.key_type = key
    info.type.map_type.value_type.tensor_type.elem_type = value
    node = helper.make_node(op, ["x"], ["y"], domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph([node], "g", [info], [onnx.ValueInfoProto(name="y")])
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)], ir_version=8).SerializeToString()
    with Model(data) as model:
        (found,) = model.run({"x": feed})
    return found, data


def test_dict_vectorizer_and_cast_map():
    found, data = map_model("DictVectorizer", TensorProto.STRING, TensorProto.FLOAT, {"b": 2.0, "a": 1.0}, string_vocabulary=["a", "z", "b"])
    same(found, in_onnxruntime(data, {"x": {"b": 2.0, "a": 1.0}})[0])
    feed = {4: 2.5, 1: 1.5}
    for kind in ("TO_FLOAT", "TO_STRING", "TO_INT64"):
        for form in ("DENSE", "SPARSE"):
            found, data = map_model("CastMap", TensorProto.INT64, TensorProto.FLOAT, feed, cast_to=kind, map_form=form, max_map=6)
            if kind != "TO_STRING":  # ONNX Runtime writes "1.500000"
                same(found, in_onnxruntime(data, {"x": feed})[0])
            elif form == "SPARSE":
                assert found.tolist() == [["0.f", "1.5", "0.f", "0.f", "2.5", "0.f"]]
            else:
                assert found.tolist() == [["1.5", "2.5"]]
    with pytest.raises(Exception, match="max_map"):
        map_model("CastMap", TensorProto.INT64, TensorProto.FLOAT, {9: 1.0}, map_form="SPARSE", max_map=6)
