"""The whole backend suite of onnx: python -m pytest tests/onnx_backend [--engines onednn,cpu,ref] [-k NAME].

$OUTBOARD_SUITE_ENGINES stands in for --engines. Counts and the list of those not passed go to BUILD/onnx_backend-ENGINES.txt."""
import collections
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import pool  # noqa: E402
from support import BUILD  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--engines", default=None, help="engines for the backend suite, in order of preference")
    parser.addoption("--suite-workers", type=int, default=0, help="processes for the backend suite; 0: as many as CPUs")


def engines_of(config):
    return config.getoption("--engines", None) or os.environ.get("OUTBOARD_SUITE_ENGINES") or "ref"


def expected():
    """Names that do not pass, with the reason: `NAME: reason` a line (`NAME?: reason`: may pass by chance), '#' begins a comment."""
    lines = [line.strip() for line in (HERE / "expected.txt").read_text().splitlines()]
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def pytest_generate_tests(metafunc):
    if "onnx_test" in metafunc.fixturenames:
        first = pool.Worker("ref", pool.environment(BUILD))
        try:
            names = first.start()
        finally:
            first.stop()
        metafunc.parametrize("onnx_test", names)


class Results:
    """Outcomes of the tests that were chosen, made in the background by a pool."""

    def __init__(self, config, names):
        count = config.getoption("--suite-workers", 0) or len(os.sched_getaffinity(0))
        limit = 600 if pool.sanitizer(BUILD) else 120  # seconds for one test; the longest takes two
        self.engines, self.expected, self.found = engines_of(config), expected(), {}
        self.pool = pool.Pool(names, self.engines, pool.environment(BUILD), min(count, len(names)), limit)

    def outcome(self, name):
        self.found[name] = self.pool.outcome(name)
        return self.found[name]

    def write(self):
        counts = collections.Counter(outcome for outcome, _, _ in self.found.values())
        head = f"{self.engines}: {counts['passed']} of {len(self.found)} passed"
        lines = [f"{name}: {reason}" for name, (outcome, reason, _) in sorted(self.found.items()) if outcome != "passed"]
        path = BUILD / f"onnx_backend-{self.engines.replace(',', '-')}.txt"
        path.write_text("\n".join([head, *lines]) + "\n")
        return head, path


@pytest.fixture(scope="session")
def results(request):
    names = [item.callspec.params["onnx_test"] for item in request.session.items if "onnx_test" in getattr(item, "fixturenames", ())]
    made = Results(request.config, names)
    request.config.onnx_backend_results = made
    yield made
    made.pool.stop()


def pytest_terminal_summary(terminalreporter, config):
    made = getattr(config, "onnx_backend_results", None)
    if made:
        head, path = made.write()
        terminalreporter.write_line(f"onnx backend suite, {head}; the others are in {path}")
