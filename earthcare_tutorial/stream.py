"""Read a few variables of a granule over HTTPS, without downloading the file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from earthcare_tutorial._http import BUSY, fetch, session
from earthcare_tutorial.assets import h5_url
from earthcare_tutorial.auth import TOKEN_PAGE, Token, _Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import h5py
    import pystac
    import requests
    import xarray as xr

# Fetch and keep blocks of 1 MiB: of the fixed sizes tried the one that moves few bytes in few
# requests. Blocks of 8 MiB move up to four times the bytes.
BLOCK_SIZE = 1 << 20

_SIGNATURE = b"\x89HDF\r\n\x1a\n"


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
    url = item_or_url if isinstance(item_or_url, str) else h5_url(item_or_url)
    file = _RemoteFile(url, token if isinstance(token, Token) else _Secret(token))
    ds = _read_group(file, group, variables, isel)
    ds.encoding["source"] = url
    return ds


def _read_group(
    file: _RemoteFile,
    group: str,
    variables: str | Sequence[str] | None,
    isel: Mapping[str, Any] | None,
) -> xr.Dataset:
    import h5py
    import xarray as xr

    with h5py.File(file) as h5:  # the blocks it reads stay in the cache for xarray
        if group not in h5:
            raise ValueError(f"The file has no group {group!r}, only {', '.join(h5)}.")
        notes = _notes(h5)
    ds = xr.open_dataset(file, engine="h5netcdf", group=group, phony_dims="access")
    if notes.upper().startswith("SYNTHETIC"):
        ds.attrs["synthetic"] = notes
    if variables is None:
        return ds.isel(isel) if isel else ds
    with ds, file:
        wanted = [variables] if isinstance(variables, str) else list(variables)
        unknown = [name for name in wanted if name not in ds.variables]
        if unknown:
            raise ValueError(
                f"{group} has no {', '.join(unknown)}; it has {', '.join(map(str, ds.variables))}."
            )
        return ds[wanted].isel(isel or {}).load()


def _notes(h5: h5py.File) -> str:
    """Read the header's free text, where a synthetic file says that it is one."""
    import h5py
    import numpy as np

    notes = h5.get("HeaderData/FixedProductHeader/Notes")
    if not isinstance(notes, h5py.Dataset) or not h5py.check_string_dtype(notes.dtype):
        return ""
    return "".join(np.ravel(notes.asstr()[()]).tolist())


class _RemoteFile(io.RawIOBase):
    """A link as a file: fetches blocks as they are read, and keeps the last of them.

    fsspec opens links too, but fetches in another thread while h5py, in this one, holds its lock.
    When Python's garbage collector meets an old HDF5 object over there, both wait forever.
    """

    mode = "rb"

    def __init__(self, url: str, token: Token | str) -> None:
        from fsspec.caching import BlockCache

        self._url, self._token, self._session = url, token, session()
        self._place = 0
        answer, start = self._ask(0, len(_SIGNATURE))
        self.size = _check_hdf5(url, answer, start)
        self._cache = BlockCache(BLOCK_SIZE, self._fetch, self.size)

    def _ask(self, start: int, end: int) -> tuple[requests.Response, bytes]:
        """Ask for the bytes from start to before end, with the token of the moment."""
        bearer = _bearer(self._token)

        def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {bearer}"
            return request

        wanted = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        answer, body = fetch(self._url, self._session, headers=wanted, auth=sign)
        if answer.status_code == 401 and isinstance(self._token, Token):
            bearer = self._token.renew(rejected=bearer)
            answer, body = fetch(self._url, self._session, headers=wanted, auth=sign)
        return answer, body

    def _fetch(self, start: int, end: int) -> bytes:
        """Get a block whole, asking again when it comes short: HDF5 would not always notice."""
        end = min(end, self.size)
        for attempt in range(3):
            try:
                answer, body = self._ask(start, end)
            except ConnectionError:
                if attempt == 2:
                    raise
                continue
            if answer.status_code == 206 and len(body) == end - start:
                return body
        name = self._url.rpartition("/")[2]
        raise ConnectionError(f"The stream of {name} broke ({answer.status_code}): try again.")

    def readinto(self, buffer: Any) -> int:
        """Read as many bytes as the buffer holds, or as are left."""
        data = self._cache._fetch(self._place, min(self._place + len(buffer), self.size))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file."""
        self._place = offset + (0, self._place, self.size)[whence]
        return self._place

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read in any order."""
        return True

    def __reduce__(self) -> tuple[Any, ...]:
        return _RemoteFile, (self._url, self._token)


def _bearer(token: Token | str) -> str:
    return token.bearer() if isinstance(token, Token) else token


def _check_hdf5(url: str, answer: requests.Response, start: bytes) -> int:
    """Check that a file begins as HDF5 does, and return its size."""
    name = url.rpartition("/")[2]
    status = answer.status_code
    if status == 401:
        raise PermissionError("The server does not accept the token (401): login() again.")
    if status == 403:
        raise PermissionError(
            f"The server refuses {name} (403): your account has no right to this collection, was"
            f" never activated at {TOKEN_PAGE}, or the file does not exist."
        )
    if status in (404, 410):
        raise FileNotFoundError(f"The server has no file {name} ({status}).")
    if status in BUSY or not answer.ok:
        raise ConnectionError(f"The server answers {status} for {name}: try again later.")
    if start != _SIGNATURE:
        if "html" in answer.headers.get("Content-Type", "") or start.lstrip().startswith(b"<"):
            raise PermissionError(
                f"The server answers with a web page in place of {name}: login() again, and open"
                f" {TOKEN_PAGE} once in a browser to see what it asks of you."
            )
        raise ValueError(f"{name} is no HDF5 file.")
    size = answer.headers.get("Content-Range", "").rpartition("/")[2]
    if status != 206 or not size.isdecimal():
        raise ValueError(f"The server sends {name} only as a whole, so it cannot be streamed.")
    return int(size)
