"""Artifacts as others see them: the reader written from the documents, and the package safetensors."""
import json
import subprocess

import numpy as np
import pytest
import safetensors

from artifact_reader import NATIVE, Artifact, BadArtifact, checksum, elements, offsets
from support import BUILD, MODELS, ROOT, model_index

TOOL = BUILD / "tests" / "artifact_tool"
SMALL = [n for n in ("magika", "silero_vad", "ppocr_cls", "ds_cnn_qdq", "mobilenet_v2") if n in model_index()]


def tool(*words):
    done = subprocess.run([str(TOOL), *map(str, words)], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("artifact") / "one.ob"
    tool("make", path)
    return path


@pytest.fixture(scope="module")
def artifact(file):
    return Artifact(file.read_bytes())


def test_the_second_reader_finds_what_the_first_does(file, artifact):
    assert artifact.graph == json.loads(tool("read", file))


def test_constants_of_every_type(artifact):
    assert len(artifact.constants) == 1 + 28 + 2
    for name, entry in artifact.constants.items():
        values = artifact.constant(name)
        assert list(values.shape) == entry["shape"]
        raw = bytes((i * 7 + 1) % 256 for i in range(1024))
        if name == "string":
            assert list(values.ravel()) == [b"text"[:i % 5] for i in range(15)]
        elif name == "bool":
            assert list(values.ravel()) == [bool(i & 1) for i in range(15)]
        elif name == "uint4":
            assert list(values.ravel()) == [raw[i // 2] >> 4 * (i % 2) & 15 for i in range(15)]
        elif name == "int2":
            bits = [raw[i // 4] >> 2 * (i % 4) & 3 for i in range(15)]
            assert list(values.ravel()) == [b - 4 if b > 1 else b for b in bits]
        elif name in NATIVE or name.startswith("complex"):
            assert values.tobytes() == raw[:values.nbytes]


def test_safetensors_reads_it(file, artifact):
    entries = dict(safetensors.deserialize(file.read_bytes()))
    assert set(entries) == set(artifact.tensors)
    for name, tensor in artifact.tensors.items():
        assert entries[name]["dtype"] == tensor.dtype and entries[name]["shape"] == tensor.shape
        assert bytes(entries[name]["data"]) == tensor.data
    with safetensors.safe_open(file, framework="np") as opened:
        assert opened.metadata()["format"] == "outboard" and opened.metadata()["version"] == "1.0"
        assert (opened.get_tensor("float32") == artifact.constant("float32")).all()
        assert opened.get_tensor("empty").shape == (0, 3)


def test_reserved_names_are_escaped(artifact):
    assert "outboard.constant.outboard.graph" in artifact.tensors
    assert artifact.constant("outboard.graph").shape == ()


def test_saving_again_gives_the_same_bytes(file, tmp_path):
    tool("copy", file, tmp_path / "again.ob")
    assert (tmp_path / "again.ob").read_bytes() == file.read_bytes()


def test_damage_is_noticed_by_the_second_reader_too(file):
    """Every byte behind the header has a checksum; in the header, a change is refused or leaves graph and weights as they are."""
    data = bytearray(file.read_bytes())
    right = Artifact(bytes(data))
    begin = 8 + int.from_bytes(data[:8], "little")
    for at in range(0, len(data), 101):
        data[at] ^= 0x20
        try:
            read = Artifact(bytes(data))
            assert at < begin and read.graph == right.graph
            assert all((read.constant(n).tobytes() == right.constant(n).tobytes()) for n in right.constants if n != "string")
        except (BadArtifact, KeyError, ValueError, TypeError):
            pass
        data[at] ^= 0x20


def test_checksum_of_the_empty_tensor_and_of_whole_blocks():
    assert checksum(b"") != checksum(bytes(32)) != checksum(bytes(64))
    assert len({checksum(bytes(n)) for n in range(100)}) == 100


def test_blocked_layouts():
    """nChw16c and a layout with two blocks of one dim, as the document defines them."""
    at = offsets([2, 20, 3, 5], {"order": [0, 1, 2, 3], "blocks": [[1, 16]]})
    assert at[0, 1, 0, 0] == 1 and at[0, 0, 0, 1] == 16 and at[0, 16, 0, 0] == 3 * 5 * 16 and at[1, 0, 0, 0] == 2 * 3 * 5 * 16
    at = offsets([16, 16], {"order": [1, 0], "blocks": [[1, 2], [0, 16], [1, 4]]})
    assert at[0, 1] == 1 and at[1, 0] == 4 and at[0, 4] == 64 and at[0, 8] == 128
    assert sorted(at.ravel()) == list(range(256))


def keys(json_value, found):
    if isinstance(json_value, dict):
        for key, value in json_value.items():
            found.add(key)
            if key not in ("attributes", "bodies", "refusals"):
                keys(value, found)
    elif isinstance(json_value, list):
        for value in json_value:
            keys(value, found)
    return found


def test_the_documents_name_every_member(artifact):
    text = (ROOT / "docs" / "graph-json.md").read_text()
    for key in keys(artifact.graph, set()):
        assert f"`{key}`" in text or f'"{key}"' in text, key
    names = (ROOT / "docs" / "artifact-format.md").read_text()
    for dtype in {t.dtype for t in artifact.tensors.values()}:
        assert dtype in names


@pytest.mark.parametrize("name", SMALL)
def test_real_models(outboard, tmp_path, name):
    """Same model, same bytes; the second reader finds the initializers that the model has."""
    import onnx
    first, second, plain = tmp_path / "1.ob", tmp_path / "2.ob", tmp_path / "plain.ob"
    model = MODELS / model_index()[name]["file"]
    outboard("compile", model, "-o", first)
    outboard("compile", model, "-o", second)
    outboard("compile", model, "-o", plain, "--portable", "--engines", "ref")
    assert first.read_bytes() == second.read_bytes()
    built, bare = Artifact(first.read_bytes()), Artifact(plain.read_bytes())
    assert not any(region["packed"] for region in bare.graph["regions"])
    known = {i.name: onnx.numpy_helper.to_array(i) for i in onnx.load(model).graph.initializer}
    same = [n for n in bare.constants if n in known and bare.constant(n).shape == known[n].shape and (bare.constant(n) == known[n]).all()]
    assert len(same) >= min(3, len(known))
    for constant in built.constants:
        if constant in bare.constants and built.constants[constant]["shape"] == bare.constants[constant]["shape"]:
            assert (built.constant(constant) == bare.constant(constant)).all()


def test_elements_of_strings():
    payload = np.array([0, 1, 1, 3], "<u8").tobytes() + b"abc"
    assert list(elements(payload, "string", [3])) == [b"a", b"", b"bc"]
    with pytest.raises(BadArtifact):
        elements(payload + b"d", "string", [3])
