"""The command line: each command, what it prints, how it fails."""
import json
import os
import pathlib
import pty
import re
import stat
import subprocess

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from support import BUILD

COMMANDS = ["compile", "run", "bench", "inspect", "verify", "engines", "ops"]
COMMAND = BUILD / "bin" / "outboard"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """y = relu(x @ w + b), count = cast(x): a symbolic batch, two outputs."""
    path = tmp_path_factory.mktemp("model") / "dense.onnx"
    rng = np.random.default_rng(0)
    weights = [helper.make_tensor("w", TensorProto.FLOAT, [4, 3], rng.standard_normal(12)), helper.make_tensor("b", TensorProto.FLOAT, [3], [1, 2, 3])]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["m"]), helper.make_node("Add", ["m", "b"], ["a"]), helper.make_node("Relu", ["a"], ["y"]),
             helper.make_node("Cast", ["x"], ["count"], to=TensorProto.INT32)]
    graph = helper.make_graph(nodes, "dense", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3]),
                               helper.make_tensor_value_info("count", TensorProto.INT32, ["batch", 4])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


@pytest.fixture(scope="module")
def artifact(outboard, model, tmp_path_factory):
    path = tmp_path_factory.mktemp("artifact") / "dense.ob"
    outboard("compile", model, "-o", path)
    return path


@pytest.fixture
def x(tmp_path):
    values = np.arange(8, dtype=np.float32).reshape(2, 4) - 3
    np.save(tmp_path / "x.npy", values)
    return values, f"x={tmp_path / 'x.npy'}"


def refused(done, code, *words):
    """One line first, which says what is wrong; nothing on stdout."""
    assert done.returncode == code, done.stdout + done.stderr
    first = done.stderr.splitlines()[0]
    assert first.startswith("outboard")
    for word in words:
        assert word in first, first


# ---- help

def test_overview_names_every_command(outboard):
    text = outboard("--help").stdout
    for command in COMMANDS:
        assert re.search(rf"^  {command}\s+\w", text, re.M)
    assert outboard("help").stdout == text
    assert re.fullmatch(r"outboard \d+\.\d+\.\d+\n", outboard("--version").stdout)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_and_man_page_come_from_one_table(outboard, command):
    text = outboard(command, "--help").stdout
    assert text.startswith(f"Usage: outboard {command}")
    assert all(len(line) <= 100 for line in text.splitlines())
    man = outboard("--man").stdout.replace("\\-", "-")
    options = re.findall(r"^  (--?[\w-]+)", text, re.M)
    assert options
    for option in options:
        assert f"\n.B {option}\n" in man
    assert man == (BUILD / "outboard.1").read_text().replace("\\-", "-")


def test_man_page_is_sound():
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", BUILD / "outboard.1"], capture_output=True, text=True, env={**os.environ, "MANWIDTH": "100", "MANROFFOPT": ""})
    if done.returncode == 127 or "No such file" in done.stderr:
        pytest.skip("man is not installed")
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert "EXIT STATUS" in done.stdout and "--engines" in done.stdout


# ---- wrong usage: exit code 2

@pytest.mark.parametrize("words,hint", [
    ([], None), (["frobnicate"], "unknown command"), (["run"], "too few"), (["run", "a", "b"], "unexpected"), (["run", "a", "--nonsense"], "--nonsense"),
    (["run", "a", "--threads"], "missing"), (["run", "a", "--threads", "many"], "--threads"), (["run", "a", "--threads", "0"], "--threads"),
    (["bench", "a", "--seconds", "-1"], "--seconds"), (["bench", "a", "--seconds", "nan"], "--seconds"), (["engines", "x"], "unexpected"),
    (["compile", "a", "--place", "dice"], "--place"), (["inspect", "a", "--json=yes"], "no value")])
def test_wrong_usage(outboard, words, hint):
    done = outboard(*words, check=False)
    assert done.returncode == 2 and not done.stdout
    if hint:
        refused(done, 2, hint)


def test_inputs_that_the_model_does_not_have(outboard, model, x):
    refused(outboard("run", model, "--input", "z" + x[1], check=False), 2, "names no input")
    refused(outboard("run", model, "--dim", "bach=2", check=False), 2, "names no symbol")
    refused(outboard("run", model, "--dim", "batch=two", check=False), 2, "--dim")


# ---- work that fails: exit code 1

