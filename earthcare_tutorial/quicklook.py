"""Look at a granule's picture before reading its data."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from earthcare_tutorial._http import BUSY, fetch
from earthcare_tutorial._notes import _say
from earthcare_tutorial.assets import pick_assets
from earthcare_tutorial.products import identify

if TYPE_CHECKING:
    import pystac
    from matplotlib.axes import Axes
    from numpy.typing import NDArray


def quicklook_url(item: pystac.Item) -> str:
    """Return the link of a granule's picture: its quicklook, or else its thumbnail.

    Parameters
    ----------
    item : pystac.Item
        A granule from :func:`search`.

    Returns
    -------
    str
        The link; it needs no token.

    Raises
    ------
    LookupError
        When the granule has no picture.
    """
    files = pick_assets(item)
    url = files["quicklook"] or files["thumbnail"]
    if url is None:
        raise LookupError(f"{item.id} has neither a quicklook nor a thumbnail.")
    return url


def show_quicklook(item: pystac.Item, ax: Axes | None = None) -> Axes:
    """Draw a granule's picture, with what it shows as the title.

    Parameters
    ----------
    item : pystac.Item
        A granule from :func:`search`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when left out.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the picture.

    Raises
    ------
    LookupError
        When the granule has no picture, or its link leads nowhere.
    ConnectionError
        When the server does not answer.
    """
    import matplotlib.pyplot as plt

    picture, is_thumbnail = _picture(item)
    if ax is None:
        height, width = picture.shape[:2]
        size = (8, min(10, 8 * height / width + 0.6))
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    told = identify(item)
    ax.imshow(picture)
    ax.set_title(
        f"{told.file_type} {told.orbit_and_frame}, baseline {told.baseline}"
        f"{' (thumbnail)' if is_thumbnail else ''}\n{told.start_time:%Y-%m-%d %H:%M:%S} UTC"
    )
    ax.set_axis_off()
    return ax


def _picture(item: pystac.Item) -> tuple[NDArray[Any], bool]:
    """Get the quicklook as an array (height, width, 3), or else the thumbnail."""
    from matplotlib.image import imread

    quicklook_url(item)  # says so when there is no picture at all
    files = pick_assets(item)
    for name in ("quicklook", "thumbnail"):
        url = files[name]
        if url is None:
            continue
        answer, body = fetch(url)
        if answer.ok and body.startswith((b"\xff\xd8", b"\x89PNG")):
            if name == "thumbnail":
                _say(f"No quicklook of {item.id}: this is its thumbnail.")
            kind = "png" if body.startswith(b"\x89") else "jpg"
            return imread(io.BytesIO(body), format=kind), name == "thumbnail"
        if answer.status_code in BUSY:
            raise ConnectionError(f"The picture server answers {answer.status_code}: try later.")
    raise LookupError(f"The picture of {item.id} is listed, but its link leads to no picture.")
