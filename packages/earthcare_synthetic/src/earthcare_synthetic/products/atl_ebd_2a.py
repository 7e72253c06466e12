"""ATL_EBD_2A (A-EBD): extinction, backscatter and depolarisation of particles at 355 nm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.lidar.retrieval import LOW, MEDIUM
from earthcare_synthetic.instruments.lidar.view import smoothed_profiles
from earthcare_synthetic.products.lidar_layers import (
    MAX_LAYERS,
    Layers,
    extended_quality,
    find_layers,
    layer_means,
    with_clear_air,
)
from earthcare_synthetic.products.on_lidar_grid import (
    FINE_STEP,
    LidarGrid,
    geolocation,
    land_flag,
    make_grid,
    resolutions,
    sizes,
)
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.fractal import Field

#: Field of `Profiles` -> variable.
QUANTITIES = {
    "extinction": "particle_extinction_coefficient_355nm",
    "backscatter": "particle_backscatter_coefficient_355nm",
    "lidar_ratio": "lidar_ratio_355nm",
    "depolarisation": "particle_linear_depol_ratio_355nm",
}
RESOLUTIONS = {"": 1, "_medium_resolution": MEDIUM, "_low_resolution": LOW}
#: Observed length of the state vector. Chosen: what is in it, see `_state`.
STATES = 351
#: Solar zenith angle of sunset, in degrees.
SUNSET = 90.0


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    yield Group(
        "ScienceData",
        read_table("ATL_EBD_2A"),
        {**sizes(frame), "layer": MAX_LAYERS, "n_state": STATES},
        _fields(frame),
    )


def _fields(frame: Frame) -> Iterator[tuple[str, Array]]:
    grid, view = make_grid(frame), frame.lidar
    yield from resolutions()
    yield from geolocation(frame, grid)
    yield land_flag(frame)
    yield "day_night_flag", (frame.curtain.solar_zenith < SUNSET).astype(np.int8)
    simple = grid.of(view.features.simple)
    layers = find_layers(simple)
    yield "simple_classification", simple
    yield from statuses(frame, grid, layers)
    yield "horizontal_averaging_mask", grid.of(view.features.width)
    yield "number_of_layers", layers.count
    yield "layer_bottom_index", layers.bottom
    yield "layer_top_index", layers.top
    mie, rayleigh = grid.signals(view)
    signals = {
        "mie_total_attenuated_backscatter_355nm": mie,
        "rayleigh_attenuated_backscatter_355nm": rayleigh,
        "total_attenuated_backscatter_355nm": mie + rayleigh,
    }
    for name, signal in signals.items():
        yield name, np.where(view.features.missing[:, None], np.nan, signal)
    for suffix, width in RESOLUTIONS.items():
        profiles = asdict(smoothed_profiles(view, width))
        native = {name: grid.of(field) for name, field in profiles.items()}
        for field, name in QUANTITIES.items():
            clear = 0.0 if field in ("extinction", "backscatter") else np.nan
            yield name + suffix, with_clear_air(native[field], simple, clear)
            yield f"{name}{suffix}_error", native[f"{field}_error"]
        for error in ("", "_error"):
            depth = _optical_depth(native[f"extinction{error}"], simple, grid, error != "")
            yield f"particle_optical_depth_355nm{suffix}{error}", depth
        if width == 1:
            yield "particle_effective_area_radius", native["radius"]
            spread = native["lidar_ratio_error"] / native["lidar_ratio"]
            yield "particle_effective_area_radius_error", 0.5 * native["radius"] * (0.5 + spread)
            yield from _state(frame, native, layers)


def statuses(frame: Frame, grid: LidarGrid, layers: Layers) -> Iterator[tuple[str, Array]]:
    """Flags that the products of the profile processor have in common."""
    features = frame.lidar.features
    yield "mie_detection_status", grid.of(features.mie_status)
    yield "rayleigh_detection_status", grid.of(features.rayleigh_status)
    yield "extended_data_quality_status", extended_quality(frame, layers, grid.row.shape[1])
    yield "quality_status", grid.of(frame.lidar.retrieved.quality)


def _optical_depth(extinction: Field, simple: Array, grid: LidarGrid, error: bool) -> Field:
    """Optical depth from the top; half of the errors of neighbours add up, half cancel."""
    depth = -np.diff(grid.height, axis=1, append=grid.height[:, -1:] - FINE_STEP)
    total = np.cumsum(np.nan_to_num(extinction) * depth, axis=1) * (0.5 if error else 1)
    return np.where(simple < 0, np.nan, total).astype(np.float32)


def _state(frame: Frame, native: dict[str, Field], layers: Layers) -> Iterator[tuple[str, Array]]:
    """State vector and how it was found; its order is not published, this one is chosen.

    Logarithm of the extinction of the 242 bins; then for the 25 layers the logarithms of lidar
    ratio and radius, the depolarisation and its error; fill to the end.
    """
    rng = np.random.default_rng([*frame.scene.swath.canvas.seed, 351])
    found = [np.log(native["extinction"])]
    spread = [native["extinction_error"] / native["extinction"]]
    for name in ("lidar_ratio", "radius"):
        found.append(np.log(layer_means(native[name], layers)))
        spread.append(np.full_like(found[-1], 0.2))
    depolarisation, error = (
        layer_means(native[name], layers) for name in ("depolarisation", "depolarisation_error")
    )
    found += [depolarisation, error]
    spread += [error, 0.3 * error]
    state, uncertain = (
        np.pad(np.concatenate(parts, axis=1), ((0, 0), (0, STATES)), constant_values=np.nan)[
            :, :STATES
        ]
        for parts in (found, spread)
    )
    yield "retrieved_state_vector", state
    yield "retrieved_state_vector_error", uncertain
    prior_error = np.hypot(uncertain, 0.6).astype(np.float32)
    guess = 0.5 * uncertain * rng.standard_normal(state.shape, np.float32)
    yield "state_vector_prior", state + guess
    yield "state_vector_prior_error", prior_error
    profiles = len(state)
    some = layers.count > 0
    for name, mean in (("initial_chi_square", 60.0), ("final_chi_square", 1.1)):
        values = mean * np.exp(rng.normal(0, 0.4 if mean > 2 else 0.15, profiles))
        yield name, np.where(some, values, np.nan)
    yield "number_of_iterations", np.where(some, rng.poisson(7, profiles) + 2, 0).astype(np.int32)
    free = np.isfinite(state).sum(axis=1)
    yield "degrees_of_freedom", np.where(some, 0.6 * free, np.nan)
