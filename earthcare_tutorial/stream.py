"""Read a few variables of a granule over HTTPS, without downloading the file."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from earthcare_tutorial._http import BUSY, fetch
from earthcare_tutorial.assets import h5_url
from earthcare_tutorial.auth import TOKEN_PAGE, Token, _Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import aiohttp
    import h5py
    import pystac
    import requests
    import xarray as xr
    from fsspec.spec import AbstractBufferedFile

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
    import aiohttp

    url = item_or_url if isinstance(item_or_url, str) else h5_url(item_or_url)
    token = token if isinstance(token, Token) else _Secret(token)
    file = _open_file(url, token, size=_check_hdf5(url, token))
    try:
        ds = _read_group(file, group, variables, isel)
    except (aiohttp.ClientError, OSError) as error:
        trouble = f"{type(error).__name__}: {error}"
        ds = None
    if ds is None:  # raised out here, for the errors of aiohttp carry the request with its token
        name = url.rpartition("/")[2]
        raise ConnectionError(f"The stream of {name} broke ({trouble}); try again.")
    ds.encoding["source"] = url
    return ds


def _read_group(
    file: AbstractBufferedFile,
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


def _check_hdf5(url: str, token: Token | str) -> int:
    """Read the first bytes of the file, to know that they are HDF5; return the file's size."""
    answer, start = _first_bytes(url, _bearer(token))
    if answer.status_code == 401 and isinstance(token, Token):
        answer, start = _first_bytes(url, token.renew(rejected=_bearer(token)))
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


def _first_bytes(url: str, bearer: str) -> tuple[requests.Response, bytes]:
    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = _Secret(f"Bearer {bearer}")
        return request

    count = len(_SIGNATURE)
    return fetch(url, {"Range": f"bytes=0-{count - 1}"}, sign=sign, first_bytes=count)


def _bearer(token: Token | str) -> str:
    return token.bearer() if isinstance(token, Token) else token


def _open_file(url: str, token: Token | str, size: int) -> AbstractBufferedFile:
    """Open a link as a file that fetches and keeps blocks, and signs each request as it goes."""
    from fsspec.implementations.http import HTTPFileSystem

    client = functools.partial(_signing_client, token=token, host=urlsplit(url).netloc)
    # Without skip_instance_cache fsspec would hand out an older file system, with an older token.
    fs = HTTPFileSystem(get_client=client, skip_instance_cache=True)
    return fs.open(url, "rb", size=size, block_size=BLOCK_SIZE, cache_type="blockcache")


async def _signing_client(token: Token | str, host: str, **kwargs: Any) -> aiohttp.ClientSession:
    """Make the session of fsspec's file system, which puts the token of the moment on requests."""
    import aiohttp

    async def sign(
        _session: aiohttp.ClientSession, _context: Any, request: aiohttp.TraceRequestStartParams
    ) -> None:
        # A redirect to another host is the same request to aiohttp, which drops the header then.
        if request.url.raw_authority == host:
            bearer = await asyncio.to_thread(_bearer, token)
            request.headers["Authorization"] = _Secret(f"Bearer {bearer}")

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(sign)
    return aiohttp.ClientSession(trace_configs=[trace], **kwargs)
