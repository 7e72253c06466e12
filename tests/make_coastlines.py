"""Make coastlines.npz of the helpers from the public-domain Natural Earth 1:50m land outlines.

The source is the file ``land-50m.json`` (TopoJSON) of the npm package ``world-atlas`` 2.0.2::

    npm pack world-atlas@2.0.2
    tar xzf world-atlas-2.0.2.tgz
    python tests/make_coastlines.py package/land-50m.json earthcare_tutorial/data/coastlines.npz
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

Lines = np.ndarray[tuple[int, int], np.dtype[Any]]
BREAK = -32768  # between two lines; no longitude or latitude in hundredths of a degree is that low


def decode_arcs(topology: dict[str, Any]) -> list[Lines]:
    """Turn the quantised differences of TopoJSON into (n, 2) arrays of degrees east and north."""
    scale, origin = topology["transform"]["scale"], topology["transform"]["translate"]
    return [np.cumsum(arc, axis=0) * scale + origin for arc in topology["arcs"]]


def drop_frame_of_the_map(line: Lines) -> list[Lines]:
    """Cut out the edges of the map (longitude ±180, the South Pole), which are no coast."""
    on_edge = (np.abs(line[:, 0]) > 179.99) | (line[:, 1] < -89.9)
    jumps = np.abs(np.diff(line[:, 0])) > 180
    cut = np.flatnonzero(on_edge[:-1] & on_edge[1:] | jumps) + 1
    return [piece for piece in np.split(line, cut) if len(piece) > 1]


def main(source: str, target: str) -> None:
    """Write the lines one after the other as int16 hundredths of a degree."""
    topology = json.loads(Path(source).read_text(encoding="utf-8"))
    gap = np.full((1, 2), BREAK, dtype="int16")
    parts: list[Lines] = []
    for arc in decode_arcs(topology):
        for line in drop_frame_of_the_map(arc):
            points = np.rint(line * 100).astype("int16")
            moved = np.r_[True, np.any(np.diff(points, axis=0) != 0, axis=1)]
            if moved.sum() > 1:
                parts += [points[moved], gap]
    np.savez_compressed(target, points=np.concatenate(parts))


if __name__ == "__main__":
    main(*sys.argv[1:3])
