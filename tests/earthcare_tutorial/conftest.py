"""What the tests of the helpers start from: a small service, items, pictures, a granule."""

from __future__ import annotations

import io
import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import h5py
import matplotlib as mpl
import numpy as np
import pystac
import pytest
from matplotlib.image import imsave

from earthcare_tutorial import catalogue
from earthcare_tutorial.credentials import PLACES
from tests.earthcare_tutorial.small_maap import Handler, Maap, Server, jwt, make_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

mpl.use("Agg")


@pytest.fixture
def maap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Maap]:
    """Start the service, point the helpers at it, and forget what they know of another one."""
    server = Server(("127.0.0.1", 0), Handler)
    service = Maap(f"http://127.0.0.1:{server.server_port}")
    server.maap = service  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setattr(catalogue, "CATALOGUE_URL", f"{service.url}/catalogue/")
    monkeypatch.setattr("earthcare_tutorial.auth.TOKEN_URL", f"{service.url}/token")
    monkeypatch.setattr("earthcare_tutorial._http.BACKOFF", 0.0)
    monkeypatch.setattr("earthcare_tutorial.streaming.remote.BACKOFF", 0.0)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("earthcare_tutorial.auth.DATA_ORIGINS", (service.url,))
    places = [place.place for place in PLACES if place.place.startswith("$")]
    for name in (*(place[1:] for place in places), "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield service
    server.shutdown()
    thread.join()
    server.server_close()
    catalogue._opened.cache_clear()
    catalogue._queryables.cache_clear()


@pytest.fixture
def nowhere() -> str:
    """Return an address where nobody listens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.server_close()
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def raw_item() -> Callable[..., dict[str, Any]]:
    return make_item


@pytest.fixture
def item(maap: Maap) -> Callable[..., pystac.Item]:
    """Make a pystac Item whose links lead to the loopback service."""
    return lambda *args, **kwargs: pystac.Item.from_dict(make_item(*args, base=maap.url, **kwargs))


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


@pytest.fixture
def granule(maap: Maap, tmp_path: Path) -> str:
    """Put a granule on the data server, and return its link."""
    name = make_item()["id"]
    maap.files[f"/data/{name}.h5"] = ("application/x-hdf5", write_granule(tmp_path / "a.h5"))
    maap.valid.add("good")
    return f"{maap.url}/data/{name}.h5"
