"""Ways to read variables of a granule, one function each, run alone in a fresh process.

``python -m benchmarks.recipes RECIPE TASK LAYOUT URL`` prints one line of JSON.
"""

from __future__ import annotations

import hashlib
import io
import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.layouts import group_of

TOKEN = "t"  # noqa: S105
NAMES = ["cloud_water_path", "cloud_top_temperature"]
GRANULES = 20
XARRAY = {"engine": "h5netcdf", "phony_dims": "access"}
Read = Callable[[str, str, "list[str] | None", "slice | None"], Any]


def _pick(ds: Any, names: list[str] | None, lines: slice | None) -> Any:
    """Load what the task asks for; without names only look."""
    if names is None:
        return repr(ds)
    first = ds[names[0]].dims[0]
    return ds[names].isel({first: lines} if lines else {}).load()


def _xarray(file: Any, group: str, names: list[str] | None, lines: slice | None) -> Any:
    import xarray as xr

    with xr.open_dataset(file, group=group, **XARRAY) as ds:
        return _pick(ds, names, lines)


def _fsspec(**cache: Any) -> Read:
    def read(url: str, group: str, names: list[str] | None, lines: slice | None) -> Any:
        import fsspec

        fs = fsspec.filesystem("http", headers={"Authorization": f"Bearer {TOKEN}"})
        with fs.open(url, "rb", **cache) as file:
            return _xarray(file, group, names, lines)

    return read


def download(url: str, group: str, names: list[str] | None, lines: slice | None) -> Any:
    """Fetch the whole file, and read that."""
    import requests

    answer = requests.get(url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
    return _xarray(io.BytesIO(answer.content), group, names, lines)


def xarray_url(url: str, group: str, names: list[str] | None, lines: slice | None) -> Any:
    """Give xarray the link and storage_options."""
    import xarray as xr

    options = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
    with xr.open_dataset(url, group=group, storage_options=options, **XARRAY) as ds:
        return _pick(ds, names, lines)


def earthcarekit(url: str, group: str, names: list[str] | None, lines: slice | None) -> Any:
    """Read by link as earthcarekit does: fsspec with blocks of 1 MiB, and h5py."""
    import earthcarekit  # noqa: F401 - only where it is installed

    return _fsspec(cache_type="blockcache", block_size=1 << 20)(url, group, names, lines)


def kerchunk(url: str, group: str, names: list[str] | None, lines: slice | None) -> Any:
    """Make references on the fly, then read through zarr."""
    import fsspec
    import xarray as xr
    from kerchunk.hdf import SingleHdf5ToZarr
    from zarr.storage import FsspecStore

    headers = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
    fs = fsspec.filesystem("http", **headers)
    with fs.open(url, "rb", cache_type="blockcache", block_size=1 << 20) as file:
        references = SingleHdf5ToZarr(file, url, inline_threshold=0).translate()
    remote = fsspec.filesystem("http", asynchronous=True, **headers)
    mapped = fsspec.filesystem("reference", fo=references, fs=remote, asynchronous=True)
    store = FsspecStore(mapped, read_only=True, path="")
    with xr.open_zarr(store, group=group, consolidated=False, zarr_format=2, chunks=None) as ds:
        return _pick(ds, names, lines)


def virtualizarr(url: str, group: str, names: list[str] | None, lines: slice | None) -> Any:
    """Make a manifest on the fly, then read through zarr and obstore."""
    import xarray as xr
    from obspec_utils.registry import ObjectStoreRegistry
    from obstore.store import HTTPStore
    from virtualizarr.parsers import HDFParser

    base = "/".join(url.split("/")[:3])
    headers = {"Authorization": f"Bearer {TOKEN}"}
    store = HTTPStore(base, client_options={"default_headers": headers, "allow_http": True})
    manifests = HDFParser(group=group)(url=url, registry=ObjectStoreRegistry({base: store}))
    with xr.open_zarr(manifests, consolidated=False, zarr_format=3, chunks=None) as ds:
        return _pick(ds, names, lines)


def ours(url: str, group: str, names: list[str] | None, lines: slice | None) -> Any:
    """Plan first."""
    from earthcare_tutorial import open_granule

    if names is None:
        with open_granule(url, TOKEN, group=group) as ds:
            return repr(ds)
    first = "phony_dim_0" if "Data" in group.split("/") else "along_track"
    return open_granule(url, TOKEN, names, group, {first: lines} if lines else None)


RECIPES: dict[str, Read] = {
    "download": download,
    "original": _fsspec(cache_type="blockcache", block_size=8 << 20),
    "fsspec default": _fsspec(),
    "xarray url": xarray_url,
    "earthcarekit": earthcarekit,
    "kerchunk": kerchunk,
    "virtualizarr": virtualizarr,
    "ours": ours,
}
TASKS: dict[str, tuple[list[str] | None, slice | None]] = {
    "two variables": (NAMES, None),
    "10 % of the track": (NAMES, slice(5000, 6190)),
    "metadata": (None, None),
    "20 granules": (NAMES, None),
}


def run(recipe: str, task: str, layout: str, url: str) -> dict[str, Any]:
    """Run one recipe once, warmed up, and return its time, memory and a digest of its result."""
    read, group = RECIPES[recipe], group_of(layout)
    _warm_up(read)
    names, lines = TASKS[task]
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the imports (Linux)
    before = _peak()
    begun = time.perf_counter()
    if task == "20 granules":
        one = [f"{url}/{n}" for n in range(GRANULES)]
        if recipe == "ours":
            with ThreadPoolExecutor(4) as pool:
                result = list(pool.map(lambda each: read(each, group, names, lines), one))[-1]
        else:
            result = [read(each, group, names, lines) for each in one][-1]
    else:
        result = read(url, group, names, lines)
    seconds = time.perf_counter() - begun
    peak = _peak() - before
    digest, size = "", 0
    if names:
        size = sum(result[name].nbytes for name in names)
        values = b"".join(result[name].values.tobytes() for name in names)
        digest = hashlib.sha256(values).hexdigest()
    return {"seconds": seconds, "peak": peak, "size": size, "digest": digest}


def _peak() -> int:
    """Return the largest memory so far, in bytes."""
    with suppress(OSError):
        told = Path("/proc/self/status").read_text()
        return int(told.split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _warm_up(read: Read) -> None:
    """Import what is imported late, from a file of a few bytes that lies nowhere."""
    import tempfile

    import h5netcdf  # noqa: F401
    import h5py
    import numpy as np
    import xarray as xr

    import earthcare_tutorial._plan

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("ScienceData/a", data=np.zeros(3), compression="gzip")
            file["ScienceData/a"].attrs["units"] = "seconds since 2000-01-01"
        _xarray(path, "ScienceData", ["a"], None)
    assert earthcare_tutorial and xr
    with_peers = {
        earthcarekit: ["earthcarekit"],
        kerchunk: ["kerchunk.hdf", "zarr"],
        virtualizarr: ["virtualizarr.parsers", "obstore.store", "zarr"],
    }
    for name in ["fsspec.implementations.http", "requests", *with_peers.get(read, [])]:
        __import__(name)


if __name__ == "__main__":
    try:
        print(json.dumps(run(*sys.argv[1:])))
    except ImportError as error:
        print(json.dumps({"absent": str(error)}))
