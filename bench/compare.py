#!/usr/bin/env python3
"""Compares Outboard with ONNX Runtime, or with OpenVINO, on real models: run time, first run, load, peak memory. Prints ratios.

    tools/setup.sh python && .venv/bin/python tools/fetch_models.py models
    .venv/bin/python bench/compare.py --models models                    # all models, 1 and 2 threads
    .venv/bin/python bench/compare.py --models models --only magika --threads 1 --json out.json

How: outputs are compared first, and a wrong answer has no speed. Then, round after round, each side runs in a fresh process, pinned to
the same CPUs, one after the other; figures are medians over the rounds, and the spread is that of the ratio between neighbours in time.
Both sides find their file in the page cache. Load: until the model can be called (Outboard: the artifact; the peer: a session from
the .onnx file, all optimisations on; OpenVINO: for the shapes of the inputs and in float32, where it would take bfloat16). First: the first
call. Run: median of the calls after that. Peak: largest resident memory of the process; from the peer's, what Python and NumPy had before it
was imported is taken off."""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

FIGURES = ["run", "first", "load", "peak"]
UNITS = {"run": "ms", "first": "ms", "load": "ms", "peak": "MB"}


# ---------------------------------------------------------------- the peer, in a process of its own

def status_kb(field):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field))


def open_onnxruntime(job, inputs):
    """A call without arguments, and one that gives the outputs."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = job["threads"], 1, 3
    begin = time.perf_counter()
    session = ort.InferenceSession(job["model"], options, providers=["CPUExecutionProvider"])
    load = time.perf_counter() - begin
    binding = session.io_binding()  # no copies and no dictionaries in the measured calls
    for name, array in inputs.items():
        binding.bind_cpu_input(name, array)
    for output in session.get_outputs():
        binding.bind_output(output.name)
    return load, lambda: session.run_with_iobinding(binding), binding.copy_outputs_to_cpu, ort.__version__


def open_openvino(job, inputs):
    import numpy as np
    import openvino
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": job["threads"], "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    begin = time.perf_counter()
    core = openvino.Core()
    model = core.read_model(job["model"])
    model.reshape({name: array.shape for name, array in inputs.items()})
    request = core.compile_model(model, "CPU", options).create_infer_request()
    load = time.perf_counter() - begin
    for name, array in inputs.items():
        request.set_tensor(name, openvino.Tensor(array, shared_memory=array.ndim > 0))
    return load, request.infer, lambda: [np.array(request.get_output_tensor(i).data) for i in range(len(model.outputs))], openvino.__version__


PEERS = {"onnxruntime": open_onnxruntime, "openvino": open_openvino}
TITLES = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}


def theirs(job):
    """Runs in the child: opens a session, calls it for a while; prints the figures, and saves outputs where that is asked."""
    import numpy as np
    inputs = {name: np.load(file) for name, file in job["inputs"].items()}
    before = status_kb("VmRSS")
    load, call, outputs, version = PEERS[job["peer"]](job, inputs)
    begin = time.perf_counter()
    call()
    first = time.perf_counter() - begin
    if job.get("save"):
        for i, output in enumerate(outputs()):
            np.save(f"{job['save']}/output_{i}.npy", output)
    samples, end = [], time.perf_counter() + job["seconds"]
    while len(samples) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        samples.append(time.perf_counter() - begin)
    print(json.dumps({"run": statistics.median(samples) * 1e3, "first": first * 1e3, "load": load * 1e3,
                      "peak": (status_kb("VmHWM") - before) / 1024, "version": version}))


# ---------------------------------------------------------------- both sides, from the parent

def pinned(threads):
    """The first CPUs that this process may use; fewer threads than CPUs never share one."""
    cpus = sorted(os.sched_getaffinity(0))[:threads]
    return lambda: os.sched_setaffinity(0, cpus)


def run(words, threads, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, preexec_fn=pinned(threads), **options)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}")
    return done.stdout


def run_theirs(job):
    return json.loads(run([sys.executable, __file__, "--child", json.dumps(job)], job["threads"]))


def run_ours(command, artifact, job):
    inputs = [word for name, file in job["inputs"].items() for word in ("--input", f"{name}={file}")]
    figures = json.loads(run([command, "bench", artifact, "--threads", job["threads"], "--seconds", job["seconds"], "--json", *inputs], job["threads"]))
    return {"run": figures["median_ms"], "first": figures["first_ms"], "load": figures["load_ms"], "peak": figures["peak_rss_mb"]}


def same_answers(command, artifact, job, entry, name):
    """None, or what is wrong. Quantised networks may differ by one step in one value of a thousand."""
    import numpy as np
    with tempfile.TemporaryDirectory() as ours_at, tempfile.TemporaryDirectory() as theirs_at:
        inputs = [word for key, file in job["inputs"].items() for word in ("--input", f"{key}={file}")]
        run([command, "run", artifact, "--threads", job["threads"], "--save", ours_at, *inputs], job["threads"])
        run_theirs({**job, "seconds": 0, "save": theirs_at})
        wanted = sorted(pathlib.Path(theirs_at).glob("*.npy"))
        for file in wanted:
            want, got = np.load(file), np.load(pathlib.Path(ours_at) / file.name)
            if got.shape != want.shape or got.dtype != want.dtype:
                return f"{file.stem}: {got.dtype}{got.shape} instead of {want.dtype}{want.shape}"
            error = np.abs(got.astype(np.float64) - want)
            wrong = error > entry["atol"] + entry["rtol"] * np.abs(want)
            if wrong.any() and not (name.endswith("_qdq") and (wrong.mean() <= 0.001 or (error <= 1 / 256).all())):
                return f"{file.stem}: largest error {error.max():.3g}"
    return None


def measure(command, artifact, job, rounds):
    """Medians and ratios over the rounds; round 0 warms up. Who goes first changes from round to round."""
    ours, other = [], []
    for i in range(rounds + 1):
        for side in (0, 1) if i % 2 else (1, 0):
            figures = run_ours(command, artifact, job) if side == 0 else run_theirs(job)
            if i > 0:
                (ours if side == 0 else other).append(figures)
    result = {}
    for figure in FIGURES:
        a, b = [f[figure] for f in ours], [f[figure] for f in other]
        ratios = sorted(x / y for x, y in zip(a, b))
        result[figure] = {"ours": statistics.median(a), "theirs": statistics.median(b), "ratio": statistics.median(ratios), "low": ratios[0], "high": ratios[-1]}
    return result, other[0]["version"]


# ---------------------------------------------------------------- tables

def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def print_row(row):
    head = f"{row['model'] + ' ' + row['case']:28} {row['threads']:>1}"
    if row.get("problem"):
        print(f"{head}  {row['problem']}", flush=True)
        return
    cells = [f"{row[f]['ours']:9.3f} {row[f]['theirs']:9.3f} {row[f]['ratio']:6.2f} ±{(row[f]['high'] - row[f]['low']) / 2:4.2f}" if f == "run" else
             f"{row[f]['ours']:9.2f} {row[f]['theirs']:9.2f} {row[f]['ratio']:6.2f}" for f in FIGURES]
    print(head + " |" + " |".join(cells), flush=True)


def print_summary(rows):
    right = [r for r in rows if not r.get("problem")]
    for threads in sorted({r["threads"] for r in right}):
        these = [r for r in right if r["threads"] == threads]
        means = ", ".join(f"{f} {geometric_mean([r[f]['ratio'] for r in these]):.2f}" for f in FIGURES)
        print(f"geometric mean of the ratios, {threads} {'thread' if threads == 1 else 'threads'}, {len(these)} cases: {means}")
    for row in rows:
        if row.get("problem"):
            print(f"not measured: {row['model']} {row['case']}, {row['threads']} threads: {row['problem']}")


def print_markdown(rows, file):
    """The table of the README: ratios only, below 1 is in Outboard's favour."""
    print("| model | threads | run ms | ratio | first ms | ratio | load ms | ratio | peak MB | ratio |\n|" + "---|" * 10, file=file)
    for r in (r for r in rows if not r.get("problem")):
        cells = " | ".join(f"{r[f]['ours']:.{2 if r[f]['ours'] < 10 else 0}f} | {r[f]['ratio']:.2f}" for f in FIGURES)
        print(f"| {r['model']} {r['case']} | {r['threads']} | {cells} |", file=file)


