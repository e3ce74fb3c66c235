#!/usr/bin/env python3
"""The binary interface of the public headers: where members of structs lie, how large structs are, values of enums, and what the library exports.

    python3 tools/abi.py LIBRARY             # compares with tests/abi/x86_64.txt; exit 1 and what broke, or what is new and not written down
    python3 tools/abi.py LIBRARY --update    # writes down what is new; refuses when something moved, shrank or vanished

Structs may grow at their end; functions and constants may be added. clang-14 tells the layout."""
import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADERS = ["types.h", "outboard.h", "engine.h"]
GOLDEN = ROOT / "tests" / "abi" / "x86_64.txt"


def layout(include):
    """{"ob_tensor.dims": offset, "sizeof ob_tensor": bytes}"""
    texts = [(include / "outboard" / h).read_text() for h in HEADERS]
    structs = re.findall(r"typedef struct (\w+) \{", "\n".join(texts))
    source = "".join(f"#include <outboard/{h}>\n" for h in HEADERS) + "".join(f"int use_{s}[sizeof(struct {s})];\n" for s in structs)
    done = subprocess.run(["clang-14", "-x", "c", "-", f"-I{include}", "-fsyntax-only", "-Xclang", "-fdump-record-layouts"], input=source,
                          capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    found = {}
    for record in done.stdout.split("*** Dumping AST Record Layout")[1:]:
        name = re.search(r"0 \| struct (\w+)", record)
        if not name or name[1] not in structs:
            continue
        for offset, member in re.findall(r"^\s*(\d+) \|   \S.*?(\w+)$", record, re.M):
            found[f"{name[1]}.{member}"] = int(offset)
        found[f"sizeof {name[1]}"] = int(re.search(r"sizeof=(\d+)", record)[1])
    missing = [s for s in structs if f"sizeof {s}" not in found]
    if missing:
        raise SystemExit(f"no layout of {', '.join(missing)}")
    return found


def constants(include):
    """{"OB_FLOAT32": 1}: all enumerators."""
    text = "\n".join((include / "outboard" / h).read_text() for h in HEADERS)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    names = [n for body in re.findall(r"enum(?: \w+)? \{(.*?)\}", text, re.S) for n in re.findall(r"\b(OB_[A-Z0-9_]+)\b(?=\s*(?:=|,|$))", body, re.M)]
    source = "".join(f"#include <outboard/{h}>\n" for h in HEADERS) + "#include <stdio.h>\nint main(void) {\n"
    source += "".join(f'  printf("{n} %lld\\n", (long long){n});\n' for n in dict.fromkeys(names)) + "}\n"
    program = ROOT / "build" / "abi_constants"
    program.parent.mkdir(exist_ok=True)
    subprocess.run(["cc", "-x", "c", "-", f"-I{include}", "-o", program], input=source, text=True, check=True)
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    program.unlink()
    return dict(zip(lines[::2], map(int, lines[1::2])))


def exports(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    return {f"export {name}": 0 for kind, name in re.findall(r" ([TDBR]) (\w+)$", lines, re.M)}


def read(path):
    return {name: int(number) for name, number in (line.rsplit(" ", 1) for line in path.read_text().splitlines())} if path.exists() else {}


def broken(before, now):
    """What an older program or engine would stumble over."""
    problems = []
    for name, number in before.items():
        if name not in now:
            problems.append(f"{name} is gone")
        elif name.startswith("sizeof ") and now[name] < number:
            problems.append(f"{name}: {number} became {now[name]}")
        elif not name.startswith("sizeof ") and now[name] != number and not name.endswith("_COUNT"):
            problems.append(f"{name}: {number} became {now[name]}")
    for name, number in now.items():
        struct = name.split(".")[0]
        if "." in name and name not in before and number < before.get(f"sizeof {struct}", 0):
            problems.append(f"{name} is new at {number}, inside of what {struct} had before")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include")
    parser.add_argument("--golden", type=pathlib.Path, default=GOLDEN)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    now = {**layout(arguments.include), **constants(arguments.include), **exports(arguments.library)}
    before = read(arguments.golden)
    problems = broken(before, now)
    for problem in problems:
        print(f"broken: {problem}")
    if problems:
        return 1
    if arguments.update:
        arguments.golden.parent.mkdir(parents=True, exist_ok=True)
        arguments.golden.write_text("".join(f"{name} {number}\n" for name, number in sorted(now.items())))
        return 0
    fresh = sorted(name for name in now if name not in before or now[name] != before[name])
    for name in fresh:
        print(f"new: {name}: run tools/abi.py LIBRARY --update")
    return 1 if fresh else 0


if __name__ == "__main__":
    sys.exit(main())
