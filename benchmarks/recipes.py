"""Ways to read variables of a granule, one function each, run alone in a fresh process.

``python -m benchmarks.recipes RECIPE TASK LAYOUT URL`` prints one line of JSON.
"""

from __future__ import annotations

import gc
import io
import json
import resource
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any
from zlib import crc32

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
    return _fsspec(cache_type="blockcache", block_size=1 << 20)(url, group, names, lines)


def kerchunk(url: str, group: str, names: list[str] | None, lines: slice | None) -> Any:
    """Make references of the group on the fly, then read through zarr.

    Only of the group: kerchunk would read all texts of the header too. Its references are moved to
    the root, as zarr finds no variables in a group below it.
    """
    import fsspec
    import h5py
    import xarray as xr
    from kerchunk.hdf import SingleHdf5ToZarr

    options = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
    blocks = {"cache_type": "blockcache", "block_size": 1 << 20}
    fs = fsspec.filesystem("http", **options)
    with fs.open(url, "rb", **blocks) as file, h5py.File(file) as h5:
        made = SingleHdf5ToZarr(
            h5[group], url, inline_threshold=0, storage_options=options, error="raise"
        ).translate()
    references = {key.removeprefix(f"{group}/"): each for key, each in made["refs"].items()}
    remote = {"remote_protocol": "http", "remote_options": options}
    with xr.open_dataset(
        {"version": 1, "refs": references},
        engine="kerchunk",
        storage_options=remote,
        open_dataset_options={"chunks": None},
    ) as ds:
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
#: Name -> what the book calls it, the variables, and the lines.
TASKS: dict[str, tuple[str, list[str] | None, slice | None]] = {
    "two": ("two variables", NAMES, None),
    "strip": ("10 % of the track", NAMES, slice(5000, 6190)),
    "metadata": ("metadata only", None, None),
    "granules": (f"{GRANULES} granules", NAMES, None),
}


def run(recipe: str, task: str, layout: str, url: str) -> dict[str, Any]:
    """Run one recipe once, and return its time, memory and a digest of its result."""
    read, group = RECIPES[recipe], group_of(layout)
    _, names, lines = TASKS[task]
    gc.collect()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the imports (Linux)
    before = _peak()
    begun = time.perf_counter()
    if task == "granules":
        links = [f"{url}/{n}" for n in range(GRANULES)]
        # One after the other, but ours: h5py lets the others wait for each other in threads.
        with ThreadPoolExecutor(4 if recipe == "ours" else 1) as pool:
            results = list(pool.map(lambda each: digest(read(each, group, names, lines)), links))
        told = results[0]
        assert results == [told] * GRANULES
    else:
        told = digest(read(url, group, names, lines))
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "peak": _peak() - before, **told}


def digest(result: Any) -> dict[str, Any]:
    """Return a number that differs when values do, and the size of the values in bytes."""
    if isinstance(result, str):
        return {"digest": 0, "size": 0}
    values = [result[name].values for name in NAMES]
    return {
        "digest": reduce(lambda known, each: crc32(each.tobytes(), known), values, 0),
        "size": sum(each.nbytes for each in values),
    }


def _peak() -> int:
    """Return the largest memory so far, in bytes."""
    with suppress(OSError):
        told = Path("/proc/self/status").read_text()
        return int(told.split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def warm_up(recipe: str) -> None:
    """Import what is imported late, reading a file of a few bytes."""
    import tempfile

    import h5py
    import numpy as np

    import earthcare_tutorial.streaming.variables

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("ScienceData/a", data=np.zeros(3), compression="gzip")
            file["ScienceData/a"].attrs["units"] = "seconds since 2000-01-01"
        _xarray(path, "ScienceData", ["a"], None)
    assert earthcare_tutorial
    late = {
        "kerchunk": ["kerchunk.hdf", "kerchunk.xarray_backend", "zarr"],
        "virtualizarr": ["virtualizarr.parsers", "obspec_utils.registry", "obstore.store", "zarr"],
        "earthcarekit": ["earthcarekit"],
    }
    for name in ["fsspec.implementations.http", "requests", *late.get(recipe, [])]:
        import_module(name)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of libraries, on what does not concern us
    try:
        warm_up(sys.argv[1])
        told = run(*sys.argv[1:])
    except Exception as error:
        told = {"reason": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
    print(json.dumps(told))
