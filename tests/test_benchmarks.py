"""What `make bench` wrote is whole, and sums up right."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pandas as pd

from benchmarks.__main__ import LINKS, cells
from benchmarks.layouts import LAYOUTS
from benchmarks.recipes import IMPORTS, RECIPES
from benchmarks.schedule import makespan, toward
from benchmarks.summary import COLOURS, sum_up

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results" / "streaming.json"


def test_no_cell_of_the_results_is_empty() -> None:
    told = json.loads(RESULTS.read_text())
    rows = pd.DataFrame(told["rows"], columns=told["columns"])
    kept = {
        *rows[["ms", "MB/s", "layout", "task", "recipe", "state"]].itertuples(
            index=False, name=None
        )
    }
    out = {
        tuple(each[key] for key in ("ms", "MB/s", "layout", "task", "recipe"))
        for each in told["left out"]
    }
    for (link, layout, task), recipe in product(cells(), RECIPES):
        for state in ("cold",) if task == "granules" else ("cold", "warm"):
            place = (*link, layout, task, recipe)
            assert place in out or (*place, state) in kept, (*place, state)
    assert all(each["reason"] for each in told["left out"])
    assert "ModuleNotFoundError" not in str(told["left out"]), "make bench lacks a package"
    assert told["equal"]


def test_every_recipe_has_its_imports_and_its_colour() -> None:
    assert set(RECIPES) == set(IMPORTS) == set(COLOURS)


def test_medians_ratios_and_reasons_of_a_cell(tmp_path: Path) -> None:
    def reads(*seconds: float) -> list[dict[str, object]]:
        read = {"requests": 3, "bytes": 4_000_000, "memory": 7_000_000, "digest": 1}
        return [
            {
                state: read | {"seconds": each * times}
                for state, times in (("cold", 1), ("warm", 0.5))
            }
            for each in seconds
        ]

    cell = {
        "link": dict(zip(("ms", "MB/s"), LINKS[0], strict=True)),
        "layout": next(iter(LAYOUTS)),
        "task": "two",
        "needed": 2_000_000,
        "limit": 0.1,
        "machine": {"busy": 5},
        "commit": "abc",
        "took": 90,
        "runs": {"original": reads(8.0), "ours": reads(3.0, 1.0, 2.0), "icechunk": []},
        "reasons": {"icechunk": "no"},
    }
    sum_up([cell], tmp_path / "quick.json", "shared")
    told = json.loads((tmp_path / "quick.json").read_text())
    rows = pd.DataFrame(told["rows"], columns=told["columns"]).set_index(["recipe", "state"])
    assert rows.loc[("ours", "cold"), ["seconds", "faster", "runs", "MB"]].tolist() == [2, 4, 3, 4]
    assert rows.loc[("ours", "warm"), ["seconds", "fastest", "slowest"]].tolist() == [1, 0.5, 1.5]
    assert [each["reason"] for each in told["left out"]] == ["no"]
    assert (told["note"], told["equal"], "icechunk" in rows.index) == ("shared", True, False)


def test_many_granules_gave_the_same_numbers_in_flat_memory() -> None:
    told = json.loads(RESULTS.with_name("many.json").read_text())
    assert told["equal"]
    assert told["original"]["MB"] > 4 * told["threads"]["MB"]
    # The chunks themselves bound it: no reader can move fewer bytes than these.
    beside = json.loads(RESULTS.read_text())
    rows = pd.DataFrame(beside["rows"], columns=beside["columns"])
    needed = rows.query("layout == 'tidy' and task == 'two'")["needed MB"].iloc[0]
    assert 1 <= told["threads"]["MB"] / (needed * told["granules"]) < 1.05
    long = told["long"]
    idle = 1 - long["busy"] / (long["seconds"] * long["slots"])
    assert idle < 0.05, "the engine itself takes less than 5 % of the time"
    assert max(long["memory after MB"]) < 1.25 * max(long["memory MB"]) + 50
    assert [each["workers"] for each in told["schedule"]] == [1, 2, 4]


def test_references_gave_the_same_numbers_and_are_small() -> None:
    told = json.loads(RESULTS.with_name("references.json").read_text())
    assert {row["layout"] for row in told["rows"]} == {"tidy", "scattered", "small"}
    for row in told["rows"]:
        assert row["equal"]
        assert 0 < row["made"]["bytes a granule"] < 20_000
        for ways in row["visits"].values():
            assert ways["references"]["MB"] <= ways["open_granule"]["MB"]


def test_a_schedule_is_bounded_by_what_the_host_is_asked() -> None:
    work = [(2.0, 1.0)] * 120
    assert makespan(work, slots=1, at_a_time=4) == 360.0
    assert makespan(work, slots=4, at_a_time=4) == makespan(work, slots=400, at_a_time=4) == 90.0
    assert makespan(work, slots=400, at_a_time=400) == 3.0
    rows = toward(2.0, 1.0, granules=240, threads=2)
    assert [row["requests"] for row in rows] == [12, 120, 1200, 12000]
    assert rows[0]["polite"] > rows[1]["polite"] == rows[3]["polite"] > rows[3]["unbound"]
