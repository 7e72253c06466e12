"""Make the figures of the built book light, and their paper clear.

256 colours are all that a large figure shows. What was drawn in pure white becomes transparent, so
that the style sheet chooses the paper: white by day, dimmed in the dark, and no colour of data changes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

HEAVY = 60_000  # bytes; smaller pictures keep all their colours


def paper(picture: Image.Image) -> Image.Image:
    """Mask of a picture in RGB: 255 where it is pure white."""
    far = ImageChops.invert(picture)
    red, green, blue = far.split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue).point(lambda d: 255 * (not d))


def cleared(picture: Image.Image) -> Image.Image:
    """Return a picture in RGBA that is transparent where it was pure white."""
    clear = picture.convert("RGB")
    clear.putalpha(ImageChops.invert(paper(clear)))
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
    colours = picture.convert("RGB")
    white = paper(colours)
    few = colours.quantize(255, dither=Image.Dither.NONE, kmeans=2)
    palette = [*(few.getpalette() or []), *(3 * 255 * [0])][: 3 * 255]
    few.putpalette([*palette, 255, 255, 255])
    few.paste(255, mask=white)  # the index that no other colour has
    few.save(path, optimize=True, transparency=255)


def lighten_all(app: Any, exception: Exception | None) -> None:
    """Do so for all pictures of a build that went well."""
    if exception is None:
        for path in (Path(app.outdir) / "_images").glob("*.png"):
            lighten(path)


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", lighten_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
