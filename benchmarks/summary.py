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
#: The recipes in the order of the figure, from the slowest to ours.
COLOURS = {
    "download": "#8c8c8c",
    "fsspec default": "#d9b44a",
    "original": "#b5523b",
    "xarray url": "#dd8f6c",
    "earthcarekit": "#79a3c4",
    "kerchunk": "#9a7fb8",
    "virtualizarr": "#c7b3dc",
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


def sum_up(cells: list[dict[str, Any]], path: Path) -> None:
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
    """Draw the seconds of each recipe by layout, for two variables at 30 ms and 20 MB/s."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    shown = rows[(rows["task"] == "two") & (rows["ms"] == 30) & (rows["MB/s"] == 20)]
    shown = shown[shown["state"] == "cold"]
    if shown.empty:
        return
    layouts = list(dict.fromkeys(shown["layout"]))
    recipes = [name for name in COLOURS if name in set(shown["recipe"])]
    step = 0.8 / len(recipes)
    with plt.rc_context({"svg.hashsalt": "earthcare", "font.size": 11}):
        fig, ax = plt.subplots(figsize=(8, 1.2 * len(layouts) + 1), layout="constrained")
        for n, recipe in enumerate(recipes):
            some = shown[shown["recipe"] == recipe].set_index("layout").reindex(layouts)
            place = [row - 0.4 + (n + 0.5) * step for row in range(len(layouts))]
            spread = [some["seconds"] - some["fastest"], some["slowest"] - some["seconds"]]
            look = {"marker": "D", "ms": 8} if recipe == "ours" else {"marker": "o", "ms": 6}
            seconds, colour = some["seconds"], COLOURS[recipe]
            ax.errorbar(seconds, place, xerr=spread, c=colour, ls="", label=recipe, **look)
        least = shown.groupby("layout")["limit"].first().reindex(layouts)
        rows_at = range(len(layouts))
        ends = [row - 0.45 for row in rows_at], [row + 0.45 for row in rows_at]
        ax.vlines(least, *ends, color="k", lw=1.5, label="physical limit")
        for row in rows_at[1:]:
            ax.axhline(row - 0.5, color="0.8", lw=0.8)
        ax.set(xscale="log", xlabel="seconds (logarithmic)", yticks=range(len(layouts)))
        ax.set_yticklabels(layouts)
        ax.invert_yaxis()
        ax.set_xticks([0.3, 0.5, 1, 2, 5, 10, 20], ["0.3", "0.5", "1", "2", "5", "10", "20"])
        ax.minorticks_off()
        ax.grid(axis="x", alpha=0.3)
        fig.legend(loc="outside right upper", frameon=False)
        FIGURE.parent.mkdir(exist_ok=True)
        fig.savefig(FIGURE, facecolor="white", metadata={"Date": None})
        plt.close(fig)
