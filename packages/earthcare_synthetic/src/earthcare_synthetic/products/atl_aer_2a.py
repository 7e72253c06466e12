"""ATL_AER_2A (A-AER): aerosol profiles from averaged signals, before A-EBD refines them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
import numpy.typing as npt

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.lidar.aerosol_types import (
    CLASSES,
    OUTSIDE,
    UNLIKELY,
    aerosol_class,
    probabilities,
)
from earthcare_synthetic.instruments.lidar.features import AEROSOL, MISSING, SURFACE
from earthcare_synthetic.instruments.lidar.optics import (
    AEROSOL_SHARE,
    ICE_SHARE,
    LIQUID_SHARE,
)
from earthcare_synthetic.instruments.lidar.retrieval import MEDIUM
from earthcare_synthetic.instruments.lidar.view import LidarView, smoothed_profiles
from earthcare_synthetic.products.atl_ebd_2a import QUANTITIES, statuses
from earthcare_synthetic.products.atl_tc__2a import LETTERS, class_names
from earthcare_synthetic.products.lidar_layers import MAX_LAYERS, find_layers, with_clear_air
from earthcare_synthetic.products.on_lidar_grid import geolocation, land_flag, make_grid, sizes
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group

#: Share of forward scattering that stays in view, by simple class: none, liquid, ice, aerosol,
#: ice, aerosol of the stratosphere.
SHARES = np.array(
    [np.nan, LIQUID_SHARE, ICE_SHARE, AEROSOL_SHARE, ICE_SHARE, AEROSOL_SHARE], np.float32
)
#: Code of the inner feature mask for a feature seen in that many profiles (as in A-FM).
STRENGTHS = {1: 9, 5: 8, 21: 7, 41: 6, 101: 5}
MASK_SURFACE, MASK_MISSING = -3, -2


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    yield Group(
        "ScienceData",
        read_table("ATL_AER_2A"),
        {**sizes(frame), "layer": MAX_LAYERS, "class": len(CLASSES), "string": LETTERS},
        _fields(frame),
    )


def _fields(frame: Frame) -> Iterator[tuple[str, Array]]:
    grid, view = make_grid(frame), frame.lidar
    yield from geolocation(frame, grid)
    yield land_flag(frame)
    simple = grid.of(view.features.simple)
    layers = find_layers(simple)
    profiles = asdict(smoothed_profiles(view, MEDIUM))
    for field, name in QUANTITIES.items():
        clear = 0.0 if field in ("extinction", "backscatter") else np.nan
        yield name, with_clear_air(grid.of(profiles[field]), simple, clear)
        yield f"{name}_error", grid.of(profiles[f"{field}_error"])
    yield "particle_effective_area_radius", grid.of(profiles["radius"])
    share = SHARES[np.maximum(simple, 0)]
    yield "multiple_scattering_eta_o_parameter", share
    yield "multiple_scattering_mie_f_fac_parameter", 1 - share
    yield "simple_classification", simple
    yield from statuses(frame, grid, layers)
    yield "horizontal_averaging_mask", grid.of(view.features.width)
    yield "internal_lidar_feature_mask", grid.of(_feature_mask(view))
    yield "classification", grid.of(view.retrieved.classification_medium)
    yield "aerosol_classification", grid.of(_numbers(view.retrieved.classification_medium))
    yield "aerosol_classification_no_error", grid.of(_numbers(_without_errors(view)))
    yield "number_of_layers", layers.count
    yield "layer_bottom_index", layers.bottom
    yield "layer_top_index", layers.top
    yield "aerosol_classes", class_names()


def _feature_mask(view: LidarView) -> Array:
    features = view.features
    mask = np.minimum(features.simple, 0)
    mask = np.where(mask == MISSING, MASK_MISSING, np.where(mask == SURFACE, MASK_SURFACE, mask))
    for width, strength in STRENGTHS.items():
        mask = np.where(features.width == width, strength, mask)
    return mask.astype(np.int8)


def _without_errors(view: LidarView) -> npt.NDArray[np.int8]:
    """Classes of A-TC when the errors are taken for zero."""
    aerosol = view.features.simple == AEROSOL
    told = smoothed_profiles(view, MEDIUM)
    codes = np.zeros(aerosol.shape, np.int8)
    share, distance = probabilities(
        told.lidar_ratio[aerosol], 0.0, told.depolarisation[aerosol], 0.0
    )
    codes[aerosol] = aerosol_class(share, distance)
    return codes


def _numbers(codes: Array) -> npt.NDArray[np.int8]:
    """Classes of A-TC as numbers from 1 to 7; 0 is no aerosol, -1 unlikely, -2 outside."""
    table = np.zeros(256, np.int8)
    table[list(CLASSES[:-1])] = np.arange(1, len(CLASSES))
    table[UNLIKELY], table[OUTSIDE] = -1, -2
    return table[np.asarray(codes).astype(np.uint8)]
