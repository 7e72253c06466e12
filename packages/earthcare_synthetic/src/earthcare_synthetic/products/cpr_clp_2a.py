"""CPR_CLP_2A: JAXA's cloud properties from the radar, in JAXA's own layout."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.radar.retrieval import retrieve, smoothed_along
from earthcare_synthetic.products.on_radar_grid import FIRST, Array, RadarGrid
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.fractal import Field
from earthcare_synthetic.scene.grid import HEIGHTS
from earthcare_synthetic.scene.water import extinction

#: Profiles of 1 km in one of 10 km.
TEN_KM = 11
#: Masks: underground, clear, and weak, good and strong echoes, which begin at these dBZ.
GROUND, CLEAR, WEAK, GOOD, STRONG = -1, 0, 20, 30, 40
GOOD_FROM, STRONG_FROM = -25.0, -10.0


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """Data and geolocation."""
    grid = RadarGrid(frame)
    sizes = {"ray": grid.sizes["along_track"], "bin": len(HEIGHTS) - FIRST, "one": 1}
    yield Group(
        "ScienceData/Data", read_table("CPR_CLP_2A.Data"), sizes, _data(product, frame, grid)
    )
    yield Group("ScienceData/Geo", read_table("CPR_CLP_2A.Geo"), sizes, geolocation(frame, grid))


def _data(product: GranuleId, frame: Frame, grid: RadarGrid) -> Iterator[tuple[str, Array]]:
    curtain, radar = frame.curtain, frame.radar
    found = retrieve(product, curtain, radar)
    part = (grid.inside, slice(FIRST, None))
    ice = np.where(found.ice, found.water_content, np.nan)
    yield "GRID_pressure_1km", np.asarray(curtain.pressure)[part] / 100
    yield "GRID_temperature_1km", np.asarray(curtain.temperature)[part]
    echo = np.where(radar.target, radar.reflectivity + radar.gas_attenuation, np.nan)
    fields = {
        "cloud_air_velocity": np.where(radar.target, curtain.air_velocity, np.nan),
        "cloud_ice_content": 1000 * ice,
        "cloud_ice_effective_radius": 1e6 * found.ice_radius,
        "cloud_radar_reflectivity": echo,
        "cloud_terminal_velocity1": np.where(found.ice, found.fall_speed, np.nan),
        "cloud_terminal_velocity2": np.where(found.rain, found.fall_speed, np.nan),
        "cloud_water_content": 1000 * found.liquid_content,
        "cloud_water_effective_radius": 1e6 * found.liquid_radius,
        "total_cloud_terminal_velocity": found.fall_speed,
    }
    wide = {}
    for name, field in fields.items():
        yield f"{name}_1km", field[part]
        wide[name] = smoothed_along(field, TEN_KM)[part]
        yield f"{name}_10km", wide[name]
    yield "cloud_ice_content_10km_uncertainty", wide["cloud_ice_content"] * found.error[part]
    for name in ("ice_effective_radius", "water_content", "water_effective_radius"):
        percent = 100 * (0.2 + 0.05 * np.abs(found.ripple[part]))
        known = np.isfinite(wide[f"cloud_{name}"])
        yield f"cloud_{name}_10km_uncertainty", np.where(known, percent, np.nan)
    yield "cloud_mask", _mask(echo, grid)[part]
    yield "optical_thickness_10km", _optical_thickness(wide)
    yield "vertical_resolution", HEIGHTS[-2:-1] - HEIGHTS[-1:]


def _mask(echo: Field, grid: RadarGrid) -> Array:
    mask = np.select([echo >= STRONG_FROM, echo >= GOOD_FROM, echo > -99], [STRONG, GOOD, WEAK], 0)
    underground = grid.curtain.elevation[:, None] > HEIGHTS
    return np.where(underground, GROUND, mask).astype(np.int8)


def _optical_thickness(wide: dict[str, Field]) -> Array:
    """Of ice and liquid, in the geometric limit; NaN without cloud."""
    depth = float(HEIGHTS[-2] - HEIGHTS[-1])
    total = np.zeros(len(wide["cloud_ice_content"]), np.float32)
    for name, density in (("ice", 917.0), ("water", 1000.0)):
        content = np.nan_to_num(wide[f"cloud_{name}_content"] / np.float32(1000))
        radius = np.nan_to_num(wide[f"cloud_{name}_effective_radius"] / np.float32(1e6))
        total += depth * extinction(content, radius, density).sum(axis=1)
    return np.where(total > 0, total, np.nan)


def geolocation(frame: Frame, grid: RadarGrid) -> Iterator[tuple[str, Array]]:
    """Time and place of JAXA's products on the heights of the curtain."""
    curtain = frame.curtain
    rays = grid.sizes["along_track"]
    yield "height", np.broadcast_to(HEIGHTS[FIRST:], (rays, len(HEIGHTS) - FIRST))
    yield "latitude", grid.along(curtain.track.latitude)
    yield "longitude", grid.along(curtain.track.longitude)
    yield "surface_elevation", grid.along(curtain.elevation)
    yield "time", grid.along(curtain.track.time) + conventions.LEAP_SECONDS
    yield "land_water_flag", grid.along(curtain.land).astype(np.float32)
