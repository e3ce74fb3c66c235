"""Models that mean harm. Each must give a clear error and leave nothing behind: no crash, no hang, no memory beyond a small multiple
of the file. tests/import/test_tensors.py has the wrong tensors, src/import/onnx/wire_test.c the damaged messages."""
import os
import random
import time

import numpy as np
import onnx
import pytest
from importing import ROOT, import_bytes, run_import
from onnx import AttributeProto, NodeProto, TensorProto, helper, numpy_helper

F = TensorProto.FLOAT


def info(name, dtype=F, dims=(2, 3)):
    return helper.make_tensor_value_info(name, dtype, dims)


def model(nodes, inputs=None, outputs=("y",), initializers=(), opset=17, functions=(), opsets=(), **options):
    inputs = [info("x")] if inputs is None else inputs
    graph = helper.make_graph(list(nodes), "g", list(inputs), [onnx.ValueInfoProto(name=o) if isinstance(o, str) else o for o in outputs],
                              list(initializers))
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(*o) for o in opsets)]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=10, **options)


def refused(done, *words, status=("invalid model", "unsupported", "not found")):
    assert not done.ok, done.text
    assert done.status in status, done.text
    for word in words:
        assert word in done.message, done.text
    return done


# ------------------------------------------------------------------------------- external data: rows 1 to 9

SECRET = b"secret!!" * 4


def external(location, name="w", dims=(2, 4), **entries):
    tensor = TensorProto(name=name, data_type=F, dims=dims, data_location=TensorProto.EXTERNAL)
    if location is not None:
        tensor.external_data.add(key="location", value=location)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def using(tensor):
    return model([NodeProto(op_type="Identity", input=[tensor.name], output=["y"])], [], initializers=[tensor])


@pytest.fixture
def folder(tmp_path):
    """A model's folder beside a file that is none of its business."""
    (tmp_path / "secret.bin").write_bytes(SECRET)
    inside = tmp_path / "models"
    inside.mkdir()
    (inside / "weights.bin").write_bytes(SECRET)
    (inside / "sub").mkdir()
    (inside / "sub" / "weights.bin").write_bytes(SECRET)
    return inside


@pytest.mark.parametrize("location", ["weights.bin", "./weights.bin", "sub/weights.bin", "sub/./weights.bin", ".//sub//weights.bin"])
def test_external_data_beside_the_model(folder, location):
    assert import_bytes(using(external(location)), folder).ok


@pytest.mark.parametrize("location", ["../secret.bin", "sub/../../secret.bin", "sub/../weights.bin", "..", "sub/..", "./../secret.bin"])
def test_rows_1_and_2_steps_out(folder, location):
    refused(import_bytes(using(external(location)), folder), "leaves the model's folder", "'w'")


def test_row_3_symbolic_links(folder):
    (folder / "link.bin").symlink_to(folder.parent / "secret.bin")
    (folder / "up").symlink_to(folder.parent)
    (folder / "inner.bin").symlink_to("weights.bin")
    for location in ("link.bin", "up/secret.bin", "inner.bin"):
        refused(import_bytes(using(external(location)), folder), "symbolic links are not followed")


def test_row_4_hard_links(folder):
    os.link(folder.parent / "secret.bin", folder / "hard.bin")
    refused(import_bytes(using(external("hard.bin")), folder), "hard links are not followed")


def test_row_5_absolute_paths(folder):
    refused(import_bytes(using(external(str(folder / "weights.bin"))), folder), "an absolute path")
    refused(import_bytes(using(external("/etc/passwd")), folder), "an absolute path")


def test_row_6_bytes_without_a_folder(folder):
    refused(import_bytes(using(external("weights.bin")), folder, "--bytes"), "without a folder")


def test_row_7_wherever_tensors_are(folder):
    bad = external("../secret.bin")
    constant = helper.make_node("Constant", [], ["y"], value=bad)
    refused(import_bytes(model([constant], []), folder), "leaves the model's folder")
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    sparse = onnx.SparseTensorProto(values=external("../secret.bin", dims=(1,)), indices=indices, dims=[4])
    refused(import_bytes(model([helper.make_node("Constant", [], ["y"], sparse_value=sparse)], []), folder), "leaves the model's folder")
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["z"])], "body", [], [onnx.ValueInfoProto(name="z")], [bad])
    branch = helper.make_node("If", ["c"], ["y"], then_branch=graph, else_branch=graph)
    refused(import_bytes(model([branch], [info("c", TensorProto.BOOL, [])]), folder), "leaves the model's folder")


