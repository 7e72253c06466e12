"""Mistakes of the caller, and a token that ended: one sentence each."""

from __future__ import annotations

from typing import Any

import pytest
import xarray as xr

import earthcare_tutorial as ect
from tests.earthcare_tutorial.scaling.many import NAMES, sums


def test_a_token_that_ends_stops_the_run_with_a_sentence(esa_maap, items, token, tmp_path):
    place = tmp_path / "parts"
    run = iter(ect.map_granules(sums, items, token, variables=NAMES, store=place, requests=6))
    next(run)
    esa_maap.fail("offline token ended")
    esa_maap.revoke()
    token._renew_at = token._ends_at = 0.0  # as after its time
    with pytest.raises(PermissionError, match=r"cannot be renewed .*login") as told:
        list(run)
    assert "after 1 of 6" in str(told.value) or "after 2 of 6" in str(told.value)
    esa_maap.heal()
    again = ect.login(esa_maap.credentials_file)
    assert len(dict(ect.map_granules(sums, items, again, variables=NAMES, store=place))) == 6


def test_a_text_that_ended_stops_the_run(items, jwt):
    run = ect.map_granules(sums, items, jwt(typ="Bearer", exp=1.7e9), variables=NAMES)
    with pytest.raises(PermissionError, match="given as text is not renewed"):
        list(run)


def uses_latitude(ds: xr.Dataset) -> dict[str, Any]:
    return {"north": float(ds["latitude"].max())}


def uses_attribute(ds: xr.Dataset) -> dict[str, Any]:
    return {"north": float(ds.latitude.max())}


def a_number(ds: xr.Dataset) -> Any:
    return float(ds["cloud_water_path"].mean())


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (uses_latitude, "uses_latitude needs 'latitude', which was not asked for"),
        (uses_attribute, "uses_attribute needs 'latitude', which was not asked for"),
        (a_number, "a_number returned float: let it return"),
    ],
)
def test_a_mistake_in_the_function_ends_the_run_at_once(items, token, function, sentence):
    with pytest.raises(TypeError, match=sentence):
        list(ect.map_granules(function, items, token, variables=NAMES, requests=6))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"items": []}, "There are no granules"),
        ({"items": iter([])}, "There are no granules"),
        ({"variables": []}, "variables is empty"),
        ({"requests": 5}, "requests is at least 6"),
        ({"items": ["https://catalog.maap.eo.esa.int/data/..h5"]}, "is no id of a granule"),
    ],
)
def test_bad_input_is_one_sentence(items, token, change, sentence):
    given = {"items": items, "variables": NAMES} | change
    with pytest.raises(ValueError, match=sentence):
        ect.map_granules(sums, given.pop("items"), token, **given)
