"""Run every recipe on every layout over every link, and sum up what it cost: ``make bench``.

Each cell (one link, one layout, one task, all recipes in turn) is appended to
benchmarks/results/cells.jsonl when it is done, so a run that was stopped goes on where it was.
The cells that are there are summed up in benchmarks/results/streaming.json, for the book.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.layouts import LAYOUTS, relay
from benchmarks.measure import Host, Server, limit, local_seconds, needs
from benchmarks.recipes import RECIPES, TASKS
from benchmarks.summary import commit, sum_up, this_machine

GRANULE = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E"
FOLDER = Path(tempfile.gettempdir()) / "earthcare-bench"
CELLS = Path(__file__).parent / "results" / "cells.jsonl"
Cell = tuple[tuple[int, int], str, str]
#: ms, MB/s of each connection. The book's own link comes first.
LINKS = [(30, 20), (5, 20), (100, 20)]
#: What takes longer (s) waits for the network nearly all the time, and hardly varies: read once.
LONG = {"two": 3.0, "strip": 3.0, "granules": 15.0}


def cells() -> list[Cell]:
    """Return all links, layouts and tasks there are.

    A strip and twenty granules are read over the first link only, to keep the whole short.
    """
    two = [(link, layout, "two") for link in LINKS for layout in LAYOUTS]
    strip = [(LINKS[0], layout, "strip") for layout in LAYOUTS]
    return [*two, *strip, (LINKS[0], "tidy", "granules")]


def pick(words: list[str]) -> tuple[list[Cell], list[str]]:
    """Return the cells and recipes that words such as tidy, 30ms or ours name."""
    known = [{f"{link[0]}ms" for link in LINKS}, set(LAYOUTS), set(TASKS), set(RECIPES)]
    if unknown := set(words).difference(*known):
        raise SystemExit(f"--only does not know {', '.join(sorted(unknown))}.")
    links, layouts, tasks, recipes = (set(words) & some or some for some in known)
    found = [
        cell
        for cell in cells()
        if f"{cell[0][0]}ms" in links and cell[1] in layouts and cell[2] in tasks
    ]
    return found, [name for name in RECIPES if name in recipes]


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="such as tidy,30ms,two,ours")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--granule", type=Path, help="an MSI_COP_2A file")
    parser.add_argument("--note", default="", help="what a reader has to know about this run")
    parser.add_argument("--fresh", action="store_true", help="forget the cells that are done")
    parser.add_argument("--quick", action="store_true", help="one cell, once, kept apart")
    asked = parser.parse_args()
    words = [word.strip() for word in asked.only.split(",") if word.strip()]
    kept = CELLS
    if asked.quick:
        words, asked.runs, asked.fresh = ["tidy", "30ms", "two", "original", "ours"], 1, True
        kept = CELLS.with_name("quick.jsonl")
    if asked.fresh:
        kept.unlink(missing_ok=True)
    todo, recipes = pick(words)
    known = {name(each): each for each in read(kept)}
    todo = [cell for cell in todo if not done(known.get(name_of(*cell)), recipes, asked.runs)]
    print(f"{len(known)} cells are there, {len(todo)} to do")
    if asked.granule is None:
        from maap_replay.granules import granule_file

        asked.granule = granule_file(GRANULE, ".h5")
    kept.parent.mkdir(exist_ok=True)
    summary = kept.with_name("streaming.json" if kept == CELLS else "quick.json")
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that all processes end
    hosts = [Host(recipe) for recipe in recipes] if todo else []
    try:
        for n, cell in enumerate(todo):
            path = relay(asked.granule, FOLDER, cell[1])
            told = measure(path, cell, hosts, asked.runs)
            with kept.open("a") as file:
                file.write(json.dumps(told) + "\n")
            show(told)
            sum_up(read(kept), summary, asked.note)
            left = (time.monotonic() - begun) / (n + 1) * (len(todo) - n - 1)
            print(f"  {len(todo) - n - 1} cells to do, some {left / 60:.0f} minutes", flush=True)
    finally:
        for host in hosts:
            host.stop()
    sum_up(read(kept), summary, asked.note)


def done(cell: dict[str, Any] | None, recipes: list[str], runs: int) -> bool:
    """Tell whether a cell has all recipes, as often as asked: they are compared side by side."""
    return cell is not None and set(recipes) <= set(cell["runs"]) and cell["times"] >= runs


def read(path: Path) -> list[dict[str, Any]]:
    """Return the cells that are there, in the order of `cells`; the last of a name counts."""
    lines = path.read_text().splitlines() if path.exists() else []
    known = {name(cell): cell for cell in map(json.loads, lines)}
    return [known[each] for each in (name_of(*cell) for cell in cells()) if each in known]


def name(cell: dict[str, Any]) -> str:
    """Return what a cell is known by."""
    return name_of((cell["link"]["ms"], cell["link"]["MB/s"]), cell["layout"], cell["task"])


def name_of(link: tuple[int, int], layout: str, task: str) -> str:
    """Return what a cell is known by."""
    return " ".join(map(str, (*link, layout, task)))


def measure(path: Path, cell: Cell, hosts: list[Host], runs: int) -> dict[str, Any]:
    """Run the recipes in turn, as often as asked, beside each other on one link."""
    link, layout, task = cell
    begun = time.monotonic()
    path.read_bytes()  # so that the server finds it in memory
    local, needed = local_seconds(path, layout, task), needs(path, layout, task)
    machine = this_machine() | {"versions": {host.recipe: host.versions for host in hosts}}
    told: dict[str, Any] = {
        "link": dict(zip(("ms", "MB/s"), link, strict=True)),
        "layout": layout,
        "task": task,
        "needed": needed,
        "limit": round(limit(task, needed, *link, local, machine["cores"]), 4),
        "machine": machine,
        "commit": commit(),
        "times": runs,
        "runs": {host.recipe: [] for host in hosts},
        "reasons": {},
    }
    server = Server(FOLDER, *link)
    try:
        for _ in range(runs):
            for host in hosts:
                before = told["runs"][host.recipe]
                long = any(each["cold"]["seconds"] > LONG[task] for each in before)
                if long or host.recipe in told["reasons"]:
                    continue
                answer = host.run(task, layout, server, path)
                if "reason" in answer:
                    told["reasons"][host.recipe] = answer["reason"]
                else:
                    before.append(answer)
    finally:
        server.stop()
    return told | {"took": round(time.monotonic() - begun)}


def show(cell: dict[str, Any]) -> None:
    """Print a cell, one line for each recipe."""
    runs = {recipe: some for recipe, some in cell["runs"].items() if some}
    same = len({read["digest"] for some in runs.values() for run in some for read in run.values()})
    title = f"{cell['layout']}, {TASKS[cell['task']][0]}, {cell['link']['ms']} ms"
    equal = "equal" if same < 2 else "DIFFER"
    print(f"\n{title}: limit {cell['limit']:.2f} s, results {equal}, took {cell['took']} s")
    for recipe, some in runs.items():
        text = f"  {recipe:15}"
        for state in some[0]:
            seconds = median(each[state]["seconds"] for each in some)
            usual = median(each[state]["seconds"] for each in runs.get("original", some))
            text += f"  {state} {seconds:6.2f} s {usual / seconds:5.1f}x"
            text += f" {some[0][state]['requests']:5d} req {some[0][state]['bytes'] / 1e6:6.1f} MB"
            text += f" {some[0][state]['memory'] / 1e6:5.0f} MB more"
        print(text)
    for recipe, reason in cell["reasons"].items():
        print(f"  {recipe:15}  left out: {reason}")


if __name__ == "__main__":
    main()
