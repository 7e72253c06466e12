"""What is done with many granules, and a cluster to do it on."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr
from distributed import Client

if TYPE_CHECKING:
    from collections.abc import Iterator


NAMES = ["cloud_water_path", "quality_status"]


def sums(ds: xr.Dataset) -> xr.Dataset:
    """Sums and counts along the track: what a mean of many granules is made of."""
    water = ds["cloud_water_path"].astype("f8")
    both = {"sum": water.sum("along_track"), "count": water.count("along_track")}
    return xr.Dataset(both).assign_attrs(of=ds.attrs["granule_id"])


def as_dict(ds: xr.Dataset) -> dict[str, Any]:
    return {"mean": float(ds["cloud_water_path"].mean()), "lines": ds.sizes["along_track"]}


def as_table(ds: xr.Dataset) -> pd.DataFrame:
    return pd.DataFrame({"quality": ds["quality_status"].values[::20, 100].astype("i1")})


def total(parts: dict[str, xr.Dataset]) -> xr.Dataset:
    """Return the sum over all granules, in one order: bit by bit the same each time."""
    ordered = [parts[name] for name in sorted(parts)]
    return xr.concat(ordered, "granule", combine_attrs="drop").sum("granule")


class Cluster:
    """A scheduler and workers, each a process started by command line, and what they print."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start("scheduler", "--port", "0", "--dashboard-address", "127.0.0.1:0")

    def start(self, what: str, *words: str, python: tuple[str, ...] = ("-m", "dask")) -> None:
        """Start one more process."""
        log = self.folder / f"{what}-{len(self.processes)}.log"
        words = (what, "--scheduler-file", str(self.file), "--host", "127.0.0.1", *words)
        with log.open("wb") as to:
            command = [sys.executable, *python, *words]
            started = subprocess.Popen(command, stdout=to, stderr=to, cwd=self.folder)
        self.processes.append(started)

    def worker(self) -> None:
        """Start a worker, and the nanny that starts it again when it dies."""
        place = str(self.folder / "space")
        words = ("--nthreads", "1", "--local-directory", place, "--dashboard-address", ":0")
        self.start("worker", *words)

    def printed(self) -> str:
        """Return what all of them logged."""
        return "".join(path.read_text() for path in self.folder.glob("*.log"))

    def stop(self) -> None:
        """End all of them."""
        for each in reversed(self.processes):
            each.terminate()
        for each in self.processes:
            try:
                each.wait(60)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()


@contextmanager
def connected(cluster: Cluster, workers: int) -> Iterator[Client]:
    # Not the default: dask would ask for it in later tests, once a test has shut it down.
    shared = {"scheduler_file": str(cluster.file), "set_as_default": False}
    with Client(**shared, timeout=300) as client:
        if workers:
            client.wait_for_workers(workers, timeout=300)
        yield client
