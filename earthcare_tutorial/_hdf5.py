"""Open a part of an HDF5 file as xarray does, without reading what lies around it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import h5netcdf
import h5py
import numpy as np
from xarray.backends import H5NetCDFStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


def as_xarray_does(h5: h5py.File, group: str, names: Collection[str] | None) -> H5NetCDFStore:
    """Open a group, with some of its variables or all."""
    root = h5netcdf.File(
        Selected(h5, group, names), "r", phony_dims="access", decode_vlen_strings=True
    )
    return H5NetCDFStore(root, group=group)


def members(h5: h5py.File, group: str) -> h5py.Group:
    """Return a group, or raise the sentence that lists those there are."""
    if group not in h5:
        raise ValueError(f"The file has no group {group!r}, only {', '.join(h5)}.")
    return h5[group]


def dimensions(h5: h5py.File, group: str, stored: h5py.Dataset) -> tuple[int, set[str]]:
    """Return how many dimensions of a variable have names, and the variables it belongs to."""
    # xarray reads the attributes too, but the list of all that refer to a dimension.
    attrs = {name: stored.attrs[name] for name in stored.attrs if name != "REFERENCE_LIST"}
    dims: list[str] = []
    if "DIMENSION_LIST" in attrs:
        named = scales(h5, group)
        where = [_address(h5, refs[-1]) for refs in attrs["DIMENSION_LIST"] if len(refs)]
        dims = [named[at].rpartition("/")[2] for at in where if at in named]
    elif attrs.get("CLASS") == b"DIMENSION_SCALE":
        dims = [stored.name.rpartition("/")[2]]
    listed = attrs.get("coordinates", "")
    listed = listed.decode() if isinstance(listed, bytes) else str(listed)
    return len(dims), {*dims, *(name for name in listed.split() if name in h5[group])}


def scales(h5: h5py.File, group: str) -> dict[int, str]:
    """Return the address and the path of all that the group and those around it hold.

    HDF5 can find the path of an object itself, but looks through the whole file for it.
    """
    found: dict[int, str] = {}
    path = ""
    for step in ("", *group.strip("/").split("/")):
        path = f"{path}/{step}".replace("//", "/")

        def note(name: bytes, link: Any, path: str = path) -> None:
            if link.type == h5py.h5l.TYPE_HARD:
                found[link.u] = f"{path}/{name.decode()}".replace("//", "/")

        around_here = h5[path]  # a name, as its links do not keep it open
        around_here.id.links.iterate(note, info=True)
    return found


def _address(h5: h5py.File, reference: h5py.Reference) -> int:
    return int(h5py.h5o.get_info(h5py.h5r.dereference(reference, h5.id)).addr)


class Selected(h5py.File):  # type: ignore[misc]
    """A file that lists only some of the names in a group, so that h5netcdf reads no others."""

    def __init__(self, h5: h5py.File, group: str, names: Collection[str] | None) -> None:
        super().__init__(h5.id)
        self._selection = f"/{group.strip('/')}", names
        self._scales = scales(self, group)

    def __getitem__(self, name: Any) -> Any:
        if isinstance(name, h5py.Reference):
            at = _address(self, name)
            if at in self._scales:
                return SimpleNamespace(name=self._scales[at])
        found = super().__getitem__(name)
        group, names = self._selection
        if names is not None and isinstance(found, h5py.Group) and found.name == group:
            return _SelectedGroup(found.id, names)
        return found


class _SelectedGroup(h5py.Group):  # type: ignore[misc]
    def __init__(self, group: Any, names: Collection[str]) -> None:
        super().__init__(group)
        self._names = names

    def __iter__(self) -> Iterator[str]:
        return (name for name in super().__iter__() if name in self._names)


def read_notes(h5: h5py.File) -> str:
    """Read the header's free text, where a synthetic file says that it is one."""
    notes = h5.get("HeaderData/FixedProductHeader/Notes")
    if not isinstance(notes, h5py.Dataset) or not h5py.check_string_dtype(notes.dtype):
        return ""
    return "".join(np.ravel(notes.asstr()[()]).tolist())
