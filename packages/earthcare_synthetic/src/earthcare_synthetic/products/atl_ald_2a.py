"""ATL_ALD_2A (A-ALD): layers of aerosol in profiles without cloud, from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.averaging import box_sum
from earthcare_synthetic.instruments.lidar.aerosol_types import CLASSES
from earthcare_synthetic.instruments.lidar.features import (
    AEROSOL,
    ATTENUATED,
    CLOUDS,
    STRATOSPHERIC_AEROSOL,
)
from earthcare_synthetic.instruments.lidar.retrieval import MEDIUM
from earthcare_synthetic.instruments.lidar.view import smoothed_profiles
from earthcare_synthetic.products.lidar_layers import Layers, find_layers, layer_means
from earthcare_synthetic.products.on_lidar_grid import LidarGrid, geolocation, make_grid, sizes
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.fractal import Field, Mask

#: Documented: up to 20 layers. Chosen: agreement with A-TC in two numbers.
MOST_LAYERS, AGREEMENT = 20, 2
#: Bins over which a hole in a layer is closed.
HOLE = 5
#: Codes of the quality of a profile: good, uncertain, cloudy, bad.
GOOD, UNCERTAIN, CLOUDY, BAD = 0, 2, -1, 4
#: Relative error of the mean backscatter of a layer that makes it uncertain.
LARGE_ERROR = 0.3
#: Fields of `Profiles` that have a mean over each layer.
MEANS = ("extinction", "backscatter", "lidar_ratio", "depolarisation")
HIGHEST_CONFIDENCE = 10


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    dimensions = {
        "along_track": sizes(frame)["along_track"],
        "max_layers": MOST_LAYERS,
        "aerosol_consistency_dimension": AGREEMENT,
        "n_classes": len(CLASSES),
    }
    yield Group("ScienceData", read_table("ATL_ALD_2A"), dimensions, _fields(frame))


def _fields(frame: Frame) -> Iterator[tuple[str, Array]]:
    for name, values in geolocation(frame):
        if name != "elevation":
            yield name, values
    grid, view = make_grid(frame), frame.lidar
    simple = grid.of(view.features.simple)
    cloudy = np.isin(simple, CLOUDS).any(axis=1) | (simple == ATTENUATED).any(axis=1)
    bad = view.features.missing
    inside = _closed(np.isin(simple, (AEROSOL, STRATOSPHERIC_AEROSOL)))
    inside &= ~(cloudy | bad)[:, None]
    found = find_layers(inside.astype(np.int8))
    layers = Layers(
        np.minimum(found.count, MOST_LAYERS),
        found.top[:, :MOST_LAYERS],
        found.bottom[:, :MOST_LAYERS],
    )
    profiles = {
        name: grid.of(field) for name, field in asdict(smoothed_profiles(view, MEDIUM)).items()
    }
    yield "aerosol_layer_number", layers.count.astype(np.float32)
    yield from _bounds(grid, layers, profiles)
    depth = -np.diff(grid.height, axis=1, append=grid.height[:, -1:] - 103)
    for suffix in ("", "_error"):
        thickness = _total(np.nan_to_num(profiles[f"extinction{suffix}"]) * depth, layers)
        yield f"aerosol_layer_optical_thickness_355nm{suffix}", thickness
        for field in MEANS:
            mean = layer_means(profiles[f"{field}{suffix}"], layers)
            yield f"aerosol_layer_mean_{field}_355nm{suffix}", mean
        whole = np.where(cloudy | bad, np.nan, np.nansum(thickness, axis=1))
        yield f"aerosol_layer_optical_thickness_355nm_sum{suffix}", whole
        yield f"aerosol_optical_thickness_355nm{suffix}", whole
        high = np.where(simple == STRATOSPHERIC_AEROSOL, profiles[f"extinction{suffix}"] * depth, 0)
        above = np.where(cloudy | bad, np.nan, np.nansum(high, axis=1))
        yield f"aerosol_optical_thickness_355nm_stratospheric{suffix}", above
    yield from _types(grid.of(view.retrieved.classification_medium), cloudy | bad)
    some = layers.count > 0
    agreement = np.stack([3 - 3 * some, np.where(some, HIGHEST_CONFIDENCE, 0)], axis=1)
    yield "aerosol_detection_consistency", np.where((cloudy | bad)[:, None], np.nan, agreement)
    spread = layer_means(profiles["backscatter_error"] / profiles["backscatter"], layers)
    unsure = (np.nan_to_num(spread) > LARGE_ERROR).any(axis=1)
    quality = np.select([bad, cloudy, unsure], [BAD, CLOUDY, UNCERTAIN], GOOD)
    yield "quality_status", quality.astype(np.int8)
    tropopause = np.asarray(frame.curtain.tropopause)
    yield "tropopause_height_wmo", tropopause
    yield "tropopause_height_calipso", tropopause + np.float32(350.0)


def _closed(inside: Mask) -> Mask:
    """Close small holes in the height: a bin counts if most of its neighbours do."""
    return np.asarray(inside | (box_sum(inside, 1, HOLE) > HOLE / 2))


def _bounds(
    grid: LidarGrid, layers: Layers, profiles: dict[str, Field]
) -> Iterator[tuple[str, Array]]:
    """Top and base of each layer, and how far they stand out of their errors."""
    there = layers.top >= 0
    half = -np.diff(grid.height, axis=1, append=grid.height[:, -1:] - 103) / 2
    edges = {"top": (layers.top, half), "base": (layers.bottom, -half)}
    clearness = profiles["backscatter"] / profiles["backscatter_error"]
    for name, (index, shift) in edges.items():
        height = np.take_along_axis(grid.height + shift, np.where(there, index, 0), 1)
        yield f"aerosol_layer_{name}", np.where(there, height, np.nan)
        clear = np.take_along_axis(clearness, np.where(there, index, 0), 1)
        yield f"aerosol_layer_{name}_confidence", _confidence(clear / 2, there)
    yield "aerosol_layer_confidence", _confidence(layer_means(clearness, layers) / 2, there)


def _confidence(clearness: Array, there: Mask) -> Field:
    """One to ten."""
    told = np.clip(np.round(np.nan_to_num(clearness, nan=1.0)), 1, HIGHEST_CONFIDENCE)
    return np.where(there, told, np.nan)


def _total(thickness: Field, layers: Layers) -> Field:
    """Sum over each layer."""
    return layer_means(thickness, layers) * (layers.bottom - layers.top + 1)


def _types(codes: Array, hidden: Mask) -> Iterator[tuple[str, Array]]:
    """Share of each class among what A-TC says of the column."""
    counts = np.stack([(codes == code).sum(axis=1) for code in CLASSES], axis=1)
    counts[:, -1] = 0  # ice is not aerosol
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    yield (
        "aerosol_columnar_classification_probabilities",
        np.where(hidden[:, None], np.nan, share),
    )
