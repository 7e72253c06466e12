"""What MSI measures at the top of the atmosphere: reflected sunlight and brightness temperature."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from earthcare_products import msi_grid
from earthcare_synthetic.instruments.imager.two_stream import (
    ICE_ASYMMETRY,
    LIQUID_ASYMMETRY,
    over_ground,
    sheet,
    similar_absorption,
    single_scattering_absorption,
)
from earthcare_synthetic.instruments.imager.viewing import (
    Viewing,
    cos_glint_tilt,
    glint_reflectance,
)
from earthcare_synthetic.scene.cloud_layer import Layer
from earthcare_synthetic.scene.clouds import Scene
from earthcare_synthetic.scene.fractal import Field
from earthcare_synthetic.scene.lines import pick
from earthcare_synthetic.scene.surface import Surface

#: Positions of pixels in flat arrays.
Pixels = npt.NDArray[np.intp]
#: Second radiation constant in m K.
C2 = 0.014387769
#: The Sun counts as down where it is lower than this cosine of its zenith angle.
HORIZON = 0.02
#: Extent in m of the water vapour above ground.
VAPOUR_SCALE = 2200.0


class SolarBand(NamedTuple):
    """A band that sees sunlight.

    `irradiance` is that of the Sun in W m-2 um-1 (Thuillier et al., doi:10.1023/A:1024048429145),
    `rayleigh` the optical thickness of air (Bodhaine et al.,
    doi:10.1175/1520-0426(1999)016<1854:OROTCF>2.0.CO;2), `gas` that of absorbing gases. `liquid`
    and `ice` are absorption coefficients in m-1 (Hale and Querry, doi:10.1364/AO.12.000555; Warren
    and Brandt, doi:10.1029/2007JD009744). The last six are albedos, rounded from spectral libraries
    (Baldridge et al., doi:10.1016/j.rse.2008.11.007).
    """

    name: str
    irradiance: float
    rayleigh: float
    gas: float
    liquid: float
    ice: float
    water: float
    desert: float
    green: float
    soil: float
    snow: float
    sea_ice: float


class ThermalBand(NamedTuple):
    """A band that sees heat.

    `wavelength` in m, `vapour` is what water vapour takes from the brightness temperature in K per
    kg m-2, `crystals` the absorption of ice relative to that at 10.8 um for crystals of 15 um (it
    nears 1 as they grow; Inoue, doi:10.2151/jmsj1965.63.1_88), `desert` the emissivity of quartz
    sand.
    """

    name: str
    wavelength: float
    vapour: float
    crystals: float
    droplets: float
    desert: float


SOLAR = (
    SolarBand("VIS", 1535, 0.043, 0.020, 0.1, 0.1, 0.004, 0.30, 0.045, 0.13, 0.86, 0.62),
    SolarBand("VNIR", 968, 0.0155, 0.012, 5.0, 3.0, 0.002, 0.38, 0.36, 0.21, 0.80, 0.52),
    SolarBand("SWIR1", 231, 0.0012, 0.015, 690, 1900, 0.001, 0.50, 0.23, 0.29, 0.10, 0.06),
    SolarBand("SWIR2", 79, 0.0004, 0.035, 1650, 1350, 0.001, 0.46, 0.10, 0.23, 0.08, 0.04),
)
THERMAL = (
    ThermalBand("TIR1", 8.8e-6, 0.105, 0.85, 0.92, 0.88),
    ThermalBand("TIR2", 10.8e-6, 0.070, 1.00, 1.00, 0.96),
    ThermalBand("TIR3", 12.0e-6, 0.108, 1.13, 1.08, 0.975),
)
BANDS = tuple(band.name for band in (*SOLAR, *THERMAL))


class Signals(NamedTuple):
    """What MSI would measure without noise: `values` in W m-2 sr-1 um-1 and K, by band.

    `reflected` is the reflectance of the solar bands, NaN at night as their values are.
    """

    reflected: list[Field]
    values: list[Field]
    cos_sun: Field


def make_signals(
    scene: Scene, surface: Surface, angles: Viewing, aerosol: Field, irradiance: Field
) -> Signals:
    """Signals of all bands.

    Parameters
    ----------
    scene, surface, angles
        Of the same pixels.
    aerosol : ndarray
        Optical thickness of aerosol at 670 nm.
    irradiance : ndarray
        `solar_irradiance` of their columns.
    """
    reflected, cos_sun = reflectances(scene, surface, angles, aerosol)
    radiances = [
        part * across * cos_sun / np.float32(np.pi)
        for part, across in zip(reflected, irradiance[: len(SOLAR)], strict=True)
    ]
    thermal = brightness_temperatures(scene, surface, angles)
    return Signals(reflected, [*radiances, *thermal], cos_sun)


def reflectances(
    scene: Scene, surface: Surface, angles: Viewing, aerosol: Field
) -> tuple[list[Field], Field]:
    """Reflectance of the four solar bands, and the cosine of the solar zenith angle.

    All arguments are of the same pixels; `aerosol` is the optical thickness at 670 nm.
    Reflectance is pi times radiance over the irradiance of the Sun on a level surface; NaN at
    night. Clouds are sheets of the light-scattering of all three layers, with the absorption of
    those that one sees from above; air and aerosol scatter once (Kaufman et al.,
    doi:10.1029/96JD03988).
    """
    cos_sun = np.cos(np.radians(angles.solar_zenith)).astype(np.float32)
    sun = np.maximum(cos_sun, HORIZON)
    view = np.cos(np.radians(angles.sensor_zenith)).astype(np.float32)
    scattering, _ = cos_glint_tilt(angles)
    air = 0.75 * (1 + scattering**2)
    haze = _henyey_greenstein(scattering, 0.68)
    path = 1 / sun + 1 / view
    glint = np.where(surface.land, 0, glint_reflectance(angles) * (1 - surface.sea_ice))
    layers = (scene.high, scene.middle, scene.low)
    cloudy = np.flatnonzero(sum(layer.optical_thickness > 0 for layer in layers))
    sun_there = sun.ravel()[cloudy]
    thickness, weights = _scattering(scene, cloudy)
    found = []
    for band in SOLAR:
        ground = ground_albedo(band, surface) + glint
        total = ground.ravel().copy()
        absorption = np.zeros(len(cloudy), np.float32)
        for layer, weight in zip(layers, weights, strict=True):
            absorption += weight * _absorption(band, layer, cloudy)
        cloud = sheet(thickness, absorption, sun_there)
        total[cloudy] = over_ground(cloud, np.minimum(ground.ravel()[cloudy], 0.9))
        hidden = np.zeros(sun.size, np.float32)
        hidden[cloudy] = cloud.reflectance
        # An Angstrom exponent of 0.9, as air has one of 4.
        of_aerosol = aerosol * (band.rayleigh / SOLAR[0].rayleigh) ** (0.9 / 4)
        clear = (band.rayleigh * air + 0.93 * of_aerosol * haze) / (4 * sun * view)
        lost = np.exp(-band.gas * path)
        toa = total.reshape(sun.shape) * lost + clear * (1 - hidden.reshape(sun.shape))
        found.append(np.where(cos_sun > HORIZON, toa, np.nan).astype(np.float32))
    return found, cos_sun


def brightness_temperatures(scene: Scene, surface: Surface, angles: Viewing) -> list[Field]:
    """Brightness temperature in K of the three thermal bands.

    The ground shines through the layers from below; each adds what it emits near its top, an
    optical depth of one inside it. Absorption is half of the optical thickness at 670 nm.
    """
    slant = 1 / np.cos(np.radians(angles.sensor_zenith)).astype(np.float32)
    found: list[Field] = []
    for band in THERMAL:
        emissivity = 0.985 + (band.desert - 0.985) * surface.desert
        moist = band.vapour * surface.water_vapour * slant
        up = emissivity * _planck(band, surface.temperature - moist)
        for layer in (scene.low, scene.middle, scene.high):
            cloudy = np.flatnonzero(layer.optical_thickness > 0)
            cloud = pick(layer, cloudy)
            small = np.minimum(15e-6 / cloud.effective_radius, 1.5)
            ratio = np.where(cloud.ice, 1 + (band.crystals - 1) * small, band.droplets)
            opacity = 0.5 * cloud.optical_thickness * ratio
            passing = np.exp(-opacity * slant.ravel()[cloudy])
            depth = 0.6 * np.minimum(0.5 / np.maximum(opacity, 0.5), 1)
            height = np.maximum(cloud.top - (cloud.top - cloud.base) * depth, 0)
            warmth = pick(scene.atmosphere, cloudy).temperature(height)
            warmth = warmth - moist.ravel()[cloudy] * np.exp(-height / VAPOUR_SCALE)
            flat = up.ravel()
            flat[cloudy] = flat[cloudy] * passing + (1 - passing) * _planck(band, warmth)
            up = flat.reshape(up.shape)
        found.append(_brightness(band, up))
    return found


def sun_nearness(day_of_year: float) -> float:
    """Brightness of the Sun on a day relative to its mean, as it is nearer (Spencer 1971)."""
    return float(1 + 0.0334 * np.cos(2 * np.pi * (day_of_year - 3) / 365.25))


def solar_irradiance(day_of_year: float) -> Field:
    """Irradiance of the Sun on a day in W m-2 um-1, (band, column); NaN for thermal bands.

    The filters shift a little across the swath, as those of the real instrument do.
    """
    across = np.linspace(-1, 1, msi_grid.COLUMNS) ** 2
    found = np.full((len(BANDS), msi_grid.COLUMNS), np.nan, np.float32)
    for band, solar in enumerate(SOLAR):
        found[band] = solar.irradiance * sun_nearness(day_of_year) * (1 + 0.006 * across)
    return found


def _scattering(scene: Scene, pixels: Pixels) -> tuple[Field, list[Field]]:
    """Scattering optical thickness of all layers, and how much of each one sees from above."""
    total = np.zeros(len(pixels), np.float32)
    left = np.ones(len(pixels), np.float32)
    weights = []
    for layer in (scene.high, scene.middle, scene.low):
        cloud = pick(layer, pixels)
        asymmetry = np.where(cloud.ice, np.float32(ICE_ASYMMETRY), np.float32(LIQUID_ASYMMETRY))
        own = cloud.optical_thickness * (1 - asymmetry)
        total += own
        weights.append(left * (1 - np.exp(-1.5 * own)))
        left = left * np.exp(-1.5 * own)
    every = np.maximum(sum(weights), 1e-6)
    return total, [weight / every for weight in weights]


def _absorption(band: SolarBand, layer: Layer, pixels: Pixels) -> Field:
    cloud = pick(layer, pixels)
    radius = cloud.effective_radius
    frozen = similar_absorption(single_scattering_absorption(band.ice, radius), ICE_ASYMMETRY)
    liquid = similar_absorption(single_scattering_absorption(band.liquid, radius), LIQUID_ASYMMETRY)
    return np.where(cloud.ice, frozen, liquid)


def ground_albedo(band: SolarBand, surface: Surface) -> Field:
    """Albedo of what covers the ground, 0 to 1; without the glitter of the Sun."""
    soil = surface.land * (1 - surface.desert - surface.green - surface.snow)
    sea = (1 - surface.land) * (1 - surface.sea_ice)
    mixed = (
        band.water * sea
        + band.desert * surface.desert * surface.rock
        + band.green * surface.green
        + band.soil * np.maximum(soil, 0) * surface.rock
        + band.snow * surface.snow
        + band.sea_ice * surface.sea_ice
    )
    return np.asarray(mixed, dtype=np.float32)


def _henyey_greenstein(cosine: Field, asymmetry: float) -> Field:
    """Phase function (Henyey and Greenstein, doi:10.1086/144246)."""
    return np.asarray(
        (1 - asymmetry**2) / (1 + asymmetry**2 - 2 * asymmetry * cosine) ** 1.5, dtype=np.float32
    )


def _planck(band: ThermalBand, temperature: npt.NDArray[np.floating]) -> Field:
    """Radiance by Planck's law, in units that cancel."""
    scaled = np.float32(C2 / band.wavelength) / np.maximum(temperature, 150)
    return np.asarray(1 / np.expm1(scaled), dtype=np.float32)


def _brightness(band: ThermalBand, radiance: Field) -> Field:
    return np.asarray((C2 / band.wavelength) / np.log1p(1 / radiance), dtype=np.float32)