def test_row_8_addresses_in_memory(folder):
    refused(import_bytes(using(external("*/_ORT_MEM_ADDR_/*", offset="140000000000", length="32")), folder), "ONNX Runtime")


@pytest.mark.parametrize("entries,words", [
    ({"offset": "-8"}, "not a number"), ({"offset": "8x"}, "not a number"), ({"offset": ""}, "not a number"),
    ({"offset": "0x10"}, "not a number"), ({"offset": " 8"}, "not a number"), ({"offset": "1"}, "are needed"),
    ({"offset": "33"}, "are needed"), ({"offset": "18446744073709551616"}, "too large"),
    ({"offset": "18446744073709551615"}, "are needed"), ({"length": "31"}, "length is 31"), ({"length": "-1"}, "not a number"),
    ({"basepath": "/etc"}, "unknown key 'basepath'"), ({"prepacked": "1"}, "unknown key 'prepacked'"),
])
def test_row_9_keys(folder, entries, words):
    refused(import_bytes(using(external("weights.bin", **entries)), folder), "external data", words)


@pytest.mark.parametrize("location", [None, ""])
def test_row_9_no_location(folder, location):
    refused(import_bytes(using(external(location)), folder), "without a location")


def test_row_9_files_that_are_none(folder):
    refused(import_bytes(using(external("missing.bin")), folder), "No such file", status=("not found",))
    refused(import_bytes(using(external("sub")), folder), "not a regular file")
    refused(import_bytes(using(external("weights.bin/x")), folder), status=("not found",))
    os.mkfifo(folder / "pipe")
    refused(import_bytes(using(external("pipe")), folder), "not a regular file")
    refused(import_bytes(using(external("weights.bin", dims=(1 << 30, 1 << 20))), folder), "are needed")


# ------------------------------------------------------------------------------- operators: rows 12 to 16

def weights(name, *dims):
    return numpy_helper.from_array(np.zeros(dims, np.float32), name)


IMAGE = [info("x", F, [1, 4, 8, 8])]


@pytest.mark.parametrize("attributes,shape", [
    ({"kernel_shape": [5, 5]}, (4, 4, 3, 3)), ({"kernel_shape": [3]}, (4, 4, 3, 3)), ({"strides": [0, 1]}, (4, 4, 3, 3)),
    ({"dilations": [1, 0]}, (4, 4, 3, 3)), ({"group": 0}, (4, 4, 3, 3)), ({"group": 3}, (4, 4, 3, 3)), ({"group": -1}, (4, 4, 3, 3)),
    ({"pads": [-9, 0, 0, 0]}, (4, 4, 3, 3)), ({"pads": [1, 1]}, (4, 4, 3, 3)), ({}, (4, 3, 3, 3)), ({}, (4, 0, 3, 3)),
    ({"group": 2}, (3, 2, 3, 3)), ({"strides": [-1, 1]}, (4, 4, 3, 3)), ({}, (4, 4, 0, 3)), ({}, (4, 4, 10, 9)), ({}, (4, 4)),
    ({"auto_pad": "SIDEWAYS"}, (4, 4, 3, 3)),
])
def test_rows_12_to_14_convolutions(tmp_path, attributes, shape):
    node = helper.make_node("Conv", ["x", "w"], ["y"], name="conv1", **attributes)
    refused(import_bytes(model([node], IMAGE, initializers=[weights("w", *shape)]), tmp_path), "conv1")


@pytest.mark.parametrize("op,attributes", [
    ("MaxPool", {"kernel_shape": [0, 2]}), ("MaxPool", {"kernel_shape": [2, 2], "strides": [0, 0]}), ("MaxPool", {}),
    ("AveragePool", {"kernel_shape": [-2, 2]}), ("AveragePool", {"kernel_shape": [2]}), ("DepthToSpace", {"blocksize": 0}),
    ("SpaceToDepth", {"blocksize": -2}), ("LRN", {"size": 0}), ("Transpose", {"perm": [0, 1, 2, 4]}), ("Transpose", {"perm": [0, 0, 1, 2]}),
])
def test_row_13_sizes(tmp_path, op, attributes):
    refused(import_bytes(model([helper.make_node(op, ["x"], ["y"], name="node1", **attributes)], IMAGE), tmp_path), "node1")


