"""The picture of a product in catalogues: drawn from the same scene, at every fourth pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, LogNorm, Normalize, to_rgb
from matplotlib.figure import Figure

from earthcare_products import msi_grid
from earthcare_products.granule_ids import parse_granule_id
from earthcare_synthetic.files import complete_or_absent
from earthcare_synthetic.instruments.imager.cloud_retrieval import retrieve
from earthcare_synthetic.notes import NOTES
from earthcare_synthetic.scene.clouds import make_scene
from earthcare_synthetic.scene.fractal import Field

#: Every fourth pixel, 1.8 km, of which three lines make one column of the picture.
LEVEL, LINES = 2, 3
#: Grey to white, as seen from space, and colours of sea and land under it.
CLOUDS = LinearSegmentedColormap.from_list("clouds", ["#68788c", "#c8d0d8", "#ffffff"])
DARK, LIGHT = ("#0c1c38", "#6a5a3c"), ("#e3ebf2", "#f0e8d8")


def write(product_id: str, folder: Path) -> None:
    """Draw a frame of M-COP along the track and write it as JPEG."""
    product = parse_granule_id(product_id)
    scene = make_scene(product, LEVEL)
    clouds, swath = retrieve(product, scene), scene.swath
    stride = swath.canvas.stride
    columns = slice(msi_grid.FIRST_COLUMN // stride, msi_grid.LAST_COLUMN // stride + 1)
    left, right = (
        (column - msi_grid.NADIR_COLUMN) * msi_grid.PITCH_KM
        for column in (msi_grid.FIRST_COLUMN, msi_grid.LAST_COLUMN)
    )
    extent = (0, swath.canvas.shape[0], right, left)
    land = swath.land[:, columns]

    if np.isfinite(clouds.optical_thickness).any():
        field, label = clouds.optical_thickness, "Cloud optical thickness (1)"
        style: tuple[Colormap, Normalize] = (CLOUDS, LogNorm(0.5, 60))
    else:
        field, label = clouds.top_temperature, "Cloud top temperature (K)"
        style = (CLOUDS.reversed(), Normalize(200, 295))
    figure = Figure(figsize=(9.2, 4.4), dpi=140)
    # As a layout engine would place them, in a fifth less time.
    figure.subplots_adjust(left=0.075, right=1.03, top=0.92, bottom=0.11, hspace=0.08)
    FigureCanvasAgg(figure)
    figure.suptitle(f"{product_id}   (synthetic, not a measurement)", fontsize=10)
    upper, lower = figure.subplots(2, 1, sharex=True)
    _panel(upper, field[:, columns], land, DARK, style, label, extent)
    style = (LinearSegmentedColormap.from_list("tops", _viridis()), Normalize(0, 16))
    height = clouds.top_height[:, columns] / np.float32(1000)
    _panel(lower, height, land, LIGHT, style, "Cloud top height (km)", extent)
    latitude_ticks(lower, swath.latitude[:, msi_grid.NADIR_COLUMN // stride])
    with complete_or_absent(folder / f"{product_id}.BID_1.jpeg") as path:
        figure.savefig(path, format="jpeg", pil_kwargs={"quality": 85, "comment": NOTES})


def _viridis() -> list[str]:
    """Five colours of viridis, without its darkest and its palest end."""
    return ["#46327e", "#365c8d", "#1fa187", "#6ece58", "#f4d512"]


def _panel(
    axis: Axes,
    field: Field,
    land: npt.NDArray[np.bool_],
    ground: tuple[str, str],
    style: tuple[Colormap, Normalize],
    label: str,
    extent: tuple[float, float, float, float],
) -> None:
    """Clouds over land and sea; colours are averaged over the lines that share a column."""
    colours, norm = style
    sea, soil = (np.array(to_rgb(colour)) for colour in ground)
    picture = np.where(land[..., None], soil, sea)
    cloudy = np.isfinite(field)
    picture[cloudy] = colours(norm(field[cloudy]))[:, :3]
    whole = len(picture) // LINES * LINES
    picture = picture[:whole].reshape(-1, LINES, *picture.shape[1:]).mean(axis=1)
    axis.imshow(picture.transpose(1, 0, 2), extent=extent, aspect="auto", interpolation="bilinear")
    figure = axis.figure
    bar = figure.colorbar(ScalarMappable(norm, colours), ax=axis, pad=0.01, aspect=12, format="%g")
    bar.set_label(label, fontsize=9)
    bar.ax.tick_params(labelsize=9)
    axis.set_ylabel("Right of track (km)", fontsize=9)
    axis.tick_params(labelsize=9)


def latitude_ticks(axis: Axes, latitude: npt.NDArray[np.float64]) -> None:
    """Tick the along-track axis at round latitudes of the sub-satellite point."""
    marks: dict[float, str] = {}
    for value in range(-80, 81, 5):
        for i in np.flatnonzero(np.diff(np.sign(latitude - value))):
            side = "N" if value > 0 else "S" if value < 0 else ""
            marks[float(i)] = f"{abs(value)}°{side}"
    places = sorted(marks)
    axis.set_xticks(places, [marks[place] for place in places])
    axis.set_xlabel("Latitude of the sub-satellite point, in the direction of flight", fontsize=9)
