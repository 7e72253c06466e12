"""ATL_TC__2A (A-TC): what the lidar sees, by class, and how likely each kind of aerosol is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.lidar.aerosol_types import CLASSES, probabilities
from earthcare_synthetic.instruments.lidar.features import AEROSOL
from earthcare_synthetic.instruments.lidar.retrieval import Profiles
from earthcare_synthetic.instruments.lidar.view import LidarView, smoothed_profiles
from earthcare_synthetic.products.atl_ebd_2a import RESOLUTIONS, statuses
from earthcare_synthetic.products.lidar_layers import find_layers
from earthcare_synthetic.products.on_lidar_grid import (
    LidarGrid,
    geolocation,
    make_grid,
    resolutions,
    sizes,
)
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group

#: Names of the classes of the probabilities, in the order of `CLASSES`.
NAMES = ("Dust", "Sea_salt", "Continental_Pollution", "Smoke", "Dusty_smoke", "Dusty_mix", "Ice")
#: Observed length of a name.
LETTERS = 32
PERCENT = 100.0


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    yield Group(
        "ScienceData",
        read_table("ATL_TC__2A"),
        {**sizes(frame), "class": len(CLASSES), "string": LETTERS},
        _fields(frame),
    )


def _fields(frame: Frame) -> Iterator[tuple[str, Array]]:
    grid, view = make_grid(frame), frame.lidar
    yield from resolutions()
    yield from geolocation(frame, grid)
    simple = grid.of(view.features.simple)
    yield "simple_classification", simple
    yield from statuses(frame, grid, find_layers(simple))
    yield "aerosol_classes", class_names()
    for suffix, resolution in zip(RESOLUTIONS, ("", "_medium", "_low"), strict=True):
        codes = getattr(view.retrieved, f"classification{resolution}")
        yield f"classification{suffix}", grid.of(codes)
    for suffix, width in RESOLUTIONS.items():
        told = smoothed_profiles(view, width)
        for errors in ("", "_no_errors"):
            name = f"aerosol_classification_prob{errors}{suffix}"
            yield name, _probabilities(told, view, grid, with_errors=errors == "")


def class_names() -> Array:
    """Names of the classes as characters, (class, letter)."""
    return np.array(NAMES, f"S{LETTERS}").view("S1").reshape(len(NAMES), LETTERS)


def _probabilities(told: Profiles, view: LidarView, grid: LidarGrid, with_errors: bool) -> Array:
    """Probability of each class in percent where there is tropospheric aerosol."""
    aerosol = view.features.simple == AEROSOL
    share, _ = probabilities(
        told.lidar_ratio[aerosol],
        told.lidar_ratio_error[aerosol] if with_errors else 0.0,
        told.depolarisation[aerosol],
        told.depolarisation_error[aerosol] if with_errors else 0.0,
    )
    place = np.full(aerosol.shape, -1, np.int32)
    place[aerosol] = np.arange(len(share))
    native = grid.of(place)
    out = np.full((*native.shape, len(CLASSES)), np.nan, np.float32)
    out[native >= 0] = np.round(PERCENT * share, 2)[native[native >= 0]]
    return out
