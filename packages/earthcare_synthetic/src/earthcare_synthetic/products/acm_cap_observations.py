"""What ACM_CAP_2B repeats of the observations, and what its state would look like to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_products import msi_grid
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.imager.radiance import (
    THERMAL,
    brightness_temperatures,
    reflectances,
)
from earthcare_synthetic.instruments.imager.viewing import viewing
from earthcare_synthetic.instruments.synergy.best_estimate import Grain
from earthcare_synthetic.products.acm_cap_profiles import UNUSABLE, anywhere, assimilation
from earthcare_synthetic.products.on_lidar_grid import LidarGrid, make_grid
from earthcare_synthetic.scene.curtain import SIDE
from earthcare_synthetic.scene.fractal import Field, Mask
from earthcare_synthetic.scene.grid import MARGIN
from earthcare_synthetic.scene.haze import make_haze
from earthcare_synthetic.scene.lines import cut
from earthcare_synthetic.scene.surface import make_surface

Array = npt.NDArray[Any]
Fields = Iterator[tuple[str, Array]]

#: Observed: reflectivity in dBZ of clear air, and the smallest ratio of backscatter to extinction.
CLEAR, LEAST_RATIO = -100.0, 1e-12
#: Noise of the Doppler velocity in m s-1, and what a retrieved state misses of an echo, in dB.
VELOCITY_NOISE, ECHO_MISFIT = 0.3, 0.6
#: Observed: profiles before the frame and after it.
BEFORE, AFTER = 9, 51
#: What a retrieved state misses of the imager's signals: in K, and of the albedo.
THERMAL_MISFIT, SOLAR_MISFIT = 0.6, 0.04
#: Wavelength of the solar band that is used, in m.
WAVELENGTH = 6.7e-7
#: Two-way attenuation in dB over optical depth.
DECIBEL = 20 / np.log(10)


@dataclass(frozen=True)
class CapGrid:
    """Pixels of the product: bins of ATLID, in the profiles that it has."""

    bins: LidarGrid
    inside: slice

    @property
    def height(self) -> Field:
        """Height in m above the ellipsoid, (profile, bin)."""
        return self.along(self.bins.height)

    @property
    def sizes(self) -> dict[str, int]:
        """Dimensions."""
        return dict(zip(("along_track", "JSG_height"), self.height.shape, strict=True))

    def on_pixels(self, field: Array) -> Array:
        """A field of the curtain, (profile, height), at the pixels."""
        return self.along(self.bins.of(field))

    def along(self, field: Array) -> Array:
        """A field (profile, ...) in the profiles that the product has."""
        return np.asarray(field)[self.inside]


def make_cap_grid(frame: Frame) -> CapGrid:
    """The pixels of a frame."""
    profiles = len(frame.curtain.elevation)
    return CapGrid(make_grid(frame), slice(MARGIN - BEFORE, profiles - MARGIN + AFTER))


def radar(frame: Frame, grid: CapGrid, grain: Grain, rng: np.random.Generator) -> Fields:
    """Echoes, fall speeds and attenuation.

    Parameters
    ----------
    frame : Frame
        What is seen.
    grid : CapGrid
        The pixels of the product.
    grain : callable
        Gives noise by name.
    rng : numpy.random.Generator
        For what fails now and then.
    """
    seen, sample, along = frame.radar, grid.on_pixels, grid.along
    target = sample(seen.target)
    sampled = np.isfinite(sample(seen.reflectivity))

    def or_clear(values: Array) -> Array:
        return np.where(sampled, np.where(target, values, CLEAR), np.nan)

    measured = sample(seen.reflectivity) + sample(seen.gas_attenuation)
    expected = sample(seen.true_reflectivity) - sample(seen.water_attenuation)
    yield "CPR_reflectivity_factor", or_clear(measured)
    yield "CPR_reflectivity_factor_forward", or_clear(expected + ECHO_MISFIT * grain("echo"))
    velocity = sample(seen.doppler_velocity)
    moving = target & np.isfinite(velocity)
    noise = VELOCITY_NOISE * grain("velocity")
    yield "CPR_doppler_velocity", np.where(moving, velocity + noise, np.nan)
    yield "CPR_doppler_velocity_forward", np.where(moving, sample(seen.fall_speed), np.nan)
    path = along(seen.path_integrated_attenuation)
    yield "CPR_path_integrated_attenuation", path
    whole = along(seen.water_attenuation[:, -1])
    yield "CPR_path_integrated_attenuation_forward", whole
    yield "CPR_optical_depth_forward", whole / DECIBEL
    melting = np.diff(np.where(along(frame.curtain.melting), along(seen.water_attenuation), 0))
    yield "radar_melting_layer_attenuation", np.maximum(melting, 0).sum(axis=1)
    yield "melting_layer_scaling_factor", rng.lognormal(0, 0.1, len(path))

    cloudy = anywhere(target)
    failed = rng.random(len(path)) < UNUSABLE
    yield "CPR_reflectivity_factor_assimilation_status", assimilation(cloudy, np.zeros_like(failed))
    yield "CPR_doppler_velocity_assimilation_status", assimilation(anywhere(moving), failed)
    yield (
        "CPR_path_integrated_attenuation_assimilation_status",
        assimilation(cloudy & np.isfinite(path), failed),
    )
    yield "CPR_observation_variable_count", target.sum(axis=1) + moving.sum(axis=1)


def lidar(frame: Frame, grid: CapGrid) -> Fields:
    """Apparent backscatter of particles and of air, and what the true air would send back."""
    seen, sample, along = frame.lidar, grid.on_pixels, grid.along
    optics, missing = seen.optics, along(seen.features.missing)
    for channel, signal in zip(("mie", "rayleigh"), grid.bins.signals(seen), strict=True):
        yield f"ATLID_backscatter_{channel}", _unless(missing, along(signal))
    arriving = sample(optics.transmission)
    arriving = np.where(arriving > LEAST_RATIO, arriving, 0)
    yield "ATLID_backscatter_mie_forward", sample(optics.backscatter) * arriving
    yield "ATLID_backscatter_rayleigh_forward", sample(optics.molecular_backscatter) * arriving
    extinction = sample(optics.extinction)
    ratio = sample(optics.backscatter) / np.maximum(extinction, LEAST_RATIO)
    ratio = np.where(extinction > 0, np.maximum(ratio, LEAST_RATIO), LEAST_RATIO)
    yield "ATLID_bscat_extinction_ratio", ratio
    yield "ATLID_optical_depth_forward", along(optics.optical_depth[:, -1])
    target = sample(seen.features.width) > 0
    for channel in ("mie", "rayleigh"):
        yield (
            f"ATLID_backscatter_{channel}_assimilation_status",
            assimilation(anywhere(target), missing),
        )
    yield "ATLID_observation_variable_count", 2 * target.sum(axis=1)


def imager(frame: Frame, grid: CapGrid, grain: Grain) -> tuple[Fields, Fields]:
    """Thermal and solar bands below the satellite, and what the retrieved state would send up."""
    scene, swath = frame.scene, frame.scene.swath
    below = slice(msi_grid.NADIR_COLUMN, msi_grid.NADIR_COLUMN + SIDE)
    every = slice(None)
    here = cut(scene, every, below)
    angles, surface = cut(viewing(swath), every, below), cut(make_surface(scene), every, below)
    haze = make_haze(frame.curtain, swath).optical_thickness_670nm[:, below]
    time = grid.along(frame.curtain.track.time)
    lines = np.searchsorted(swath.time, time).clip(0, len(swath.time) - 1)
    warmth = [band[lines].mean(axis=1) for band in brightness_temperatures(here, surface, angles)]
    reflected, _ = reflectances(here, surface, angles, haze)
    albedo = reflected[0][lines].mean(axis=1, keepdims=True)
    misfit = grain("imager")[:, :1]
    wavelengths = [band.wavelength for band in THERMAL]
    thermal = np.stack(warmth, axis=1)
    return (
        _bands("longwave_brightness_temperature", thermal, THERMAL_MISFIT * misfit, wavelengths),
        _bands("shortwave_albedo", albedo, SOLAR_MISFIT * albedo * misfit, [WAVELENGTH]),
    )


def _bands(name: str, seen: Array, misfit: Array, wavelengths: list[float]) -> Fields:
    instrument = f"MSI_{name.partition('_')[0]}"
    dark = anywhere(np.isnan(seen))
    yield f"{instrument}_wavelength", np.array(wavelengths)
    yield f"MSI_{name}", seen
    yield f"MSI_{name}_forward", seen + misfit
    yield f"MSI_{name}_assimilation_status", assimilation(~dark, dark)
    yield f"{instrument}_observation_variable_count", np.where(dark, 0, seen.shape[1])


def _unless(missing: Mask, values: Array) -> Array:
    return np.where(missing[:, None], np.nan, values)
