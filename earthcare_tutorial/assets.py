"""Tell the files of a granule apart, by what they are and not by what their key says."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from earthcare_tutorial._notes import one_granule

if TYPE_CHECKING:
    import pystac


def pick_assets(item: pystac.Item) -> dict[str, str | None]:
    """Find a granule's data file, header, zip and pictures.

    The keys of the assets have changed over time (``enclosure_1``, ``enclosure_h5``), and on some
    JAXA products the two enclosures are swapped, so the end of each link decides.

    Parameters
    ----------
    item : pystac.Item
        A granule from :func:`search`.

    Returns
    -------
    dict of str to str or None
        Links under the keys "h5", "hdr", "zip", "quicklook" and "thumbnail"; None where the
        granule has no such file.

    Raises
    ------
    ValueError
        When it is the id of a granule, and no item.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-EBD", orbit_and_frame="04537E")
    >>> ect.pick_assets(item)["hdr"].rpartition("/")[2]
    'ECA_EXBA_ATL_EBD_2A_20250316T133058Z_20250912T203558Z_04537E.HDR'
    """
    one_granule(item)
    found: dict[str, str | None] = dict.fromkeys(("h5", "hdr", "zip", "quicklook", "thumbnail"))
    for asset in item.assets.values():
        kind = _kind(asset)
        if kind and found[kind] is None:
            found[kind] = asset.href
    return found


def _kind(asset: pystac.Asset) -> str | None:
    path, roles = urlsplit(asset.href or "").path.lower(), asset.roles or []
    if "/zipper/" in path or path.endswith(".zip"):
        return "zip"  # the zip service names the folder, without an ending
    if path.endswith((".h5", ".hdr")):
        return path.rpartition(".")[2]
    if path.endswith((".jpeg", ".jpg", ".png")):
        return "thumbnail" if "thumbnail" in roles and "overview" not in roles else "quicklook"
    return None


def h5_url(item: pystac.Item) -> str:
    """Return the link of a granule's HDF5 file.

    Parameters
    ----------
    item : pystac.Item
        A granule from :func:`search`.

    Returns
    -------
    str
        The link; it needs a token.

    Raises
    ------
    LookupError
        When the granule has no such file; the message names the endings that it has.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-EBD", orbit_and_frame="04537E")
    >>> ect.h5_url(item).rpartition("/")[2]
    'ECA_EXBA_ATL_EBD_2A_20250316T133058Z_20250912T203558Z_04537E.h5'
    """
    url = pick_assets(item)["h5"]
    if url is None:
        paths = (PurePosixPath(urlsplit(asset.href or "").path) for asset in item.assets.values())
        endings = ", ".join(sorted({path.suffix for path in paths if path.suffix})) or "no files"
        raise LookupError(f"{item.id} has no .h5 file, only {endings}.")
    return url
