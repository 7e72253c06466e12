"""Run every recipe on every layout over every link, and sum up what it cost: ``make bench``.

Each cell (one link, one layout, one task, all recipes in turn) is appended to
benchmarks/results/cells.jsonl when it is done, so a run that was stopped goes on where it was.
The cells that are there are summed up in benchmarks/results/streaming.json, for the book.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.layouts import LAYOUTS, relay
from benchmarks.measure import Server, limit, local_seconds, needs, once
from benchmarks.recipes import RECIPES, TASKS
from benchmarks.summary import sum_up, this_machine

GRANULE = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E"
FOLDER = Path(tempfile.gettempdir()) / "earthcare-bench"
CELLS = Path(__file__).parent / "results" / "cells.jsonl"
#: ms, MB/s of a connection, MB/s of all together (0: no limit). The book's own link comes first.
LINKS = [(30, 20, 0), (30, 20, 20), (100, 20, 0), (5, 20, 0), (30, 100, 0), (5, 100, 0)]
LINKS += [(100, 100, 0)]
SHOWN = ["tidy", "scattered", "small", "contiguous", "jaxa"]
#: Twenty granules take some recipes ten minutes: over the book's own link only, and once.
ONCE = [name for name in RECIPES if name != "ours"]


def cells() -> list[tuple[tuple[int, int, int], str, str]]:
    """Return all links, layouts and tasks there are."""
    every = [
        (link, layout, task)
        for link, task, layout in product(LINKS, TASKS, SHOWN)
        if (task != "granules" or link == LINKS[0]) and (not link[2] or task == "two")
    ]
    return sorted(every, key=lambda cell: cell[2] == "granules")


def pick(words: list[str], recipes: list[str]) -> tuple[list[Any], list[str]]:
    """Return the cells and recipes that words such as tidy, 30ms, 20MB or ours name."""
    names = [
        {word for word in words if word in known}
        for known in (
            {f"{link[0]}ms" for link in LINKS},
            {f"{link[1]}MB" for link in LINKS},
            set(LAYOUTS),
            set(TASKS),
            set(recipes),
        )
    ]
    if unknown := set(words) - set().union(*names):
        raise SystemExit(f"--only does not know {', '.join(sorted(unknown))}.")
    ms, rates, layouts, tasks, chosen = names
    found = [
        (link, layout, task)
        for link, layout, task in cells()
        if (not ms or f"{link[0]}ms" in ms)
        and (not rates or f"{link[1]}MB" in rates)
        and (not layouts or layout in layouts)
        and (not tasks or task in tasks)
    ]
    return found, [name for name in recipes if not chosen or name in chosen]


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="such as tidy,30ms,20MB,two,ours")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--granule", type=Path, help="an MSI_COP_2A file")
    parser.add_argument("--fresh", action="store_true", help="forget the cells that are done")
    parser.add_argument("--quick", action="store_true", help="one cell, once, kept apart")
    asked = parser.parse_args()
    words = [word.strip() for word in asked.only.split(",") if word.strip()]
    kept = CELLS
    if asked.quick:
        words, asked.runs, asked.fresh = (
            ["tidy", "30ms", "100MB", "two", "original", "ours"],
            1,
            True,
        )
        kept = CELLS.with_name("quick.jsonl")
    if asked.fresh:
        kept.unlink(missing_ok=True)
    todo, recipes = pick(words, list(RECIPES))
    known = {name(each): each for each in read(kept)}
    todo = [cell for cell in todo if not done(known.get(name_of(*cell)), recipes, asked.runs)]
    print(f"{len(known)} cells are there, {len(todo)} to do")
    if asked.granule is None:
        from maap_replay.granules import granule_file

        asked.granule = granule_file(GRANULE, ".h5")
    summary = kept.with_name("streaming.json" if kept == CELLS else "quick.json")
    begun = time.monotonic()
    for n, (link, layout, task) in enumerate(todo):
        path = relay(asked.granule, FOLDER, layout)
        cell = measure(path, link, layout, task, recipes, asked.runs)
        kept.parent.mkdir(exist_ok=True)
        with kept.open("a") as file:
            file.write(json.dumps(cell) + "\n")
        show(cell)
        sum_up(read(kept), summary)
        left = (time.monotonic() - begun) / (n + 1) * (len(todo) - n - 1)
        print(f"  {len(todo) - n - 1} cells to do, some {left / 60:.0f} minutes", flush=True)
    sum_up(read(kept), summary)


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
    link = cell["link"]
    return name_of((link["ms"], link["MB/s"], link["shared"]), cell["layout"], cell["task"])


def name_of(link: tuple[int, int, int], layout: str, task: str) -> str:
    """Return what a cell is known by."""
    return " ".join(map(str, (*link, layout, task)))


def measure(
    path: Path, link: tuple[int, int, int], layout: str, task: str, recipes: list[str], runs: int
) -> dict[str, Any]:
    """Run the recipes in turn, as often as asked, beside each other on one link."""
    path.read_bytes()  # so that the server finds it in memory
    local = local_seconds(path, layout, task)
    cell: dict[str, Any] = {
        "link": dict(zip(("ms", "MB/s", "shared"), link, strict=True)),
        "layout": layout,
        "task": task,
        "needed": needs(path, layout, task),
        "local": round(local, 4),
        "machine": this_machine(),
        "times": runs,
        "runs": {recipe: [] for recipe in recipes},
        "reasons": {},
    }
    cores = cell["machine"]["cores"]
    cell["limit"] = round(limit(task, cell["needed"], cell["link"], local, cores), 4)
    server = Server(FOLDER, *link)
    try:
        for n in range(runs):
            for recipe in recipes:
                if recipe in cell["reasons"] or (n and task == "granules" and recipe in ONCE):
                    continue
                told = once(server, recipe, task, layout, path.name)
                if "reason" in told:
                    cell["reasons"][recipe] = told["reason"]
                else:
                    cell["runs"][recipe].append(told)
    finally:
        server.stop()
    return cell


def show(cell: dict[str, Any]) -> None:
    """Print a cell, one line for each recipe."""
    runs = {recipe: some for recipe, some in cell["runs"].items() if some}
    same = len({each["digest"] for some in runs.values() for each in some}) < 2
    link = cell["link"]
    shared = f" ({link['shared']} shared)" if link["shared"] else ""
    title = f"{cell['layout']}, {TASKS[cell['task']][0]}, {link['ms']} ms, {link['MB/s']} MB/s"
    print(
        f"\n{title}{shared}: limit {cell['limit']:.2f} s, results {'equal' if same else 'DIFFER'}"
    )
    usual = (
        median(each["seconds"] for each in runs.get("original", [])) if "original" in runs else 0
    )
    for recipe, some in runs.items():
        seconds = [each["seconds"] for each in some]
        moved = median(each["bytes"] for each in some)
        print(
            f"  {recipe:20} {median(seconds):6.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
            f" {usual / median(seconds):5.1f}x {median(seconds) / cell['limit']:5.1f} limit"
            f" {median(each['requests'] for each in some):5.0f} req {moved / 1e6:7.1f} MB"
            f" {moved / cell['needed'] if cell['needed'] else float('nan'):6.2f} needed"
            f" {max(each['memory'] for each in some) / 1e6:5.0f} MB memory over the result"
        )
    for recipe, reason in cell["reasons"].items():
        print(f"  {recipe:20} left out: {reason}")


if __name__ == "__main__":
    main()
