"""Sunlight and heat that leave the Earth: broadband fluxes of pixels, radiances of BBR's views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from earthcare_products import msi_grid
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.imager.cloud_mask import PROBABLY_CLOUDY, classify
from earthcare_synthetic.instruments.imager.cloud_retrieval import retrieve
from earthcare_synthetic.instruments.imager.radiance import (
    BANDS,
    make_signals,
    solar_irradiance,
    sun_nearness,
)
from earthcare_synthetic.instruments.imager.viewing import viewing
from earthcare_synthetic.scene.fractal import Field, Mask
from earthcare_synthetic.scene.haze import make_haze
from earthcare_synthetic.scene.lines import cut
from earthcare_synthetic.scene.surface import Surface, make_surface

#: Solar constant in W m-2 (Kopp and Lean, doi:10.1029/2010GL045777); Stefan and Boltzmann's.
SOLAR_CONSTANT, STEFAN_BOLTZMANN = 1361.0, 5.670374e-8
#: Share of the Sun's energy that each solar band of MSI stands for, less what gases absorb (from
#: the spectrum of Thuillier et al., doi:10.1023/A:1024048429145), and what air returns in the blue.
SHARES, BLUE = (0.50, 0.25, 0.10, 0.03), 0.035
#: Columns of MSI on either side of nadir that the largest footprint may reach.
REACH = 24


class Views(NamedTuple):
    """Something of the three views of BBR, in their order in the files."""

    fore: float
    nadir: float
    aft: float


#: Viewing zenith angles in degrees.
ZENITH = Views(55.0, 0.7, 55.0)
#: Radiance times pi over flux in the thermal views: limb darkening by moist air, none by thick
#: cloud (Clerbaux et al., doi:10.1175/1520-0426(2003)020<1117:DOTLR>2.0.CO;2, rounded).
DARKENING_CLEAR, DARKENING_CLOUDY = Views(0.985, 1.055, 0.985), Views(0.997, 1.018, 0.997)
#: The same of the solar views: the sea is dark from above, cloud nearly equal (Su et al.,
#: doi:10.5194/amt-8-611-2015, rounded).
SEA, LAND, CLOUD = Views(1.16, 0.84, 1.16), Views(1.05, 0.95, 1.05), Views(1.03, 0.98, 1.03)


@dataclass(frozen=True)
class Strip:
    """Pixels of MSI near nadir, (line, column): what BBR sees is a mean of them.

    Fluxes in W m-2 (solar is 0 at night), `bands` (7, line, column) in W m-2 sr-1 um-1 and K,
    `top` in m above the ellipsoid, NaN without a retrieved cloud top.
    """

    solar: Field
    thermal: Field
    bands: Field
    cloudy: Mask
    top: Field
    surface: Surface


def make_strip(product: GranuleId, frame: Frame) -> Strip:
    """Fluxes of the pixels below the satellite, from what MSI measures of them."""
    scene = frame.scene
    swath = scene.swath
    near = slice(msi_grid.NADIR_COLUMN - REACH, msi_grid.NADIR_COLUMN + REACH + 1)
    every = slice(None)
    surface = cut(make_surface(scene), every, near)
    haze = make_haze(frame.curtain, swath).optical_thickness_670nm[:, near]
    angles = cut(viewing(swath), every, near)
    clouds = retrieve(product, scene)
    mask = classify(product, scene, clouds).mask[:, near]
    seen = make_signals(
        cut(scene, every, near),
        surface,
        angles,
        haze,
        solar_irradiance(swath.day_of_year)[:, near],
    )
    return Strip(
        solar=solar_flux(seen.reflected, seen.cos_sun, swath.day_of_year),
        thermal=thermal_flux(seen.values[BANDS.index("TIR2")]),
        bands=np.stack(seen.values),
        cloudy=mask >= PROBABLY_CLOUDY,
        top=clouds.top_height[:, near],
        surface=surface,
    )


def solar_flux(reflected: list[Field], cos_sun: Field, day_of_year: float) -> Field:
    """Reflected flux in W m-2 from the reflectances of the solar bands; 0 at night."""
    albedo = sum(share * part for share, part in zip(SHARES, reflected, strict=True))
    albedo = albedo + BLUE * (1 - np.minimum(reflected[0], 1))
    incoming = SOLAR_CONSTANT * sun_nearness(day_of_year) * np.maximum(cos_sun, 0)
    return np.nan_to_num(incoming * albedo).astype(np.float32)


def thermal_flux(brightness_temperature: Field) -> Field:
    """Outgoing flux in W m-2 from the brightness temperature near 11 um in K.

    The flux temperature is BT (1.228 - 0.001106 BT) (Ohring et al.,
    doi:10.1175/1520-0450(1984)023<0416:SDOTRB>2.0.CO;2).
    """
    warmth = brightness_temperature * (1.228 - 1.106e-3 * brightness_temperature)
    return np.asarray(STEFAN_BOLTZMANN * warmth**4, dtype=np.float32)


def anisotropy(cover: Field, bright: Field, cos_sun: Field, backward: Field) -> Field:
    """Radiance times pi over flux in the three solar views, (record, view).

    Parameters
    ----------
    cover, bright, cos_sun : ndarray
        Share of cloud and of land or ice, and the cosine of the solar zenith angle, (record,).
    backward : ndarray
        Cosine of the azimuth between Sun and satellite, (record, view): what is scattered forward
        is brighter.
    """
    ground = np.array(SEA) + (np.array(LAND) - np.array(SEA)) * bright[:, None]
    mixed = ground + (np.array(CLOUD) - ground) * cover[:, None] ** 0.6
    low = np.sqrt(np.maximum(1 - cos_sun**2, 0))[:, None] * np.sin(np.radians(ZENITH))
    return np.asarray(mixed * (1 - 0.12 * low * backward), dtype=np.float32)


def limb_darkening(cover: Field) -> Field:
    """Radiance times pi over flux in the three thermal views, (record, view)."""
    clear = np.array(DARKENING_CLEAR)
    return np.asarray(
        clear + (np.array(DARKENING_CLOUDY) - clear) * cover[:, None], dtype=np.float32
    )
