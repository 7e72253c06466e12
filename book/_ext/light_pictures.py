"""Make the figures of the built book light: 256 colours are all that a figure shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

HEAVY = 60_000  # bytes; smaller pictures are left alone


def lighten(path: Path) -> None:
    """Write a PNG anew with a palette of its own colours, if that makes it smaller."""
    with Image.open(path) as opened:
        picture = opened.convert("RGBA")
    if picture.getextrema()[3][0] < 255:  # it has transparent parts
        return
    smaller = path.with_suffix(".small.png")
    few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(smaller, optimize=True)
    if smaller.stat().st_size < path.stat().st_size:
        smaller.replace(path)
    else:
        smaller.unlink()


def lighten_all(app: Any, exception: Exception | None) -> None:
    """Do so for all pictures of a build that went well."""
    if exception is None:
        for path in (Path(app.outdir) / "_images").glob("*.png"):
            if path.stat().st_size > HEAVY:
                lighten(path)


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", lighten_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
