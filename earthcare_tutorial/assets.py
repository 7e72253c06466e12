"""Tell the files of a granule apart, by what they are and not by what their key says."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from earthcare_tutorial._notes import one_granule

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    >>> from datetime import datetime
    >>> import pystac
    >>> swapped = {"enclosure_h5": "https://host/A.HDR", "enclosure_hdr": "https://host/A.h5"}
    >>> item = pystac.Item("A", None, None, datetime(2025, 3, 16), {})
    >>> for key, href in swapped.items():
    ...     item.add_asset(key, pystac.Asset(href))
    >>> pick_assets(item)["h5"]
    'https://host/A.h5'
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
    """
    url = pick_assets(item)["h5"]
    if url is None:
        paths = (PurePosixPath(urlsplit(asset.href or "").path) for asset in item.assets.values())
        endings = ", ".join(sorted({path.suffix for path in paths if path.suffix})) or "no files"
        raise LookupError(f"{item.id} has no .h5 file, only {endings}.")
    return url


def listed(items: pystac.Item | Iterable[pystac.Item]) -> list[pystac.Item]:
    """Return granules as a list, one alone too."""
    if hasattr(items, "assets") or isinstance(items, str):
        return [cast("pystac.Item", items)]
    return list(items)