def test_files_that_are_not_there(outboard, tmp_path, model):
    for command in ("compile", "run", "bench", "inspect", "verify"):
        refused(outboard(command, tmp_path / "nothing.onnx", check=False), 1, "nothing.onnx")
    refused(outboard("run", tmp_path, check=False), 1)
    refused(outboard("compile", model, "-o", tmp_path / "no" / "folder.ob", check=False), 1, "folder.ob")


def test_files_that_are_no_models(outboard, tmp_path):
    for name, content in (("empty", b""), ("text", b"This is not a model at all, it only looks long enough."), ("zeros", bytes(1000)),
                          ("tensors", b"\x02\0\0\0\0\0\0\0{}")):
        (tmp_path / name).write_bytes(content)
        refused(outboard("run", tmp_path / name, check=False), 1)


def test_inputs_that_do_not_fit(outboard, model, tmp_path):
    for name, array, words in (("f8", np.zeros((2, 4)), ("float32",)), ("rank", np.zeros(4, np.float32), ("x",)), ("dims", np.zeros((2, 5), np.float32), ("x", "5")),
                               ("object", np.array([[None] * 4]), ("pickles",))):
        np.save(tmp_path / f"{name}.npy", array, allow_pickle=True)
        refused(outboard("run", model, "--input", f"x={tmp_path / name}.npy", check=False), 1, *words)
    (tmp_path / "text.npy").write_text("x")
    refused(outboard("run", model, "--input", f"x={tmp_path / 'text.npy'}", check=False), 1, "not a .npy file")
    refused(outboard("run", model, "--input", "x=/nowhere.npy", check=False), 1, "No such file")


def test_requirements_and_engines_that_cannot_be_met(outboard, model, tmp_path):
    refused(outboard("compile", model, "-o", tmp_path / "a.ob", "--engines", "ref", "--require", "cpu=MatMul", check=False), 1, "cpu")
    refused(outboard("compile", model, "-o", tmp_path / "a.ob", "--engines", "cpu,ref", "--require", "ref=MatMul", check=False), 1, "MatMul")
    assert not (tmp_path / "a.ob").exists()
    outboard("compile", model, "-o", tmp_path / "a.ob", "--engines", "ref", "--require", "ref=MatMul")


# ---- work that succeeds

def test_run_saves_outputs_in_order(outboard, model, artifact, x, tmp_path):
    values, option = x
    weights = {i.name: onnx.numpy_helper.to_array(i) for i in onnx.load(model).graph.initializer}
    for n, file in enumerate((model, artifact)):
        outboard("run", file, "--input", option, "--save", tmp_path / str(n))
        y, count = (np.load(tmp_path / str(n) / f"output_{i}.npy") for i in range(2))
        assert np.allclose(y, np.maximum(values @ weights["w"] + weights["b"], 0), atol=1e-5)
        assert count.dtype == np.int32 and (count == values.astype(np.int32)).all()


def test_run_takes_arrays_in_any_order_and_byte_order(outboard, model, tmp_path, x):
    outboard("run", model, "--input", x[1], "--save", tmp_path / "plain")
    for name, array in (("fortran", np.asfortranarray(x[0])), ("big", x[0].astype(">f4"))):
        np.save(tmp_path / f"{name}.npy", array)
        outboard("run", model, "--input", f"x={tmp_path / name}.npy", "--save", tmp_path / name)
        assert (np.load(tmp_path / name / "output_0.npy") == np.load(tmp_path / "plain" / "output_0.npy")).all()


def test_random_inputs_are_the_same_for_the_same_seed(outboard, model, tmp_path):
    for name, options in (("a", ["--random", 7]), ("b", ["--random", 7]), ("c", ["--random", 8])):
        outboard("run", model, *options, "--dim", "batch=3", "--save", tmp_path / name)
    a, b, c = (np.load(tmp_path / n / "output_0.npy") for n in "abc")
    assert a.shape == (3, 3) and (a == b).all() and (a != c).any()


def test_summary(outboard, artifact, x):
    text = outboard("run", artifact, "--input", x[1]).stdout
    assert re.search(r"^y: float32\[2, 3\]  min \S+  max \S+ at \d+  mean \S+$", text, re.M)
    assert re.search(r"^count: int32\[2, 4\]$", text, re.M)


