"""AC__CLP_2B: JAXA's cloud properties from radar and lidar together, in JAXA's own layout."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import numpy as np

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.radar.retrieval import smoothed_along
from earthcare_synthetic.instruments.synergy import best_estimate
from earthcare_synthetic.instruments.synergy.classification import (
    DROPLETS,
    FROZEN,
    RAINING,
    Codes,
    merge,
)
from earthcare_synthetic.products.cpr_clp_2a import TEN_KM, geolocation
from earthcare_synthetic.products.on_radar_grid import FIRST, Array, RadarGrid
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.fractal import Field
from earthcare_synthetic.scene.grid import HEIGHTS, curtain_canvas, layer_depths
from earthcare_synthetic.scene.water import MELTING_POINT

#: Class of AC-TC -> type of particle.
TYPES = {
    0: conventions.BYTE_FILL, 1: 0, 2: 13, 3: 13, 4: 13, 5: 8, 6: 12, 7: 16, 8: 1, 9: 10, 10: 8,
    11: 8, 12: 14, 13: 9, 14: 9, 15: 9, 16: 12, 17: 12, 18: 2, 19: 3, 20: 12, 21: 3, 22: 3,
    25: 15, 29: 17,
}  # fmt: skip
CLEAR, ICE, PLATES = 0, 3, 4
#: Plates grow at these temperatures in K, and the lidar alone tells them from other crystals
#: (Okamoto et al., doi:10.1029/2009JD013641).
PLATES_GROW = (MELTING_POINT - 20, MELTING_POINT - 9)
#: Status of AC-TC, who sees a target -> flag of this product: both, lidar, radar.
SEEN_BY = {4: 3, 5: 2, 6: 1}


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """Data and geolocation."""
    grid = RadarGrid(frame)
    rays, bins = grid.sizes["along_track"], len(HEIGHTS) - FIRST
    sizes = {"ray": rays, "bin": bins, "one": 1, "two": 2}
    data = _data(product, frame, grid)
    yield Group("ScienceData/Data", read_table("AC__CLP_2B.Data"), sizes, data)
    yield Group("ScienceData/Geo", read_table("CPR_CLP_2A.Geo"), sizes, geolocation(frame, grid))


def _data(product: GranuleId, frame: Frame, grid: RadarGrid) -> Iterator[tuple[str, Array]]:
    curtain = frame.curtain
    part = (grid.inside, slice(FIRST, None))
    merged = merge(
        frame.lidar.retrieved.classification[part], frame.radar.hydrometeor_classification[part]
    )
    canvas = curtain_canvas(
        grid.sizes["along_track"], (product.orbit, crc32(product.text.encode()))
    )
    grain = best_estimate.grains(canvas, merged.target.shape[1])
    truth = best_estimate.truth_of(curtain, lambda field: np.asarray(field)[part])
    ice = best_estimate.ice(truth, merged, grain)
    liquid = best_estimate.liquid(truth, merged, grain)
    temperature = np.asarray(curtain.temperature)[part]
    yield "GRID_pressure_1km", np.asarray(curtain.pressure)[part] / 100
    yield "GRID_temperature_1km", temperature
    yield "vertical_resolution", HEIGHTS[-2:-1] - HEIGHTS[-1:]
    yield "horizontal_resolution", np.array([1.0, 10.0])

    fields = {
        "cloud_ice_content": 1000 * _found(ice, "water_content"),
        "cloud_water_content": 1000 * _found(liquid, "water_content"),
        "cloud_effective_radius1": 1e6 * _found(ice, "effective_radius"),
        "cloud_effective_radius2": 1e6 * _found(liquid, "effective_radius"),
    }
    depth = layer_depths()[FIRST:]
    for name, field in fields.items():
        wide = smoothed_along(field, TEN_KM)
        for length, values in (("1km", field), ("10km", wide)):
            yield f"{name}_{length}", values
            if name.endswith("content"):
                path = name.replace("ice_content", "ice_water_path").replace("_content", "_path")
                yield f"{path}_{length}", _path(values, depth)

    kinds = _particle_types(merged.target, temperature, merged.seen_by)
    flags = np.full(kinds.shape, -1, np.int8)
    for status, flag in SEEN_BY.items():
        flags[merged.seen_by == status] = flag
    cloudy = np.isin(merged.target, (*FROZEN, *RAINING, *DROPLETS)).astype(np.int8)
    for name, codes in (
        ("cloud_particle_type_cpr_atlid", kinds),
        ("radar_lidar_flag", flags),
        ("cloud_mask_cpr_atlid", cloudy),
    ):
        yield f"{name}_1km", codes
        yield f"{name}_10km", _every_ten(codes)


def _found(species: best_estimate.Species, name: str) -> Field:
    return np.where(species.present, species.fields[name], np.float32(np.nan))


def _path(content: Field, depth: Field) -> Array:
    """Content added up over height, in g m-2; NaN without cloud."""
    total = np.nansum(content * depth, axis=1)
    return np.where(total > 0, total, np.nan)


def _particle_types(target: Codes, temperature: Field, seen_by: Codes) -> Codes:
    table = np.full(256, CLEAR, np.int8)
    for code, kind in TYPES.items():
        table[code] = kind
    kinds = table[target.astype(int)]
    no_aerosol = seen_by != 5
    kinds[(target == -1) & no_aerosol] = conventions.BYTE_FILL
    low, high = PLATES_GROW
    plates = (kinds == ICE) & (temperature > low) & (temperature < high) & (seen_by != 6)
    return np.where(plates, PLATES, kinds).astype(np.int8)


def _every_ten(codes: Codes) -> Codes:
    """The code in the middle of each stretch of 10 km, in all its profiles."""
    rays = np.arange(len(codes))
    middle = (rays // TEN_KM * TEN_KM + TEN_KM // 2).clip(0, len(codes) - 1)
    return np.asarray(codes[middle])
