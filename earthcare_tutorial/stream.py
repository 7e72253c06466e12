"""Read a few variables of a granule over HTTPS, without downloading the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from earthcare_tutorial._ranges import RemoteRanges, open_connections
from earthcare_tutorial._sparse import PlacedFile
from earthcare_tutorial.assets import h5_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pystac
    import xarray as xr

    from earthcare_tutorial.auth import Token

# The first request of a granule brings its size and mostly all of its metadata.
FIRST = 256 << 10
# Without a plan, blocks of 1 MiB: of the fixed sizes tried the one that moves few bytes in few
# requests. Blocks of 8 MiB move up to four times the bytes.
BLOCK_SIZE = 1 << 20


def open_granule(
    item_or_url: pystac.Item | str,
    token: Token | str,
    variables: str | Sequence[str] | None = None,
    group: str = "ScienceData",
    isel: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    """Open a granule where it is, and read the variables asked for.

    Parameters
    ----------
    item_or_url : pystac.Item or str
        A granule from :func:`search`, or the link of an .h5 file.
    token : Token or str
        From :func:`login`; a :class:`Token` is renewed while reading, a string is used as it is.
    variables : str or sequence of str, optional
        The variables to load, exactly these. When left out, everything is there but nothing is
        read until it is used, and the file stays open until ``ds.close()``.
    group : str, optional
        Where in the file to look; JAXA products have "ScienceData/Data" and "ScienceData/Geo".
    isel : mapping, optional
        Part of each dimension, such as ``{"along_track": slice(0, 1000)}``.

    Returns
    -------
    xarray.Dataset
        Variables under the names and in the units of the file, fill values as NaN. Swath variables
        have the shape (along_track, across_track). ``ds.attrs["synthetic"]`` is there when the
        file says that it is made up. ``time`` is as xarray decodes it, which is 5 s late: the
        files count the leap seconds since 2000, and xarray does not.

    Raises
    ------
    PermissionError
        When the server does not let this token read the file.
    FileNotFoundError
        When there is no such file.
    ConnectionError
        When the server cannot be reached, or the stream breaks.
    ValueError
        When the file is no HDF5, or has no such group or variable; lists what there is.
    """
    from earthcare_tutorial._plan import load  # h5py takes long to import

    url = item_or_url if isinstance(item_or_url, str) else h5_url(item_or_url)
    if variables is None:
        ds = _open_lazily(_RemoteFile(RemoteRanges(url, token, BLOCK_SIZE)), group, isel)
    else:
        wanted = [variables] if isinstance(variables, str) else list(variables)
        open_connections(url)
        ds = load(RemoteRanges(url, token, FIRST), group, wanted, isel or {})
    ds.encoding["source"] = url
    return ds


def _open_lazily(file: _RemoteFile, group: str, isel: Mapping[str, Any] | None) -> xr.Dataset:
    import h5py
    import xarray as xr

    from earthcare_tutorial._plan import read_notes

    with h5py.File(file) as h5:  # the blocks it reads stay in the cache for xarray
        if group not in h5:
            raise ValueError(f"The file has no group {group!r}, only {', '.join(h5)}.")
        notes = read_notes(h5)
    ds = xr.open_dataset(file, engine="h5netcdf", group=group, phony_dims="access")
    if notes.upper().startswith("SYNTHETIC"):
        ds.attrs["synthetic"] = notes
    return ds.isel(isel) if isel else ds


class _RemoteFile(PlacedFile):
    """A link as a file: fetches blocks as they are read, and keeps the last of them.

    fsspec opens links too, but fetches in another thread while h5py, in this one, holds its lock.
    When Python's garbage collector meets an old HDF5 object over there, both wait forever.
    """

    mode = "rb"

    def __init__(self, remote: RemoteRanges) -> None:
        from fsspec.caching import BlockCache

        self._remote, self.size = remote, remote.size
        self._cache = BlockCache(BLOCK_SIZE, self._block, remote.size)

    def _block(self, start: int, end: int) -> bytes:
        first = self._remote.start  # came with the size of the file
        return first[start:end] if end <= len(first) else self._remote.fetch(start, end)

    def readinto(self, buffer: Any) -> int:
        """Read as many bytes as the buffer holds, or as are left."""
        data = self._cache._fetch(self._place, min(self._place + len(buffer), self.size))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def __reduce__(self) -> tuple[Any, ...]:
        return _RemoteFile, (self._remote,)
