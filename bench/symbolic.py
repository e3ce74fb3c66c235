#!/usr/bin/env python3
"""What a new shape costs: MiniLM with lengths 1 to 256 and batches 1 to 8 in random order, on Outboard, ONNX Runtime and OpenVINO.

    tools/setup.sh python && .venv/bin/python tools/fetch_models.py models
    OUTBOARD_BUILD=build/release .venv/bin/python bench/symbolic.py --models models          # all 2048 shapes: an hour or so
    OUTBOARD_BUILD=build/release .venv/bin/python bench/symbolic.py --models models --quick  # a sample: a minute or two

How: each side has a process of its own, pinned to the same CPUs, and they take turns at every shape: the first run at it, then repeated ones.
Answers are compared before anything else. All work in float32 (OpenVINO would use bfloat16 where the CPU has it). Outboard loads an
artifact, the others the .onnx file. `bounded`: compiled with --dim batch=1:8 and --dim sequence=1:256, so that one memory plan serves all
shapes. `fixed` is Outboard with a model compiled for that exact shape (--dim), on some of the shapes. Peak: largest resident memory less what
Python and NumPy had before the side was loaded. A side that is not installed (pip install openvino) is left out."""
import argparse
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

SYMBOLS = ("batch", "sequence")  # of MiniLM


# ---------------------------------------------------------------- one side, in a process of its own

def status_kb(field):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field))


def outboard_side(job):
    import outboard
    model = outboard.load(job["artifact"], engines=job["engines"], threads=job["threads"])
    names = [value.name for value in model.inputs]

    def sizes():
        regions = model.report("json")["regions"]
        return {accepts: [sum(r["accepts"] == accepts for r in regions), sum(r["instances_made"] for r in regions if r["accepts"] == accepts)]
                for accepts in ("any", "range", "exact")}
    return (lambda feed: model(*[feed[n] for n in names])), sizes, outboard.__version__


def fixed_side(job):
    """The model is compiled anew whenever the shape changes."""
    import outboard
    held = {}

    def run(feed):
        shape = feed["input_ids"].shape
        if held.get("shape") != shape:
            held.clear()
            held.update(shape=shape, model=outboard.compile(job["model"], engines=job["engines"], threads=job["threads"], dims=dict(zip(SYMBOLS, shape))))
        return held["model"](*[feed[value.name] for value in held["model"].inputs])
    return run, dict, outboard.__version__


def onnxruntime_side(job):
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = job["threads"], 1, 3
    session = ort.InferenceSession(job["model"], options, providers=["CPUExecutionProvider"])
    return (lambda feed: session.run(None, feed)[0]), dict, ort.__version__


