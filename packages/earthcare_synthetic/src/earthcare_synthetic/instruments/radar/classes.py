"""What the radar's target classification (C-TC) makes of its echoes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.instruments.radar.detection import (
    Detection,
    Status,
    decibel,
    just_above_index,
)
from earthcare_synthetic.instruments.radar.echo import Echo
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Field, Mask
from earthcare_synthetic.scene.grid import HEIGHTS
from earthcare_synthetic.scene.water import MELTING_POINT

#: Reflectivity in dBZ above which ice counts as snow, and above which a liquid cloud drizzles
#: (Irbah et al., doi:10.5194/amt-16-2795-2023, simplified).
SNOW, DRIZZLE = -10.0, -17.0
#: Rate of the echo in dBZ of warm rain; below it is drizzle.
RAIN = 0.0
#: Deep convection: top above this height in m, and an echo as strong as this above 5 km.
DEEP_TOP, DEEP_ECHO, MIDDLE = 8000.0, 5.0, 5000.0
#: Vertical wind in m s-1 of a dynamic core, and with which rimed snow is likely.
CORE_WIND, RIMING_WIND = 2.0, 1.2

#: Profiles on each side from which rain may have come.
DRIFT_PROFILES = 10

Codes = npt.NDArray[np.int8]


class Target(IntEnum):
    """Hydrometeor classification of C-TC."""

    NO_DATA = -1
    GROUND = 0
    CLEAR = 1
    LIQUID_CLOUD = 2
    DRIZZLING_CLOUD = 3
    WARM_RAIN = 4
    COLD_RAIN = 5
    MELTING_SNOW = 6
    RIMED_SNOW = 7
    SNOW = 8
    ICE = 9
    STRATOSPHERIC = 10
    INSECTS_OR_ARTEFACTS = 11
    HEAVY_RAIN_LIKELY = 12
    HEAVY_MIXED_LIKELY = 13
    HEAVY_RAIN = 14
    HEAVY_MIXED = 15
    RAIN_IN_CLUTTER = 16
    SNOW_IN_CLUTTER = 17
    CLOUD_IN_CLUTTER = 18
    CLEAR_LIKELY = 19
    UNCERTAIN = 20


#: Detection status in which there is a target.
TARGETS = (
    Status.UNRELIABLE,
    Status.REFLECTIVITY_ONLY,
    Status.ENHANCED,
    Status.DOPPLER_ONLY,
    Status.RELIABLE,
)


@dataclass(frozen=True)
class Classes:
    """Classifications of C-TC, (profile, height)."""

    hydrometeors: Codes
    doppler: Codes
    convection: Codes


def classify(curtain: Curtain, echo: Echo, detection: Detection) -> Classes:
    """Name what the radar sees.

    The phase follows from what makes most of the echo; codes from 12 up are the same in all three.
    """
    hydrometeors = _hydrometeors(curtain, echo, detection)
    target = np.isin(detection.status, TARGETS)
    common = (hydrometeors < Target.LIQUID_CLOUD) | (
        (hydrometeors >= Target.HEAVY_RAIN_LIKELY) & (hydrometeors <= Target.CLEAR_LIKELY)
    )
    return Classes(
        hydrometeors,
        np.where(common, hydrometeors, _doppler(curtain, echo, detection)).astype(np.int8),
        np.where(common, hydrometeors, _convection(curtain, echo, target)).astype(np.int8),
    )


def _hydrometeors(curtain: Curtain, echo: Echo, detection: Detection) -> Codes:
    status = detection.status
    level = decibel(echo.reflectivity)
    cold = np.asarray(curtain.temperature) < MELTING_POINT
    icy = (echo.ice > echo.rain) & (echo.ice > echo.cloud)
    raining = (echo.rain > 0.5 * echo.reflectivity) & ~icy
    from_snow = _near(np.any(curtain.melting, axis=1))[:, None]
    wind: Field = np.abs(np.asarray(curtain.air_velocity))

    found = np.full(status.shape, Target.LIQUID_CLOUD, np.int8)
    found[level > DRIZZLE] = Target.DRIZZLING_CLOUD
    found[raining & (level > DRIZZLE)] = Target.DRIZZLING_CLOUD
    found[raining & (level > RAIN)] = Target.WARM_RAIN
    found[raining & from_snow] = Target.COLD_RAIN
    found[icy] = Target.ICE
    found[icy & (level > SNOW)] = Target.SNOW
    found[icy & (level > 0) & (wind > RIMING_WIND)] = Target.RIMED_SNOW
    found[icy & (curtain.tropopause[:, None] < HEIGHTS)] = Target.STRATOSPHERIC
    found[np.asarray(curtain.melting) & ~icy] = Target.MELTING_SNOW
    strong = np.asarray(detection.multiple_scattering == 3)
    found[strong] = np.where(cold, Target.HEAVY_MIXED, Target.HEAVY_RAIN)[strong]

    target = np.isin(status, TARGETS)
    codes = np.where(target, found, Target.CLEAR).astype(np.int8)
    lost = np.isin(status, (Status.EXTINGUISHED, Status.LIKELY_EXTINGUISHED))
    hidden = np.where(cold, Target.HEAVY_MIXED_LIKELY, Target.HEAVY_RAIN_LIKELY)
    codes[lost] = hidden[lost]
    codes[status == Status.SECOND_TRIP] = Target.INSECTS_OR_ARTEFACTS
    codes[status == Status.UNCERTAIN] = Target.UNCERTAIN
    clutter = np.isin(status, (Status.CLUTTER, Status.CLUTTER_OVERLAPS))
    codes = np.where(clutter, _in_clutter(codes, clutter)[:, None], codes).astype(np.int8)
    codes[status == Status.GROUND] = Target.GROUND
    codes[status == Status.NO_DATA] = Target.NO_DATA
    return codes


def _near(profiles: Mask) -> Mask:
    """Whether a profile or one that rain may have drifted from it is true."""
    return np.convolve(profiles, np.ones(2 * DRIFT_PROFILES + 1), "same") > 0.5


def _in_clutter(codes: Codes, clutter: Mask) -> Codes:
    """What probably lies in the clutter of each profile: what lies above it, (profile,)."""
    above = codes[np.arange(len(codes)), just_above_index(clutter)]
    rain = (Target.WARM_RAIN, Target.COLD_RAIN, Target.HEAVY_RAIN_LIKELY, Target.HEAVY_RAIN)
    snow = (
        Target.MELTING_SNOW,
        Target.RIMED_SNOW,
        Target.SNOW,
        Target.ICE,
        Target.HEAVY_MIXED_LIKELY,
        Target.HEAVY_MIXED,
    )
    cloud = (Target.LIQUID_CLOUD, Target.DRIZZLING_CLOUD)
    return np.select(
        [np.isin(above, rain), np.isin(above, snow), np.isin(above, cloud)],
        [Target.RAIN_IN_CLUTTER, Target.SNOW_IN_CLUTTER, Target.CLOUD_IN_CLUTTER],
        Target.CLEAR_LIKELY,
    ).astype(np.int8)


def _doppler(curtain: Curtain, echo: Echo, detection: Detection) -> Codes:
    """2 fall speed, 3 wind, 4 both, 5 uncertain."""
    wind: Field = np.abs(np.asarray(curtain.air_velocity))
    fall = np.asarray(echo.fall_speed)
    codes = np.where(wind < 0.35 * fall, 2, np.where(wind > 1.5 * fall, 3, 4))
    unclear = ~np.isin(detection.status, (Status.RELIABLE, Status.DOPPLER_ONLY))
    return np.where(unclear, 5, codes).astype(np.int8)


def _convection(curtain: Curtain, echo: Echo, target: Mask) -> Codes:
    """2 weak convection and stratiform cloud, 3 deep convective cloud, 4 dynamic core."""
    height = HEIGHTS - curtain.elevation[:, None]
    strong = decibel(echo.reflectivity) > DEEP_ECHO
    high = np.any(target & (height > DEEP_TOP), axis=1)
    deep = np.asarray(high & np.any(strong & (height > MIDDLE), axis=1))
    core = deep[:, None] & (np.abs(np.asarray(curtain.air_velocity)) > CORE_WIND)
    codes = np.where(deep[:, None], 3, 2)
    return np.where(target, np.where(core, 4, codes), 5).astype(np.int8)
