"""RegexFullMatch, by RE2: what matches, malformed patterns, texts that would take others for ever, and a machine without the part."""
import os
import shutil
import subprocess
import time

import numpy as np
import onnx
import pytest
from library import Failure, Model
from onnx import TensorProto, helper
from support import BUILD


def model_of(pattern):
    graph = helper.make_graph([helper.make_node("RegexFullMatch", ["x"], ["y"], name="mail", pattern=pattern)], "g",
                              [helper.make_tensor_value_info("x", TensorProto.STRING, ["n"])], [helper.make_tensor_value_info("y", TensorProto.BOOL, ["n"])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def matches(pattern, texts):
    with Model(model_of(pattern).SerializeToString()) as model:
        return model.run({"x": np.array(texts, object)})[0].tolist()


@pytest.mark.parametrize("pattern,texts,expected", [
    (r"www\.[\w.-]+\.\bcom\b", ["www.google.com", "www.facebook.com", "www.bbc.co.uk"], [True, True, False]),
    ("", ["", "a"], [True, False]),
    ("a|ab", ["ab", "a", "abc"], [True, True, False]),
    (r"(?i)STRASSE\d{2,3}", ["strasse12", "strasse1", "Strasse123"], [True, False, True]),
    (r"\p{Greek}+", ["αβγ", "abc"], [True, False]),
    (".", ["é", "日", "\n"], [True, True, False]),
    ("(?s).", ["\n"], [True]),
])
def test_matches(pattern, texts, expected):
    assert matches(pattern, texts) == expected


def test_time_is_linear_in_the_text():
    begin = time.perf_counter()
    assert matches("(a*)*b", ["a" * 100_000]) == [False]
    assert time.perf_counter() - begin < 20


@pytest.mark.parametrize("pattern", ["(", "a**{", r"(?<=a)b", r"(a)\1"])
def test_malformed_patterns_name_the_node(pattern):
    with pytest.raises(Failure, match="mail.*pattern"):
        matches(pattern, ["a"])


def test_without_the_part_the_reason_is_given(tmp_path):
    folder = tmp_path / "engines"
    folder.mkdir()
    shutil.copy(BUILD / "lib" / "outboard" / "ob_engine_ref.so", folder)
    onnx.save(model_of("a"), tmp_path / "m.onnx")
    done = subprocess.run([BUILD / "bin" / "outboard", "inspect", tmp_path / "m.onnx", "--engines", "ref"], capture_output=True, text=True,
                          env={**os.environ, "OUTBOARD_ENGINE_PATH": str(folder)})
    assert done.returncode == 1 and "ob_part_text.so" in done.stderr, done.stderr
