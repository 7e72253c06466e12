"""Look at granules' pictures before reading their data."""

from __future__ import annotations

import io
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from earthcare_tutorial._http import BUSY, TRIES, fetch, session
from earthcare_tutorial._notes import _say
from earthcare_tutorial.assets import pick_assets
from earthcare_tutorial.products import identify, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pystac
    import requests
    from matplotlib.axes import Axes

CONNECTIONS = 6  # pictures at a time, as a browser would
FEWER = TRIES | {"busy": 4}  # of a gallery, a lost panel is cheap
PANEL_PIXELS = 800  # of the longer side; more than that no panel shows
WIDTH, LABEL = 9.0, 0.45  # inches: of a gallery, and for the label above a panel
TALLEST = 2.5  # a panel's height by its width; taller pictures become narrower


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

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("M-COP", orbit_and_frame="04537E", baseline="BA")
    >>> ect.quicklook_url(item).rpartition("/")[2]
    'ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E.BID_1.jpeg'
    """
    files = pick_assets(item)
    url = files["quicklook"] or files["thumbnail"]
    if url is None:
        raise LookupError(f"{_name(item)} has neither a quicklook nor a thumbnail.")
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
        When the granule has no picture, or its link leads to none.
    ConnectionError
        When the server does not answer.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("M-COP", orbit_and_frame="04537E", baseline="BA")
    >>> ax = ect.show_quicklook(item)
    >>> ax.get_title().splitlines()[0]
    'MSI_COP_2A 04537E, baseline BA'
    """
    import matplotlib.pyplot as plt

    if ax is not None and not hasattr(ax, "imshow"):
        raise TypeError("show_quicklook takes axes to draw on after the item, and needs no token.")
    picture = _picture(item)
    if picture.is_thumbnail:
        _say(f"{_name(item)} has no quicklook: this is its thumbnail.")
    if ax is None:
        height, width = picture.pixels.shape[:2]
        size = (8, min(10, 8 * height / width + 0.6))
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    told = identify(item)
    ax.imshow(picture.pixels)
    ax.set_title(
        f"{told.file_type} {told.orbit_and_frame}, baseline {told.baseline}"
        f"{' (thumbnail)' * picture.is_thumbnail}\n{told.start_time:%Y-%m-%d %H:%M:%S} UTC"
    )
    ax.set_axis_off()
    return ax


