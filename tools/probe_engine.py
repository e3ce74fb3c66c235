#!/usr/bin/env python3
"""Finds out which operators and element types an engine's library is right with, and writes the engine's table of them.

    tools/probe_engine.py openvino > engines/openvino/operators.def
    tools/probe_engine.py onnxruntime -v --only Resize      # what goes wrong, and how

For engines that hand whole regions to a library and have a table of what it can do (engines/kit/whole). Every node of ONNX's backend suite that
is one operator runs on the engine, with the table switched off, and on ref: with the suite's inputs and with inputs over the whole range of
their type, in every type that the operator's definition lets in. A type of an operator that is wrong once, or fails once, is left out of the table, unless the
engine's own rules refuse that node. A node that the library does not build with the suite's own types does not count: the rules should know it (-v tells). Needs the Python packages of the tests; OB_BUILD names the build."""
import argparse
import collections
import os
import pathlib
import re
import resource
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "engines")]
os.environ.setdefault("VIRTUAL_ENV", sys.prefix)

import numpy as np  # noqa: E402
from library import DTYPES, NUMBERS, STRING, Failure, Model  # noqa: E402
from test_types import TENSORS, convert, templates, variables  # noqa: E402

# Names as Outboard writes them, by ONNX's number.
NAMES = ("undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64 complex64 complex128 bfloat16 "
         "float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4 float4e2m1 float8e8m0 uint2 int2 float6e2m3 float6e3m2").split()
PASSABLE = {  # what may cross the border to the library
    "openvino": "float32 uint8 int8 uint16 int16 int32 int64 bool float16 bfloat16".split(),
    "onnxruntime": "float32 uint8 int8 uint16 int16 int32 int64 bool float16 float64 uint32 uint64 bfloat16".split(),
}
TOLERANCES = {np.dtype(np.float64): 1e-9, np.dtype(np.float32): 1e-4, np.dtype(np.float16): 4e-3}
MEMORY = 4 << 30  # bytes a process may take
RANDOM = re.compile("Random|Bernoulli|Multinomial")
QUANTIZED = re.compile("^(QLinear|QuantizeLinear|DynamicQuantize)")
SCALES = {("QuantizeLinear", "T2"), ("DequantizeLinear", "T2"), ("QLinearMatMul", "TS")}
REFUSED = re.compile("does not take it|no engine takes|takes node|not taken")


def wide(array, number, seed):
    """Numbers from all over the type."""
    random, dtype = np.random.default_rng(seed), DTYPES[number]
    if dtype == bool:
        return random.random(array.shape) < 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return random.integers(limits.min, limits.max, array.shape, dtype, endpoint=True)
    return (random.standard_normal(array.shape) * 8).astype(dtype)


def same(got, want, step=0):
    """`step`: how far apart integers may be."""
    if isinstance(got, list) or not hasattr(got, "dtype") or got.dtype != want.dtype or got.shape != want.shape:
        return False
    if got.dtype.kind in "biu" and got.dtype.name in ("bool", *[f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64)]):
        return np.array_equal(got, want) or bool(step and (np.abs(got.astype(np.int64) - want.astype(np.int64)) <= step).all())
    a, b, t = got.astype(np.float64), want.astype(np.float64), TOLERANCES.get(got.dtype, 2e-2)
    finite = np.isfinite(b)
    scale = max(1.0, float(np.abs(b[finite]).max())) if finite.any() else 1.0
    with np.errstate(invalid="ignore"):
        return bool(np.array_equal(a[~finite], b[~finite], equal_nan=True) and (np.abs(a - b)[finite] <= t * scale).all())


def model_of(template, which, number):
    import onnx
    copy = onnx.ModelProto()
    copy.CopyFrom(template)
    for i in which:
        copy.graph.input[i].type.tensor_type.elem_type = number
    for output in copy.graph.output:
        output.ClearField("type")
    return copy


def run(model, inputs, engines):
    with Model(model.SerializeToString(), engines=engines) as opened:
        results = opened.run(dict(zip([i.name for i in model.graph.input], inputs)))
        moved = [line for _, line in opened.log if "runs on engine" in line]
        if moved:
            raise RuntimeError(moved[0])
        return results


def passes(values, engine):
    return all(hasattr(x, "dtype") and x.size > 0 and NAMES[NUMBERS.get(x.dtype, STRING)] in PASSABLE[engine] for x in values)


def try_one(model, inputs, engine):
    """(None, output types) when right, (words, None) when wrong; None where the oracle refuses the inputs, or the engine the node."""
    try:
        want = run(model, inputs, "ref")
    except Failure:
        return None
    if not passes(want, engine) or not passes(inputs, engine):
        return None
    try:
        got = run(model, inputs, engine)
    except Failure as failure:
        return None if REFUSED.search(str(failure)) else (str(failure), None)
    except RuntimeError as moved:
        return str(moved), None
    step = QUANTIZED.search(model.graph.node[0].op_type) is not None  # libraries fuse and round once
    wrong = [i for i, (g, w) in enumerate(zip(got, want)) if not same(g, w, int(step))]
    return (f"output {wrong[0]} is wrong", None) if wrong else (None, [NAMES[NUMBERS[g.dtype]] for g in got])


