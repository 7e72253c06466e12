"""BMA_FLX_2B (BMA-FLX): fluxes at the top of the atmosphere, from BBR with MSI and ATLID."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.imager.radiance import BANDS
from earthcare_synthetic.instruments.radiometer.broadband import Strip
from earthcare_synthetic.instruments.radiometer.footprints import (
    Footprint,
    footprint_mean,
    masked_mean,
)
from earthcare_synthetic.instruments.radiometer.views import (
    ENDS,
    SOLAR_MODEL,
    SOLAR_NOISE,
    THERMAL_MODEL,
    THERMAL_NOISE,
    Records,
    combined,
)
from earthcare_synthetic.products.on_footprints import (
    DOUBTFUL,
    GOOD,
    INVALID,
    resolutions,
    solar_quality,
)
from earthcare_synthetic.products.on_lidar_grid import cloud_top
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.fractal import Field

#: Classes of the surface: water, forest, savannah, grass, shrub, desert, permanent snow, sea ice.
WATER, FOREST, SAVANNAH, GRASS, SHRUB, DESERT, SNOW, SEA_ICE = range(1, 9)
#: Parallax in m between cloud tops from which on the views do not see the same scene.
PARALLAX = 4000.0
#: Share of clear or of cloudy pixels that a mean of them needs to be good.
ENOUGH = 0.1


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """One group per resolution, the same variables in each."""
    for name, footprint, strip, records in resolutions(product, frame):
        sizes = {
            "along_track": len(records.lines),
            "msi_channel": len(BANDS),
            "bbr_direction": 3,
            "primary_surfaces": 2,
        }
        fields = _fields(frame, footprint, strip, records)
        yield Group(f"ScienceData/{name}", read_table("BMA_FLX_2B"), sizes, fields)


def _fields(
    frame: Frame, footprint: Footprint, strip: Strip, records: Records
) -> Iterator[tuple[str, Array]]:
    curtain, track = frame.curtain, records.track
    inner = slice(ENDS, -ENDS)
    yield "time", track.time + conventions.LEAP_SECONDS
    yield "latitude", track.latitude
    yield "longitude", track.longitude
    yield "geoid_offset", curtain.geoid[inner]
    yield "cloud_cover", 100 * records.cover
    yield "ATLID_cloud_top_height", cloud_top(frame).height[inner]
    yield "MSI_cloud_top_height_mean", records.top
    yield "MSI_cloud_top_height_error", records.top_spread
    for name in ("solar_zenith", "solar_azimuth", "viewing_zenith", "viewing_azimuth",
                 "relative_azimuth"):  # fmt: skip
        yield f"{name}_angle", getattr(records, name)
    yield "surface_classification", _surfaces(strip, footprint, records.lines)
    yield from _imager_means(strip, footprint, records.lines)
    yield from _fluxes(records, curtain.elevation[inner])


def _imager_means(strip: Strip, footprint: Footprint, lines: Array) -> Iterator[tuple[str, Array]]:
    """Mean and spread of the bands of MSI over all, over clear and over cloudy pixels."""
    everywhere = np.ones_like(strip.cloudy)
    kinds = {"allsky": everywhere, "clear": ~strip.cloudy, "cloud": strip.cloudy}
    for name, where in kinds.items():
        found = [masked_mean(band, where, footprint, lines) for band in strip.bands]
        mean, spread, share = (np.stack(part, axis=1) for part in zip(*found, strict=True))
        yield f"MSI_{name}_radiance_mean", mean
        yield f"MSI_{name}_radiance_error", spread
        codes = np.where(np.isnan(mean), INVALID, np.where(share < ENOUGH, DOUBTFUL, GOOD))
        yield f"MSI_{name}_radiance_quality_status", codes.astype(np.int8)


def _fluxes(records: Records, elevation: Field) -> Iterator[tuple[str, Array]]:
    reference = np.where(records.cover > 0.05, records.top, elevation)
    reference = np.where(np.isnan(reference), elevation, reference)
    parallax = np.nan_to_num(records.top_spread)[:, None] * np.array([1, 0, 1]) > PARALLAX
    of_view = solar_quality(records)
    trusted = np.zeros_like(of_view)
    thermal_doubt = parallax & (records.cover > 0.2)[:, None]
    kinds = {
        "solar": (records.solar_radiance, records.solar_flux, of_view, SOLAR_NOISE, SOLAR_MODEL),
        "thermal": (
            records.thermal_radiance, records.thermal_flux, trusted + thermal_doubt, THERMAL_NOISE,
            THERMAL_MODEL,
        ),
    }  # fmt: skip
    confident = {}
    for name, (radiance, flux, quality, noise, model) in kinds.items():
        error = np.hypot(noise * np.pi, model * flux)
        both = combined(flux)
        disagreement = np.std(flux, axis=1)
        yield f"{name}_coregistered_radiance", radiance
        yield f"{name}_coregistered_radiance_error", noise + 0.004 * radiance
        yield f"{name}_coregistered_radiance_quality_status", quality.astype(np.int8)
        yield f"{name}_parallax_flag", parallax.astype(np.int8)
        yield f"{name}_reference_level_height", reference
        yield f"{name}_top_of_atmosphere_flux", flux
        yield f"{name}_top_of_atmosphere_flux_error", error
        yield f"{name}_top_of_atmosphere_flux_quality_status", quality.astype(np.int8)
        yield f"{name}_combined_top_of_atmosphere_flux", both
        yield (
            f"{name}_combined_top_of_atmosphere_flux_error",
            np.hypot(combined(error) / np.sqrt(2), 0.3 * disagreement),
        )
        doubt = 1 * (disagreement > 0.06 * both) + 1 * (quality > GOOD).any(axis=1)
        codes = np.where(np.isnan(both), 3, doubt)
        yield f"{name}_combined_top_of_atmosphere_flux_quality_status", codes.astype(np.int8)
        confident[name] = codes
    solar, thermal = confident["solar"], confident["thermal"]
    overall = np.select(
        (solar == 3, (solar < 2) & (thermal < 2), thermal < 2, solar < 2), (1, 0, 1, 2), 3
    )
    yield "quality_status", overall.astype(np.int8)


def _surfaces(strip: Strip, footprint: Footprint, lines: Array) -> Array:
    """The two classes that cover most of each footprint."""
    ground = strip.surface
    open_land = ground.land * (1 - ground.snow - ground.desert)
    shares = {
        WATER: (1 - ground.land) * (1 - ground.sea_ice),
        FOREST: open_land * (ground.green > 0.72),
        SAVANNAH: open_land * ((ground.green > 0.5) & (ground.green <= 0.72)),
        GRASS: open_land * ((ground.green > 0.25) & (ground.green <= 0.5)),
        SHRUB: open_land * (ground.green <= 0.25),
        DESERT: ground.desert,
        SNOW: ground.snow,
        SEA_ICE: ground.sea_ice,
    }
    means = np.stack([footprint_mean(each, footprint, lines) for each in shares.values()], axis=1)
    order = np.argsort(-means, axis=1, kind="stable")[:, :2]
    codes = np.array(list(shares))[order]
    second = np.take_along_axis(means, order, axis=1)[:, 1]
    codes[:, 1] = np.where(second > 0.01, codes[:, 1], codes[:, 0])
    return codes.astype(np.int8)
