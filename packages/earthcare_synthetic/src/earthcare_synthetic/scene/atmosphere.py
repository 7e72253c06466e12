"""One temperature profile per place and day ties height, temperature and pressure together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_synthetic.scene.fractal import Field, Mask

#: Lapse rate of the troposphere in K/m, gravity and the gas constant of dry air: US Standard
#: Atmosphere 1976.
LAPSE_RATE = 0.0065
GRAVITY, GAS_CONSTANT = 9.80665, 287.053
SEA_LEVEL_PRESSURE = 101325.0
#: Depth in m of the air between the tropopause and the middle stratosphere.
LOWER_STRATOSPHERE = 8000.0


@dataclass(frozen=True)
class Atmosphere:
    """A temperature profile, on any grid.

    Temperature at the geoid (K), height of the tropopause above it (m), and temperature (K) of the
    middle stratosphere, which begins `LOWER_STRATOSPHERE` above it.
    """

    sea_level_temperature: Field
    tropopause: Field
    stratosphere: Field

    def temperature(self, height: Field) -> Field:
        """Temperature in K at a height (m above the geoid)."""
        cooled = LAPSE_RATE * np.minimum(height, self.tropopause)
        inside = self.sea_level_temperature - cooled
        share = np.clip((height - self.tropopause) / LOWER_STRATOSPHERE, 0, 1)
        return np.asarray(inside + share * (self.stratosphere - inside), dtype=np.float32)

    def height_of(self, temperature: Field) -> Field:
        """Height in m above the geoid at which the troposphere has a temperature."""
        height = (self.sea_level_temperature - temperature) / LAPSE_RATE
        return np.asarray(np.clip(height, 0, self.tropopause), dtype=np.float32)

    def pressure(self, height: Field) -> Field:
        """Pressure in Pa, hypsometric (US Standard Atmosphere 1976); above as if isothermal."""
        warm = self.sea_level_temperature
        inside = np.minimum(height, self.tropopause)
        ratio = 1 - LAPSE_RATE * inside / warm
        above = np.maximum(height - self.tropopause, 0)
        p = SEA_LEVEL_PRESSURE * ratio ** (GRAVITY / (GAS_CONSTANT * LAPSE_RATE))
        p = p * np.exp(-GRAVITY * above / (GAS_CONSTANT * warm * ratio))
        return np.asarray(p, dtype=np.float32)


def season(day_of_year: float) -> float:
    """Plus one in the middle of July, minus one in the middle of January."""
    return float(np.cos(2 * np.pi * (day_of_year - 201) / 365.25))


def climate(latitude: Field, land: Field, day_of_year: float, by_day: Field) -> Atmosphere:
    """Zonal-mean profile of a day of the year.

    Surface temperature and tropopause follow zonal means (Peixoto and Oort, Physics of Climate,
    1992, figures 7.2 and 7.7), rounded; land (0 to 1) warms by day (0 to 1) and has stronger
    seasons. The polar night cools the stratosphere, in the south more than in the north (Randel et
    al., doi:10.1175/1520-0442(2004)017<0986:TSIOMC>2.0.CO;2, rounded).
    """
    sine = np.sin(np.radians(latitude))
    swing = season(day_of_year) * sine
    ocean = 301.0 - 30.0 * sine**2 - 14.0 * sine**6 + 3.5 * swing
    warm = 301.5 - 40.0 * sine**2 - 8.0 * sine**6 + 16.0 * swing * np.abs(sine) ** 0.5
    warm = warm + 4.0 * (by_day - 0.3) * np.cos(np.radians(latitude))
    polar = 9000.0 + 800.0 * swing
    height = polar + (16800.0 - polar) * (1 - 1 / (1 + np.exp((34 - np.abs(latitude)) / 4.5)))
    winter = np.clip(-swing, 0, 1) * (1 / (1 + np.exp((64 - np.abs(latitude)) / 3)))
    above = 220.0 + 8 * np.clip(swing, 0, 1) - np.where(latitude < 0, 40.0, 30.0) * winter
    return Atmosphere(
        np.asarray(ocean + (warm - ocean) * land, dtype=np.float32),
        np.asarray(height, dtype=np.float32),
        np.asarray(above, dtype=np.float32),
    )


def skin_temperature(air: Field, land: Mask, solar_zenith: Field) -> Field:
    """Temperature of the ground in K, from that of the air above it.

    The Sun heats land by up to 14 K, the night cools it by 4 K; the sea hardly changes.
    """
    sunny = np.cos(np.radians(np.minimum(solar_zenith, 90)))
    return np.asarray(air + np.where(land, 18 * sunny - 4, 0.5), dtype=np.float32)


def column_water_vapour(air: Field) -> Field:
    """Water vapour of a column in kg m-2, from the temperature of the air at its ground in K.

    A relative humidity of 0.8 that falls off with a scale height of 2.2 km; saturation after
    Bolton (doi:10.1175/1520-0493(1980)108<1046:TCOEPT>2.0.CO;2).
    """
    celsius = np.clip(air - 273.15, -60, 35)
    saturation = 611.2 * np.exp(17.67 * celsius / (celsius + 243.5))
    return np.asarray(0.8 * saturation / (461.5 * air) * 2200, dtype=np.float32)
