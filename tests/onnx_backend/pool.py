"""Worker processes for the suite: tests are given out in order to whoever is free; a worker that dies is replaced."""
import collections
import json
import os
import pathlib
import re
import selectors
import signal
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent


class Worker:
    """One process; `ask` gives the outcome of one test, also when the process dies of it or takes too long."""

    def __init__(self, engines, environment):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([sys.executable, str(HERE / "worker.py"), engines], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, env=environment)
        self.ready = False

    def _line(self, limit):
        selector = selectors.DefaultSelector()
        selector.register(self.process.stdout, selectors.EVENT_READ)
        if not selector.select(limit):
            self.process.kill()
            return None
        return self.process.stdout.readline()

    def start(self, limit=120):
        line = self._line(limit)
        if not line:
            raise RuntimeError(f"a worker did not start: {self.words()}")
        self.ready = True
        return json.loads(line)

    def words(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")[-4000:]

    def ask(self, name, limit):
        self.log.seek(0)  # the process shares the position
        self.log.truncate(0)
        try:
            self.process.stdin.write(f"{name}\n".encode())
            self.process.stdin.flush()
            line = self._line(limit)
        except BrokenPipeError:
            line = b""
        if line:
            return json.loads(line)
        code = self.process.wait()
        if line is None:
            return ["failed", f"Timeout: no answer within {limit} s", self.words()]
        cause = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return ["failed", f"Crash: {cause}", self.words()]

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.process.stdout.close()
        self.log.close()


class Pool:
    """Runs `names` in the background; `outcome` waits for one of them."""

    def __init__(self, names, engines, environment, count, limit):
        self.waiting = collections.deque(names)
        self.outcomes, self.changed, self.limit = {}, threading.Condition(), limit
        self.make = lambda: Worker(engines, environment)
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _work(self):
        worker = None
        while True:
            try:
                name = self.waiting.popleft()
            except IndexError:
                break
            try:
                if worker is None or not worker.alive():
                    worker = self.make()
                    worker.start()
                found = worker.ask(name, self.limit)
            except Exception as error:
                found = ["failed", f"Runner: {error}", ""]
            with self.changed:
                self.outcomes[name] = found
                self.changed.notify_all()
        if worker is not None and worker.alive():
            worker.stop()

    def outcome(self, name):
        with self.changed:
            self.changed.wait_for(lambda: name in self.outcomes)
            return self.outcomes[name]

    def stop(self):
        self.waiting.clear()
        for thread in self.threads:
            thread.join()


def sanitizer(build):
    """What a process needs to load a library that was built with AddressSanitizer."""
    cache = (pathlib.Path(build) / "CMakeCache.txt").read_text()
    if not re.search(r"^OB_SANITIZE:\w+=.*address", cache, re.M):
        return {}
    compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.*)$", cache, re.M).group(1)
    found = subprocess.run([compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout.strip()
    # the interpreter's own leaks are not of interest
    return {"LD_PRELOAD": found, "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1"}


def environment(build):
    """For workers: the package of this tree with the library of `build`."""
    python = str(HERE.parent.parent / "python")
    path = os.pathsep.join(p for p in (python, os.environ.get("PYTHONPATH")) if p)
    return {**os.environ, **sanitizer(build), "PYTHONPATH": path, "OUTBOARD_BUILD": str(build), "OMP_NUM_THREADS": "1"}
