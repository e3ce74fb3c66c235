"""The binary interface stays what older programs and engines were built for: tools/abi.py, and that it finds what would break them."""
import re
import shutil
import subprocess
import sys

import pytest

from support import BUILD, ROOT

LIBRARY = BUILD / "lib" / "liboutboard.so"


def abi(*words):
    return subprocess.run([sys.executable, ROOT / "tools" / "abi.py", LIBRARY, *map(str, words)], capture_output=True, text=True)


def test_nothing_moved_and_what_is_new_is_written_down():
    done = abi()
    assert done.returncode == 0, done.stdout + done.stderr


CHANGES = [
    # header, what is replaced, by what, the outcome
    ("engine.h", r"  OB_ACCEPTS_RANGE,|OB_ACCEPTS_RANGE,", "OB_ACCEPTS_MOST, OB_ACCEPTS_RANGE,", "broken: OB_ACCEPTS_RANGE: 1 became 2"),
    ("engine.h", r"(  uint32_t threads;\s+/\* that `run` may use)", r"  uint32_t priority;\n  uint32_t spare;\n\1", "broken: ob_binding.threads"),
    ("engine.h", r"  uint32_t flags;\n\} ob_engine_info_t;", "} ob_engine_info_t;", "broken: ob_engine_info.flags is gone"),
    ("engine.h", r"(  uint32_t flags;\n)(\} ob_engine_info_t;)", r"\1  uint32_t spare;\n  const char *maker;\n\2", "inside of what ob_engine_info had"),
    ("outboard.h", r"(  uint32_t max_plans, max_instances;\n)", r"\1  const char *more;\n", "new: ob_options.more"),
]


@pytest.mark.parametrize("header,old,new,words", CHANGES)
def test_changes_are_found(tmp_path, header, old, new, words):
    include, golden = tmp_path / "include", tmp_path / "golden.txt"
    shutil.copytree(ROOT / "include", include)
    text = (include / "outboard" / header).read_text()
    changed = re.sub(old, new, text, count=1)
    assert changed != text, old
    (include / "outboard" / header).write_text(changed)
    done = abi("--include", include)
    assert done.returncode == 1 and words in done.stdout, done.stdout + done.stderr
    shutil.copy(ROOT / "tests" / "abi" / "x86_64.txt", golden)
    done = abi("--include", include, "--golden", golden, "--update")  # only growth is written down
    assert done.returncode == (0 if words.startswith("new") else 1)
    if words.startswith("new"):
        assert abi("--include", include, "--golden", golden).returncode == 0
