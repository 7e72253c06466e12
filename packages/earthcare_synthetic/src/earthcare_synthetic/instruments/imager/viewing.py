"""From where MSI looks at its pixels, and where the Sun stands: angles in degrees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_products import msi_grid
from earthcare_synthetic.ground_track import EARTH_RADIUS_KM
from earthcare_synthetic.scene import world
from earthcare_synthetic.scene.fractal import Field, Mask, enlarge
from earthcare_synthetic.scene.swath import COARSE_LEVEL, Swath

ALTITUDE_KM = 393.0
#: Observed: the least viewing zenith angle in MSI_AOT_2A; the satellite does not fly quite level.
TILT = 0.686
#: Slope variance of the sea: Cox and Munk (doi:10.1364/JOSA.44.000838), at 6 m/s of wind.
SLOPE_VARIANCE = 0.003 + 0.00512 * 6
#: Fresnel reflectance of water at small angles.
FRESNEL = 0.021
#: Reflectance of the glitter from which on a pixel counts as glint.
GLARE = 0.04


@dataclass(frozen=True)
class Viewing:
    """Angles seen from the pixel: zenith from the vertical, azimuth clockwise from north."""

    solar_zenith: Field
    solar_azimuth: Field
    sensor_zenith: Field
    sensor_azimuth: Field


def viewing(swath: Swath) -> Viewing:
    """Angles of all pixels of a swath."""
    canvas = swath.canvas
    step = max(2**COARSE_LEVEL // canvas.stride, 1)
    coarse = np.s_[::step, ::step]
    _, azimuth = world.solar_angles(
        swath.time[::step, None], swath.latitude[coarse], swath.longitude[coarse]
    )
    for axis in (0, 1):
        azimuth = np.unwrap(azimuth, axis=axis, period=360)
    column = np.arange(canvas.shape[1]) * canvas.stride
    right_km = (column - msi_grid.NADIR_COLUMN) * msi_grid.PITCH_KM
    nadir = msi_grid.NADIR_COLUMN // canvas.stride
    heading = _heading(swath.latitude[:, nadir], swath.longitude[:, nadir])
    across = sensor_zenith(right_km)
    # The satellite stands ahead by its tilt, and to the left of a pixel on the right.
    bearing = np.degrees(np.arctan2(-np.sign(right_km) * across, TILT))
    return Viewing(
        np.asarray(swath.solar_zenith),
        (enlarge(azimuth, step * canvas.stride, canvas) % 360).astype(np.float32),
        np.broadcast_to(np.hypot(across, np.float32(TILT)), canvas.shape),
        ((heading[:, None] + bearing) % 360).astype(np.float32),
    )


def sensor_zenith(right_km: world.Array) -> Field:
    """Zenith angle of a satellite abreast of a pixel that is so far from nadir, on a sphere."""
    off_nadir = np.arctan(np.abs(right_km) / ALTITUDE_KM)
    ratio = (EARTH_RADIUS_KM + ALTITUDE_KM) / EARTH_RADIUS_KM
    return np.degrees(np.arcsin(ratio * np.sin(off_nadir))).astype(np.float32)


def cos_glint_tilt(angles: Viewing) -> tuple[Field, Field]:
    """Cosines of the scattering angle and of the tilt at which a facet mirrors the Sun."""
    sun, view = np.radians(angles.solar_zenith), np.radians(angles.sensor_zenith)
    relative = np.radians(angles.solar_azimuth - angles.sensor_azimuth)
    # Between the directions to the Sun and to the satellite.
    between = np.cos(sun) * np.cos(view) + np.sin(sun) * np.sin(view) * np.cos(relative)
    half = np.sqrt(np.maximum((1 + between) / 2, 1e-3))
    tilt = (np.cos(sun) + np.cos(view)) / (2 * half)
    return np.asarray(-between, dtype=np.float32), np.asarray(np.clip(tilt, 0.2, 1), np.float32)


def glint_reflectance(angles: Viewing) -> Field:
    """Reflectance of the glitter of the Sun on the sea (Cox and Munk 1954)."""
    _, cosine = cos_glint_tilt(angles)
    slopes = (1 / cosine**2 - 1) / SLOPE_VARIANCE
    sun = np.maximum(np.cos(np.radians(angles.solar_zenith)), 0.05)
    view = np.cos(np.radians(angles.sensor_zenith))
    facets = np.exp(-np.minimum(slopes, 60)) / (np.pi * SLOPE_VARIANCE)
    reflectance = np.pi * FRESNEL * facets / (4 * sun * view * cosine**4)
    return np.asarray(np.minimum(reflectance, 0.6), dtype=np.float32)


def in_glint(angles: Viewing) -> Mask:
    """Pixels that the glitter of the Sun would brighten if they were sea."""
    return (glint_reflectance(angles) > GLARE) & (angles.solar_zenith < 85)


def _heading(latitude: world.Array, longitude: world.Array) -> world.Array:
    """Direction of flight from the positions below the satellite."""
    east = np.gradient(np.unwrap(longitude, period=360)) * np.cos(np.radians(latitude))
    return np.asarray(np.degrees(np.arctan2(east, np.gradient(latitude))) % 360)
