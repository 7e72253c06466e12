"""Make `land_mask.png`, the land mask of the synthetic scenes, from Natural Earth.

Natural Earth (naturalearthdata.com, 1:50 million) is in the public domain. Its land polygons were
taken as TopoJSON from the npm package world-atlas 2.0.2 (ISC licence); `npm pack world-atlas@2.0.2`
fetches it. Then::

    python -m earthcare_synthetic.scene.make_land_mask package/land-50m.json

Run by hand, once; nothing needs the TopoJSON afterwards.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

#: Pixels per degree of the mask: 0.05 degree, about 5.6 km, is what 1:50 million can show.
PER_DEGREE = 20
OUTPUT = Path(__file__).with_name("land_mask.png")

Ring = list[tuple[float, float]]


def decode_arcs(topology: dict[str, Any]) -> list[Ring]:
    """Longitude and latitude of every arc, which TopoJSON stores as quantised steps."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)
    return arcs


def ring(indices: list[int], arcs: list[Ring]) -> Ring:
    """One closed ring; a negative index is the complement of an arc to walk backwards."""
    points: Ring = []
    for index in indices:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        points += arc[1:] if points else arc
    return points


def unwrapped(points: Ring) -> Ring:
    """The ring with longitudes made continuous, and closed over the pole if it goes round it.

    Natural Earth's rings cross the antimeridian in one step of 360 degrees.
    """
    turns = 0
    out = [points[0]]
    for (before, _), (lon, lat) in pairwise(points):
        turns += (lon - before < -180) - (lon - before > 180)
        out.append((lon + 360 * turns, lat))
    if turns:  # only Antarctica
        out += [(out[-1][0], -90.0), (out[0][0], -90.0)]
    return out


def rasterise(topology: dict[str, Any]) -> Image.Image:
    """Land as a 1-bit picture from 90 N, 180 W; holes (the Caspian Sea) are cut out again."""
    arcs = decode_arcs(topology)
    picture = Image.new("1", (360 * PER_DEGREE, 180 * PER_DEGREE), 0)
    draw = ImageDraw.Draw(picture)
    polygons = [
        [unwrapped(ring(indices, arcs)) for indices in polygon]
        for geometry in topology["objects"]["land"]["geometries"]
        for polygon in geometry["arcs"]
    ]
    for colour in (1, 0):
        for polygon in polygons:
            for points in polygon[:1] if colour else polygon[1:]:
                for turn in (-360, 0, 360):
                    pixels = [
                        ((lon + 180 + turn) * PER_DEGREE - 0.5, (90 - lat) * PER_DEGREE - 0.5)
                        for lon, lat in points
                    ]
                    draw.polygon(pixels, fill=colour)
    return picture


if __name__ == "__main__":
    rasterise(json.loads(Path(sys.argv[1]).read_text())).save(OUTPUT, optimize=True)
