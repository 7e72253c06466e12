"""Run every recipe on every layout, side by side, and print what it costs: ``make bench``.

Needs a granule: one of the replay's is made if there is none. Results go to benchmarks/results.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median
from typing import Any

import h5py
import pandas as pd

from benchmarks.layouts import LAYOUTS, group_of, relay
from benchmarks.recipes import NAMES, RECIPES, TASKS, TOKEN

GRANULE = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E"
RESULTS = Path(__file__).parent / "results"
CONNECTIONS = 6  # that the limit may use: as many as ours does
FOLDER = Path(tempfile.gettempdir()) / "earthcare-bench"


def needs(path: Path, layout: str, task: str) -> int:
    """Return the bytes of the chunks that a task cannot do without."""
    names, lines = TASKS[task]
    total = 0
    with h5py.File(path) as file:
        for name in names or ():
            stored = file[group_of(layout)][name]
            first, last = (lines.start, lines.stop) if lines else (0, stored.shape[0])
            if stored.chunks is None:
                total += (last - first) * stored.shape[1] * stored.dtype.itemsize
                continue
            found: list[int] = []
            stored.id.chunk_iter(
                lambda c, s=stored, f=found, a=first, b=last: (
                    f.append(c.size)  # type: ignore[misc]
                    if c.chunk_offset[0] < b and c.chunk_offset[0] + s.chunks[0] > a
                    else None
                )
            )
            total += sum(found)
    return total * (20 if task == "20 granules" else 1)


def limit(needed: int, ms: float, rate: float, shared: float, local: float) -> float:
    """Return the least seconds: hands shaken, metadata, data, and the decoding of the last part.

    Two round trips open a connection, one brings all metadata, one all data, over as many
    connections as we allow ourselves. ``local`` is the time to inflate the values, which no recipe
    can do before the last byte is there, though it can for what came before.
    """
    bandwidth = min(CONNECTIONS * rate, shared or 1e9) * 1e6
    return 4 * ms / 1e3 + needed / bandwidth + local


class Server:
    """The shaped server, in a process of its own."""

    def __init__(self, ms: float, rate: float, shared: float) -> None:
        told = [f"--ms={ms}", f"--rate={rate}", f"--shared={shared}"]
        command = [sys.executable, "-m", "benchmarks.server", str(FOLDER), *told]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.url = f"http://127.0.0.1:{int(self.process.stdout.readline())}"

    def log(self) -> dict[str, Any]:
        """Return what was asked since the last time."""
        with urllib.request.urlopen(f"{self.url}/__log") as answer:  # noqa: S310 - loopback
            return dict(json.load(answer))


def once(server: Server, recipe: str, task: str, layout: str, name: str) -> dict[str, Any] | None:
    """Run one recipe in a fresh process; None when its library is not installed."""
    server.log()
    command = [sys.executable, "-m", "benchmarks.recipes", recipe, task, layout]
    done = subprocess.run(
        [*command, f"{server.url}/{name}"], capture_output=True, text=True, timeout=900
    )
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1][:120]}
    told = json.loads(done.stdout.splitlines()[-1])
    if "absent" in told:
        return None
    log = server.log()
    sizes = [end - start for start, end in log["asked"]]
    return {
        **told,
        "requests": sum(size > 0 for size in sizes),
        "bytes": sum(sizes),
        "connections": log["connections"],
        "asked": log["asked"],
    }


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--granule", type=Path, help="an MSI_COP_2A file")
    parser.add_argument("--layouts", nargs="*", default=list(LAYOUTS))
    parser.add_argument("--recipes", nargs="*", default=list(RECIPES))
    parser.add_argument("--tasks", nargs="*", default=list(TASKS))
    parser.add_argument("--ms", nargs="*", type=float, default=[5, 30, 100])
    parser.add_argument("--rates", nargs="*", type=float, default=[20, 100])
    parser.add_argument("--shared", type=float, default=0, help="MB/s of all connections together")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--name", default="results", help="of the files that are written")
    parser.add_argument("--quick", action="store_true", help="tidy, 30 ms, 100 MB/s, once")
    asked = parser.parse_args()
    if asked.quick:
        asked.layouts, asked.ms, asked.rates, asked.runs = ["tidy"], [30], [100], 1
        asked.tasks, asked.recipes = ["two variables", "metadata"], ["original", "ours"]
        asked.name = "quick"
    if asked.granule is None:
        from maap_replay.granules import granule_file

        asked.granule = granule_file(GRANULE, ".h5")
    files = {layout: relay(asked.granule, FOLDER, layout) for layout in asked.layouts}
    rows: list[dict[str, Any]] = []
    for ms in asked.ms:
        for rate in asked.rates:
            server = Server(ms, rate, asked.shared)
            try:
                for layout, path in files.items():
                    for task in asked.tasks:
                        link = {"ms": ms, "MB/s": rate, "shared": asked.shared}
                        rows += cell(server, asked, layout, path, task, link)
            finally:
                server.process.terminate()
                server.process.wait()
            write(rows, asked.name)


def cell(
    server: Server,
    asked: argparse.Namespace,
    layout: str,
    path: Path,
    task: str,
    link: dict[str, float],
) -> list[dict[str, Any]]:
    """Run the recipes in turn, as often as asked, and print one line each."""
    needed = needs(path, layout, task)
    runs: dict[str, list[dict[str, Any]]] = {}
    slow = {"20 granules": {"download", "fsspec default", "kerchunk", "virtualizarr"}}
    for n in range(asked.runs):
        for recipe in asked.recipes:
            often = 1 if task == "20 granules" and recipe != "ours" else asked.runs
            if n >= often or recipe in slow.get(task, ()):
                continue
            if told := once(server, recipe, task, layout, path.name):
                runs.setdefault(recipe, []).append(told)
    local = local_seconds(path, layout, task)
    least = limit(needed, link["ms"], link["MB/s"], link["shared"], local)
    rows = []
    digests = {each.get("digest") for some in runs.values() for each in some if "error" not in each}
    same = "results equal" if len(digests) == 1 else "RESULTS DIFFER"
    print(f"\n{layout}, {task}, {link['ms']:g} ms, {link['MB/s']:g} MB/s, {same}")
    for recipe, some in runs.items():
        good = [each for each in some if "error" not in each]
        row = {**link, "layout": layout, "task": task, "recipe": recipe, "needed": needed}
        if good:
            times = [each["seconds"] for each in good]
            row |= {
                "seconds": median(times),
                "fastest": min(times),
                "slowest": max(times),
                "limit": least,
                "local": local,
                "requests": median(each["requests"] for each in good),
                "bytes": median(each["bytes"] for each in good),
                "over_result": median(each["peak"] - each["size"] for each in good),
                "asked": good[0]["asked"],
            }
        else:
            row["error"] = some[0]["error"]
        rows.append(row)
    slowest = next((r.get("seconds") for r in rows if r["recipe"] == "original"), None)
    for row in rows:
        if "seconds" not in row:
            print(f"  {row['recipe']:15} {row['error']}")
            continue
        row["faster"] = slowest / row["seconds"] if slowest else None
        bytes_ratio = f"{row['bytes'] / needed:6.2f}" if needed else "     -"
        print(
            f"  {row['recipe']:15} {row['seconds']:6.2f} s ({row['fastest']:.2f} to"
            f" {row['slowest']:.2f}) {row['faster'] or 0:5.1f}x {row['seconds'] / least:5.1f} limit"
            f" {row['requests']:5.0f} req {row['bytes'] / 1e6:7.1f} MB {bytes_ratio} needed"
            f" {row['over_result'] / 1e6:5.0f} MB memory",
            flush=True,
        )
    return rows


def local_seconds(path: Path, layout: str, task: str) -> float:
    """Return the time to inflate the values that a task needs, from disk: the best of five."""
    names, lines = TASKS[task]
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        with h5py.File(path) as file:
            for name in names or ():
                file[group_of(layout)][name][lines or slice(None)]
        times.append(time.perf_counter() - begun)
    return min(times) * (20 if task == "20 granules" else 1)


def write(rows: list[dict[str, Any]], name: str) -> None:
    """Write the results so far, and draw the one figure of the book."""
    RESULTS.mkdir(exist_ok=True)
    table = pd.DataFrame(rows)
    table.drop(columns="asked", errors="ignore").round(4).to_csv(
        RESULTS / f"{name}.csv", index=False
    )
    draw(table, RESULTS / f"{name}.png")


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw the seconds of each recipe by layout, for two variables at 30 ms and 20 MB/s."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    rows = table[(table["task"] == "two variables") & (table["ms"] == 30)]
    rows = rows[rows["MB/s"] == rows["MB/s"].min()] if len(rows) else rows
    if "seconds" not in rows or rows.empty:
        return
    wide = rows.pivot_table(index="layout", columns="recipe", values="seconds", sort=False)
    ax = wide.plot.bar(figsize=(9, 4), logy=True, width=0.8, rot=0)
    least = rows.groupby("layout", sort=False)["limit"].first()
    for n, value in enumerate(least.reindex(wide.index)):
        ax.hlines(value, n - 0.45, n + 0.45, "k", label="physical limit" if n == 0 else None)
    ax.set(xlabel="", ylabel="seconds (log scale)")
    ax.legend(ncols=3, fontsize="small")
    ax.figure.savefig(path, dpi=90, bbox_inches="tight")
    plt.close(ax.figure)


if __name__ == "__main__":
    assert NAMES and TOKEN
    main()
