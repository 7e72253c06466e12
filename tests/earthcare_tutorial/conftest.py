"""What the tests of the helpers start from: a small service, items, pictures, a granule."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import h5py
import matplotlib as mpl
import numpy as np
import pystac
import pytest
from matplotlib.image import imsave

from earthcare_tutorial import catalogue
from earthcare_tutorial.credentials import PLACES
from maap_replay.items import make_item as replayed_item
from maap_replay.pytest_plugin import EsaMaap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

mpl.use("Agg")


@pytest.fixture
def esa_maap(esa_maap: EsaMaap, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> EsaMaap:
    """ESA MAAP on loopback, for somebody without credentials who has not asked it anything yet."""
    monkeypatch.setattr("earthcare_tutorial._http.BACKOFF", 0.0)
    monkeypatch.setenv("HOME", str(tmp_path))
    esa_maap.accept("*")
    for place in PLACES:
        if place.place.startswith("$"):
            monkeypatch.delenv(place.place[1:], raising=False)
    catalogue._opened.cache_clear()
    catalogue.queryables.cache_clear()
    return esa_maap


def searches(maap: EsaMaap) -> list[dict[str, str]]:
    """Return the parameters of the searches so far."""
    asked = [urlsplit(one.path) for one in maap.log]
    return [dict(parse_qsl(one.query)) for one in asked if one.path == "/catalogue/search"]


def made_item(
    start: str = "20251013T131444",
    orbit: str = "07820E",
    *,
    kind: str = "MSI_COP_2A",
    baseline: str = "BA",
    created: str = "20251013T162407",
    **told: Any,
) -> dict[str, Any]:
    """Make an item as the catalogue sends it, with the asset keys of late 2025."""
    item = replayed_item(f"ECA_EX{baseline}_{kind}_{start}Z_{created}Z_{orbit}", **told)
    if "enclosure_h5" in item["assets"]:
        item["assets"]["enclosure_h5"]["file:size"] = 136301685
    return item


def jwt(**claims: Any) -> str:
    """Make a token that looks like one of Keycloak's."""
    parts = [{"alg": "RS256"}, claims, {"signature": "none"}]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join(text.rstrip("=") for text in texts)


@pytest.fixture
def raw_item() -> Callable[..., dict[str, Any]]:
    return made_item


@pytest.fixture
def item() -> Callable[..., pystac.Item]:
    """Make a pystac Item."""
    return lambda *args, **told: pystac.Item.from_dict(made_item(*args, **told))


@pytest.fixture(name="jwt")
def make_jwt() -> Callable[..., str]:
    return jwt


@pytest.fixture
def jpeg() -> bytes:
    target = io.BytesIO()
    imsave(target, np.zeros((20, 10, 3)), format="jpg")
    return target.getvalue()


def write_granule(path: Path, *, notes: str = "SYNTHETIC: for tests", lines: int = 60) -> bytes:
    """Write a tiny M-COP: 384 columns, the outer ones without coordinates, as in a real one."""
    fill = np.float32(9.96921e36)
    along, across = np.arange(lines)[:, None], np.arange(384)[None, :]
    latitude = 20 - 0.1 * along - 0.0005 * across + 0.0 * along
    longitude = 10 - 0.02 * along - 0.0043 * across
    for degrees in (latitude, longitude):
        degrees[:, :12] = degrees[:, 369:] = 9.96921e36
    water = np.full((lines, 384), fill, "f4")
    water[:, 12:369] = 0.25
    water[:10, 12:369] = fill
    quality = np.zeros((lines, 384), "i1")
    quality[10:20] = 3
    with h5py.File(path, "w") as h5:
        header = h5.create_group("HeaderData/FixedProductHeader")
        header["Notes"] = notes
        science = h5.create_group("ScienceData", track_order=True)
        for name, size in (("along_track", lines), ("across_track", 384)):
            science.create_dataset(name, data=np.zeros(size, "f4")).make_scale(
                f"This is a netCDF dimension but not a netCDF variable.{size:10d}"
            )

        def add(name: str, data: Any, dims: tuple[str, ...], **attrs: Any) -> None:
            made = science.create_dataset(name, data=data, compression="gzip")
            made.attrs.update(
                {key: np.bytes_(v) if isinstance(v, str) else v for key, v in attrs.items()}
            )
            for n, dim in enumerate(dims):
                made.dims[n].attach_scale(science[dim])

        both = ("along_track", "across_track")
        seconds = 813_000_000.0 + 0.063 * np.arange(lines)
        add("time", seconds, both[:1], units="seconds since 2000-01-01 00:00:00.0")
        add("latitude", latitude, both, units="degree_north", _FillValue=9.96921e36)
        add("longitude", longitude, both, units="degree_east", _FillValue=9.96921e36)
        names = {"long_name": "cloud water path", "units": "kg m-2"}
        add("cloud_water_path", water, both, _FillValue=fill, **names)
        height = np.where(water > 9e35, fill, np.float32(1500.0))
        height[:10, 12:369] = 1500.0
        names = {"long_name": "Cloud top height", "units": "m"}
        add("cloud_top_height", height, both, _FillValue=fill, **names)
        add("quality_status", quality, both, long_name="Quality")
    return path.read_bytes()


def write_odd_granule(path: Path, lines: int) -> bytes:
    """Write a granule with more variables: of several chunks, with holes, and odd ones."""
    write_granule(path, lines=lines)
    with h5py.File(path, "a") as h5:
        science = h5["ScienceData"]
        packed = {"chunks": (16, 100), "compression": "gzip", "shuffle": True, "fillvalue": -999}
        for name in ("several", "holes"):
            made = science.create_dataset(name, (lines, 384), "f4", **packed)
            made.attrs["_FillValue"] = np.float32(-999)
        science["several"][...] = -999
        for name in ("several", "holes"):
            science[name][16:40, 50:150] = np.arange(2400).reshape(24, 100)
        science.create_dataset("plain", data=np.zeros((lines, 384), "f4"))
        summed = {"compression": "gzip", "fletcher32": True}
        science.create_dataset("summed", data=np.zeros((lines, 384), "f4"), **summed)
        for name in ("several", "holes", "plain", "summed"):
            for dim, scale in zip(science[name].dims, ("along_track", "across_track"), strict=True):
                dim.attach_scale(science[scale])
        science.create_dataset("unnamed", data=np.zeros((lines, 384), "f4"), compression="gzip")
    return path.read_bytes()


@pytest.fixture
def granule(esa_maap: EsaMaap, tmp_path: Path) -> str:
    """Put a granule on the data server, and return its link."""
    esa_maap.accept(access_token="good")
    url: str = made_item()["assets"]["enclosure_h5"]["href"]
    return esa_maap.put(url, write_granule(tmp_path / "a.h5"))
