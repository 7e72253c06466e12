"""Ways to read variables of a granule that a reader may write, one function each.

Each takes the link of a file, a group, names and lines, and returns a dataset of the values.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

TOKEN = "t"  # noqa: S105
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
NAMES = ["cloud_water_path", "cloud_top_temperature"]
GRANULES = 20
XARRAY = {"engine": "h5netcdf", "phony_dims": "access"}
Read = Callable[[str, str, list[str], "slice | None"], Any]

#: Name -> what the book calls it, the variables, and the lines.
TASKS: dict[str, tuple[str, list[str], slice | None]] = {
    "two": ("two variables", NAMES, None),
    "strip": ("10 % of the track", NAMES, slice(5000, 6190)),
    "granules": (f"{GRANULES} granules", NAMES, None),
}


def pick(ds: Any, names: list[str], lines: slice | None) -> Any:
    """Load the values that are asked for."""
    first = ds[names[0]].dims[0]
    return ds[names].isel({first: lines} if lines else {}).load()


def open_and_pick(file: Any, group: str, names: list[str], lines: slice | None) -> Any:
    """Read from an open file or a path, as xarray does."""
    import xarray as xr

    with xr.open_dataset(file, group=group, **XARRAY) as ds:
        return pick(ds, names, lines)


def _fsspec(**blocks: Any) -> Read:
    def read(url: str, group: str, names: list[str], lines: slice | None) -> Any:
        import fsspec

        fs = fsspec.filesystem("http", headers=HEADERS)
        with fs.open(url, "rb", cache_type="blockcache", **blocks) as file:
            return open_and_pick(file, group, names, lines)

    return read


def download(url: str, group: str, names: list[str], lines: slice | None) -> Any:
    """Fetch the whole file, and read that."""
    import requests

    answer = requests.get(url, headers=HEADERS, timeout=60)
    answer.raise_for_status()
    return open_and_pick(io.BytesIO(answer.content), group, names, lines)


def xarray_url(url: str, group: str, names: list[str], lines: slice | None) -> Any:
    """Give xarray the link and storage_options."""
    import xarray as xr

    options = {"headers": HEADERS}
    with xr.open_dataset(url, group=group, storage_options=options, **XARRAY) as ds:
        return pick(ds, names, lines)


def pyfive_fsspec(url: str, group: str, names: list[str], lines: slice | None) -> Any:
    """Read with HDF5 in pure Python from fsspec, with blocks of 1 MiB."""
    import fsspec
    import pyfive

    fs = fsspec.filesystem("http", headers=HEADERS)
    with fs.open(url, "rb", cache_type="blockcache", block_size=1 << 20) as file:
        found = pyfive.File(file)[group]
        stored = {name: found[name] for name in names}
        values = {name: each[lines or slice(None)] for name, each in stored.items()}
        fills = {name: each.attrs["_FillValue"] for name, each in stored.items()}
    return _masked(values, fills)


def kerchunk(url: str, group: str, names: list[str], lines: slice | None) -> Any:
    """Make references of the group on the fly, then read through zarr.

    Only of the group: kerchunk would read all texts of the header too. Its references are moved to
    the root, as zarr finds no variables in a group below it.
    """
    import fsspec
    import h5py
    import xarray as xr
    from kerchunk.hdf import SingleHdf5ToZarr

    options = {"headers": HEADERS}
    fs = fsspec.filesystem("http", **options)
    blocks = {"cache_type": "blockcache", "block_size": 1 << 20}
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
        return pick(ds, names, lines)


def async_hdf5(url: str, group: str, names: list[str], lines: slice | None) -> Any:
    """Let async-hdf5 find the chunks, obstore fetch them, and unpack them by hand."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    from async_hdf5 import HDF5File

    base, path = url[: url.index("/", 8)], url[url.index("/", 8) + 1 :]

    async def fetch() -> list[Any]:
        file = await HDF5File.open(path, store=obstore_of(base), block_size=128 << 10)
        root = await file.root_group()
        found = await root.navigate(group)
        return await asyncio.gather(*(variable(found, name) for name in names))

    async def variable(found: Any, name: str) -> Any:
        stored = await found.dataset(name)
        index, told = await asyncio.gather(stored.chunk_index(), stored.attributes())
        height = index.chunk_shape[0]
        places = [
            each
            for each in index
            if lines is None
            or (
                each.indices[0] * height < lines.stop
                and (each.indices[0] + 1) * height > lines.start
            )
        ]
        spans = [(each.byte_offset, each.byte_length) for each in places]
        if not stored.filters and lines is not None:  # contiguous: only the lines
            width = stored.shape[1] * stored.element_size
            spans = [(spans[0][0] + lines.start * width, (lines.stop - lines.start) * width)]
        raw = await stored.batch_fetch_ranges(spans)
        return stored, places, raw, told["_FillValue"]

    def unpack(fetched: Any) -> Any:
        import zlib

        import numpy as np

        stored, places, raw, fill = fetched
        kind = np.dtype(stored.numpy_dtype)
        if not stored.filters:
            return np.frombuffer(raw[0], kind).reshape(-1, stored.shape[1]), fill
        values = np.full(stored.shape, fill, kind)
        shape = stored.chunk_shape

        def place(each: Any) -> None:
            where, packed = each
            plain = np.frombuffer(zlib.decompress(packed), "u1").reshape(kind.itemsize, -1)
            block = np.ascontiguousarray(plain.T).view(kind).reshape(shape)
            part = tuple(
                slice(n * size, (n + 1) * size)
                for n, size in zip(where.indices, shape, strict=True)
            )
            into = values[part]
            into[...] = block[tuple(map(slice, into.shape))]

        with ThreadPoolExecutor() as pool:
            list(pool.map(place, zip(places, raw, strict=True)))
        return values[lines or slice(None)], fill

    done = dict(zip(names, map(unpack, asyncio.run(fetch())), strict=True))
    return _masked(
        {name: values for name, (values, _) in done.items()},
        {name: fill for name, (_, fill) in done.items()},
    )


