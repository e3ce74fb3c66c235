"""Serves a model to many threads and stops calls that take too long: serve.py MODEL [THREADS [CALLS]]

Each thread makes its own random inputs; symbolic dims are 1. Prints calls a second and the slowest call."""
import sys
import threading
import time

import numpy as np

import outboard


def random_inputs(model, seed):
    rng = np.random.default_rng(seed)
    feeds = {}
    for value in model.inputs:
        shape = [dim if isinstance(dim, int) else 1 for dim in value.shape]
        feeds[value.name] = (rng.standard_normal(shape) if value.numpy.kind == "f" else rng.integers(0, 2, shape)).astype(value.numpy)
    return feeds


def main(path, threads=4, calls=25):
    model = outboard.load(path, threads=1)  # each call on one thread: the callers are the parallel ones
    times, late = [], []

    def work(seed):
        feeds = random_inputs(model, seed)
        for _ in range(calls):
            begin = time.perf_counter()
            try:
                model.run(feeds, timeout=10)
            except outboard.DeadlineExceeded:
                late.append(seed)
            times.append(time.perf_counter() - begin)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(threads)]
    begin = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(f"{len(times)} calls by {threads} threads: {len(times) / (time.perf_counter() - begin):.0f} a second, "
          f"slowest {1e3 * max(times):.1f} ms, {len(late)} too late")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], *map(int, sys.argv[2:]))
