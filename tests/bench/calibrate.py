"""How fast this machine is right now: a fixed job in plain Python, on one core and on both at once.

The host's speed drifts, since it has other guests: `python -m tests.bench` prints this before and after, and
figures are compared within one run only.
"""

import json
import multiprocessing
import os
import statistics
import time


def job(_: int = 0) -> float:
    """Return how many milliseconds the job took."""
    start = time.perf_counter()
    kept, total = {}, 0
    for i in range(600_000):
        kept[i & 1023] = str(i)
        total += len(kept[i & 1023])
    return (time.perf_counter() - start) * 1000


def steal() -> tuple[int, int]:
    """Return the time that other guests took from us, and all time."""
    with open("/proc/stat") as stat:
        values = [int(value) for value in stat.readline().split()[1:]]
    return values[7], sum(values)


def calibrate() -> dict[str, float]:
    stolen, total = steal()
    alone = [job() for _ in range(5)]
    with multiprocessing.Pool(2) as pool:
        together = [max(pool.map(job, [0, 1], chunksize=1)) for _ in range(5)]
    now_stolen, now_total = steal()
    return {
        "one_core_ms": round(statistics.median(alone)),
        "both_cores_ms": round(statistics.median(together)),
        "steal_percent": round(100 * (now_stolen - stolen) / max(1, now_total - total), 1),
        "load": round(os.getloadavg()[0], 2),
    }


if __name__ == "__main__":
    print(json.dumps({"bench": "calibrate", **calibrate()}))
