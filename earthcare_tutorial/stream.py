"""Read a few variables of a granule over HTTPS, without downloading the file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from earthcare_tutorial._ranges import RemoteRanges, open_connections
from earthcare_tutorial.assets import h5_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pystac
    import xarray as xr

    from earthcare_tutorial.auth import Token

# The first request of a granule brings its size and mostly all of its metadata.
FIRST = 256 << 10
# Read at a time: while one is unpacked, others are under way.
VARIABLES = 4


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
        The variables to load, exactly these. When left out, everything is there but no values
        are read until they are used, by this or any other thread, or by a dask worker that the
        dataset was sent to. Nothing stays open in either case.
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
    from earthcare_tutorial._plan import Granule, open_lazily  # h5py takes long to import

    url = item_or_url if isinstance(item_or_url, str) else h5_url(item_or_url)
    wanted = [variables] if isinstance(variables, str) else variables
    open_connections(url)
    remote = RemoteRanges(url, token, FIRST, from_item=not isinstance(item_or_url, str))
    granule = Granule(remote, group)
    if wanted is None:
        ds = open_lazily(granule, None).isel(isel)
    else:
        ds = open_lazily(granule, wanted)[list(wanted)].isel(isel)
        with ThreadPoolExecutor(VARIABLES, "earthcare-variable") as pool:
            try:
                list(pool.map(lambda each: each.load(), ds.variables.values()))
            except BaseException:  # one of them failed, or somebody pressed stop
                remote.stopped = True
                raise
    ds.encoding["source"] = url
    ds.attrs["granule_id"] = url.rpartition("/")[2].partition(".")[0]
    return ds
