"""Compare what was measured with what is asked of `open_granule`: ``python -m benchmarks.bar``.

Ratios of times hold on a shared machine only roughly; requests and bytes hold anywhere.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

RESULTS = Path(__file__).parent / "results" / "streaming.json"
#: ms -> layout -> how many times as fast as the original recipe, two variables, the first read.
FASTER = {
    30: {"tidy": 5.5, "scattered": 6.0, "small": 4.0, "contiguous": 5.5},
    100: {"tidy": 2.0, "scattered": 2.0, "small": 3.0, "contiguous": 2.0, "jaxa": 2.0},
}
#: Layout -> bytes moved, as a multiple of those of the chunks needed, two variables.
NEEDED = {"tidy": 1.15, "scattered": 1.65, "small": 1.2, "contiguous": 1.05}
STRIP_NEEDED = 1.4  # the same of a strip, in any layout
LIMIT = 1.5  # times the physical limit that two variables of the tidy layout take at 30 ms
JAXA_REQUESTS = 15
#: It starts with references that somebody made before; the others, as ours, do not.
PREPARED = "icechunk"
MEMORY = 150  # MB beyond the result, of one granule


def asked(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each line of the bar: what, asked, measured, and whether it is met."""
    ours = rows[(rows["recipe"] == "ours") & (rows["state"] == "cold")]
    two = ours[ours["task"] == "two"].set_index(["ms", "layout"])
    lines = [
        (f"{ms} ms, {layout}: times as fast as the original", least, two["faster"][ms, layout], 1)
        for ms, some in FASTER.items()
        for layout, least in some.items()
    ]
    moved = (two["MB"] / two["needed MB"])[30]
    lines += [
        (f"{layout}: bytes of needed", most, moved[layout], -1) for layout, most in NEEDED.items()
    ]
    strip = ours[ours["task"] == "strip"]
    most = (strip["MB"] / strip["needed MB"]).max()
    lines.append(("10 % strip: bytes of needed, at worst", STRIP_NEEDED, most, -1))
    lines.append(("tidy: of the limit", LIMIT, (two["seconds"] / two["limit"])[30, "tidy"], -1))
    lines.append(("jaxa: requests", JAXA_REQUESTS, two["requests"][30, "jaxa"], -1))
    one = rows[(rows["recipe"] == "ours") & (rows["task"] != "granules")]
    lines.append(("memory beyond the result, MB", MEMORY, one["memory MB"].max(), -1))
    cell = ["ms", "layout", "task", "state"]
    seconds = rows[rows["recipe"] == "ours"].set_index(cell)["seconds"]
    for but in ("", PREPARED):
        others = rows[~rows["recipe"].isin(["ours", but])].groupby(cell)["seconds"].min()
        ahead = others / seconds
        where = ", ".join(map(str, ahead.idxmin()))
        what = f"times as fast as the best other{but and f' but {but}'}, at worst ({where})"
        lines.append((what, 1, ahead.min(), 1))
    table = pd.DataFrame(lines, columns=["what", "asked", "measured", "sign"])
    table["met"] = table.pop("sign") * (table["measured"] - table["asked"]) >= 0
    return table.set_index("what").round(2)


if __name__ == "__main__":
    told = json.loads(RESULTS.read_text())
    print(asked(pd.DataFrame(told["rows"], columns=told["columns"])).to_string())
