"""Make the figures of the built book light, and the paper around them clear.

256 colours are all that a large figure shows. The white around axes and legends becomes
transparent, so that the style sheet dims it in the dark. What lies inside axes stays as it was
drawn: white may be clear sky there, and next to it a light grey means that there is no value.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HEAVY = 60_000  # bytes; smaller pictures keep all their colours
#: Pixels: how far from the paper the white inside a letter reaches at most, and how wide it is.
#: White patches in a legend are as near, and wider.
LETTER, WIDE = 6, 9
#: Paper in an SVG: a sheet of its own size, or what Matplotlib draws first.
_SHEET = re.compile(
    r'(?P<svg><svg\b[^>]*>.*?)(?:<rect width="\d+" height="\d+" fill="#fff"/>'
    r'|<g id="patch_1">.*?</g>)',
    re.S,
)


def spread(start: np.ndarray, within: np.ndarray) -> np.ndarray:
    """Mark all pixels ``within`` that hang together with those at the start."""
    reached = start & within
    known = -1
    while known != (known := int(reached.sum())):
        for axis in (0, 1):
            for step in (1, -1):
                rows = np.moveaxis(reached, axis, 0)[::step]
                free = np.moveaxis(within, axis, 0)[::step]
                for row in range(1, len(rows)):
                    rows[row] |= rows[row - 1] & free[row]
    return reached


def near(mask: np.ndarray, pixels: int) -> np.ndarray:
    """Mark all that lies at most some pixels away from a mask."""
    for axis in (0, 1):
        mask = np.any([np.roll(mask, by, axis) for by in range(-pixels, pixels + 1)], axis=0)
    return mask


def paper(picture: Image.Image) -> np.ndarray:
    """Mask of the paper around what is drawn, and inside its letters.

    Parameters
    ----------
    picture : PIL.Image.Image
        Drawn on pure white.

    Returns
    -------
    numpy.ndarray of bool, rows by columns
    """
    white = np.asarray(picture.convert("RGB")).min(axis=-1) == 255
    edge = np.ones_like(white)
    edge[1:-1, 1:-1] = False
    around = spread(edge, white)
    inside = white & ~around
    wide = np.all([np.roll(inside, -by, axis=1) for by in range(WIDE)], axis=0)
    return around | inside & ~spread(wide | ~near(around, LETTER), inside)


def cleared(picture: Image.Image) -> Image.Image:
    """Return a picture in RGBA whose paper is transparent."""
    clear = picture.convert("RGB")
    clear.putalpha(Image.fromarray(np.where(paper(picture), 0, 255).astype(np.uint8)))
    return clear


def lighten(path: Path) -> None:
    """Write a PNG anew: clear paper, and a palette of its own colours where that makes it light."""
    with Image.open(path) as opened:
        picture = opened.convert("RGBA")
    if picture.getextrema()[3][0] < 255:
        return  # it was drawn with transparent parts, or in an earlier build
    if path.stat().st_size < HEAVY:
        cleared(picture).save(path, optimize=True)
        return
    few = picture.convert("RGB").quantize(255, dither=Image.Dither.NONE, kmeans=2)
    palette = [*(few.getpalette() or []), *(3 * 255 * [0])][: 3 * 255]
    few.putpalette([*palette, 255, 255, 255])
    few.paste(255, mask=Image.fromarray(paper(picture)))  # the index that no other colour has
    few.save(path, optimize=True, transparency=255)


def lighten_all(app: Any, exception: Exception | None) -> None:
    """Do so for all pictures of a build that went well."""
    if exception is None:
        for path in (Path(app.outdir) / "_images").glob("*.png"):
            lighten(path)
        for path in (Path(app.outdir) / "_images").glob("*.svg"):
            drawn = path.read_text(encoding="utf-8")
            path.write_text(_SHEET.sub(r"\g<svg>", drawn, count=1), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", lighten_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
