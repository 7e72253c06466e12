"""Measure one recipe on one file over one link, and compute what no reader can beat."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import h5py

from benchmarks.layouts import group_of
from benchmarks.recipes import GRANULES, NEWER, TASKS, UNFORKABLE

CONNECTIONS = 6  # that the limit may use for a granule: as many as ours does
AT_A_TIME = 4  # granules, when there are twenty
PATIENCE = 600.0  # seconds for a recipe to read what it is asked for
#: VirtualiZarr and icechunk of today need Python 3.12 or newer: `make bench` makes this if it can.
NEWER_PYTHON = Path(__file__).parent.parent / ".bench313" / "bin" / "python"


def needs(path: Path, layout: str, task: str) -> int:
    """Return the bytes of the chunks that a task cannot do without."""
    _, names, lines = TASKS[task]
    total = 0
    with h5py.File(path) as file:
        for name in names:
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
            for name in names:
                file[group_of(layout)][name][lines or slice(None)]
        times.append(time.perf_counter() - begun)
    return min(times)


def limit(task: str, needed: int, ms: float, rate: float, local: float, cores: int) -> float:
    """Return the seconds of a reader without any overhead and without an open connection.

    Two round trips open a connection, one brings all metadata, one all data, over as many
    connections as ours uses. ``local`` is the time that HDF5 takes to inflate the values: a reader
    that inflates while it receives, or several chunks at a time, may hide a part of it.
    """
    many = task == "granules"
    connections = CONNECTIONS * (AT_A_TIME if many else 1)
    inflate = local * (GRANULES / cores if many else 1)
    return 4 * ms / 1e3 + needed / (connections * rate * 1e6) + inflate


class Server:
    """The shaped server, in a process of its own."""

    def __init__(self, folder: Path, ms: float, rate: float) -> None:
        told = [f"--ms={ms}", f"--rate={rate}"]
        command = [sys.executable, "-m", "benchmarks.server", str(folder), *told]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait()


class Host:
    """A process that has imported what a recipe needs; see `benchmarks.host`."""

    def __init__(self, recipe: str) -> None:
        self.recipe, self.reason, self.versions = recipe, "", {}
        python = Path(NEWER_PYTHON if recipe in NEWER else sys.executable)
        if not python.exists():
            self.reason = "it needs Python 3.12 or newer, and .bench313 could not be made"
            return
        self.start(python)

    def start(self, python: Path) -> None:
        """Import, and learn the versions."""
        self.process = subprocess.Popen(
            [python, "-m", "benchmarks.host", self.recipe],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            process_group=0,
        )
        told = self.answer()
        self.reason, self.versions = told.get("reason", ""), told.get("versions", {})

    def answer(self) -> dict[str, Any]:
        """Wait for a line; end the process when none comes."""
        assert self.process.stdout
        timer = threading.Timer(PATIENCE, self.stop)
        timer.start()
        line = self.process.stdout.readline()
        timer.cancel()
        if not line:
            return {"reason": f"no answer, or none in {PATIENCE / 60:.0f} minutes"}
        return dict(json.loads(line))

    def run(self, task: str, layout: str, server: Server, path: Path) -> dict[str, Any]:
        """Run the recipe once; return what its reads cost, or the reason why it cannot."""
        if self.reason:
            return {"reason": self.reason}
        if self.process.poll() is not None:
            self.start(Path(str(self.process.args[0])))  # type: ignore[index]
        assert self.process.stdin
        self.process.stdin.write(json.dumps([task, layout, server.url, str(path)]) + "\n")
        self.process.stdin.flush()
        told = self.answer()
        if self.recipe in UNFORKABLE:
            self.stop()
        return told

    def stop(self) -> None:
        """End the process and its child."""
        if not self.reason and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
