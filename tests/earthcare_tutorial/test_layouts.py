"""A streamed variable equals the one that xarray reads from the file on disk, in every layout."""

import pickle

import dask
import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr

from earthcare_tutorial import open_granule, stream_stats
from earthcare_tutorial.streaming.leap_seconds import NOTE

SHAPE = (600, 40)
VALUES = np.random.default_rng(1).normal(280.0, 5.0, SHAPE).astype("f4")
VALUES[::7] = 9.96921e36
PARTS = [
    {},
    {"along_track": slice(100, 130)},
    {"along_track": slice(590, None, 3), "across_track": [3, 1]},
    {"along_track": -5},
    {"along_track": slice(7, 7)},
]


def netcdf(path, *, scattered=False, coordinates="", **storage):
    """Write as ESA's processors do, all definitions first or each variable when it is defined."""
    with netCDF4.Dataset(path, "w") as file:
        file.createGroup("HeaderData/FixedProductHeader").createVariable("Notes", str, ())[0] = "-"
        group = file.createGroup("ScienceData")
        for name, size in {"along_track": 600, "across_track": 40, "view": 3, "any": None}.items():
            group.createDimension(name, size)
        for n, name in enumerate(["time", *"abcdefghijkl", "text", "one", "view", "grown"]):
            kind, dims, values = "f4", ("along_track", "across_track"), VALUES + n
            if name == "time":
                kind, dims, values = "f8", dims[:1], 8e8 + 0.063 * np.arange(600)
            elif name in ("text", "view"):
                kind, dims, values = str, ("view",), np.array(["FORE", "NADIR", "AFT"], object)
            elif name == "one":
                kind, dims, values = "i4", (), 7
            elif name == "grown":
                kind, dims, values = "i2", ("any", "along_track"), np.ones((2, 600))
            options = storage if len(dims) == 2 and kind == "f4" else {}
            fill = np.float32(9.96921e36) if kind == "f4" else None
            made = group.createVariable(name, kind, dims, fill_value=fill, **options)
            made.setncatts({"long_name": f"Variable {name}", "valid_min": np.float32([0.0])})
            if name == "time":
                made.units = "seconds since 2000-01-01 00:00:00.0"
            if name == "b":
                made.setncatts({"scale_factor": 0.5, "empty": ""})
            if name == "b" and coordinates:
                made.coordinates = coordinates
            made[...] = values
            if scattered:
                file.sync()
        # Shorter than its dimension has grown, and never written: netCDF fills both.
        group.createVariable("lag", "i2", ("any", "along_track"))[0] = 1
        group.createVariable("never", "f4", ("along_track", "across_track"), **storage)


def plain(path, *, scales=True, **options):
    """Write as JAXA's processors do (without scales), or with what only h5py can set."""
    storage = options.pop("storage", {"chunks": (100, 40), "compression": "gzip"})
    with h5py.File(path, "w", **options) as file:
        group = file.create_group("ScienceData/Data")
        for name in "badc":
            made = group.create_dataset(name, data=VALUES, fillvalue=9.96921e36, **storage)
            made.attrs["_FillValue"] = np.float32(9.96921e36)
            made.attrs["units"] = np.bytes_("K")
        group.create_dataset("profile", data=VALUES[:, :1].repeat(600, 1), chunks=(100, 100))
        group.create_dataset("small", data=np.arange(40, dtype=">i2"))
        for n, name in enumerate(["along_track", "across_track"] if scales else []):
            group.create_dataset(name, data=np.arange(SHAPE[n])).make_scale(name)
            for each in "badc":
                group[each].dims[n].attach_scale(group[name])


def compact(path):
    """Write a variable into its own header."""
    plain(path)
    with h5py.File(path, "a") as file:
        how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((40,))
        group = file["ScienceData/Data"]
        made = h5py.h5d.create(group.id, b"inside", h5py.h5t.NATIVE_INT16, space, how)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(40, dtype="i2"))


