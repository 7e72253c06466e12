"""Ice, rain, liquid and aerosol as ACM-CAP retrieves them: the truth, off by the error it states.

Where a species is found follows from the merged classes of AC-TC; how well, from who sees it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.instruments.radar.echo import rain_fall_speed
from earthcare_synthetic.instruments.synergy.classification import (
    DROPLETS,
    FROZEN,
    RAINING,
    Synergy,
)
from earthcare_synthetic.scene.cloud_layer import ICE_DENSITY, WATER_DENSITY
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise, ramp
from earthcare_synthetic.scene.precipitation import MM_PER_HOUR
from earthcare_synthetic.scene.water import extinction

#: Standard deviation of the logarithm where both instruments see a target, the lidar alone, the
#: radar alone, and neither.
BOTH, LIDAR_ONLY, RADAR_ONLY, NEITHER = 0.17, 0.33, 0.45, 0.6
#: Correlation of the errors of extinction and radius of ice.
RADIUS_CORRELATION = -0.65
#: Median volume diameter over effective radius, of ice (chosen: an exponential distribution).
ICE_DIAMETER = 4.0
#: Lidar ratio of ice and of droplets in sr: means of ATLID, and Mie theory (O'Connor et al.,
#: doi:10.1175/1520-0426(2004)021<0777:ATFAOC>2.0.CO;2).
ICE_RATIO, DROPLET_RATIO = 27.25, 18.8
#: Cube of the volume radius over that of the effective radius (Martin et al.,
#: doi:10.1175/1520-0469(1994)051<1823:TMAPOE>2.0.CO;2).
DROPLET_SHAPE = 0.8
#: Class of AC-TC -> class of ACM-CAP, median volume diameter (m) and density (kg m-3) of the
#: particles: orders of magnitude of coarse and fine modes (Wandinger et al.,
#: doi:10.5194/amt-16-2485-2023).
AEROSOLS = {
    26: (1, 3.5e-6, 2650.0),
    27: (2, 3.0e-6, 2200.0),
    28: (3, 3.4e-7, 1700.0),
    29: (4, 4.0e-7, 1400.0),
    30: (5, 1.5e-6, 1900.0),
    31: (6, 2.2e-6, 2300.0),
    33: (7, 5.0e-7, 1700.0),
}
#: Geometric standard deviation of aerosol sizes.
AEROSOL_SPREAD = 1.6

#: Gives smooth noise of unit variance by its name.
Grain = Callable[[str], Field]


@dataclass(frozen=True)
class Truth:
    """The air on the pixels of the product (profile, height), in SI units, as in `Curtain`."""

    ice_water_content: Field
    ice_effective_radius: Field
    snow_flux: Field
    rain_flux: Field
    liquid_water_content: Field
    liquid_effective_radius: Field
    aerosol_extinction: Field
    air_velocity: Field


def truth_of(curtain: Curtain, sample: Callable[[Field], Field]) -> Truth:
    """The air of a curtain, brought to the pixels of a product by `sample`."""
    return Truth(*(sample(getattr(curtain, each.name)) for each in fields(Truth)))


def grains(canvas: Canvas, columns: int | None = None) -> Grain:
    """Smooth noise of unit variance without the wildest values, in the first `columns`."""

    def grain(name: str) -> Field:
        field = noise(canvas, name, 12, 5 / 3)[:, :columns]
        return np.asarray(np.clip(field / field.std(), -2.5, 2.5), dtype=np.float32)

    return grain


@dataclass(frozen=True)
class Species:
    """What is retrieved of one species on (profile, height).

    `error` is the standard deviation of the logarithm of its first state variable. `fields` go by
    the names in the product after that of the species; they are 0 where nothing is present.
    """

    present: Mask
    error: Field
    fields: dict[str, Field]


def _error(merged: Synergy, grain: Field) -> Field:
    """The more instruments, the smaller; some errors are larger than others."""
    usual = np.select(
        [merged.seen_by == 4, merged.seen_by == 5, merged.seen_by == 6],
        [BOTH, LIDAR_ONLY, RADAR_ONLY],
        NEITHER,
    )
    return np.asarray(usual * np.exp(0.25 * grain), dtype=np.float32)


def _found(present: Mask, error: Field, values: dict[str, npt.NDArray[Any]]) -> Species:
    kept = {
        name: np.where(present, value, 0).astype(np.int8 if name == "classification" else "f4")
        for name, value in values.items()
    }
    return Species(present, error, kept)


def ice(truth: Truth, merged: Synergy, grain: Grain) -> Species:
    """Ice and snow, from geometric extinction and radius; content follows from both.

    The normalized number concentration is that of Testud et al.
    (doi:10.1175/1520-0450(2001)040<1118:TCONDT>2.0.CO;2), its primed form that of Delanoe and
    Hogan (doi:10.1029/2007JD009000): over the 0.6th power of the extinction.
    """
    present = np.isin(merged.target, FROZEN) & (truth.ice_water_content > 1e-9)
    error = _error(merged, grain("ice error"))
    true = extinction(truth.ice_water_content, truth.ice_effective_radius, ICE_DENSITY)
    off = grain("ice extinction")
    sigma = true * np.exp(error * off)
    # What explains an echo with more particles needs smaller ones.
    off = RADIUS_CORRELATION * off + (1 - RADIUS_CORRELATION**2) ** 0.5 * grain("ice radius")
    radius = truth.ice_effective_radius * np.exp(0.45 * error * off)
    content = 2 / 3 * ICE_DENSITY * sigma * radius
    diameter = ICE_DIAMETER * radius
    mean_diameter = np.maximum(diameter * 4 / 3.67, 1e-6)
    number = 4**4 / (np.pi * WATER_DENSITY) * content / mean_diameter**4
    riming = 0.25 * grain("riming") + 2.5 * ramp(np.abs(truth.air_velocity), 0.8, 4)
    factor = np.clip(riming / 5, 0, 1)
    flux = truth.snow_flux * content / np.maximum(truth.ice_water_content, 1e-12)
    return _found(
        present,
        error,
        {
            "extinction": sigma,
            "N0prime": number / np.maximum(sigma, 1e-9) ** 0.6,
            "lidar_bscat_extinction_ratio": np.exp(0.12 * grain("ice ratio")) / ICE_RATIO,
            "riming_index": riming,
            "water_content": content,
            "mass_flux": flux * (1 + factor),
            "normalized_number_concentration": number,
            "effective_radius": radius,
            "median_volume_diameter": diameter,
            "riming_factor": factor,
        },
    )


def rain(truth: Truth, merged: Synergy, grain: Grain) -> Species:
    """Rain from its rate, with the drop sizes of Marshall and Palmer
    (doi:10.1175/1520-0469(1948)005<0165:TDORWS>2.0.CO;2), scaled.
    """  # noqa: D205
    present = np.isin(merged.target, (9, *RAINING)) & (truth.rain_flux > 1e-8)
    error = np.maximum(_error(merged, grain("rain error")), 0.3)
    rate = truth.rain_flux * np.exp(0.7 * error * grain("rain rate"))
    scaling = np.exp(0.35 * grain("drop number"))
    hourly = np.maximum(rate / MM_PER_HOUR, 1e-6)
    cold = np.maximum.accumulate(np.isin(merged.target, (12, 13, 14, 15, 21, 19)), axis=1)
    return _found(
        present,
        error,
        {
            "classification": np.where(cold, 1, 2),
            "rate": rate,
            "number_concentration_scaling": scaling,
            "water_content": rate / rain_fall_speed(hourly),
            "median_volume_diameter": 0.9e-3 * hourly**0.21 * scaling**-0.21,
            "normalized_number_concentration": 8e6 * scaling,
        },
    )


def liquid(truth: Truth, merged: Synergy, grain: Grain) -> Species:
    """Droplets, also where the lidar is extinguished and the imager tells of their path."""
    content = truth.liquid_water_content
    there = np.isin(merged.target, (4, 7, *DROPLETS, *RAINING))
    present = there & (content > 1e-7)
    error = 1.2 * _error(merged, grain("liquid error"))
    content = content * np.exp(error * grain("liquid content"))
    radius = np.maximum(truth.liquid_effective_radius, 1e-6)
    radius = radius * np.exp(0.35 * error * grain("liquid radius"))
    in_ice = np.isin(merged.target, FROZEN)
    raining = np.isin(merged.target, (*RAINING, 2))
    volume = 4 / 3 * np.pi * WATER_DENSITY * DROPLET_SHAPE * radius**3
    return _found(
        present,
        error,
        {
            "classification": np.select([raining, in_ice], [2, 3], 1),
            "water_content": content,
            "number_concentration": content / volume,
            "lidar_bscat_extinction_ratio": np.exp(0.03 * grain("liquid ratio")) / DROPLET_RATIO,
            "extinction": extinction(content, radius, WATER_DENSITY),
            "effective_radius": radius,
        },
    )


def aerosol(truth: Truth, merged: Synergy, grain: Grain) -> Species:
    """Aerosol of the classes of AC-TC: lognormal in size, with a diameter for each class."""
    table = np.zeros((64, 3), np.float32)
    for code, (own, diameter, density) in AEROSOLS.items():
        table[code] = own, diameter, density
    classes, size, density = table[np.maximum(merged.target, 0)].transpose(2, 0, 1)
    present = (classes > 0) & (truth.aerosol_extinction > 0)
    error = 1.1 * _error(merged, grain("aerosol error"))
    sigma = truth.aerosol_extinction * np.exp(0.8 * error * grain("aerosol extinction"))
    size = np.maximum(size, 1e-8) * np.exp(0.15 * grain("aerosol size"))
    spread = np.log(AEROSOL_SPREAD) ** 2
    radius = size / 2 * np.exp(-0.5 * spread)  # effective
    volume = 2 / 3 * sigma * radius
    return _found(
        present,
        error,
        {
            "classification": classes,
            "median_volume_diameter": size,
            "number_concentration": 6 / np.pi * volume / size**3 * np.exp(4.5 * spread),
            "mass_content": density * volume,
            "extinction": sigma,
        },
    )
