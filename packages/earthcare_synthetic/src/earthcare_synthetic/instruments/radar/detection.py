"""Where the radar sees something: noise, ground and its clutter, extinction, false echoes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.instruments.radar.echo import Echo
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise
from earthcare_synthetic.scene.grid import HEIGHTS

#: Smallest echo that is found, and from which Doppler velocity is of use, in dBZ (Kollias et al.,
#: doi:10.1175/JTECH-D-11-00202.1, for a profile of 1 km).
FLOOR, DOPPLER_FLOOR = -35.0, -21.0
#: Mean of the noise in dBZ, and its degrees of freedom after averaging.
NOISE, NOISE_SHAPE = -36.0, 3.0
#: Two-way attenuation in dB above which photons that were scattered more than once dominate, and
#: the share of what lies above that they hide (Battaglia et al., doi:10.1029/2010JD014346,
#: rounded).
SINGLE_SCATTERING, HIDDEN = 8.0, 0.25
#: Peak of the echo of the ground, of calm sea and of land, in dBZ.
SEA_ECHO, LAND_ECHO = 38.0, 29.0
#: Depth of the clutter above the ground in m, at sea and over land.
SEA_CLUTTER, LAND_CLUTTER = 500.0, 700.0
#: Range in m at which the next pulse leaves while the last one comes back (a PRF of 7.2 kHz), and
#: what an echo loses that the sea reflects twice, in dB (Battaglia, doi:10.5194/amt-14-7809-2021).
SECOND_TRIP, MIRROR_LOSS = 20_800.0, 39.0


class Status(IntEnum):
    """Detection status of C-FMR."""

    NO_DATA = -1
    GROUND = 0
    CLEAR = 1
    EXTINGUISHED = 2
    LIKELY_EXTINGUISHED = 3
    UNRELIABLE = 4
    REFLECTIVITY_ONLY = 5
    ENHANCED = 6
    DOPPLER_ONLY = 7
    RELIABLE = 8
    CLUTTER = 9
    CLUTTER_OVERLAPS = 10
    UNCERTAIN = 11
    SECOND_TRIP = 12


@dataclass(frozen=True)
class Detection:
    """What is found, (profile, height); reflectivity in dBZ, attenuation in dB.

    `attenuation` of hydrometeors is what shows: multiple scattering makes it seem less.
    `surface` is the index of the height in which the ground lies.
    """

    reflectivity: Field
    attenuation: Field
    status: npt.NDArray[np.int8]
    multiple_scattering: npt.NDArray[np.int8]
    surface: npt.NDArray[np.int16]


def detect(canvas: Canvas, curtain: Curtain, echo: Echo, seen: Mask) -> Detection:
    """Receive an echo with noise and ground, and decide where it comes from hydrometeors.

    Parameters
    ----------
    canvas : Canvas
        Lattice of the curtain, seeded for this measurement.
    curtain : Curtain
        What is looked at.
    echo : Echo
        Of the curtain.
    seen : ndarray of bool
        The pixels that the radar samples.
    """
    rng = canvas.random("noise of the radar")
    truth = decibel(echo.reflectivity)
    enhanced = HIDDEN * np.maximum(echo.water_attenuation - SINGLE_SCATTERING, 0)
    attenuation = (echo.water_attenuation - enhanced).astype(np.float32)
    weakened = truth - echo.gas_attenuation - attenuation
    weakened = np.fmax(weakened, _tail_of_multiple_scattering(weakened, echo.water_attenuation))
    mirrored = _second_trip(curtain, echo, weakened)

    surface = np.abs(HEIGHTS - curtain.elevation[:, None]).argmin(axis=1)
    ground = _ground_echo(canvas, curtain, echo, attenuation)
    grain = rng.gamma(NOISE_SHAPE, 1 / NOISE_SHAPE, truth.shape).astype(np.float32)
    speckle = 1 + 0.05 * rng.standard_normal(truth.shape, np.float32)
    power = power_of(weakened) * speckle + power_of(mirrored) + power_of(ground)
    measured = decibel(power + 10 ** (NOISE / 10) * grain)

    patchy = noise(canvas, "threshold of the radar", 6, 5 / 3)
    found = (np.minimum(weakened, weakened + 0.7 * patchy) > FLOOR) & (measured > FLOOR)
    found &= truth > FLOOR  # not the tail of multiple scattering in clear air
    above_ground = np.arange(len(HEIGHTS)) < surface[:, None]
    height = HEIGHTS - curtain.elevation[:, None]
    reach = np.where(curtain.land, LAND_CLUTTER + 60 * patchy.mean(axis=1), SEA_CLUTTER)
    clutter = above_ground & (height < np.clip(reach, 500, 800)[:, None])
    found &= above_ground & ~clutter & seen

    status = np.full(truth.shape, Status.CLEAR, np.int8)
    status[decibel(power_of(mirrored)) > FLOOR] = Status.SECOND_TRIP
    status[rng.random(truth.shape, np.float32) < 2e-5] = Status.UNCERTAIN
    lost = above_ground & (enhanced > 0) & (weakened < FLOOR) & (echo.rain > 0)
    status[lost] = Status.LIKELY_EXTINGUISHED
    status[lost & (echo.water_attenuation > 45)] = Status.EXTINGUISHED
    status[found] = Status.RELIABLE
    status[found & (weakened < DOPPLER_FLOOR + patchy)] = Status.REFLECTIVITY_ONLY
    faint = found & (weakened < FLOOR + 1.5)
    status[faint & (rng.random(truth.shape, np.float32) < 0.4)] = Status.UNRELIABLE
    status[found & (enhanced > 1.5)] = Status.ENHANCED
    lowest = _just_above(clutter, found)
    status[clutter] = Status.CLUTTER
    status[clutter & lowest[:, None]] = Status.CLUTTER_OVERLAPS
    status[~above_ground] = Status.GROUND
    status[~seen] = Status.NO_DATA

    scattering = np.where(found, 1 + (enhanced > 1.5) + (enhanced > 5), 0)
    return Detection(
        reflectivity=np.where(seen, measured, np.nan).astype(np.float32),
        attenuation=attenuation,
        status=status,
        multiple_scattering=scattering.astype(np.int8),
        surface=surface.astype(np.int16),
    )


def decibel(power: npt.NDArray[np.floating]) -> Field:
    """Ten times the decimal logarithm; -inf where there is nothing."""
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(power), dtype=np.float32)


def power_of(level: npt.NDArray[np.floating]) -> Field:
    """The inverse of `decibel`."""
    return np.asarray(np.float32(10) ** (level / np.float32(10)), dtype=np.float32)


def just_above_index(clutter: Mask) -> npt.NDArray[np.intp]:
    """Index of the height just above the clutter of each profile."""
    return np.asarray(np.maximum(clutter.argmax(axis=1) - 1, 0))


def _just_above(clutter: Mask, found: Mask) -> Mask:
    """Whether the lowest pixel above the clutter holds hydrometeors, (profile,)."""
    return np.asarray(found[np.arange(len(found)), just_above_index(clutter)])


def _tail_of_multiple_scattering(weakened: Field, attenuation: Field) -> Field:
    """Photons on long detours arrive late: an echo that fades by 9 dB per km below the strongest.

    Only where attenuation is strong (Battaglia et al., doi:10.1029/2010JD014346).
    """
    source = np.where(attenuation > SINGLE_SCATTERING, weakened - 6, -np.inf)
    rise = -9 * HEIGHTS / 1000
    return np.asarray(np.maximum.accumulate(source + rise, axis=1) - rise, dtype=np.float32)


def _ground_echo(canvas: Canvas, curtain: Curtain, echo: Echo, attenuation: Field) -> Field:
    """Echo of the ground in dBZ: a pulse 500 m long, with side lobes that fill the lowest bins.

    Land is weaker and rougher; slopes in the footprint make its pulse wider. Shape of the pulse
    after Burns et al. (doi:10.1109/TGRS.2016.2524545), simplified.
    """
    wind = noise(canvas, "wind on the sea", 400, 2.0)[:, 0]
    rough = np.clip(noise(canvas, "rough ground", 8, 5 / 3)[:, 0], -2, 2)
    peak = np.where(curtain.land, LAND_ECHO + 3.5 * rough, SEA_ECHO + 2.0 * wind + 0.4 * rough)
    loss = (echo.gas_attenuation + attenuation)[:, -1]
    width = np.where(curtain.land, 1.35 + 0.12 * np.abs(rough), 1.0)[:, None]
    bins = np.abs(HEIGHTS - curtain.elevation[:, None]) / 100 / width
    lobes = -50 - 8 * np.maximum(bins - 3, 0)
    return np.asarray((peak - loss)[:, None] + np.maximum(-3 * bins**2, lobes), dtype=np.float32)


def _second_trip(curtain: Curtain, echo: Echo, weakened: Field) -> Field:
    """Echo in dBZ that the sea has mirrored and that arrives with the next pulse, high up."""
    image = SECOND_TRIP - HEIGHTS
    index = np.abs(HEIGHTS[:, None] - image[None, :]).argmin(axis=0)
    reachable = (image > 1500) & (image < 9000)
    total = echo.water_attenuation[:, -1:] + echo.gas_attenuation[:, -1:]
    level = weakened[:, index] - MIRROR_LOSS - 2 * (total - echo.gas_attenuation[:, index])
    level = np.where(reachable & ~curtain.land[:, None], level, -np.inf)
    return np.asarray(level, dtype=np.float32)