ZLIB = {"zlib": True, "shuffle": True}
ESA, JAXA = "ScienceData", "ScienceData/Data"
LAYOUTS = {
    "tidy": (netcdf, {**ZLIB, "chunksizes": (200, 40)}, ESA, ["time", "b", "one"]),
    "scattered": (netcdf, {**ZLIB, "scattered": True, "fletcher32": True}, ESA, ["k", "a", "time"]),
    "small chunks": (netcdf, {**ZLIB, "chunksizes": (4, 8)}, ESA, ["b"]),
    "contiguous": (netcdf, {"contiguous": True}, ESA, ["c", "time", "b"]),
    "strings": (netcdf, {"scattered": True}, ESA, ["text", "a"]),
    "coordinates": (netcdf, {"coordinates": "time c", "scattered": True}, ESA, ["view", "b"]),
    "unlimited": (netcdf, {"scattered": True}, ESA, ["grown", "lag", "never", "time"]),
    "JAXA": (plain, {"scales": False}, JAXA, ["a", "small", "profile"]),
    "own coordinates": (plain, {}, JAXA, ["a", "c"]),
    "latest": (plain, {"libver": "latest", "storage": {"chunks": (5, 5)}}, JAXA, ["d"]),
    "paged": (plain, {"fs_strategy": "page", "fs_page_size": 4096}, JAXA, ["a", "d"]),
    "compact": (compact, {}, JAXA, ["inside", "a"]),
}


@pytest.fixture(params=LAYOUTS)
def layout(request, esa_maap, tmp_path, monkeypatch):
    """Put a file on the server; all sizes are small, so that each part of it is met as missing."""
    write, options, group, names = LAYOUTS[request.param]
    write(tmp_path / "a.h5", **options)
    esa_maap.accept(access_token="good")
    url = esa_maap.put("a.h5", tmp_path / "a.h5")
    monkeypatch.setattr("earthcare_tutorial.streaming.remote.BLOCK", 8192)
    monkeypatch.setattr("earthcare_tutorial.streaming.chunks.NEAR", 256)
    return url, tmp_path / "a.h5", group, names


def as_streamed(local):
    """Add what the reader does: its name, and no leap seconds (5 in 2025) in times."""
    for name, each in local.variables.items():
        if each.dtype.kind == "M":
            local[name] = each.dims, each.values - np.timedelta64(5, "s"), each.attrs
            local[name].attrs["leap_seconds"] = NOTE
    return local.assign_attrs(granule_id="a")


def test_equals_the_local_file(layout):
    url, path, group, names = layout
    with xr.open_dataset(path, engine="h5netcdf", group=group, phony_dims="access") as file:
        renamed = dict(zip(("along_track", "across_track"), file["a"].dims, strict=True))
        for part in PARTS:
            isel = {renamed[k]: v for k, v in part.items() if renamed[k] in file[names].dims}
            local = as_streamed(file[names].isel(isel).load())
            with stream_stats() as stats:
                streamed = open_granule(url, "good", names, group, isel)
            xr.testing.assert_identical(streamed, local)
            for name, variable in local.variables.items():
                assert streamed.variables[name].dtype == variable.dtype
                held = streamed.variables[name]._data
                assert isinstance(held, np.ndarray) or name in local.indexes
            assert stats.table()["% of the file"].item() <= 110


def test_lazy_equals_the_local_file_for_dask(layout):
    """Blocks that do not fit the chunks, read by threads, and by what was sent to a worker."""
    url, path, group, _ = layout
    with xr.open_dataset(path, engine="h5netcdf", group=group, phony_dims="access") as file:
        local = as_streamed(file.load())
    lazy = open_granule(url, "good", group=group)
    for name, variable in local.variables.items():
        told = variable.encoding.get("preferred_chunks")
        assert lazy.variables[name].encoding.get("preferred_chunks") == told
    sent = pickle.loads(pickle.dumps(lazy))  # noqa: S301
    blocks = sent.chunk({local["a"].dims[0]: 70})
    with dask.config.set(scheduler="threads", num_workers=4):
        xr.testing.assert_identical(blocks.compute(), local)
    with stream_stats() as stats:
        aligned = lazy["a"].chunk(lazy["a"].encoding.get("preferred_chunks", {}))
        xr.testing.assert_identical(aligned.compute(), local["a"])
    assert stats.table()["% of the file"].item() <= 110
    xr.testing.assert_identical(lazy.load(), local)