def openvino_side(job):
    import openvino as ov
    config = {"INFERENCE_NUM_THREADS": job["threads"], "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    request = ov.Core().compile_model(job["model"], "CPU", config).create_infer_request()
    return (lambda feed: request.infer(feed)[0]), dict, ov.__version__.split("-")[0]


SIDES = {"outboard": outboard_side, "fixed": fixed_side, "onnxruntime": onnxruntime_side, "openvino": openvino_side}


def feed_of(batch, length):
    import numpy as np
    rng = np.random.default_rng(1000 * batch + length)
    mask = np.ones((batch, length), np.int64)
    mask[:, max(1, length - batch):] = 0  # the last sentences are shorter
    return {"input_ids": rng.integers(1000, 30000, (batch, length)), "attention_mask": mask, "token_type_ids": np.zeros((batch, length), np.int64)}


def serve(job):
    """Reads shapes from stdin, one a line; answers with times, or with the output's numbers where they are asked for."""
    import numpy as np
    before = status_kb("VmRSS")
    try:
        call, sizes, version = SIDES[job["kind"]](job)
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        return
    print(json.dumps({"version": version}), flush=True)
    for line in sys.stdin:
        batch, length, repeats, wants = json.loads(line)
        feed, times = feed_of(batch, length), []
        for _ in range(1 + repeats):
            begin = time.perf_counter()
            output = call(feed)
            times.append((time.perf_counter() - begin) * 1e3)
        answer = {"first": times[0], "repeated": statistics.median(times[1:])} if repeats else {}
        if wants:
            answer["output"] = np.asarray(output, np.float64).ravel().tolist()
        print(json.dumps({**answer, "peak": (status_kb("VmHWM") - before) / 1024, "sizes": sizes() if wants else {}}), flush=True)


# ---------------------------------------------------------------- all sides, from the parent

class Side:
    def __init__(self, name, **job):
        self.name, self.times, self.sizes = name, {}, {}
        cpus = sorted(os.sched_getaffinity(0))[:job["threads"]]
        self.process = subprocess.Popen([sys.executable, __file__, "--child", json.dumps(job)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        said = self.read()
        if "missing" in said:
            raise RuntimeError(f"{name}: {said['missing']}")
        self.version = said["version"]

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, batch, length, repeats, wants=False):
        self.process.stdin.write(json.dumps([batch, length, repeats, wants]) + "\n")
        self.process.stdin.flush()
        answer = self.read()
        self.peak, self.sizes = answer["peak"], answer["sizes"] or self.sizes
        if repeats:
            self.times[batch, length] = answer["first"], answer["repeated"]
        return answer.get("output")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def outboard_of(engines, dims, folder, common):
    """Compiled in a process of its own: its memory is not the runtime's."""
    name, artifact = f"outboard {engines}" + (" bounded" if dims else ""), f"{folder}/{len(os.listdir(folder))}.ob"
    job = {"model": common["model"], "engines": engines, "dims": dims, "threads": common["threads"], "artifact": artifact}
    subprocess.run([sys.executable, __file__, "--compile", json.dumps(job)], check=True)
    return Side(name, kind="outboard", engines=engines, artifact=artifact, **common)


def compile_artifact(job):
    import outboard
    outboard.compile(job["model"], engines=job["engines"], dims=job["dims"], threads=job["threads"]).save(job["artifact"])


def same_answers(sides, shapes):
    import numpy as np
    for batch, length in shapes:
        answers = [np.array(side.ask(batch, length, 0, True)) for side in sides]
        for side, answer in zip(sides, answers):
            error = np.abs(answer - answers[0]).max()
            if error > 1e-4:
                sys.exit(f"{side.name} differs from {sides[0].name} by {error:.2g} at batch {batch}, length {length}: a wrong answer has no speed")


def measure(sides, fixed, shapes, every, repeats):
    """All sides at each shape, in turns; who begins changes. `fixed` joins at each shape of number 0, every, 2*every, ..."""
    begin = time.time()
    for i, (batch, length) in enumerate(shapes):
        here = sides + ([fixed] if i % every == 0 else [])
        for k in range(len(here)):
            here[(i + k) % len(here)].ask(batch, length, repeats)
        if sys.stderr.isatty():
            print(f"\r{i + 1} of {len(shapes)} shapes, {time.time() - begin:.0f} s ", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def row_of(side, base):
    """Figures of a side, and its ratios to `base` over the shapes that both ran."""
    firsts, repeated = zip(*side.times.values())
    common = [shape for shape in side.times if shape in base.times]
    ratio = [geometric_mean([side.times[s][i] / base.times[s][i] for s in common]) for i in (0, 1)]
    return {"name": side.name, "version": side.version, "shapes": len(firsts), "first_ms": statistics.median(firsts),
            "repeated_ms": statistics.median(repeated), "extra_ms": statistics.median(f - r for f, r in side.times.values()),
            "first_ratio": ratio[0], "repeated_ratio": ratio[1], "peak_mb": side.peak, "sizes": side.sizes}


def print_table(rows, base):
    print(f"{'':34} first at a shape   more than repeated   repeated            peak")
    for r in rows:
        fixed = r["name"].startswith("fixed")
        first = f"{'compiled first':>17}   {'':10}" if fixed else f"{r['first_ms']:7.2f} ms ({r['first_ratio']:4.2f})   {r['extra_ms']:7.2f} ms"
        print(f"{r['name'] + ' ' + r['version']:34} {first}          {r['repeated_ms']:7.2f} ms ({r['repeated_ratio']:4.2f})"
              + ("" if fixed else f" {r['peak_mb']:7.1f} MB"))
    print(f"{rows[0]['shapes']} shapes, medians over them; in brackets the geometric mean of the ratios to {base} over the shapes of both")


def print_sizes(rows):
    for r in rows:
        for accepts, (regions, made) in r["sizes"].items():
            if regions:
                what = "made instances by arithmetic" if accepts == "any" else "built instances for exact sizes"
                print(f"{r['name']}: {regions} regions accept {accepts} sizes, compiled once, {what}: {made}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="models", type=pathlib.Path, help="folder of tools/fetch_models.py")
    parser.add_argument("--quick", action="store_true", help="a sample of 60 shapes")
    parser.add_argument("--shapes", type=int, help="a sample of this many shapes")
    parser.add_argument("--longest", type=int, default=256, help="lengths are 1 to this")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3, help="runs at each shape after the first")
    parser.add_argument("--engines", action="append", help="of Outboard; may be repeated (default: onednn,cpu,ref and cpu,ref)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=pathlib.Path, help="write all figures there")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--compile", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return serve(json.loads(args.child))
    if args.compile:
        return compile_artifact(json.loads(args.compile))

    model = str(args.models / "minilm.onnx")
    shapes = [(b, n) for b in range(1, 9) for n in range(1, args.longest + 1)]
    random.Random(args.seed).shuffle(shapes)
    shapes = shapes[:args.shapes or (60 if args.quick else None)]
    engines = args.engines or ["onednn,cpu,ref", "cpu,ref"]
    common = {"model": model, "threads": args.threads}
    bounds = {"batch": (1, 8, 1), "sequence": (1, args.longest, min(64, args.longest))}
    with tempfile.TemporaryDirectory() as folder:
        sides = [outboard_of(e, None, folder, common) for e in engines] + [outboard_of(engines[-1], bounds, folder, common)]
    for kind in ("onnxruntime", "openvino"):
        try:
            sides.append(Side(kind, kind=kind, **common))
        except RuntimeError as error:
            print(f"not measured: {error}")
    fixed = Side(f"fixed {engines[0]}", kind="fixed", engines=engines[0], **common)
    same_answers(sides + [fixed], [(1, min(7, args.longest)), (3, min(20, args.longest))])
    measure(sides, fixed, shapes, max(1, len(shapes) // 20), args.repeats)
    same_answers(sides, [(2, min(9, args.longest))])
    rows = [row_of(side, sides[0]) for side in sides + [fixed]]
    print_table(rows, sides[0].name)
    print_sizes(rows[:len(engines) + 1])
    if args.json:
        args.json.write_text(json.dumps({"threads": args.threads, "shapes": shapes, "rows": rows,
                                         "times": {s.name: [[*k, *v] for k, v in s.times.items()] for s in sides + [fixed]}}, indent=1) + "\n")
    for side in sides + [fixed]:
        side.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
