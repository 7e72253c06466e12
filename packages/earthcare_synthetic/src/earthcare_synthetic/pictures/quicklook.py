"""The picture of a product in catalogues, drawn from the same contents as its file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.files import complete_or_absent
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.naming import picture_name
from earthcare_synthetic.notes import NOTES
from earthcare_synthetic.pictures.cloud_overview import latitude_ticks
from earthcare_synthetic.pictures.draw import HEIGHT, Array, draw_panel
from earthcare_synthetic.pictures.panels import PANELS, across_track, group_of
from earthcare_synthetic.products.contents import CONTENTS
from earthcare_synthetic.products.table import Variable
from earthcare_synthetic.products.writing import Piece

#: Bytes of a picture at most, and qualities of JPEG to try.
LIMIT, QUALITIES = 250_000, (85, 75, 60, 45)


def write(product: GranuleId, folder: Path, frame: Frame) -> None:
    """Draw a product along the track and write it as JPEG."""
    kind = product.file_type
    panels = PANELS[kind]
    wanted = {"latitude", *(panel.variable for panel in panels)}
    if any(panel.form == "curtain" for panel in panels):
        wanted.add(HEIGHT)
    data = collect(product, frame, group_of(kind), wanted)
    each = 2.9 if len(panels) == 1 else 1.9
    size = (9.2, 0.8 + each * len(panels))
    figure = Figure(figsize=size, dpi=140, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{product.text}   (synthetic, not a measurement)", fontsize=10)
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axis, panel in zip(axes, panels, strict=True):
        draw_panel(axis, panel, data, named=round(7 * each))
        for text in (axis.yaxis.label, *axis.get_yticklabels()):
            text.set_fontsize(9)
    latitude = data["latitude"]
    if latitude.ndim == 2:  # of a swath, or of three views
        latitude = latitude[:, min(across_track(kind)[0], latitude.shape[1] // 2)]
    latitude_ticks(axes[-1], latitude)
    axes[-1].set_xlim(0, len(latitude) - 1)
    with complete_or_absent(folder / picture_name(product.text)) as path:
        for quality in QUALITIES:
            figure.savefig(path, format="jpeg", pil_kwargs={"quality": quality, "comment": NOTES})
            if path.stat().st_size < LIMIT:
                break


def collect(
    product: GranuleId, frame: Frame, group: str, names: Collection[str]
) -> dict[str, Array]:
    """Some variables of a product, with NaN for fill; nothing is computed after the last one."""
    wanted, found = set(names), dict[str, Array]()
    for part in CONTENTS[product.file_type](product, frame):
        if part.path != group:
            continue
        kinds = {variable.name: variable for variable in part.variables}
        pieces = False
        for name, values in part.fields:
            if name not in wanted:
                continue
            pieces |= isinstance(values, Piece)
            where, values = values if isinstance(values, Piece) else (..., values)
            if name not in found:
                shape = [part.sizes[dimension] for dimension in kinds[name].dimensions]
                found[name] = np.full(shape, np.nan, "f8" if kinds[name].kind == "f8" else "f4")
            found[name][where] = _with_gaps(np.asarray(values), kinds[name])
            if found.keys() == wanted and not pieces:
                return found
        if found.keys() == wanted:
            return found
    raise KeyError(f"{product.file_type} has no {', '.join(wanted - found.keys())} in {group}.")


def _with_gaps(values: Array, variable: Variable) -> Array:
    """Values with NaN for fill; codes of classes as they are."""
    if values.dtype.kind == "f" and variable.fill is not None:
        return np.where(np.abs(values) < abs(variable.fill) / 2, values, np.nan)
    return values
