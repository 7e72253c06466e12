"""What comes back to ATLID: attenuated backscatter of particles and of air, with its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_synthetic.instruments.lidar.optics import Optics
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Canvas, Field, ramp
from earthcare_synthetic.scene.grid import HEIGHTS, layer_depths

#: Standard deviation in a pixel of 100 m, in m-1 sr-1: in the dark, and with the Sun overhead.
NIGHT_NOISE, SUN_NOISE = 4e-7, 1.1e-6
#: Noise of counting: variance over signal, in m-1 sr-1.
SHOT_NOISE = 2e-8
#: The co-polar particle channel is the less noisy one.
MIE_SHARE = 0.85
#: Height of the satellite in m: noise is constant in counts, and grows with the range squared.
ORBIT_HEIGHT = 393_000.0
#: Attenuated backscatter of the ground in its pixel without any air, in m-1 sr-1: sea and land.
SEA_ECHO, LAND_ECHO = 6e-5, 2.5e-4


@dataclass(frozen=True)
class Signals:
    """Attenuated backscatter in m-1 sr-1 on (profile, height), as measured: it may be negative.

    `mie` is that of particles, both polarisations together, `rayleigh` that of air,
    `rayleigh_expected` the latter without noise; `mie_noise` and `rayleigh_noise` are the standard
    deviations.
    """

    mie: Field
    mie_noise: Field
    rayleigh: Field
    rayleigh_noise: Field
    rayleigh_expected: Field


def make_signals(curtain: Curtain, optics: Optics, canvas: Canvas) -> Signals:
    """Attenuate what scatters, and add noise.

    The background of the Sun grows with its elevation and with the brightness of clouds below;
    noise is of the size that real files show: 1e-6 m-1 sr-1 in 100 m by day, 4e-7 by night.
    """
    depth = layer_depths()
    mie = optics.backscatter * optics.transmission + _ground(curtain, optics)
    rayleigh = optics.molecular_backscatter * optics.transmission

    sun = np.cos(np.radians(np.minimum(curtain.solar_zenith, 90)))
    cloud = (
        curtain.high_optical_thickness
        + curtain.middle_optical_thickness
        + curtain.low_optical_thickness
    )
    background = NIGHT_NOISE**2 + SUN_NOISE**2 * sun * (0.6 + 0.6 * ramp(cloud, 0, 30))
    away = ((ORBIT_HEIGHT - HEIGHTS) / ORBIT_HEIGHT) ** 4
    noise = {
        name: np.sqrt((background[:, None] * away + SHOT_NOISE * signal) * 100 / depth)
        for name, signal in (("mie", mie), ("rayleigh", rayleigh))
    }
    noise["mie"] *= MIE_SHARE
    errors = {
        name: canvas.random(f"{name} channel").standard_normal(canvas.shape, np.float32)
        for name in noise
    }
    return Signals(
        mie=np.asarray(mie + noise["mie"] * errors["mie"], dtype=np.float32),
        mie_noise=noise["mie"].astype(np.float32),
        rayleigh=np.asarray(rayleigh + noise["rayleigh"] * errors["rayleigh"], dtype=np.float32),
        rayleigh_noise=noise["rayleigh"].astype(np.float32),
        rayleigh_expected=rayleigh.astype(np.float32),
    )


def _ground(curtain: Curtain, optics: Optics) -> Field:
    """Echo of the surface in its pixel."""
    there = np.abs(HEIGHTS - curtain.elevation[:, None]) <= layer_depths() / 2
    echo = np.where(curtain.land, LAND_ECHO, SEA_ECHO)[:, None] * optics.transmission
    return np.asarray(np.where(there, echo, 0), dtype=np.float32)