def test_row_12_recurrent(tmp_path):
    inputs = [info("x", F, [3, 1, 2])]
    node = helper.make_node("LSTM", ["x", "w", "r"], ["y"], name="cell", hidden_size=1000)
    refused(import_bytes(model([node], inputs, initializers=[weights("w", 1, 16, 2), weights("r", 1, 16, 4)]), tmp_path), "cell")


@pytest.mark.parametrize("axis", [2, -3, 1 << 40, -(1 << 63)])
@pytest.mark.parametrize("op", ["Softmax", "Concat", "Split", "Gather", "ReduceMax"])
def test_row_15_axes(tmp_path, op, axis):
    extra, attributes = [], {"axis": axis}
    if op == "Gather":
        extra = [numpy_helper.from_array(np.zeros(1, np.int64), "i")]
    if op == "ReduceMax":
        attributes = {"axes": [axis]}
    node = helper.make_node(op, ["x", *(t.name for t in extra)], ["y"], name="node1", **attributes)
    refused(import_bytes(model([node], initializers=extra), tmp_path), "node1")


@pytest.mark.parametrize("op,inputs,outputs", [
    ("Add", [], ["y"]), ("Add", ["x"], ["y"]), ("Add", ["x", ""], ["y"]), ("Add", ["", "x"], ["y"]), ("Add", ["x", "x", "x"], ["y"]),
    ("Relu", ["x"], ["y", "z"]), ("Concat", [], ["y"]), ("Clip", ["", "x"], ["y"]), ("Relu", ["x"], []), ("Where", ["x", "x", "x"], ["y"]),
    ("BatchNormalization", ["x", "x", "x", "x"], ["y"]), ("Softmax", [""], ["y"]), ("GroupNormalization", ["x"], ["y"]),
])
def test_row_16_inputs_and_outputs(tmp_path, op, inputs, outputs):
    attributes = {"axis": 0} if op == "Concat" else {}
    refused(import_bytes(model([NodeProto(op_type=op, input=inputs, output=outputs, name="node1", attribute=[
        helper.make_attribute(k, v) for k, v in attributes.items()])], opset=22), tmp_path))


def test_row_16_attributes(tmp_path):
    for attribute in (helper.make_attribute("axis", 1.5), helper.make_attribute("axis", [1]), helper.make_attribute("axis", "one"),
                      helper.make_attribute("no_such_thing", 1)):
        node = NodeProto(op_type="Softmax", input=["x"], output=["y"], name="node1", attribute=[attribute])
        refused(import_bytes(model([node]), tmp_path), "node1")
    twice = NodeProto(op_type="Softmax", input=["x"], output=["y"], attribute=[helper.make_attribute("axis", 1)] * 2)
    refused(import_bytes(model([twice]), tmp_path), "'axis'", "twice")
    nameless = NodeProto(op_type="Softmax", input=["x"], output=["y"], attribute=[AttributeProto(i=1, type=AttributeProto.INT)])
    refused(import_bytes(model([nameless]), tmp_path), "without a name")
    many = NodeProto(op_type="Softmax", input=["x"], output=["y"], attribute=[AttributeProto()] * 100000)
    refused(import_bytes(model([many]), tmp_path), "100000 attributes")


def test_upgrades_of_nonsense(tmp_path):
    """Steps from old versions meet the same missing inputs and wrong kinds."""
    for op, opset in (("Softmax", 7), ("Clip", 6), ("Pad", 2), ("Split", 2), ("TopK", 1), ("Upsample", 7), ("Upsample", 1), ("Slice", 1),
                      ("Squeeze", 1), ("OneHot", 9), ("PRelu", 6), ("Add", 6), ("BatchNormalization", 7), ("GroupNormalization", 18),
                      ("Tile", 1), ("Resize", 10), ("Dropout", 7), ("Cast", 1), ("Reshape", 1), ("Scan", 8), ("GlobalLpPool", 1)):
        for inputs in ([], [""], ["x"], ["x", "x"], ["x", "", "x"]):
            for kind in (None, 1, 1.5, "text", [1], [1.5], ["a"], -(1 << 63)):
                names = ("axis", "axes", "min", "pads", "split", "k", "scales", "starts", "spatial", "num_groups", "to", "shape", "p",
                         "broadcast", "value", "mode", "height_scale")
                attributes = [] if kind is None else [helper.make_attribute(n, kind) for n in names]
                node = NodeProto(op_type=op, input=inputs, output=["y"], name="node1", attribute=attributes)
                path = tmp_path / "model.onnx"
                path.write_bytes(model([node], opset=opset).SerializeToString())
                if kind in (None, 1):  # the rest of the product in one of sixteen
                    run_import(path)
                elif random.Random(f"{op}{inputs}{kind}").random() < 1 / 16:
                    run_import(path)


