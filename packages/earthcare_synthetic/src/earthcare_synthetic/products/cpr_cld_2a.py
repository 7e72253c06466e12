"""CPR_CLD_2A (C-CLD): water content and particle size of cloud, snow and rain."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.radar import retrieval as radar_retrieval
from earthcare_synthetic.instruments.radar.classes import Codes, Target
from earthcare_synthetic.instruments.radar.detection import Status
from earthcare_synthetic.instruments.radar.retrieval import (
    LARGEST,
    SIZE_ERROR,
    Retrieval,
    retrieve,
)
from earthcare_synthetic.instruments.radar.view import Radar
from earthcare_synthetic.products.on_radar_grid import Array, RadarGrid, with_only
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Field
from earthcare_synthetic.scene.grid import layer_depths

#: A standard error of a natural logarithm, as one of a decimal logarithm.
DECIMAL = 1 / np.log(10)
#: What is assumed before looking: errors of the decimal logarithms of content and diameter.
PRIOR_CONTENT_ERROR, PRIOR_DIAMETER_ERROR = 0.6, 0.3
#: Two-way attenuation of cloud water in dB per kg m-2, as in `radar_echo.cloud_absorption`.
DECIBELS_PER_WATER = 9.2


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    grid = RadarGrid(frame)
    yield Group("ScienceData", read_table("CPR_CLD_2A"), grid.sizes, _fields(product, grid))


def _fields(product: GranuleId, grid: RadarGrid) -> Iterator[tuple[str, Array]]:
    names = {each.name for each in read_table("CPR_CLD_2A")}
    yield from with_only(grid.geolocation(), names)
    curtain, radar = grid.curtain, grid.radar
    found = retrieve(product, curtain, radar)
    for name, values in (*_particles(curtain, radar, found), *_droplets(found)):
        yield name, grid.on_bins(values)
    for name, values in _paths(curtain, radar, found):
        yield name, grid.along(values)
    status = _status(curtain, radar, found)
    doppler = np.select([~radar.target, radar.detection_status == Status.RELIABLE], [-1, 0], 1)
    yield "retrieval_status", grid.on_bins(status, -2, -2)
    yield "doppler_velocity_quality_status", grid.on_bins(doppler.astype(np.int8), -1, -1)
    for name in ("hydrometeor_classification", "doppler_velocity_classification"):
        yield name, grid.on_bins(getattr(radar, name), Target.GROUND, Target.NO_DATA)
    yield "retrieval_classification", grid.along(_kinds(radar, found))


def _particles(curtain: Curtain, radar: Radar, found: Retrieval) -> Iterator[tuple[str, Array]]:
    """Ice, snow, drizzle and rain; NaN elsewhere."""
    content, diameter, error = found.water_content, found.diameter, found.error
    size_error = np.where(np.isfinite(content), SIZE_ERROR * (1 + 0.2 * found.ripple**2), np.nan)
    yield "water_content", content
    yield "water_content_log_error", error * DECIMAL
    yield "characteristic_diameter", diameter
    yield "characteristic_diameter_log_error", size_error * DECIMAL
    there = np.where(np.isfinite(content), np.float32(1), np.float32(np.nan))
    warmth: Field = np.clip((curtain.temperature - 233) / 40, -0.8, 1)
    yield "water_content_prior", 2.5e-5 * there * np.exp(2.1 * warmth)
    yield "water_content_prior_log_error", there * PRIOR_CONTENT_ERROR
    yield "characteristic_diameter_prior", 2.5e-4 * there * np.exp(0.6 * warmth)
    yield "characteristic_diameter_prior_log_error", there * PRIOR_DIAMETER_ERROR
    corrected = radar.reflectivity + radar.gas_attenuation + 0.4 * found.ripple
    yield "reflectivity_factor_forward", there * corrected
    yield "doppler_velocity_forward", there * (found.fall_speed + 0.05 * found.ripple)
    yield "attenuation", there * (radar.gas_attenuation + radar.water_attenuation)
    yield (
        "number_concentration_parameter_N0_star",
        radar_retrieval.number_parameter(content, diameter),
    )
    yield (
        "number_concentration_parameter_N0_star_log_error",
        np.hypot(error, 4 * size_error) * DECIMAL,
    )
    yield "mass_flux", content * found.fall_speed
    yield "mass_flux_absolute_error", content * found.fall_speed * error * 1.1
    yield "sedimentation_velocity", found.fall_speed
    yield "sedimentation_velocity_absolute_error", 0.15 * found.fall_speed
    alpha = np.where(found.ice, 0.03 * np.exp(0.5 * found.ripple), np.nan)
    longest = radar_retrieval.longest_dimension(diameter, alpha)
    yield "ice_parameter_alpha", alpha
    yield "maximum_dimension_L", longest
    yield "maximum_dimension_L_lower_error_bound", longest * np.exp(-2 * size_error)
    yield "maximum_dimension_L_upper_error_bound", longest * np.exp(2 * size_error)
    yield "chi_square_normalized", there * (0.3 + 0.5 * found.ripple**2)


def _droplets(found: Retrieval) -> Iterator[tuple[str, Field]]:
    """Cloud water; NaN elsewhere."""
    there = np.where(found.liquid, 1, np.nan)
    yield "liquid_water_content", found.liquid_content
    yield "liquid_water_content_relative_error", there * 0.3 * np.exp(0.2 * found.ripple)
    yield "liquid_effective_radius", found.liquid_radius
    yield "liquid_effective_radius_relative_error", there * 0.15 * np.exp(0.2 * found.ripple)


def _paths(curtain: Curtain, radar: Radar, found: Retrieval) -> Iterator[tuple[str, Field]]:
    """Columns, (profile,); NaN where a column has none of it."""
    depth = layer_depths()

    def column(field: Field, where: Array) -> Field:
        total = (np.nan_to_num(np.where(where, field, 0)) * depth).sum(axis=1)
        return np.where(total > 0, total, np.nan).astype(np.float32)

    ice, rain = column(found.water_content, found.ice), column(found.water_content, found.rain)
    liquid = column(found.liquid_content, found.liquid)
    for name, path, share in (
        ("ice_water_path", ice, 0.35),
        ("rain_water_path", rain, 0.45),
        ("liquid_water_path", liquid, 0.3),
    ):
        yield name, path
        yield f"{name}_error", path * share * np.exp(0.2 * found.ripple[:, 100])
    retrieved = np.isfinite(ice) | np.isfinite(rain) | np.isfinite(liquid)
    yield (
        "path_integrated_attenuation_forward",
        np.where(retrieved, radar.water_attenuation[:, -1], np.nan),
    )
    yield "liquid_water_path_integrated_attenuation", DECIBELS_PER_WATER * liquid
    melting = np.asarray(curtain.melting)
    yield "melting_layer_path_integrated_attenuation", _melting_attenuation(radar, melting)
    drizzling = radar.hydrometeor_classification == Target.DRIZZLING_CLOUD
    flux = np.where(drizzling, curtain.rain_flux, 0).max(axis=1)
    drizzles = flux > 1e-9
    yield "drizzle_mass_flux", np.where(drizzles, flux, np.nan)
    yield "drizzle_mass_flux_log_error", np.where(drizzles, 0.25, np.nan)


def _melting_attenuation(radar: Radar, melting: Array) -> Field:
    """What is lost between the top and the bottom of the melting layer, in dB; NaN without one."""
    highest = np.where(melting, radar.water_attenuation, np.inf).min(axis=1)
    lowest = np.where(melting, radar.water_attenuation, -np.inf).max(axis=1)
    there = melting.any(axis=1)
    return np.where(there, np.where(there, lowest, 1) - np.where(there, highest, 0), np.nan)


def _status(curtain: Curtain, radar: Radar, found: Retrieval) -> Codes:
    """-2 nothing, -1 not applied, 0 to 3 by attenuation of the path and Doppler, 4 failed."""
    retrieved = np.isfinite(found.water_content) | found.liquid
    unsure = radar.detection_status != Status.RELIABLE
    code = np.where(radar.target, -1, -2)
    told = np.where(np.asarray(curtain.land)[:, None], 2, 0) + unsure
    code = np.where(retrieved, told, code)
    code[retrieved & (np.abs(found.ripple) >= LARGEST)] = 4
    return code.astype(np.int8)


def _kinds(radar: Radar, found: Retrieval) -> Codes:
    """Kinds of retrieval in a profile: bits for cloud, drizzle, warm rain, ice, cold rain."""
    kind = radar.hydrometeor_classification
    bits = np.zeros(len(kind), np.int8)
    cold = ((kind == Target.COLD_RAIN) & found.rain).any(axis=1)
    for bit, where in (
        (1, (kind == Target.LIQUID_CLOUD).any(axis=1)),
        (2, (kind == Target.DRIZZLING_CLOUD).any(axis=1)),
        (4, (kind == Target.WARM_RAIN).any(axis=1)),
        (8, found.ice.any(axis=1) & ~cold),
        (16, cold),
    ):
        bits[where] += np.int8(bit)
    return np.where(bits > 0, bits, -1).astype(np.int8)
