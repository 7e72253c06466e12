"""Each fault, each helper, each moment: the same values, or one sentence, within a bound.

`make test` runs a part of the cells, `make trust` runs all and writes what came out.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pystac
import pytest

import earthcare_tutorial as ect
from earthcare_tutorial import _http, auth
from maap_replay.pytest_plugin import EsaMaap
from tests.trust import results
from tests.trust.cells import HELPERS, MOMENTS, SERVICES, Cell, World, cells, expected, run, table

WHOLE = os.environ.get("TRUST") == "whole"
REMOTE = "earthcare_tutorial.streaming.remote"
#: Of the patience of the helpers, a twentieth, for faults that are waited for.
SHORTER = {
    f"{REMOTE}.SILENCE": 1.5,
    f"{REMOTE}.GIVE_UP": 4.0,
    f"{REMOTE}.CONNECT": 2.0,
    "earthcare_tutorial._http.TIMEOUT": (2.0, 1.5),
    "earthcare_tutorial._http.PATIENCE": 5.0,
    "earthcare_tutorial.auth.RENEWAL_TIMEOUT": (2.0, 1.0),
    "earthcare_tutorial.auth.RENEWAL_PATIENCE": 3.0,
}
#: Helper -> what it returns without a fault.
_right: dict[str, Any] = {}


@cache
def chosen() -> list[Cell]:
    """Cells of this run: all, or of each fault and helper one, services and moments in turn.

    So each service meets each fault, and each helper each moment at each of its services.
    """
    every = list(cells())
    if WHOLE:
        return every
    part: dict[tuple[str, str], dict[str, list[Cell]]] = {}
    for cell in every:
        if not table()[cell.fault].get("silent"):
            part.setdefault(cell[:2], {}).setdefault(cell.service, []).append(cell)
    taken = []
    for n, by_service in enumerate(part.values()):
        turn, service = divmod(n, len(by_service))
        moments = by_service[sorted(by_service)[service]]
        taken.append(moments[turn % len(moments)])
    return taken


@pytest.fixture
def world(
    esa_maap: EsaMaap,
    large_granule: bytes,
    granules: list[dict[str, Any]],
    first_item: pystac.Item,
    jpeg: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    esa_maap.serve(granules)
    esa_maap.put(ect.pick_assets(first_item)["h5"], large_granule)
    esa_maap.put(ect.quicklook_url(first_item), jpeg)
    monkeypatch.setattr("earthcare_tutorial.searching.PAGE", 3)
    monkeypatch.setattr("earthcare_tutorial.streaming.downloading.PIECE", 100_000)
    monkeypatch.setattr("earthcare_tutorial.streaming.chunks.SHORTEST", 100_000)
    monkeypatch.setattr("earthcare_tutorial.streaming.chunks.LONGEST", 150_000)
    monkeypatch.setattr(_http, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(auth, "_REMEMBERED", 0.0)
    made = World(esa_maap, first_item, large_granule, tmp_path / "there")
    monkeypatch.setattr("earthcare_tutorial.access._say", made.said.append)
    made.token = ect.login(offline_token="a.b.c")
    return made


def without_fault(helper: str, world: World) -> Any:
    """Return what a helper returns, having asked each service as often as the table says."""
    if helper not in _right:
        answers, before, act = HELPERS[helper]
        if before:
            before(world)
        for service in answers:
            if service == "token":
                world.token._renew_at = world.token._ends_at = 0.0
        world.maap.log.clear()
        result = act(world)
        for name, least in answers.items():
            pattern = re.compile(SERVICES[name])
            assert sum(1 for one in world.maap.log if pattern.search(one.path)) >= least
        _right[helper] = result
        for path in world.folder.glob("*"):
            path.unlink()
        ect.catalogue._opened.cache_clear()
        ect.catalogue.queryables.cache_clear()
    return _right[helper]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("cell", [pytest.param(each, id=each.name) for each in chosen()])
def test_a_fault(
    cell: Cell,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Any,
) -> None:
    right = without_fault(cell.helper, world)
    if table()[cell.fault].get("silent"):
        for name, value in SHORTER.items():
            monkeypatch.setattr(name, value)
    word, seen = run(cell, world, right)
    plt.close("all")
    record_property("cell", [*cell, word, seen])
    wanted = expected(cell)
    assert word in ("same", "sentence", "believed"), f"{word}: {seen}"
    fits = [each for each in wanted if each == word or (seen and re.search(each, seen))]
    assert fits, f"{word}: {seen}, not {wanted}"


def test_the_table_is_large_and_names_every_fault() -> None:
    from maap_replay.service.fault_table import FAULTS

    assert len(list(cells())) >= 300
    assert {line["fault"] for line in table().values()} == {*FAULTS, "nobody listens"}
    assert {each.helper for each in cells()} == HELPERS.keys()
    assert {each.moment for each in cells()} == MOMENTS.keys()


def test_a_part_has_each_fault_at_each_service_and_each_moment_of_each_helper() -> None:
    every = [each for each in cells() if not table()[each.fault].get("silent")]
    for kind in (
        lambda cell: (cell.fault, cell.helper),
        lambda cell: (cell.fault, cell.service),
        lambda cell: (cell.helper, cell.service, cell.moment),
    ):
        assert {kind(each) for each in chosen()} >= {kind(each) for each in every}


def test_the_book_shows_this_table() -> None:
    """Run `make trust` after a change of the table, and commit what it writes."""
    shown = [
        (Cell(fault, helper, service, moment), word)
        for fault, helpers in results.read()["table"].items()
        for helper, services in helpers.items()
        for service, moments in services.items()
        for moment, word in moments.items()
    ]
    assert {cell for cell, _ in shown} == set(cells())
    assert {word for _, word in shown} == {"same", "sentence", "believed"}