def test_a_bounded_artifact_tells_its_arena(outboard, model, artifact, tmp_path):
    bounded = tmp_path / "bounded.ob"
    printed = outboard("compile", model, "-o", bounded, "--dim", "batch=1:64,typical=8").stdout
    assert re.search(r"all shapes run in an arena of \d+\.\d\d MB", printed)
    report = json.loads(outboard("inspect", bounded, "--json").stdout)
    assert report["memory"]["bounded"] and report["memory"]["largest_arena_bytes"] > 0
    assert [(s["min"], s["max"], s["typical"]) for s in report["symbols"]] == [(1, 64, 8)]
    assert all(r["symbols"] == ["batch"] and r["accepts"] in ("any", "exact") and r["instances"] >= 1 for r in report["regions"])
    text = outboard("inspect", bounded).stdout
    assert "arena for all shapes" in text and "sizes: batch; the engine accepts" in text
    for n in (1, 64):
        assert outboard("run", bounded, "--random", "1", "--dim", f"batch={n}").returncode == 0
    refused(outboard("run", bounded, "--random", "1", "--dim", "batch=65", check=False), 1, "must be 1 to 64, found 65")
    open_ended = json.loads(outboard("inspect", artifact, "--json").stdout)["memory"]
    assert not open_ended["bounded"] and "--dim 'batch=LOW:HIGH'" in open_ended["unbounded"]


def test_bench_prints_one_object(outboard, artifact):
    figures = json.loads(outboard("bench", artifact, "--seconds", "0.05", "--threads", 1, "--json").stdout)
    assert list(figures) == ["load_ms", "first_ms", "min_ms", "median_ms", "p90_ms", "runs", "peak_rss_mb", "threads", "regions"]
    assert figures["threads"] == 1 and figures["runs"] >= 3 and figures["regions"] >= 1
    assert 0 < figures["min_ms"] <= figures["median_ms"] <= figures["p90_ms"]
    assert "median" in outboard("bench", artifact, "--seconds", "0.05").stdout


def test_inspect_in_four_forms(outboard, model, artifact):
    for file in (model, artifact):
        text = outboard("inspect", file).stdout
        assert "batch" in text and "float32[batch, 4]" in text
        assert json.loads(outboard("inspect", file, "--json").stdout)
        assert outboard("inspect", file, "--dot").stdout.startswith("digraph")
        assert "<html" in outboard("inspect", file, "--html").stdout.lower()


def test_verify_compares_each_region(outboard, artifact, x):
    text = outboard("verify", artifact, "--input", x[1]).stdout
    assert "0 wrong" in text and all(len(line) <= 100 for line in text.splitlines())
    for line in outboard("verify", artifact, "--json").stdout.splitlines():
        assert json.loads(line)["right"] is True


