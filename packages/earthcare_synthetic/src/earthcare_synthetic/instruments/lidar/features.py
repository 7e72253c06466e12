"""Where ATLID sees something, where its light is gone, and what the simple classification says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.instruments.averaging import box_sum
from earthcare_synthetic.instruments.lidar.optics import (
    STRATOSPHERIC_ICE,
    SUPERCOOLED,
    WARM_LIQUID,
    Optics,
)
from earthcare_synthetic.instruments.lidar.signals import Signals
from earthcare_synthetic.scene import aerosol
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise
from earthcare_synthetic.scene.grid import HEIGHTS, layer_depths

#: Optical depth of particles behind which nothing comes back, and behind which air is not seen.
OPAQUE, DIM = 3.0, 2.3
#: Profiles, and pixels in height, over which the signal is averaged: strong to faint features.
BOXES = {1: 3, 5: 3, 21: 3, 41: 5, 101: 9}
#: A feature stands out of the noise by so many standard deviations: in few profiles, in many.
SIGNIFICANT_ONCE, SIGNIFICANT = 4.0, 3.0
#: From so many profiles on it is many.
MANY = 21
#: Codes that are common to the classifications of ATLID's products.
MISSING, SURFACE, ATTENUATED, CLEAR = -3, -2, -1, 0
#: Simple classes.
LIQUID, ICE_CLOUD, AEROSOL, STRATOSPHERIC_CLOUD, STRATOSPHERIC_AEROSOL = 1, 2, 3, 4, 5
CLOUDS = (LIQUID, ICE_CLOUD, STRATOSPHERIC_CLOUD)
#: Profiles of a frame without data.
LOST = 3

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Features:
    """Masks and codes on (profile, height).

    `width` is the number of profiles over which a feature had to be averaged to be seen, 0 where
    none is. `mie_status`, `rayleigh_status` and `simple` are the codes of the products, `missing`
    (profile,) says which profiles are lost.
    """

    width: npt.NDArray[np.int16]
    mie_status: Codes
    rayleigh_status: Codes
    simple: Codes
    missing: Mask


def find_features(curtain: Curtain, optics: Optics, signals: Signals, canvas: Canvas) -> Features:
    """Find strong features in single profiles, then fainter ones in longer and longer means.

    What is found is left out of the next mean, as in the feature mask and the profile processor of
    ATLID (van Zadelhoff et al., doi:10.5194/amt-16-3631-2023; Donovan et al.,
    doi:10.5194/amt-17-5301-2024). No false alarms: a feature needs a particle.
    """
    depth = layer_depths()
    surface = curtain.elevation[:, None] > HEIGHTS - depth / 2
    jitter = np.exp(0.08 * noise(canvas, "extinction of the beam", 4, 5 / 3))
    before = optics.optical_depth - optics.extinction * depth / 2
    gone = np.maximum.accumulate(before * jitter > OPAQUE, axis=1)
    dim = gone | np.maximum.accumulate(before * jitter > DIM, axis=1)

    width = _widths(optics, signals, ~surface & ~gone)
    missing = _lost_profiles(canvas)
    width[missing] = 0
    simple = np.where(width > 0, simple_class(optics.kind), CLEAR)

    def told(codes: npt.NDArray[np.integer], hidden: Mask) -> Codes:
        codes = np.where(hidden, ATTENUATED, codes)
        codes = np.where(surface, SURFACE, codes)
        return np.where(missing[:, None], MISSING, codes).astype(np.int8)

    return Features(
        width=width,
        mie_status=told(1 * (width > 0), gone),
        rayleigh_status=told(np.ones_like(simple), dim),
        simple=told(simple, gone),
        missing=missing,
    )


def simple_class(kind: npt.NDArray[np.integer]) -> Codes:
    """Simple class of a class of A-TC."""
    return np.select(
        [
            kind <= 0,
            (kind == WARM_LIQUID) | (kind == SUPERCOOLED),
            kind == STRATOSPHERIC_ICE,
            kind < aerosol.DUST,
            kind == aerosol.SULPHATE,
        ],
        [kind, LIQUID, STRATOSPHERIC_CLOUD, ICE_CLOUD, STRATOSPHERIC_AEROSOL],
        AEROSOL,
    ).astype(np.int8)


def _widths(optics: Optics, signals: Signals, left: Mask) -> npt.NDArray[np.int16]:
    found = np.zeros(left.shape, np.int16)
    for width, heights in BOXES.items():
        signal, variance = (
            box_sum(np.where(left, field, 0), width, heights)
            for field in (signals.mie, signals.mie_noise**2)
        )
        clearly = SIGNIFICANT_ONCE if width < MANY else SIGNIFICANT
        hit = left & (signal > clearly * np.sqrt(variance)) & (optics.kind > 0)
        found[hit] = width
        left = left & ~hit
    return found


def _lost_profiles(canvas: Canvas) -> Mask:
    rng = canvas.random("lost profiles")
    lost = np.zeros(canvas.lines, bool)
    lost[rng.integers(0, canvas.lines, LOST)] = True
    return lost


def averaged_noise(canvas: Canvas, name: str, profiles: int, heights: int) -> Field:
    """Noise of zero mean and unit variance that neighbours in a box share."""
    white = canvas.random(name).standard_normal(canvas.shape, np.float32)
    smooth = box_sum(white, profiles, heights)
    return np.asarray(smooth / smooth.std(), dtype=np.float32)
