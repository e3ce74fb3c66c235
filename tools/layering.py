#!/usr/bin/env python3
"""Checks who includes whom: each folder of src may include itself and the folders to its left; engines see only the public
headers, src/base, src/plan/memory.h, what they share and themselves; the command sees only the public headers and src-free code of its own."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ORDER = ["base", "graph", "op", "import", "pass", "partition", "artifact", "plan", "runtime"]
# the oracle's table of kernels is made from the one list of operators
EXTRA = {("engines", "ref"): {"op/ops.def"}, ("engines", "kit"): {"plan/memory.h"}, ("engines", "onednn"): {"plan/memory.h"},
         ("engines", "cpu"): {"plan/memory.h"}, ("engines", "testing"): {"plan/memory.h"},
         ("engines", "winograd"): {"cpu/simd/vec.h"}}
SHARED = ("kit", "winograd")  # libraries for any engine
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)


def allowed(parts, include):
    head = include.split("/")[0]
    if head == "outboard":
        return True
    if parts[0] == "src":
        return head not in ORDER or ORDER.index(head) <= ORDER.index(parts[1])
    if parts[0] == "engines":
        return head not in ORDER or head == "base" or include in EXTRA.get(parts[:2], ())
    return head not in ORDER or head == "base"


def main():
    wrong = []
    for folder in ("src", "engines", "cli", "examples"):
        for file in sorted((ROOT / folder).rglob("*.[ch]")):
            parts = file.relative_to(ROOT).parts
            if file.name.endswith("_test.c") or {"testing", "agree", "build"} & set(parts):  # what only tests use
                continue
            for include in INCLUDE.findall(file.read_text()):
                other = include.split("/")[0]
                foreign = (parts[0] == "engines" and "/" in include and (ROOT / "engines" / other).is_dir() and other not in (*SHARED, parts[1])
                           and other not in ORDER and include not in EXTRA.get(parts[:2], ()))
                if foreign or not allowed(parts[:2], include):
                    wrong.append(f"{'/'.join(parts)} includes {include}")
    for line in wrong:
        print(line)
    print(f"layering: {len(wrong)} includes that point the wrong way")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
