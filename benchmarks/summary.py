"""Sum up what was measured: one small file and one figure for the book."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

ROOT = Path(__file__).parent.parent
FIGURE = ROOT / "book" / "_assets" / "benchmark.svg"
#: The recipes in the order of the figure, and ours last.
COLOURS = {
    "download": "#8c8c8c",
    "original": "#b5523b",
    "xarray url": "#dd8f6c",
    "earthcarekit": "#d9b44a",
    "pyfive, fsspec": "#8a9a3c",
    "kerchunk": "#9a7fb8",
    "virtualizarr": "#c7b3dc",
    "icechunk": "#79a3c4",
    "async-hdf5": "#3f9c93",
    "ours": "#14506e",
}


def this_machine() -> dict[str, Any]:
    """Return what the numbers depend on, and when they were taken."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count() or 1,
        "busy": round(os.getloadavg()[0]),  # processes that want a core, on average
    }


def commit() -> str:
    """Return the commit that was measured, of the helpers."""
    helpers = ["git", "log", "-1", "--format=%h", "--", "earthcare_tutorial"]
    return subprocess.run(helpers, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def table(cells: list[dict[str, Any]]) -> pd.DataFrame:
    """Return one row per link, layout, task, recipe and state, with medians."""
    rows = []
    for cell in cells:
        for recipe, some in cell["runs"].items():
            for state in some[0] if some else ():
                usual = [each[state]["seconds"] for each in cell["runs"].get("original", [])]
                reads = [each[state] for each in some]
                seconds = [each["seconds"] for each in reads]
                moved = median(each["bytes"] for each in reads)
                rows.append(
                    {
                        **cell["link"],
                        "layout": cell["layout"],
                        "task": cell["task"],
                        "recipe": recipe,
                        "state": state,
                        "runs": len(some),
                        "seconds": round(median(seconds), 3),
                        "fastest": round(min(seconds), 3),
                        "slowest": round(max(seconds), 3),
                        "faster": round(median(usual) / median(seconds), 2) if usual else None,
                        "limit": cell["limit"],
                        "requests": int(median(each["requests"] for each in reads)),
                        "MB": round(moved / 1e6, 2),
                        "needed MB": round(cell["needed"] / 1e6, 2),
                        "memory MB": round(max(each["memory"] for each in reads) / 1e6),
                    }
                )
    return pd.DataFrame(rows)


def sum_up(cells: list[dict[str, Any]], path: Path, note: str = "") -> None:
    """Write the small file, and draw the figure if its cells are there."""
    if not cells:
        return
    digests = [
        {read["digest"] for some in cell["runs"].values() for run in some for read in run.values()}
        for cell in cells
    ]
    rows = table(cells)
    machine = cells[-1]["machine"]
    told = {
        "machine": machine | {"busy": max(cell["machine"]["busy"] for cell in cells)},
        "note": note,
        "commit": cells[-1]["commit"],
        "minutes": round(sum(cell["took"] for cell in cells) / 60),
        "equal": all(len(each) < 2 for each in digests),
        "left out": [
            {**cell["link"], "layout": cell["layout"], "task": cell["task"], "recipe": recipe}
            | {"reason": reason}
            for cell in cells
            for recipe, reason in cell["reasons"].items()
        ],
        "columns": list(rows.columns),
        "rows": [],
    }
    text = json.dumps(told, indent=1)[: -len("[]\n}")]
    lines = [
        json.dumps(row) for row in rows.astype(object).where(rows.notna(), None).to_numpy().tolist()
    ]
    path.write_text(f"{text}[\n  " + ",\n  ".join(lines) + "\n ]\n}\n")
    if path.stem == "streaming":
        draw(rows)


def draw(rows: pd.DataFrame) -> None:
    """Draw how many times as fast as the original each recipe reads two variables, at 30 ms."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    shown = rows[(rows["task"] == "two") & (rows["ms"] == 30) & rows["faster"].notna()]
    if shown.empty:
        return
    layouts = list(dict.fromkeys(shown["layout"]))
    recipes = [name for name in COLOURS if name in set(shown["recipe"])]
    step = 0.84 / len(recipes)
    with plt.rc_context({"svg.hashsalt": "earthcare", "font.size": 11}):
        fig, ax = plt.subplots(figsize=(8, 1.5 * len(layouts) + 1), layout="constrained")
        for n, recipe in enumerate(recipes):
            for state, filled in (("cold", True), ("warm", False)):
                some = shown[(shown["recipe"] == recipe) & (shown["state"] == state)]
                ratio = some.set_index("layout")["faster"].reindex(layouts)
                place = [row - 0.42 + (n + 0.5) * step for row in range(len(layouts))]
                look = {"marker": "D" if recipe == "ours" else "o", "ms": 7, "c": COLOURS[recipe]}
                label = recipe if filled else None
                ax.plot(ratio, place, ls="", mfc=None if filled else "w", label=label, **look)
        for row in range(1, len(layouts)):
            ax.axhline(row - 0.5, color="0.8", lw=0.8)
        ax.axvline(1, color="0.4", lw=1)
        ax.set(xscale="log", xlabel="times as fast as the original recipe (logarithmic)")
        ax.set_yticks(range(len(layouts)), layouts)
        ax.invert_yaxis()
        ticks = [each for each in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20) if ax.get_xlim()[0] < each]
        ax.set_xticks(ticks, [f"{each:g}" for each in ticks])
        ax.minorticks_off()
        ax.grid(axis="x", alpha=0.3)
        states = [
            Line2D([], [], ls="", marker="o", c="k", label="first read (cold)"),
            Line2D([], [], ls="", marker="o", c="k", mfc="w", label="next granule (warm)"),
        ]
        known, _ = ax.get_legend_handles_labels()
        fig.legend(handles=[*states, *known], loc="outside right upper", frameon=False)
        FIGURE.parent.mkdir(exist_ok=True)
        fig.savefig(FIGURE, facecolor="white", metadata={"Date": None})
        plt.close(fig)
