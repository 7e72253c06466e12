"""Read a few variables of a granule over HTTPS, without downloading the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from earthcare_tutorial._signing import hidden
from earthcare_tutorial.streaming.remote import GranuleError, RemoteFile, plain_url
from earthcare_tutorial.streaming.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pystac
    import xarray as xr

    from earthcare_tutorial.auth import Token
    from earthcare_tutorial.streaming.headers import Group

SCIENCE = "ScienceData"
JAXA_GROUPS = ("Data", "Geo")  # of a JAXA product, what belongs together
VARIABLES = 4  # read at a time: while one is unpacked, others are under way


def open_granule(
    item_or_url: pystac.Item | str,
    token: Token | str,
    variables: str | Sequence[str] | None = None,
    group: str | None = None,
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
        dataset was sent to. Nothing stays open in either case. Dask streams each stored chunk once
        where its own are multiples of them: ``ds.chunk(ds[name].encoding["preferred_chunks"])``.
    group : str, optional
        Where in the file to look. When left out it is "ScienceData"; of a JAXA product it is
        "ScienceData/Data" and "ScienceData/Geo" together. Where both have a variable of one name,
        that of Geo is called "NAME_Geo".
    isel : mapping, optional
        Part of each dimension, such as ``{"along_track": slice(0, 1000)}``.

    Returns
    -------
    xarray.Dataset
        Variables under the names and in the units of the file, fill values as NaN. Swath variables
        have the shape (along_track, across_track). Dimensions without a name, as JAXA's, are
        numbered: "phony_dim_0". Times are UTC: the files count the leap seconds since 2000, which
        are taken off, as the attribute "leap_seconds" of the variable says.
        ``ds.attrs["granule_id"]`` names the granule, and ``ds.attrs["synthetic"]`` is there when
        the file says that it is made up.

    Raises
    ------
    PermissionError
        When the server does not let this token read the file.
    FileNotFoundError
        When there is no such file.
    ConnectionError
        When the server cannot be reached, or the stream breaks.
    ValueError
        When the file is no HDF5, is damaged, leads to other files, or has no such group or
        variable; lists what there is.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("M-COP", orbit_and_frame="04537E", baseline="BA")
    >>> ds = ect.open_granule(item, ect.login(), ["latitude", "cloud_top_height"])
    >>> ds["cloud_top_height"].dims, ds["cloud_top_height"].attrs["units"]
    (('along_track', 'across_track'), 'm')
    """
    token = hidden(token)
    remote = RemoteFile(item_or_url, token)
    wanted = [variables] if isinstance(variables, str) else variables
    ds = _open_lazily(remote, group, wanted)
    if wanted is not None:
        ds = ds[list(wanted)]
    ds = ds.isel(isel)
    if wanted is not None:
        remote.readers = min(VARIABLES, len(ds.variables))
        in_threads(lambda name: ds.variables[name].load(), list(ds.variables), VARIABLES)
    ds.encoding["source"] = plain_url(remote.url)
    return ds


def _open_lazily(remote: RemoteFile, path: str | None, wanted: Sequence[str] | None) -> xr.Dataset:
    """Return the variables wanted with those that belong to them, or all; none is read yet."""
    import xarray as xr  # like what these modules import, it takes long

    from earthcare_tutorial.streaming.headers import let_hdf5_decide, open_file, read_notes
    from earthcare_tutorial.streaming.variables import (
        Store,
        find_through_hdf5,
        find_variables,
    )

    places: dict[str, dict[str, int]] = {path or SCIENCE: {}}  # in these groups: name, address
    try:
        groups = _choose_groups(remote, path, wanted)
        places = {group.path: group.links for group in groups}
        variables = find_variables(remote, groups, wanted)
        attrs = [group.attrs for group in groups]
        notes = read_notes(open_file(remote))
    except (GranuleError, OSError):  # a sentence already
        raise
    except Exception as error:
        let_hdf5_decide(remote, error)
        variables, attrs, notes = find_through_hdf5(remote, places)
    if unknown := [name for name in wanted or () if name not in variables]:
        raise GranuleError(
            f"{' and '.join(places)} has no {', '.join(unknown)}; it has {', '.join(variables)}."
        )
    together = {key: value for each in reversed(attrs) for key, value in each.items()}
    ds = xr.open_dataset(Store(variables, together), engine="store")
    ds.attrs["granule_id"] = remote.name.partition(".")[0]
    if notes.upper().startswith("SYNTHETIC"):
        ds.attrs["synthetic"] = notes
    return ds


def _choose_groups(
    remote: RemoteFile, path: str | None, wanted: Sequence[str] | None
) -> list[Group]:
    """Find the group asked for, or where the variables of a product are."""
    from earthcare_tutorial.streaming.headers import is_variable, open_group

    science = open_group(remote, path or SCIENCE)
    links = science.links
    if path or (wanted and links.keys() >= set(wanted)):
        return [science]
    if links.keys() >= set(JAXA_GROUPS):
        return [open_group(remote, f"{SCIENCE}/{name}") for name in JAXA_GROUPS]
    if not any(is_variable(remote, address) for address in links.values()):
        first = next(iter(links), "")
        raise GranuleError(
            f"{SCIENCE} of {remote.name} holds only groups: {', '.join(links)}."
            f' Say which, as in group="{SCIENCE}/{first}".'
        )
    return [science]