def _masked(values: dict[str, Any], fills: dict[str, Any]) -> Any:
    """Put NaN in the place of fill values."""
    import numpy as np
    import xarray as xr

    dims = ("line", "column")
    return xr.Dataset(
        {name: (dims, np.where(each == fills[name], np.nan, each)) for name, each in values.items()}
    )


@cache
def obstore_of(base: str) -> Any:
    """Return the store, with its connections, that the granules of a host share."""
    from obstore.store import HTTPStore

    return HTTPStore(base, client_options={"default_headers": HEADERS, "allow_http": True})


def virtualizarr(url: str, group: str, names: list[str], lines: slice | None) -> Any:
    """Make a manifest on the fly, then read through zarr and obstore."""
    import xarray as xr
    from obspec_utils.registry import ObjectStoreRegistry
    from virtualizarr.parsers import HDFParser

    base = url[: url.index("/", 8)]
    registry = ObjectStoreRegistry({base: obstore_of(base)})
    manifests = HDFParser(group=group)(url=url, registry=registry)
    with xr.open_zarr(manifests, consolidated=False, zarr_format=3, chunks=None) as ds:
        return pick(ds, names, lines)


def keep_references(urls: list[str], local: str, group: str) -> None:
    """Write references of granules, taken from a local copy, into a repository in memory."""
    import icechunk
    from obspec_utils.registry import ObjectStoreRegistry
    from obstore.store import LocalStore
    from virtualizarr.parsers import HDFParser

    registry = ObjectStoreRegistry({"file://": LocalStore()})
    manifests = HDFParser(group=group)(url=f"file://{local}", registry=registry)
    made = manifests.to_virtual_dataset(loadable_variables=[])[NAMES]
    made = made.drop_vars(list(made.coords))  # dimensions without values, which icechunk refuses
    base = urls[0][: urls[0].index("/", 8) + 1]
    config = icechunk.RepositoryConfig.default()
    store = icechunk.http_store(opts={"allow_http": "true"}, headers=HEADERS)
    config.set_virtual_chunk_container(icechunk.VirtualChunkContainer(base, store))
    allowed = icechunk.containers_credentials({base: icechunk.Credentials.HttpAccess()})
    kept = icechunk.in_memory_storage()
    repository = icechunk.Repository.create(
        kept, config=config, authorize_virtual_chunk_access=allowed
    )
    session = repository.writable_session("main")
    for n, url in enumerate(urls):
        moved = made.vz.rename_paths(lambda _, url=url: url)
        moved.vz.to_icechunk(session.store, group=f"granule{n}")
    session.commit("references")
    KEPT.update(repository=repository, groups={url: f"granule{n}" for n, url in enumerate(urls)})


#: What `keep_references` made: the repository, and the group of each link.
KEPT: dict[str, Any] = {}


def icechunk(url: str, group: str, names: list[str], lines: slice | None) -> Any:
    """Read with references that somebody made before."""
    import xarray as xr

    store = KEPT["repository"].readonly_session("main").store
    group = KEPT["groups"][url]
    with xr.open_zarr(store, group=group, consolidated=False, chunks=None) as ds:
        return pick(ds, names, lines)


def ours(url: str, group: str, names: list[str], lines: slice | None) -> Any:
    """Call the helper."""
    from earthcare_tutorial import open_granule

    first = "phony_dim_0" if "Data" in group.split("/") else "along_track"
    return open_granule(url, TOKEN, names, group, {first: lines} if lines else None)


RECIPES: dict[str, Read] = {
    "download": download,
    "original": _fsspec(block_size=8 << 20),
    "xarray url": xarray_url,
    "earthcarekit": _fsspec(block_size=1 << 20),  # what it sets
    "pyfive, fsspec": pyfive_fsspec,
    "kerchunk": kerchunk,
    "virtualizarr": virtualizarr,
    "icechunk": icechunk,
    "async-hdf5": async_hdf5,
    "ours": ours,
}
#: Recipes that need a newer Python than the helpers do: an environment of their own.
NEWER = ("virtualizarr", "icechunk")
#: It starts threads when it is imported, which a fork leaves behind: each run imports it anew.
UNFORKABLE = ("icechunk",)
#: What a recipe imports late, and what its version depends on.
IMPORTS: dict[str, list[str]] = {
    "download": ["requests", "h5netcdf", "xarray"],
    "original": ["fsspec.implementations.http", "h5netcdf", "xarray"],
    "xarray url": ["fsspec.implementations.http", "h5netcdf", "xarray"],
    "earthcarekit": ["fsspec.implementations.http", "h5netcdf", "xarray"],
    "pyfive, fsspec": ["fsspec.implementations.http", "pyfive", "xarray"],
    "kerchunk": ["fsspec.implementations.http", "kerchunk.hdf", "kerchunk.xarray_backend", "zarr"],
    "virtualizarr": ["virtualizarr.parsers", "obspec_utils.registry", "obstore.store", "zarr"],
    "icechunk": ["icechunk", "virtualizarr.parsers", "obstore.store", "zarr"],
    "async-hdf5": ["async_hdf5", "obstore.store", "xarray"],
    "ours": ["earthcare_tutorial.streaming.variables", "earthcare_tutorial.streaming.headers"],
}
