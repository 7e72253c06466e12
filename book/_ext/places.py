"""Figures of frames that differ as places on Earth do, drawn from the scene itself.

Each page `book/gallery_*.md` shows one frame as lidar and radar see it, whole and zoomed in. No
file is written and no kernel runs: the scene is made at every fourth pixel of the imager, and the
fields go straight to `plot_curtain`. Two processes draw before the pages are read. What has not
changed since the last build is not drawn again.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

import earthcare_tutorial as ect
from earthcare_products.granule_ids import GranuleId, parse_granule_id
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.ground_track import frame_time
from earthcare_synthetic.instruments.lidar import view as lidar
from earthcare_synthetic.instruments.lidar.view import LidarView
from earthcare_synthetic.pictures.quicklook import collect
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.scene.clouds import Scene, make_scene
from earthcare_synthetic.scene.curtain import Curtain, make_curtain
from earthcare_tutorial.streaming.leap_seconds import EPOCH, to_utc

#: Where the figures lie, beside the pages and out of the repository.
FOLDER = Path(__file__).parent.parent / "_generated"
STAMP = FOLDER / "made_of.txt"
#: Frame -> height of its figure (km), and latitudes and height to zoom in to, where the track
#: crosses them first. Each has a page of its own.
PLACES = {
    "06109D": (15, 42, 49, 12),
    "05976G": (25, -79, -74, 25),
    "06032E": (18, 15, 20, 9),
    "05996H": (18, -35, -30, 4),
}
#: Product -> what is drawn of it, and what the curtain needs besides.
SHOWN = {
    "ATL_EBD_2A": ("particle_backscatter_coefficient_355nm", "simple_classification"),
    "CPR_FMR_2A": ("reflectivity_corrected", "detection_status"),
    "AC__TC__2B": ("synergetic_target_classification",),
}
PLACE = ("time", "latitude", "longitude", "height", "elevation", "surface_elevation")
LEVEL = 2  # every fourth pixel of the imager


class FirstLook(Frame):
    """A frame whose scene is coarse and kept nowhere."""

    @cached_property
    def scene(self) -> Scene:
        """Clouds and ground, at every fourth pixel."""
        return make_scene(self.product, LEVEL)

    @cached_property
    def curtain(self) -> Curtain:
        """Everything below the satellite."""
        return make_curtain(self.product, self.scene)

    @cached_property
    def lidar(self) -> LidarView:
        """What ATLID sees of the curtain."""
        return lidar.look(self.curtain, self.scene.swath.canvas.seed)


def granule(file_type: str, frame: str) -> GranuleId:
    """Id of a product of a frame, processed some day."""
    begin, _ = frame_time(int(frame[:5]), frame[5])
    return parse_granule_id(f"ECA_EXBA_{file_type}_{begin:%Y%m%dT%H%M%SZ}_20260101T000000Z_{frame}")


def as_streamed(product: GranuleId, frame: Frame) -> xr.Dataset:
    """What `open_granule` would give of a product, without its file."""
    table = {each.name: each for each in read_table(product.file_type)}
    names = [name for name in (*SHOWN[product.file_type], *PLACE) if name in table]
    fields = collect(product, frame, "ScienceData", names)
    told = {name: (table[name].dimensions, fields[name], table[name].attributes) for name in names}
    ds = xr.Dataset(told, attrs={"granule_id": product.text, "synthetic": True})
    seconds = to_utc(ds["time"].values)
    return ds.assign(time=("along_track", EPOCH + (1e9 * seconds).astype("timedelta64[ns]")))


def draw(frame: str) -> None:
    """Draw one frame, whole and zoomed in."""
    look = FirstLook(granule("ATL_EBD_2A", frame), Path())
    seen = {name: as_streamed(granule(kind, frame), look) for kind, (name, *_) in SHOWN.items()}
    whole, south, north, near = PLACES[frame]
    _draw(f"{frame}_whole", seen, whole)
    zoomed = {name: _first_crossing(ds, south, north) for name, ds in seen.items()}
    _draw(f"{frame}_zoom", zoomed, near)


def _first_crossing(ds: xr.Dataset, south: float, north: float) -> xr.Dataset:
    """Profiles between two latitudes, those of the first time that the track comes there."""
    latitude = ds["latitude"].values
    inside = np.flatnonzero((latitude > south) & (latitude < north))
    return ds.isel(along_track=inside[inside - inside[0] == np.arange(len(inside))])


def _draw(name: str, seen: dict[str, xr.Dataset], top_km: float) -> None:
    """Draw curtains below each other, with the names of the classes below them all."""
    fig, axes = plt.subplots(3, dpi=82, sharex=True, figsize=(9.5, 8.4), layout="constrained")
    for ax, (variable, ds) in zip(axes, seen.items(), strict=True):
        ect.plot_curtain(ds, variable, ax, top_km=top_km)
        ax.label_outer()
    legend = axes[-1].get_legend()
    handles, names = legend.legend_handles, [text.get_text() for text in legend.get_texts()]
    legend.remove()
    fig.legend(handles, names, loc="outside lower center", ncols=5, fontsize=6.5, frameon=False)
    fig.savefig(FOLDER / f"{name}.png")
    plt.close(fig)


def made_of() -> str:
    """Digest of all that these figures depend on in this repository."""
    home = FOLDER.parent.parent
    rooms = ("earthcare_tutorial", "earthcare_products", "packages/earthcare_synthetic/src")
    files = [file for room in rooms for file in sorted((home / room).rglob("*.[pj][ys]*"))]
    digest = hashlib.sha256()
    for file in [*files, Path(__file__), home / "requirements.lock"]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def draw_all(app: Any, env: Any, names: list[str]) -> None:
    """Draw what the pages of this build show, unless all is as it was."""
    if not any(name.startswith("book/gallery_") for name in env.found_docs):
        return
    now = made_of()
    if STAMP.exists() and STAMP.read_text() == now:
        return
    FOLDER.mkdir(exist_ok=True)
    STAMP.unlink(missing_ok=True)
    frames = [*PLACES]
    drawing = [
        subprocess.Popen([sys.executable, "-W", "error", __file__, *frames[first::2]])
        for first in (0, 1)
    ]
    ended = [process.wait() for process in drawing]
    if any(ended):
        raise RuntimeError("The figures of book/_ext/places.py could not be drawn.")
    STAMP.write_text(now)


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("env-before-read-docs", draw_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    plt.switch_backend("agg")
    for each in sys.argv[1:]:
        draw(each)
