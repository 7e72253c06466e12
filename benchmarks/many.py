"""Measure many granules on worker processes beside a loop of the original recipe.

``python -m benchmarks.many`` writes benchmarks/results/many.json: both sides in one run, over the
shaped server (30 ms, 20 MB/s of each connection), and what the schedule predicts.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import psutil
from distributed import Client, SubprocessCluster

from benchmarks.__main__ import FOLDER, GRANULE
from benchmarks.layouts import relay
from benchmarks.measure import Server
from benchmarks.recipes import NAMES, RECIPES, TOKEN
from benchmarks.schedule import makespan, toward
from benchmarks.summary import this_machine
from earthcare_tutorial import map_granules
from earthcare_tutorial.scaling import PER_GRANULE
from maap_replay.granules import granule_file

RESULTS = Path(__file__).parent / "results" / "many.json"
LINK = (30, 20)  # ms, MB/s of each connection
GRANULES, WORKERS, THREADS, REQUESTS = 30, 2, 2, 24
ARCHIVE = 60_000  # granules of a product
LONG = 60  # granules, to see whether memory grows and what the engine costs


def sums(ds: Any) -> dict[str, float]:
    """Sums and counts of all variables."""
    told = {}
    for name in NAMES:
        told[f"{name} sum"] = float(ds[name].sum(dtype="f8"))
        told[f"{name} count"] = float(ds[name].count())
    return told


def memory(dask_worker: Any) -> int:
    """Return the bytes that a worker holds."""
    return int(psutil.Process().memory_info().rss)


def asked(server: Server) -> tuple[int, int]:
    """Return requests and bytes since the last call."""
    with urlopen(f"{server.url}/__log") as answer:  # noqa: S310
        spans = json.load(answer)["asked"]
    return len(spans), sum(end - start for start, end in spans)


def on_workers(urls: list[str], workers: int, place: Path | None = None) -> dict[str, Any]:
    """Run on worker processes; return values, seconds, and what the log says."""
    shape = {"n_workers": workers, "threads_per_worker": THREADS, "dashboard_address": None}
    with SubprocessCluster(**shape) as cluster, Client(cluster) as client:
        client.wait_for_workers(workers)
        few = map_granules(sums, urls[:5], TOKEN, variables=NAMES, client=client)  # imports
        list(few)
        held = list(client.run(memory).values())
        begun = time.perf_counter()
        run = map_granules(
            sums, urls, TOKEN, variables=NAMES, client=client, requests=REQUESTS, store=place
        )
        values = dict(run)
        seconds = time.perf_counter() - begun
        after = list(client.run(memory).values())
    if not run.failures.empty:
        raise SystemExit(run.failures.to_string())
    log = run.log
    slots = min(workers * THREADS, REQUESTS // PER_GRANULE)
    return {
        "workers": workers,
        "granules": len(urls),
        "seconds": seconds,
        "busy": float((log["streaming"] + log["function"]).sum()),
        "slots": slots,
        "streaming": log["streaming"].tolist(),
        "function": log["function"].tolist(),
        "memory MB": [held_by / 1e6 for held_by in held],
        "memory after MB": [held_by / 1e6 for held_by in after],
        "values": values,
    }


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--granules", type=int, default=GRANULES)
    parser.add_argument("--note", default="")
    given = parser.parse_args()
    path = relay(granule_file(GRANULE, ".h5"), FOLDER, "tidy")
    server = Server(path.parent, *LINK)
    urls = [f"{server.url}/{path.name}/{n}" for n in range(max(LONG, given.granules))]
    try:
        ours = on_workers(urls[: given.granules], WORKERS)
        asked(server)
        begun = time.perf_counter()
        threads = dict(map_granules(sums, urls[: given.granules], TOKEN, variables=NAMES))
        here = time.perf_counter() - begun
        requests, moved = asked(server)
        begun = time.perf_counter()
        loop = {
            url.rpartition("/")[2]: sums(RECIPES["original"](url, "ScienceData", NAMES, None))
            for url in urls[: given.granules]
        }
        seconds = time.perf_counter() - begun
        loop_requests, loop_moved = asked(server)
        long = on_workers(urls[:LONG], WORKERS)
        one, two, four = (on_workers(urls[: given.granules], n) for n in (1, 2, 4))
    finally:
        server.stop()
    base = one  # what a granule takes when two are under way
    work = list(zip(base["streaming"], base["function"], strict=True))
    checked = [
        {
            "workers": each["workers"],
            "measured": each["seconds"],
            "predicted": makespan(work, each["workers"] * THREADS, REQUESTS // PER_GRANULE),
        }
        for each in (one, two, four)
    ]
    usual = {key: float(np.median(base[key])) for key in ("streaming", "function")}
    told = {
        "machine": this_machine(),
        "note": given.note,
        "link": dict(zip(("ms", "MB/s"), LINK, strict=True)),
        "granules": given.granules,
        "file MB": path.stat().st_size / 1e6,
        "original": {"seconds": seconds, "requests": loop_requests, "MB": loop_moved / 1e6},
        "threads": {"seconds": here, "requests": requests, "MB": moved / 1e6},
        "workers": {key: each for key, each in ours.items() if key != "values"},
        "long": {key: each for key, each in long.items() if key != "values"},
        "equal": ours["values"] == loop == threads,
        "schedule": checked,
        "granule": usual,
        "archive": {
            "granules": ARCHIVE,
            "rows": toward(**usual, granules=ARCHIVE, threads=THREADS),
        },
    }
    RESULTS.write_text(json.dumps(told, indent=1) + "\n")
    print(f"{seconds / ours['seconds']:.1f} times as fast, bytes {loop_moved / moved:.1f} times")
    print(f"equal: {told['equal']}; schedule: {checked}")


if __name__ == "__main__":
    sys.exit(main())