# ------------------------------------------------------------------------------- structure: rows 17 to 25

def nested_if(depth, node=None):
    """`depth` graphs inside each other, two branches each."""
    leaf = node or helper.make_node("Relu", ["x"], ["z"])
    graph = helper.make_graph([leaf], "leaf", [], [onnx.ValueInfoProto(name=leaf.output[0])])
    for _ in range(depth - 1):
        inner = helper.make_node("If", ["c"], ["z"], then_branch=graph, else_branch=LEAF)
        graph = helper.make_graph([inner], "level", [], [onnx.ValueInfoProto(name="z")])
    return model([helper.make_node("If", ["c"], ["y"], then_branch=graph, else_branch=LEAF)], [info("x"), info("c", TensorProto.BOOL, [])])


LEAF = helper.make_graph([helper.make_node("Identity", ["x"], ["e"])], "else", [], [onnx.ValueInfoProto(name="e")])


def test_row_17_nested_subgraphs(tmp_path):
    assert import_bytes(nested_if(32), tmp_path).ok
    refused(import_bytes(nested_if(33), tmp_path), "deeper than 32", status=("unsupported",))


def message(number, *parts):
    data = b"".join(parts)
    size, length = b"", len(data)
    while length >= 0x80:
        size, length = size + bytes([length & 0x7F | 0x80]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + data


def test_row_17_nested_without_end(tmp_path):
    """30 KB of nested attributes overflow the stack of a reader that recurses as the bytes say."""
    data = b""
    for _ in range(10000):
        data = message(1, message(4, b"If"), message(5, message(1, b"then_branch"), message(6, data), bytes([0xA0, 1, 5])))
        if len(data) > 300000:
            break
    refused(import_bytes(message(8, b"\x10\x11") + message(7, data), tmp_path), "deeper than 32")


def test_types_nested_without_end(tmp_path):
    data = message(1, b"\x08\x01")
    for _ in range(20000):
        data = message(4, message(1, data))
        if len(data) > 100000:
            break
    graph = message(11, message(1, b"x"), message(2, data))
    refused(import_bytes(message(8, b"\x10\x11") + message(7, graph), tmp_path), "nested deeper")


def function(name, nodes, inputs=("a",), outputs=("b",), attributes=(), opsets=(("", 17), ("local", 1)), domain="local"):
    return helper.make_function(domain, name, list(inputs), list(outputs), list(nodes), [helper.make_opsetid(*o) for o in opsets],
                                list(attributes))


def call(name, inputs=("x",), outputs=("y",), **attributes):
    return helper.make_node(name, list(inputs), list(outputs), domain="local", **attributes)


def test_row_18_recursion(tmp_path):
    itself = function("f", [call("f", ["a"], ["b"])])
    refused(import_bytes(model([call("f")], functions=[itself], opsets=[("local", 1)]), tmp_path), "calls itself", "local:f")
    each_other = [function("f", [call("g", ["a"], ["b"])]), function("g", [call("f", ["a"], ["b"])])]
    refused(import_bytes(model([call("f")], functions=each_other, opsets=[("local", 1)]), tmp_path), "calls itself")
    body = helper.make_graph([call("f", ["a"], ["z"])], "body", [], [onnx.ValueInfoProto(name="z")])
    hidden = function("f", [helper.make_node("If", ["c"], ["b"], then_branch=body, else_branch=body)], ["a", "c"])
    inputs = [info("x"), info("c", TensorProto.BOOL, [])]
    refused(import_bytes(model([call("f", ["x", "c"])], inputs, functions=[hidden], opsets=[("local", 1)]), tmp_path), "calls itself")


def test_row_18_calls_that_double(tmp_path):
    """Sixty functions that call the next one twice are 2^60 nodes."""
    chain = [function(f"f{i}", [call(f"f{i + 1}", ["a"], ["t"]), call(f"f{i + 1}", ["t"], ["b"])]) for i in range(60)]
    chain.append(function("f60", [helper.make_node("Relu", ["a"], ["b"])]))
    done = refused(import_bytes(model([call("f0")], functions=chain, opsets=[("local", 1)]), tmp_path), "expands to more than")
    assert done.peak < 2 << 30


def test_row_18_calls_without_end(tmp_path):
    chain = [function(f"f{i}", [call(f"f{i + 1}", ["a"], ["b"])]) for i in range(5000)]
    chain.append(function("f5000", [helper.make_node("Relu", ["a"], ["b"])]))
    refused(import_bytes(model([call("f0")], functions=chain, opsets=[("local", 1)]), tmp_path), "nested deeper than 64")


def test_row_19_inference_of_nested_branches(tmp_path):
    """Both branches on every level: inferred once for every level around, not twice."""
    graph = LEAF
    for i in range(14):
        inner = helper.make_node("If", ["c"], ["z"], name=f"if{i}", then_branch=graph, else_branch=LEAF)
        graph = helper.make_graph([inner], "level", [], [onnx.ValueInfoProto(name="z")])
    deep = model([helper.make_node("If", ["c"], ["y"], then_branch=graph, else_branch=graph)], [info("x"), info("c", TensorProto.BOOL, [])])
    start = time.monotonic()
    assert import_bytes(deep, tmp_path).ok
    assert time.monotonic() - start < 10
    assert import_bytes(nested_if(32), tmp_path).ok


COUNT = 10_000_000
EMPTY = {
    "nodes": b"\x0a\x00", "initializers": b"\x2a\x00", "inputs": b"\x5a\x00", "outputs": b"\x62\x00", "value_info": b"\x6a\x00",
    "sparse": b"\x7a\x00", "unknown": b"\xf2\x01\x00"[:3],
}


@pytest.mark.parametrize("part", EMPTY)
def test_row_20_empty_messages_in_the_graph(tmp_path, part):
    graph = EMPTY[part] * COUNT
    size = len(graph)
    head = bytearray()
    while size >= 0x80:
        head.append(size & 0x7F | 0x80)
        size >>= 7
    data = message(8, b"\x10\x11") + b"\x3a" + bytes(head) + bytes([size]) + graph
    done = import_bytes(data, tmp_path)
    assert done.peak < 16 * len(data) and done.largest < 16 * len(data), done.text


@pytest.mark.parametrize("part", [b"\x42\x00", b"\x72\x00", b"\xca\x01\x00"], ids=["opsets", "metadata", "functions"])
def test_row_20_empty_messages_in_the_model(tmp_path, part):
    data = model([helper.make_node("Relu", ["x"], ["y"])]).SerializeToString() + part * (COUNT // len(part))
    done = import_bytes(data, tmp_path)
    assert done.peak < 16 * len(data), done.text


def test_row_20_empty_parts_of_a_node(tmp_path):
    for number in (1, 2, 5):
        node = message(1, message(1, b"x"), message(2, b"y"), message(4, b"Sum"), message(number) * (COUNT // 10))
        data = message(8, b"\x10\x11") + message(7, message(11, message(1, b"x"), message(2, message(1, b"\x08\x01"))), node,
                                                 message(12, message(1, b"y")))
        done = import_bytes(data, tmp_path)
        assert done.peak < 64 * len(data), done.text


def test_row_21_cut_at_every_byte(tmp_path):
    """Every prefix of a model: an error, or (where only the end is missing) a model."""
    data = model([helper.make_node("Add", ["x", "w"], ["y"])], initializers=[weights("w", 2, 3)]).SerializeToString()
    for size in range(0, len(data), 3):
        path = tmp_path / "model.onnx"
        path.write_bytes(data[:size])
        run_import(path)


def test_rows_21_and_22_every_byte_changed(tmp_path):
    data = model([helper.make_node("Softmax", ["x"], ["s"], axis=1), helper.make_node("Add", ["s", "w"], ["y"])], opset=11,
                 initializers=[weights("w", 2, 3)]).SerializeToString()
    numbers = random.Random(3)
    path = tmp_path / "model.onnx"
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] = numbers.randrange(256)
        path.write_bytes(damaged)
        run_import(path)


def test_row_22_groups(tmp_path):
    refused(import_bytes(model([helper.make_node("Relu", ["x"], ["y"])]).SerializeToString() + b"\x0b\x0c", tmp_path), "wire type")


NASTY = ["new\nline", 'quo"te', "*/ int x; /*", "%s%n%s", "\x1b[2Jclear", "<script>", "a\\b", "\u202ereversed", "\u0085next", "x" * 5000]


@pytest.mark.parametrize("name", NASTY, ids=range(len(NASTY)))
def test_row_23_names_in_messages(tmp_path, name):
    """A name that would do something to a terminal comes out escaped."""
    done = refused(import_bytes(model([NodeProto(op_type="Relu", input=[name], output=["y"], name=name)]), tmp_path))
    assert all(c.isprintable() or c == "\n" for c in done.text.replace("\u202e", "")), repr(done.text)
    assert len(done.message) < 1100
    ok = import_bytes(model([helper.make_node("Relu", ["x"], [name], name=name)], outputs=[name]), tmp_path, "--export", tmp_path / "o.onnx")
    assert ok.ok, ok.text
    assert onnx.load(tmp_path / "o.onnx").graph.output[0].name == name


@pytest.mark.parametrize("name", [b"a\0b", b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"])
def test_row_23_names_that_are_not_text(tmp_path, name):
    good = model([helper.make_node("Relu", ["x"], ["PLACE"], name="n")], outputs=["PLACE"]).SerializeToString()
    refused(import_bytes(good.replace(b"PLACE", (name + b"zzzzz")[:5]), tmp_path), "not UTF-8 or holds a NUL")


def test_row_24_duplicates(tmp_path):
    relu = helper.make_node("Relu", ["x"], ["y"])
    for bad in (model([relu, relu]), model([helper.make_node("Relu", ["x"], ["x"])]), model([relu], [info("x"), info("x")]),
                model([relu], initializers=[weights("w", 1), weights("w", 1)]),
                model([helper.make_node("Dropout", ["x"], ["y", "y"])]),
                model([helper.make_node("Relu", ["w"], ["w"])], initializers=[weights("w", 1)])):
        refused(import_bytes(bad, tmp_path), "defined twice")


def test_row_24_order(tmp_path):
    cycle = [helper.make_node("Add", ["x", "b"], ["a"], name="one"), helper.make_node("Relu", ["a"], ["b"], name="two")]
    refused(import_bytes(model(cycle, outputs=["b"]), tmp_path), "cycle", "'one'")
    itself = [helper.make_node("Add", ["x", "y"], ["y"], name="one")]
    refused(import_bytes(model(itself), tmp_path), "cycle")
    early = [helper.make_node("Relu", ["a"], ["y"], name="one"), helper.make_node("Relu", ["x"], ["a"])]
    refused(import_bytes(model(early), tmp_path), "out of order")
    refused(import_bytes(model([helper.make_node("Relu", ["nobody"], ["y"])]), tmp_path), "'nobody'", "nothing makes it")
    refused(import_bytes(model([helper.make_node("Relu", ["x"], ["z"])]), tmp_path), "output 'y'", "made by no node")
    body = helper.make_graph([helper.make_node("Relu", ["x"], ["z"])], "b", [], [onnx.ValueInfoProto(name="q")])
    node = helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)
    refused(import_bytes(model([node], [info("x"), info("c", TensorProto.BOOL, [])]), tmp_path), "output 'q'", "made by no node")


def test_row_24_values_of_bodies_stay_inside(tmp_path):
    body = helper.make_graph([helper.make_node("Relu", ["x"], ["z"])], "b", [], [onnx.ValueInfoProto(name="z")])
    nodes = [helper.make_node("If", ["c"], ["t"], then_branch=body, else_branch=body), helper.make_node("Relu", ["z"], ["y"])]
    refused(import_bytes(model(nodes, [info("x"), info("c", TensorProto.BOOL, [])]), tmp_path), "'z'", "nothing makes it")


def test_row_25_operator_sets(tmp_path):
    relu = helper.make_node("Relu", ["x"], ["y"], name="node1")
    refused(import_bytes(model([relu], opset=0), tmp_path), "version 0")
    refused(import_bytes(model([relu], opset=-3), tmp_path), "version -3")
    refused(import_bytes(model([relu], opset=29), tmp_path), "29", "opset 28 or older", status=("unsupported",))
    refused(import_bytes(model([relu], opset=1 << 40), tmp_path), "opset 28 or older")
    foreign = helper.make_node("Relu", ["x"], ["y"], name="node1", domain="com.example")
    refused(import_bytes(model([foreign]), tmp_path), "node1", "com.example", "Relu")
    refused(import_bytes(model([foreign], opsets=[("com.example", 3)]), tmp_path), "node1", "com.example", "operator set 3")
    refused(import_bytes(model([helper.make_node("Nonsense", ["x"], ["y"], name="node1")]), tmp_path), "node1", "Nonsense", "17")
    refused(import_bytes(model([helper.make_node("Gelu", ["x"], ["y"], name="node1")]), tmp_path), "node1", "from 20 on")
    old = helper.make_node("TreeEnsemble", ["x"], ["y"], name="node1", domain="ai.onnx.ml")
    refused(import_bytes(model([old], opsets=[("ai.onnx.ml", 3)]), tmp_path), "node1", "TreeEnsemble", "from 5 on")
    refused(import_bytes(model([old], opsets=[("ai.onnx.ml", 6)]), tmp_path), "ai.onnx.ml", "opset 5 or older")
    missing = model([relu])
    missing.ClearField("opset_import")
    refused(import_bytes(missing, tmp_path), "node1", "imports no version")
    missing.opset_import.extend([helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx", 13)])
    refused(import_bytes(missing, tmp_path), "versions 17 and 13")


@pytest.mark.parametrize("data", [b"", b"\0", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(100), bytes(1000), b"\xff" * 1000])
def test_not_a_model(tmp_path, data):
    refused(import_bytes(data, tmp_path))


def test_many_values_of_one_name(tmp_path):
    """Names are made unique without looking at all that are taken."""
    nodes = [NodeProto(op_type="Constant", output=[f"c{i}"], name="same", attribute=[
        helper.make_attribute("value", numpy_helper.from_array(np.zeros(1, np.float32)))]) for i in range(30000)]
    nodes.append(helper.make_node("Relu", ["x"], ["y"]))
    start = time.monotonic()
    assert import_bytes(model(nodes), tmp_path).ok
    assert time.monotonic() - start < 20


def test_many_operator_sets(tmp_path):
    start = time.monotonic()
    proto = model([helper.make_node("Relu", ["x"], ["y"])], opsets=[(f"domain{i}", 1) for i in range(100000)])
    refused(import_bytes(proto, tmp_path), "100001 operator sets")
    assert time.monotonic() - start < 20


# ------------------------------------------------------------------------------- row 46: memory runs out

SEEDS = sorted((ROOT / "fuzz" / "seeds" / "import_fuzz").glob("*.onnx"))


@pytest.mark.parametrize("seed", SEEDS, ids=lambda p: p.stem)
def test_row_46_every_allocation_fails_for(tmp_path, seed):
    if run_import(seed).ok:
        done = run_import(seed, "--sweep", "--export", tmp_path / "out.onnx", timeout=300)
        assert done.ok and "swept" in done.text


def test_row_46_every_allocation_fails(tmp_path):
    body = helper.make_graph([call("f", ["x"], ["z"], alpha=2.0)], "b", [], [onnx.ValueInfoProto(name="z")])
    f = function("f", [helper.make_node("Softmax", ["a"], ["s"], axis=1), NodeProto(op_type="LeakyRelu", input=["s"], output=["b"], attribute=[
        AttributeProto(name="alpha", type=AttributeProto.FLOAT, ref_attr_name="alpha")])], attributes=["alpha"], opsets=(("", 11),))
    nodes = [helper.make_node("If", ["c"], ["t"], then_branch=body, else_branch=LEAF),
             helper.make_node("Split", ["t"], ["p", "q", "r"], axis=1),
             helper.make_node("Clip", ["p"], ["k"], min=0.0), helper.make_node("Identity", ["w"], ["y"])]
    inputs = [helper.make_tensor_value_info("x", F, ["rows", 3]), info("c", TensorProto.BOOL, [])]
    whole = model(nodes, inputs, outputs=["y", "k", "q"], initializers=[external("weights.bin")], functions=[f], opsets=[("local", 1)],
                  opset=6)
    (tmp_path / "weights.bin").write_bytes(SECRET)
    (tmp_path / "model.onnx").write_bytes(whole.SerializeToString())
    assert run_import(tmp_path / "model.onnx").ok
    done = run_import(tmp_path / "model.onnx", "--sweep", "--export", tmp_path / "out.onnx", timeout=300)
    assert done.ok and "swept" in done.text
