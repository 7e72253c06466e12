"""Measure one recipe on one file over one link, and compute what no reader can beat."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import h5py

from benchmarks.layouts import group_of
from benchmarks.recipes import GRANULES, TASKS

CONNECTIONS = 6  # that the limit may use for a granule: as many as ours does
AT_A_TIME = 4  # granules, when there are twenty


def needs(path: Path, layout: str, task: str) -> int:
    """Return the bytes of the chunks that a task cannot do without."""
    _, names, lines = TASKS[task]
    total = 0
    with h5py.File(path) as file:
        for name in names or ():
            stored = file[group_of(layout)][name]
            first, last = (lines.start, lines.stop) if lines else (0, stored.shape[0])
            if stored.chunks is None:
                total += (last - first) * stored.shape[1] * stored.dtype.itemsize
                continue
            chunks = [stored.id.get_chunk_info(n) for n in range(stored.id.get_num_chunks())]
            total += sum(
                each.size
                for each in chunks
                if each.chunk_offset[0] < last and each.chunk_offset[0] + stored.chunks[0] > first
            )
    return total * (GRANULES if task == "granules" else 1)


def local_seconds(path: Path, layout: str, task: str) -> float:
    """Return the time to inflate the values that a task needs, from disk: the best of five."""
    _, names, lines = TASKS[task]
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        with h5py.File(path) as file:
            for name in names or ():
                file[group_of(layout)][name][lines or slice(None)]
        times.append(time.perf_counter() - begun)
    return min(times)


def limit(task: str, needed: int, link: dict[str, float], local: float, cores: int) -> float:
    """Return the seconds of a reader without any overhead.

    Two round trips open a connection, one brings all metadata, one all data, over as many
    connections as ours uses. ``local`` is the time that HDF5 takes to inflate the values: a reader
    that inflates while it receives, or several chunks at a time, may hide a part of it.
    """
    many = task == "granules"
    connections = CONNECTIONS * (AT_A_TIME if many else 1)
    rate = min(connections * link["MB/s"], link["shared"] or 1e9) * 1e6
    return 4 * link["ms"] / 1e3 + needed / rate + local * (GRANULES / cores if many else 1)


class Server:
    """The shaped server, in a process of its own."""

    def __init__(self, folder: Path, ms: float, rate: float, shared: float) -> None:
        told = [f"--ms={ms}", f"--rate={rate}", f"--shared={shared}"]
        command = [sys.executable, "-m", "benchmarks.server", str(folder), *told]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def log(self) -> dict[str, Any]:
        """Return what was asked since the last time."""
        with urllib.request.urlopen(f"{self.url}/__log") as answer:  # noqa: S310 - loopback
            return dict(json.load(answer))

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait()


def once(server: Server, recipe: str, task: str, layout: str, name: str) -> dict[str, Any]:
    """Run one recipe in a fresh process; return what it cost, or the reason why it cannot."""
    server.log()
    command = [sys.executable, "-m", "benchmarks.recipes", recipe, task, layout]
    try:
        done = subprocess.run(
            [*command, f"{server.url}/{name}"], capture_output=True, text=True, timeout=900
        )
    except subprocess.TimeoutExpired:
        return {"reason": "not done after 15 minutes"}
    if done.returncode:
        return {"reason": f"its process ended with status {done.returncode}"}
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if "reason" in told:
        return told
    log = server.log()
    sizes = [end - start for start, end in log["asked"]]
    return {
        "seconds": round(told["seconds"], 4),
        "requests": sum(size > 0 for size in sizes),
        "bytes": sum(sizes),
        "connections": log["connections"],
        "memory": told["peak"] - told["size"],
        "digest": told["digest"],
    }
