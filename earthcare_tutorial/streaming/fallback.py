"""What pyfive does not read goes through HDF5, from memory: slower, and right."""

from __future__ import annotations

from reprlib import repr as short
from typing import TYPE_CHECKING, Any, TypeVar

import h5netcdf
import h5py
import numpy as np
from xarray.backends import H5NetCDFStore

from earthcare_tutorial.streaming.headers import Reader, outside, read_notes
from earthcare_tutorial.streaming.remote import CONNECTIONS, GranuleError, RemoteFile
from earthcare_tutorial.streaming.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import xarray as xr

    Found = tuple[dict[str, xr.Variable], dict[str, Any]]

T = TypeVar("T")
MOST_AHEAD = 64  # blocks


class _InMemory(Reader):
    """The blocks of a remote file that are here. HDF5 never waits: what is missing is noted."""

    def __init__(self, remote: RemoteFile) -> None:
        super().__init__(remote)
        self.missing = set[int]()

    def readinto(self, buffer: Any) -> int:
        start, end = self._place, min(self._place + len(buffer), self._remote.size)
        if lacks := self._remote.lacks(start, end):
            self.missing |= {*lacks}
            raise OSError("not here yet")
        body = self._remote.from_blocks(start, end)
        buffer[: len(body)] = body
        self._place += len(body)
        return len(body)


def through_hdf5(remote: RemoteFile, question: Callable[[h5py.File], T]) -> T:
    """Put a question to HDF5 until it misses no part of the file.

    HDF5 has one lock for all threads. Nobody waits for the network with it: a thread that collects
    garbage meanwhile may need it, and then both would wait forever.
    """
    ahead = 1
    while True:
        file = _InMemory(remote)
        try:
            with h5py.File(file) as h5:
                answer = question(h5)
        except Exception as error:
            if not file.missing:
                if isinstance(error, GranuleError):
                    raise
                raise remote.damaged("HDF5 cannot read it") from None
        if not file.missing:  # h5py passes over some errors
            return answer
        wanted = {number + n for number in file.missing for n in range(ahead)}
        in_threads(remote.block, sorted(wanted), CONNECTIONS)
        ahead = min(2 * ahead, MOST_AHEAD)


def look(remote: RemoteFile, paths: Sequence[str]) -> tuple[list[Found], str]:
    """Return variables and attributes of some groups, as they are stored, and the notes."""

    def ask(h5: h5py.File) -> tuple[list[Found], str]:
        stores = [_store(remote, h5, path) for path in paths]
        parts = [each.load() for each in stores]  # type: ignore[no-untyped-call]
        return [(dict(variables), dict(attrs)) for variables, attrs in parts], read_notes(h5)

    return through_hdf5(remote, ask)


def read(remote: RemoteFile, path: str, key: tuple[Any, ...]) -> np.ndarray:
    """Read a part of a variable."""
    group, _, name = path.rpartition("/")

    def values(h5: h5py.File) -> np.ndarray:
        store = _store(remote, h5, group)  # its variables do not keep it
        return np.asarray(store.ds.variables[name][key])

    return through_hdf5(remote, values)


def _store(remote: RemoteFile, h5: h5py.File, path: str) -> H5NetCDFStore:
    """Open a group as xarray does, unless something in it leads out of the file."""
    at = h5
    for step in filter(None, path.split("/")):
        _stay_inside(remote, at, [step])
        if not isinstance(at.get(step), h5py.Group):
            raise GranuleError(f"{remote.name} has no group {short(path)}, only {', '.join(at)}.")
        at = at[step]
    _stay_inside(remote, at, list(at))
    root = h5netcdf.File(h5, "r", phony_dims="access", decode_vlen_strings=True)
    return H5NetCDFStore(root, group=path or "/")


def _stay_inside(remote: RemoteFile, group: h5py.Group, names: list[str]) -> None:
    """Refuse a file that shows parts of other files, be they on this computer."""
    for name in names:
        if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
            raise outside(remote)
        found = group.get(name)
        if found is not None and found.file.id != group.file.id:
            raise outside(remote)
        if isinstance(found, h5py.Dataset) and (found.external or found.is_virtual):
            raise outside(remote)
