"""The same granule in the layouts that an HDF5 file may have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

CHUNKS = (3968, 128)  # of products of the real archive
VERSION = 2  # of what relay writes
#: Chunks, compression, and the order in which definitions and values are written.
LAYOUTS = {
    "tidy": "all metadata together, as h5repack with a large block of metadata writes it",
    "scattered": "each variable defined and written in turn",
    "small": "chunks of 256 x 64",
    "contiguous": "not chunked, not compressed",
    "jaxa": "scattered, with groups Data and Geo, without names of dimensions",
}
SCALE = "This is a netCDF dimension but not a netCDF variable.{:10d}"


def group_of(layout: str) -> str:
    """Return the group of the variables."""
    return "ScienceData/Data" if layout == "jaxa" else "ScienceData"


def relay(source: Path, folder: Path, layout: str) -> Path:
    """Write a granule in another layout, unless it is there already."""
    target = folder / f"{layout}-{source.stat().st_size}-{VERSION}.h5"
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_V18)
    if layout == "tidy":
        access.set_meta_block_size(128 << 10)
    with (
        h5py.File(source) as old,
        h5py.File(h5py.h5f.create(bytes(partial), h5py.h5f.ACC_TRUNC, fapl=access)) as new,
    ):
        _copy_header(old["HeaderData"], new.create_group("HeaderData"))
        new.create_group("ScienceData", track_order=layout != "jaxa")
        group = new.require_group(group_of(layout))
        names = [name for name, each in old["ScienceData"].items() if each.dtype != ">f4"]
        scales: list[Any] = []
        for name in ("along_track", "across_track") if layout != "jaxa" else ():
            size = old["ScienceData"][name].size
            scales.append(group.create_dataset(name, (size,), ">f4", track_order=True))
            scales[-1].make_scale(SCALE.format(size))
        written = (
            [
                (each, _define(group, old["ScienceData"][each], layout, scales, new))
                for each in names
            ]
            if layout not in ("scattered", "jaxa")
            else []
        )
        if written:
            for name, each in written:
                each[...] = old["ScienceData"][name][...]
        else:
            for name in names:
                each = _define(group, old["ScienceData"][name], layout, scales, new)
                each[...] = old["ScienceData"][name][...]
                new.flush()
    partial.rename(target)
    return target


def _copy_header(old: Any, new: Any) -> None:
    """Copy texts and numbers anew.

    HDF5's own copy leaves the fill value of a text pointing into the old file, so that readers who
    look at it, as kerchunk does, find "bad global heap collection signature".
    """
    for name, each in old.items():
        if isinstance(each, h5py.Group):
            _copy_header(each, new.create_group(name))
        else:
            new.create_dataset(name, data=each[()], dtype=each.dtype)


def _define(group: Any, old: Any, layout: str, scales: list[Any], new: Any) -> Any:
    shape = old.shape
    options: dict[str, Any] = {}
    if layout != "contiguous":
        chunks = (256, 64) if layout == "small" else CHUNKS
        options = {
            "chunks": tuple(np.minimum(chunks[: len(shape)], shape)),
            "compression": "gzip",
            "compression_opts": 3,
            "shuffle": True,
        }
    made = group.create_dataset(
        old.name.rpartition("/")[2],
        shape,
        old.dtype,
        fillvalue=old.fillvalue,
        track_order=layout != "jaxa",
        **options,
    )
    for key, value in old.attrs.items():
        if key not in ("DIMENSION_LIST", "_Netcdf4Coordinates", "_Netcdf4Dimid"):
            made.attrs[key] = value
    for n in range(len(shape) if scales else 0):
        made.dims[n].attach_scale(scales[n])
    return made