def data_sets(inputs, which, number, is_data, seed):
    changed = {i: convert(inputs[i], number) for i in which}
    if any(c is None for c in changed.values()):
        return
    yield "suite", [changed.get(i, x) for i, x in enumerate(inputs)]
    if is_data:
        yield "wide", [wide(x, number, seed) if i in which and x.size > 1 else changed.get(i, x) for i, x in enumerate(inputs)]


def takes_all_numbers(op, variable, types, number):
    """Scales and sizes do not, and a cast from beyond the range has no definition."""
    if "tensor(float)" not in types or len(types) == 1 or (op, variable) in SCALES:
        return False
    return op != "Cast" or DTYPES[number].kind in "iu"


def probe(cases, engine, report):
    """One operator, `report` (or False) gets lines: {(variable, type): [words of what went wrong]}, and output types by place."""
    found, outputs = collections.defaultdict(list), collections.defaultdict(set)
    for template, node, schema, inputs in cases:
        base = try_one(model_of(template, [], 0), inputs, engine)
        if base and base[0] and "wrong" not in base[0]:  # it is not the type that is varied: a case for the rules, unless nothing else works
            if report:
                report(f"  is not taken: {template.graph.name}: {base[0][:300]}")
            continue
        allowed = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}
        for variable, which in variables(node, schema).items():
            types = allowed.get(variable, [variable])
            for number in [TENSORS[t] for t in types if t in TENSORS and NAMES[TENSORS[t]] in PASSABLE[engine]]:
                is_data = takes_all_numbers(node.op_type, variable, types, number)
                if not is_data and number != NUMBERS[inputs[which[0]].dtype] and len(types) == 1:
                    continue
                model = model_of(template, which, number)
                for kind, data in data_sets(inputs, which, number, is_data, zlib.crc32(template.graph.name.encode())):
                    if not report and any(found[variable, NAMES[number]]):
                        continue  # one failure is enough
                    answer = try_one(model, data, engine)
                    if answer is None:
                        continue
                    found[variable, NAMES[number]].append(answer[0] and f"{template.graph.name} {kind}: {answer[0]}")
                    for place, name in enumerate(answer[1] or ()):
                        outputs[place].add(name)
    for (variable, name), words in sorted(found.items()):
        for line in sorted({w for w in words if w}) if report else ():
            report(f"  {variable} {name}: {line[:300]}")
    return found, outputs


def in_child(work):
    """What `work` returns, from a process of its own: None when that dies."""
    import pickle
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(read)
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            with os.fdopen(write, "wb") as out:
                pickle.dump(work(), out)
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as source:
        data = source.read()
    _, status = os.waitpid(child, 0)
    return pickle.loads(data) if status == 0 else None


def lists(schema_places, good):
    out = []
    for place in schema_places:
        if place.type_str in good:
            out.append(" ".join(n for n in NAMES if n in good[place.type_str]))
        else:
            number = TENSORS.get(place.type_str)
            out.append(NAMES[number] if number else "")
    while out and not out[-1]:
        out.pop()
    return ", ".join(out)


def entry(op, domain, schema, found, outputs):
    good, seen = collections.defaultdict(set), set()
    for (variable, name), words in found.items():
        seen.add(variable)
        if words and not any(words):
            good[variable].add(name)
    if not seen or any(not good[v] for v in seen):
        return None
    results = []
    for place, output in enumerate(schema.outputs):
        types = good.get(output.type_str) or outputs.get(place, set())
        results.append(" ".join(n for n in NAMES if n in types))
    while results and not results[-1]:
        results.pop()
    return f'{{"{op}", "{domain}", "{lists(schema.inputs, good)}", "{", ".join(results)}"}},'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine", choices=sorted(PASSABLE))
    parser.add_argument("--only", action="append", default=[], help="an operator (repeatable)")
    parser.add_argument("-v", "--verbose", action="store_true", help="what went wrong, on standard error")
    options = parser.parse_args()
    os.environ[f"OUTBOARD_{options.engine.upper()}_TRY_ALL"] = "1"
    tell = (lambda line: print(line, file=sys.stderr)) if options.verbose else (lambda line: None)
    cases = collections.defaultdict(list)
    for case in templates():
        if not RANDOM.search(case[1].op_type) and (not options.only or case[1].op_type in options.only):
            cases[case[1].domain, case[1].op_type].append(case)
    for (domain, op), group in sorted(cases.items()):
        answer = in_child(lambda: probe(group, options.engine, options.verbose and (lambda line: tell(f"{op}:{line}"))))
        if answer is None:
            tell(f"{op}: the process dies")
            continue
        line = entry(op, domain, group[0][2], *answer)
        if line:
            print(line, flush=True)
        else:
            tell(f"{op}: nothing that works")


if __name__ == "__main__":
    main()
