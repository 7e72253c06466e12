"""The functions of the lesson on references as they stand there: right, signed, or refused."""

from __future__ import annotations

import asyncio
import os
import ssl
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import pystac
import pytest
import xarray as xr

import earthcare_tutorial as ect
from benchmarks.references import of_lesson
from tests.earthcare_tutorial.conftest import made_item, write_odd_granule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maap_replay.pytest_plugin import EsaMaap

NAMES = ["time", "latitude", "cloud_water_path", "several"]


@pytest.fixture
def items(esa_maap: EsaMaap, tmp_path: Path) -> list[pystac.Item]:
    """Give three granules of different lengths."""
    made = [made_item(orbit=f"{7820 + n:05d}E") for n in range(3)]
    esa_maap.serve(made, token_seconds=3000)
    for n, each in enumerate(made):
        esa_maap.put(
            each["assets"]["enclosure_h5"]["href"], write_odd_granule(tmp_path / "a.h5", 60 + 7 * n)
        )
    return [pystac.Item.from_dict(each) for each in made]


@pytest.fixture
def lesson(
    esa_maap: EsaMaap, items: list[pystac.Item], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    # aiohttp read what to trust when it was imported; this replay has a certificate of its own.
    trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusted)
    host = urlsplit(ect.h5_url(items[0])).hostname
    assert host
    found = of_lesson(ect.login(esa_maap.credentials_file), host)
    yield found
    for session in filter(None, (found["fs"]._session, found["remote"]._session)):
        asyncio.run_coroutine_threadsafe(session.close(), session._loop).result(300)


@pytest.fixture
def folder(lesson: dict[str, Any], items: list[pystac.Item], tmp_path: Path) -> Path:
    """Keep references of all granules."""
    kept = tmp_path / "references"
    kept.mkdir()
    for item in items:
        lesson["keep_references"](item, NAMES, kept)
    return kept


def test_references_of_granules_of_any_length_are_one_dataset(lesson, items, folder):
    parts = [lesson["open_references"](folder / item.id) for item in items]
    whole = xr.concat(parts, "along_track", combine_attrs="drop_conflicts").load()
    token = lesson["token"]
    streamed = xr.concat([ect.open_granule(item, token, NAMES) for item in items], "along_track")
    for name in NAMES:
        np.testing.assert_array_equal(whole[name], streamed[name])
        assert whole[name].dims == streamed[name].dims
    assert whole["several"].notnull().sum() == 3 * 2400
    assert whole.attrs["notes"].startswith("SYNTHETIC")


def test_a_folder_of_references_is_small_and_opens_nothing(esa_maap, items, folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 20_000 * len(items)
    offline = esa_maap.credentials_file.read_text().split("OFFLINE_TOKEN=")[1].strip()
    for secret in (offline, *esa_maap.access_tokens):
        assert not any(secret.encode() in path.read_bytes() for path in files)
    assert not list(folder.glob(".unfinished-*"))


def test_a_second_run_asks_for_nothing(esa_maap, lesson, items, folder):
    asked = len(esa_maap.log)
    for item in items:
        lesson["keep_references"](item, NAMES, folder)
    assert len(esa_maap.log) == asked


def test_a_token_that_ended_is_renewed_and_the_read_goes_on(esa_maap, lesson, items, folder):
    kept = lesson["open_references"](folder / items[0].id)
    first = kept["latitude"].load()
    issued = len(esa_maap.access_tokens)
    esa_maap.revoke(*esa_maap.access_tokens)
    xr.testing.assert_identical(first, kept["latitude"].load())
    assert kept["several"].load().notnull().any()
    assert len(esa_maap.access_tokens) == issued + 1


def test_a_token_goes_to_no_other_host(lesson):
    asked = SimpleNamespace(url=SimpleNamespace(host="elsewhere.example"), headers={})

    async def answer(request: Any) -> Any:
        return SimpleNamespace(status=401)

    asyncio.run(lesson["sign"](asked, answer))
    assert asked.headers == {}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("holes", "holes has chunks that are not there"),
        ("plain", "plain is not in chunks that are shuffled and deflated"),
        ("summed", "summed is not in chunks that are shuffled and deflated"),
        ("unnamed", "The dimensions of /?ScienceData/unnamed have no names"),
        ("cloud", "has no cloud"),
    ],
)
def test_what_zarr_would_read_wrong_is_refused(lesson, items, tmp_path, name, sentence):
    aside = tmp_path / "aside"
    aside.mkdir()
    with pytest.raises(ValueError, match=sentence):
        lesson["keep_references"](items[0], [name], aside)
    assert not list(aside.glob("ECA_*"))


@pytest.mark.parametrize("fault", ["503 burst", "no rights", "gone", "short body", "login page"])
def test_what_does_not_come_is_an_error_and_no_missing_value(
    esa_maap, lesson, items, folder, fault
):
    """Zarr takes a chunk that is not there for one that is empty: a 404 must not look so."""
    kept = lesson["open_references"](folder / items[0].id)
    if fault == "gone":
        esa_maap.serve(esa_maap.items, token_seconds=3000)  # without files
    else:
        esa_maap.fail(fault, path=r"\.h5$", times=None)
    with pytest.raises((RuntimeError, OSError, zlib.error)):
        kept["cloud_water_path"].load()
