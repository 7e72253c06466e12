"""Many granules on threads: pairs as they finish, failures with reasons, a polite bound."""

from __future__ import annotations

from typing import Any

import pytest
import xarray as xr

import earthcare_tutorial as ect
from tests.earthcare_tutorial.scaling.many import NAMES, as_dict, sums


def test_pairs_come_as_they_finish_and_are_right(items, token):
    run = ect.map_granules(sums, items, token, variables=NAMES)
    found = dict(run)
    assert set(found) == {each.id for each in items}
    for each in items:
        alone = sums(ect.open_granule(each, token, NAMES))
        xr.testing.assert_identical(found[each.id], alone)
    assert run.failures.empty
    log = run.log.set_index("granule_id")
    assert set(log.index) == set(found)
    assert (log[["requests", "MB", "streaming"]] > 0).all().all()


def test_pairs_are_given_once_and_a_second_time_is_no_silence(items, token):
    run = ect.map_granules(as_dict, items, token, variables=NAMES)
    for _ in run:
        break
    assert len(list(run)) == len(items) - 1, "it goes on after a break"
    with pytest.raises(RuntimeError, match="This run is over"):
        list(run)


def test_what_fails_is_told_and_stops_nothing(esa_maap, items, token):
    gone = esa_maap.put("gone.h5", b"no HDF5 at all" * 1000)
    esa_maap.fail("no rights", path=items[1].id, times=None)
    run = ect.map_granules(as_dict, [*items, gone], token, variables=NAMES)
    assert len(dict(run)) == len(items) - 1
    told = run.failures.set_index("granule_id")
    assert set(told.index) == {"gone", items[1].id}
    assert "PermissionError" in told.loc[items[1].id, "reason"]
    assert (told["tries"] == 1).all(), "asked once: neither passes"


def test_what_passes_is_tried_again(esa_maap, items, token):
    esa_maap.fail("503 burst", path=items[2].id, times=12)
    run = ect.map_granules(as_dict, items, token, variables=NAMES)
    assert len(dict(run)) == len(items)
    esa_maap.fail("503 burst", path=items[2].id, times=None)
    run = ect.map_granules(as_dict, items, token, variables=NAMES)
    assert len(dict(run)) == len(items) - 1
    assert run.failures.to_dict("records")[0]["tries"] == 3
    assert "503" in run.failures.to_dict("records")[0]["reason"]


def failing(ds: xr.Dataset) -> dict[str, Any]:
    return {"share": 1 // (ds.sizes["along_track"] - 60)}


def test_an_error_of_the_function_is_a_failure_of_its_granule(items, token):
    run = ect.map_granules(failing, items, token, variables=NAMES)
    assert len(dict(run)) == len(items) - 1
    assert run.failures["reason"].item().startswith("failing raised ZeroDivisionError")


def test_requests_to_the_host_are_bounded(esa_maap, items, token, monkeypatch):
    """No more are under way at a time than were allowed, all granules together."""
    esa_maap.fail("slow line", path="^/data/", latency=0.05, megabytes_per_second=50)
    most = {}
    for requests in (6, 12):
        with ect.stream_stats() as stats:
            list(ect.map_granules(sums, items, token, variables=NAMES, requests=requests))
        rows = stats.requests()
        begun, done = rows["begun"].to_numpy(), rows["done"].to_numpy()
        most[requests] = max(int(((begun <= t) & (done > t)).sum()) for t in begun)
        assert most[requests] <= requests
    assert most[12] > most[6] - 1