def test_verify_finds_damage_in_a_large_file(outboard, tmp_path):
    """Weights of a large file are not read when it is loaded, but verify reads them."""
    rng = np.random.default_rng(0)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    graph = helper.make_graph(nodes, "large", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1500])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1500])],
                              [onnx.numpy_helper.from_array(rng.standard_normal((1500, 1500)).astype(np.float32), "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), tmp_path / "large.onnx")
    artifact = tmp_path / "large.ob"
    outboard("compile", tmp_path / "large.onnx", "-o", artifact)
    outboard("verify", artifact)
    data = bytearray(artifact.read_bytes())
    data[-5000] ^= 1
    artifact.write_bytes(data)
    outboard("run", artifact)
    refused(outboard("verify", artifact, check=False), 1, "damaged")


def test_engines(outboard):
    text = outboard("engines").stdout
    assert "ref" in text and "cpu" in text
    names = {json.loads(line)["name"] for line in outboard("engines", "--json").stdout.splitlines()}
    assert {"ref", "cpu"} <= names


def test_compile_names_the_artifact_after_the_model(outboard, model, tmp_path):
    copy = tmp_path / "copy.onnx"
    copy.write_bytes(model.read_bytes())
    assert str(tmp_path / "copy.ob") in outboard("compile", copy).stdout
    assert (tmp_path / "copy.ob").exists()
    assert stat.S_IMODE((tmp_path / "copy.ob").stat().st_mode) & 0o444


def test_reports(outboard, model, tmp_path):
    for suffix, begin in (("json", "{"), ("dot", "digraph"), ("html", "<!"), ("txt", "graph")):
        outboard("compile", model, "-o", tmp_path / "a.ob", "--report", tmp_path / f"r.{suffix}")
        assert (tmp_path / f"r.{suffix}").read_text().lstrip().startswith(begin)


def test_dims_can_be_fixed_when_compiling(outboard, model, tmp_path):
    outboard("compile", model, "-o", tmp_path / "two.ob", "--dim", "batch=2")
    assert "float32[2, 4]" in outboard("inspect", tmp_path / "two.ob").stdout


# ---- terminals and hostile names

def on_a_terminal(*words):
    """Output of the command when stdout and stderr are a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen([str(COMMAND), *map(str, words)], stdout=slave, stderr=slave, stdin=subprocess.DEVNULL)
    os.close(slave)
    out = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
    os.close(master)
    return process.wait(), out


def test_colours_and_progress_only_on_a_terminal(outboard, artifact, model, tmp_path):
    done = outboard("verify", artifact)
    assert "\x1b" not in done.stdout + done.stderr
    code, out = on_a_terminal("verify", artifact)
    assert code == 0 and b"\x1b[32m" in out
    done = outboard("compile", model, "-o", tmp_path / "a.ob")
    assert not done.stderr and "\x1b" not in done.stdout


def test_names_of_a_model_do_not_reach_the_terminal_raw(outboard, tmp_path):
    evil = "x\x1b[2J\x07 %s%n \"<script>\n\u0085"
    output = "y\x1b]0;t\x07\u009bé"
    nodes = [helper.make_node("Relu", [evil], [output], name="n\x1b[31m")]
    graph = helper.make_graph(nodes, "g\x1b", [helper.make_tensor_value_info(evil, TensorProto.FLOAT, ["N"])],
                              [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["N"])])
    path = tmp_path / "evil.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    for words in (["run", path], ["inspect", path], ["verify", path], ["inspect", path, "--json"], ["inspect", path, "--dot"], ["inspect", path, "--html"],
                  ["run", path, "--input", "x=y"], ["compile", path, "-o", tmp_path / "e.ob"]):
        done = outboard(*words, check=False)
        text = done.stdout + done.stderr
        assert done.returncode in (0, 1, 2)
        controls = r"[\x00-\x08\x0b-\x1f\x7f]" if "--json" in words else r"[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f]"
        assert not re.search(controls, text), (words, text)
    assert "y\\x1b]0;t\\x07\\x9bé: float32[1]" in outboard("run", path).stdout
    assert "<script>" not in outboard("inspect", path, "--html").stdout
    json.loads(outboard("inspect", path, "--json").stdout)


def test_a_full_disk_is_an_error(artifact):
    with open("/dev/full", "w") as full:
        done = subprocess.run([COMMAND, "inspect", artifact], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and "cannot write" in done.stderr


def test_saving_into_a_folder_that_cannot_be_made(outboard, artifact, tmp_path):
    (tmp_path / "file").write_text("")
    refused(outboard("run", artifact, "--save", tmp_path / "file" / "x", check=False), 1)
    refused(outboard("run", artifact, "--save", tmp_path / "file", check=False), 1)


def test_commands_are_in_the_table():
    """Every cmd_*.c is a command of the overview."""
    files = sorted((pathlib.Path(__file__).parent.parent / "cli").glob("cmd_*.c"))
    assert [f.stem[4:] for f in files] == sorted(COMMANDS)


def test_forbid_and_verify(outboard, tmp_path):
    """An operator is kept from an engine; and regions are verified before they are written."""
    model, artifact = conv_model(tmp_path), tmp_path / "m.ob"
    engines = lambda: {n["engine"] for n in json.loads(outboard("inspect", artifact, "--json").stdout)["nodes"] if n["op"] == "Conv"}
    outboard("compile", model, "-o", artifact, "--engines", "onednn,cpu,ref")
    assert engines() == {"onednn"}
    outboard("compile", model, "-o", artifact, "--engines", "onednn,cpu,ref", "--forbid", "onednn=Conv", "--verify", "--dim", "n=1:4,typical=2")
    assert engines() == {"cpu"}
    for wish, words in (("onednn=Conw", "no operator 'Conw'"), ("nobody=Conv", "'nobody' is not among"), ("onednn", "not ENGINE=OPERATOR")):
        done = outboard("compile", model, "-o", artifact, "--engines", "onednn,cpu,ref", "--forbid", wish, check=False)
        assert words in done.stderr


def conv_model(folder):
    graph = helper.make_graph([helper.make_node("Conv", ["x", "w"], ["y"])], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 8, 8])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                              [helper.make_tensor("w", TensorProto.FLOAT, [4, 3, 3, 3], np.ones(108))])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), folder / "m.onnx")
    return folder / "m.onnx"