def show_gallery(
    items: pystac.Item | Iterable[pystac.Item], columns: int = 3, *, max_items: int = 60
) -> np.ndarray:
    """Draw the pictures of many granules as a contact sheet, to choose from by eye.

    Each panel is numbered by the granule's position in the list: panel 6 shows ``items[6]``. A
    granule without a picture keeps its panel, which says why, and so does a printed note. Six
    pictures are fetched at a time; they need no token. Large ones are made smaller.

    Parameters
    ----------
    items : pystac.Item or iterable of pystac.Item
        Granules from :func:`search`, drawn in this order.
    columns : int, optional
        Panels in a row.
    max_items : int, optional
        Draw the first so many, and say so.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        One for each panel, in order, shape (n,); ``axes[0].figure`` is the figure.

    Raises
    ------
    ValueError
        When the list is empty, or has no room.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("M-COP", orbit_and_frame="04537E", baseline="BA")
    >>> axes = ect.show_gallery([item], columns=1)
    >>> len(axes)
    1
    """
    import matplotlib.pyplot as plt

    given = listed(items)
    if not given:
        raise ValueError("There are no granules to show: the list is empty.")
    if not isinstance(columns, int):
        raise TypeError("show_gallery takes a number of columns after the items, and no token.")
    if columns < 1 or max_items < 1:
        raise ValueError(f"columns={columns}, max_items={max_items}: each is 1 or more.")
    shown = given[:max_items]
    found, granules = _pictures(shown), [identify(item) for item in shown]
    columns, shapes = min(columns, len(shown)), _ratios(found)
    ratios = [max(shapes[first : first + columns]) for first in range(0, len(shown), columns)]
    heights = [ratio * WIDTH / columns for ratio in ratios]
    fig, axes = plt.subplots(
        len(ratios),
        columns,
        figsize=(WIDTH, sum(heights) + (len(ratios) + 1) * LABEL),
        gridspec_kw={"height_ratios": heights},
        layout="compressed",
        squeeze=False,
    )
    kinds = sorted({told.file_type for told in granules})
    fig.suptitle(kinds[0] if len(kinds) == 1 else "Quicklooks", fontsize="medium")
    reasons: dict[str, list[str]] = {}
    for n, (told, picture) in enumerate(zip(granules, found, strict=True)):
        kind = f"{told.file_type} " if len(kinds) > 1 else ""
        label = f"{n}  {kind}{told.orbit_and_frame} {told.baseline}"
        when = f"{told.start_time:%Y-%m-%d %H:%M} UTC"
        _draw_panel(axes.flat[n], f"{label}\n{when}", picture, ratios[n // columns], columns)
        if isinstance(picture, Exception):
            reasons.setdefault(str(picture), []).append(str(n))
    for ax in axes.flat[len(shown) :]:
        ax.remove()
    for reason, panels in reasons.items():
        _say(f"Panel{'s' * (len(panels) > 1)} {', '.join(panels)}: {reason}")
    if len(given) > len(shown):
        _say(f"These are the first {len(shown)} of {len(given)}; max_items allows for more.")
    return np.asarray(axes.flat[: len(shown)])


class Picture(NamedTuple):
    """Pixels (height, width, 3), whether of a made-up scene, and whether of the thumbnail."""

    pixels: np.ndarray
    synthetic: bool
    is_thumbnail: bool = False


def _pictures(items: list[pystac.Item]) -> list[Picture | Exception]:
    """Get many pictures at a time, in order; where there is none, the error that says why."""
    silent: list[ConnectionError] = []

    def look(item: pystac.Item) -> Picture | Exception:
        if len(silent) >= CONNECTIONS:
            return silent[0]  # do not besiege a server that is down
        try:
            return _picture(item, patient, PANEL_PIXELS)
        except LookupError as error:
            return error
        except ConnectionError as error:
            silent.append(error)
            return error

    with session() as patient, ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(look, items))


def _picture(
    item: pystac.Item, using: requests.Session | None = None, longest: int = 1 << 20
) -> Picture:
    """Get the quicklook, or else the thumbnail, no longer than so many pixels."""
    quicklook_url(item)  # says so when there is no picture at all
    files, seen = pick_assets(item), []
    for name in filter(files.get, ("quicklook", "thumbnail")):
        # what is half a picture may be whole when asked for again
        whole = {"good": lambda _, body: _decode(body, longest), "tries": FEWER}
        answer, body = fetch(str(files[name]), using, **whole)
        if answer.status_code in BUSY:
            raise ConnectionError(f"The picture server answers {answer.status_code}: try later.")
        picture = _decode(body, longest) if answer.ok else None
        if picture:
            return picture._replace(is_thumbnail=name == "thumbnail")
        seen.append("sends no picture" if answer.ok else f"answers {answer.status_code}")
    raise LookupError(f"{_name(item)} has a picture listed, but its link {seen[0]}.")


def _decode(body: bytes, longest: int) -> Picture | None:
    """Read a JPEG or PNG; None when it is neither, or not whole."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(body), formats=("JPEG", "PNG")) as image:
            synthetic = "SYNTHETIC" in str(image.info.get("comment"))
            image.thumbnail((longest, longest))
            return Picture(np.asarray(image.convert("RGB")), synthetic)
    except (OSError, SyntaxError, Image.DecompressionBombError):  # as Pillow says "broken"
        return None


def _name(item: pystac.Item) -> str:
    told = identify(item)
    return f"{told.file_type} {told.orbit_and_frame}".strip() or item.id


def _ratios(found: list[Picture | Exception]) -> list[float]:
    """Return each panel's height by its width; one without a picture is like the others."""
    shapes = {n: each.pixels.shape for n, each in enumerate(found) if isinstance(each, Picture)}
    known = {n: min(height / width, TALLEST) for n, (height, width, _) in shapes.items()}
    usual = float(np.median([*known.values()] or [0.5]))
    return [known.get(n, usual) for n in range(len(found))]


def _draw_panel(
    ax: Axes, label: str, picture: Picture | Exception, ratio: float, columns: int
) -> None:
    """Draw one picture, or the reason why there is none, below its label."""
    size = min(8.5, 28 / columns)  # points
    ax.set(xticks=[], yticks=[])
    if isinstance(picture, Picture):
        ax.imshow(picture.pixels)
        height, width = picture.pixels.shape[:2]
        ax.set_xlim(-0.5, max(width, height / ratio) - 0.5)  # all panels of a row have one shape,
        ax.set_ylim(max(height, width * ratio) - 0.5, -0.5)  # so that each has room for its label
        ax.set_frame_on(False)
        label += ", thumbnail" * picture.is_thumbnail
        if picture.synthetic:  # above the picture: on it, there is no place to spare
            ax.set_title("synthetic\n", loc="right", fontsize=size, color="#8a1c1c")
    else:
        ax.set_box_aspect(ratio)
        ax.spines[:].set(linestyle=":", color="0.5")
        reason = textwrap.fill(str(picture), min(32, 96 // columns))
        ax.text(0.5, 0.5, reason, ha="center", va="center", fontsize=size, color="0.3")
    ax.set_title(label, loc="left", fontsize=size)