# ---------------------------------------------------------------- main

def rows_of(arguments, index, scratch):
    for name, entry in index.items():
        if arguments.only and name not in arguments.only:
            continue
        artifact = scratch / f"{name}.ob"
        cases = list(entry["cases"].items())[:None if arguments.all_cases else 1]
        try:
            run([arguments.command, "compile", arguments.models / entry["file"], "-o", artifact, "--engines", arguments.engines], 2)
            problem = None
        except RuntimeError as error:
            problem = str(error)
        for (case, inputs) in cases:
            for threads in arguments.threads:
                row = {"model": name, "case": case, "threads": threads}
                job = {"peer": arguments.peer, "model": str(arguments.models / entry["file"]), "threads": threads, "seconds": arguments.seconds,
                       "inputs": {key: str(arguments.models / file) for key, file in inputs.items()}}
                try:
                    row["problem"] = problem or same_answers(arguments.command, artifact, job, entry, name)
                    if not row["problem"]:
                        figures, row[arguments.peer] = measure(arguments.command, artifact, job, arguments.rounds)
                        row.update(figures)
                except RuntimeError as error:
                    row["problem"] = str(error)
                yield row
        artifact.unlink(missing_ok=True)


def parse():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=pathlib.Path, default=root / "models", help="folder made by tools/fetch_models.py")
    parser.add_argument("--command", type=pathlib.Path, default=root / "build/release/bin/outboard")
    parser.add_argument("--engines", default="onednn,cpu,ref")
    parser.add_argument("--peer", choices=sorted(PEERS), default="onnxruntime")
    parser.add_argument("--only", action="append", help="one model; may be repeated")
    parser.add_argument("--threads", type=lambda text: [int(t) for t in text.split(",")], default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5, help="fresh processes a side, after one to warm up")
    parser.add_argument("--seconds", type=float, default=1, help="length of a measurement")
    parser.add_argument("--all-cases", action="store_true", help="every input size of a model, not only the first")
    parser.add_argument("--json", type=pathlib.Path, help="write everything there")
    parser.add_argument("--markdown", type=pathlib.Path, help="write a table of ratios there")
    return parser.parse_args()


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--child":
        return theirs(json.loads(sys.argv[2]))
    arguments = parse()
    index = json.loads((arguments.models / "models.json").read_text())
    unknown = set(arguments.only or []) - set(index)
    if unknown:
        sys.exit(f"no such model: {', '.join(sorted(unknown))}")
    print(f"{f'each: Outboard, {TITLES[arguments.peer]}, ratio':30} |" + " |".join(f"{f + ' ' + UNITS[f]:^{32 if f == 'run' else 26}}" for f in FIGURES))
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for row in rows_of(arguments, index, pathlib.Path(scratch)):
            rows.append(row)
            print_row(row)
    print_summary(rows)
    if arguments.json:
        arguments.json.write_text(json.dumps({"peer": arguments.peer, "engines": arguments.engines, "rounds": arguments.rounds, "seconds": arguments.seconds, "rows": rows}, indent=1))
    if arguments.markdown:
        with open(arguments.markdown, "w") as file:
            print_markdown(rows, file)
    return 1 if any(row.get("problem") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
