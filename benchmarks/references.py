"""Measure kept references beside streaming, with the functions of the lesson as they stand there.

``python -m benchmarks.references`` writes benchmarks/results/references.json: what it costs to make
references of some granules, and a visit with them and with `open_granule`, both sides in one run,
with as many requests under way at a time.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dask
import numpy as np

from benchmarks.__main__ import FOLDER, GRANULE
from benchmarks.layouts import group_of, relay
from benchmarks.many import asked
from benchmarks.measure import AT_A_TIME, Server
from benchmarks.recipes import NAMES, TASKS, TOKEN
from benchmarks.summary import this_machine
from earthcare_tutorial import open_granule
from earthcare_tutorial.scaling import PER_GRANULE
from maap_replay.granules import granule_file

LESSON = Path(__file__).parents[1] / "notebooks" / "keep_references.md"
RESULTS = Path(__file__).parent / "results" / "references.json"
LINK = (30, 20)  # ms, MB/s of each connection
GRANULES, RUNS = 10, 3
LAYOUTS = ("tidy", "scattered", "small")


def of_lesson(token: Any, host: str, protocol: str = "https") -> dict[str, Any]:
    """Return what the lesson defines, for a token, a data host and its protocol.

    Its imports, functions and settings, without what it does with them.
    """
    cells = re.findall(r"^```\{code-cell\}\n(?::.*\n)?(.*?)^```$", LESSON.read_text(), re.S | re.M)
    settings = {"signed", "fs", "UTC", "small", "remote"}
    names: dict[str, Any] = {"token": token, "data_host": host}
    kept = [
        node
        for node in ast.parse("\n".join(cells).replace('"https"', f'"{protocol}"')).body
        if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in settings)
    ]
    exec(compile(ast.Module(kept, []), LESSON.name, "exec"), names)  # noqa: S102
    return names


def timed(work: Callable[[], Any], server: Server) -> tuple[dict[str, float], Any]:
    """Do something; return what it took, and its result."""
    asked(server)
    begun = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - begun
    requests, moved = asked(server)
    return {"seconds": seconds, "requests": requests, "MB": moved / 1e6}, result


def visits(server: Server, urls: list[str], folder: Path, layout: str) -> dict[str, Any]:
    """Make references, and read with and without them by turns."""
    token = SimpleNamespace(headers=lambda: {"Authorization": f"Bearer {TOKEN}"})
    lesson = of_lesson(token, "127.0.0.1", "http")
    lesson["ect"] = SimpleNamespace(h5_url=lambda item: item.url)
    items = [SimpleNamespace(id=f"granule{n:02}", url=url) for n, url in enumerate(urls)]

    def make() -> None:
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            list(pool.map(lambda item: lesson["keep_references"](item, NAMES, folder), items))

    def by_references(lines: slice | None) -> list[Any]:
        parts = [lesson["open_references"](folder / item.id) for item in items]
        chosen = [part.isel({"along_track": lines} if lines else {}) for part in parts]
        with dask.config.set(num_workers=AT_A_TIME * PER_GRANULE):
            return list(dask.compute(*chosen))

    def by_streaming(lines: slice | None) -> list[Any]:
        part = {"along_track": lines} if lines else None
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            read = lambda url: open_granule(url, TOKEN, NAMES, group_of(layout), part)  # noqa: E731
            return list(pool.map(read, urls))

    made, _ = timed(make, server)
    files = [path for path in folder.rglob("*") if path.is_file()]
    made["bytes a granule"] = sum(path.stat().st_size for path in files) / len(items)
    told: dict[str, Any] = {"layout": layout, "made": made, "visits": {}, "equal": True}
    ways = {"references": by_references, "open_granule": by_streaming}
    for task in ("two", "strip"):
        _, _, lines = TASKS[task]
        runs: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
        values = {}
        for _ in range(RUNS):
            for way, work in ways.items():
                took, values[way] = timed(lambda work=work, lines=lines: work(lines), server)
                runs[way].append(took)
        told["visits"][task] = {
            way: {key: statistics.median(run[key] for run in each) for key in each[0]}
            for way, each in runs.items()
        }
        told["equal"] &= all(
            np.array_equal(a[name], b[name], equal_nan=True)
            for a, b in zip(*values.values(), strict=True)
            for name in NAMES
        )
    return told


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--note", default="")
    given = parser.parse_args()
    rows = []
    for layout in LAYOUTS:
        path = relay(granule_file(GRANULE, ".h5"), FOLDER, layout)
        server = Server(path.parent, *LINK)
        urls = [f"{server.url}/{path.name}/{n}" for n in range(GRANULES)]
        try:
            with tempfile.TemporaryDirectory() as folder:
                rows.append(visits(server, urls, Path(folder), layout))
        finally:
            server.stop()
    told = {
        "machine": this_machine(),
        "note": given.note,
        "link": dict(zip(("ms", "MB/s"), LINK, strict=True)),
        "granules": GRANULES,
        "rows": rows,
    }
    RESULTS.write_text(json.dumps(told, indent=1) + "\n")
    for row in rows:
        for task, ways in row["visits"].items():
            ratio = ways["open_granule"]["seconds"] / ways["references"]["seconds"]
            print(f"{row['layout']}, {task}: references are {ratio:.2f} times as fast", row["made"])


if __name__ == "__main__":
    sys.exit(main())
