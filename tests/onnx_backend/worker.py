"""Runs tests of onnx's backend suite, one a line of standard input, and prints what became of each: worker.py ENGINES.

It is a process of its own so that a crash takes one test with it and not the run."""
import json
import os
import sys
import tempfile
import traceback
import unittest
import warnings


def suite(backend):
    """Test functions for the CPU by name."""
    import onnx.backend.test
    runner = onnx.backend.test.BackendTest(backend, __name__)
    return {name: case(name) for case in runner.test_cases.values() for name in dir(case) if name.startswith("test_") and name.endswith("_cpu")}


def outcome(case):
    """("passed" | "skipped" | "failed", the reason's last line, the whole of it)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            getattr(case, case._testMethodName)()
    except unittest.SkipTest as skip:
        return "skipped", str(skip), ""
    except BaseException as error:
        kind = type(error).__name__
        words = " ".join(str(error).split())
        return "failed", f"{kind}: {words}", traceback.format_exc()
    return "passed", "", ""


def main(engines):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what tests print is not an answer
    os.environ["OUTBOARD_ENGINES"] = engines
    os.environ["ONNX_HOME"] = tempfile.mkdtemp(prefix="onnx_backend")

    import outboard.backend

    class OneThread(outboard.backend.OutboardBackend):
        @classmethod
        def prepare(cls, model, device="CPU", **options):
            return super().prepare(model, device, threads=1, **options)

    cases = suite(OneThread)
    print(json.dumps(sorted(cases)), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(outcome(cases[line.strip()])), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
