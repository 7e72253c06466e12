"""ACM_CAP_2B (ACM-CAP): the best estimate of everything from radar, lidar and imager."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from earthcare_products import conventions
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.synergy import best_estimate
from earthcare_synthetic.instruments.synergy.best_estimate import AEROSOLS, Species
from earthcare_synthetic.instruments.synergy.classification import DROPLETS, FROZEN, RAINING, merge
from earthcare_synthetic.products.acm_cap_observations import (
    CapGrid,
    imager,
    lidar,
    make_cap_grid,
    radar,
)
from earthcare_synthetic.products.acm_cap_profiles import (
    FAILED,
    Columns,
    anywhere,
    costs,
    of_instrument,
    of_retrieval,
    of_species,
)
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.fractal import Field, Mask
from earthcare_synthetic.scene.grid import curtain_canvas

Array = npt.NDArray[Any]
Fields = Iterator[tuple[str, Array]]

#: In the order of the file; between the second and the third lies melting ice.
SPECIES = {
    "ice": best_estimate.ice,
    "rain": best_estimate.rain,
    "liquid": best_estimate.liquid,
    "aerosol": best_estimate.aerosol,
}
#: Error of a variable over that of the first state variable of its species, where they differ.
#: Chosen: sizes that follow from a power law have the smaller, numbers the larger ones.
ERROR_SHARE = {
    "N0prime": 1.6, "lidar_bscat_extinction_ratio": 0.4, "water_content": 1.1, "mass_flux": 1.25,
    "normalized_number_concentration": 1.8, "effective_radius": 0.45, "riming_factor": 0.3,
    "median_volume_diameter": 0.5, "number_concentration": 1.3, "mass_content": 1.1,
}  # fmt: skip
#: Correlation of the errors of two variables. Chosen: the sign follows from what is measured, a
#: reflectivity or a backscatter that both must explain.
CORRELATION = {
    "extinction_N0prime": 0.55, "extinction_lidar_bscat_extinction_ratio": -0.6,
    "extinction_riming_index": -0.2, "N0prime_lidar_bscat_extinction_ratio": -0.35,
    "N0prime_riming_index": 0.25, "lidar_bscat_extinction_ratio_riming_index": 0.05,
    "extinction_water_content": 0.85, "extinction_mass_flux": 0.7,
    "extinction_normalized_number_concentration": 0.75,
    "extinction_effective_radius": best_estimate.RADIUS_CORRELATION,
    "extinction_median_volume_diameter": -0.6, "extinction_riming_factor": -0.15,
    "rate_water_content": 0.95, "rate_median_volume_diameter": 0.6,
    "rate_normalized_number_concentration": -0.4, "water_content_extinction": 0.9,
    "water_content_effective_radius": 0.45, "median_volume_diameter_number_concentration": -0.6,
    "median_volume_diameter_mass_content": 0.5, "median_volume_diameter_extinction": 0.3,
}  # fmt: skip
#: Reach of the errors of a species in height, in m: chosen.
REACH = {"ice": 420.0, "rain": 600.0, "liquid": 180.0, "aerosol": 300.0}
#: Standard deviation of the prior: the averaging kernel is one where errors are much smaller.
PRIOR = 0.9

#: Makes a variable of a species from the name of the species, itself, and the name of another
#: variable; `Field` is noise that differs from variable to variable.
Rule = Callable[[str, Species, str, Field], Array]


def _error(name: str, species: Species, base: str, ripple: Field) -> Array:
    return np.asarray(ERROR_SHARE.get(base, 1.0) * species.error * np.exp(0.08 * ripple))


def _error_reach(name: str, species: Species, base: str, ripple: Field) -> Array:
    return np.asarray(REACH[name] * np.exp(0.3 * ripple))


def _kernel(name: str, species: Species, base: str, ripple: Field) -> Array:
    error = np.minimum(ERROR_SHARE.get(base, 1.0) * species.error / PRIOR, 1)
    return np.asarray(1 - error**2 + 0.06 * ripple)


def _kernel_reach(name: str, species: Species, base: str, ripple: Field) -> Array:
    return np.asarray(0.7 * REACH[name] * np.exp(0.3 * ripple))


def _correlation(name: str, species: Species, base: str, ripple: Field) -> Array:
    return np.asarray(np.tanh(np.arctanh(CORRELATION[base]) + 0.15 * ripple))


#: How names end -> what makes their values, longest first.
RULES: dict[str, Rule] = {
    "_error_corr_scale": _error_reach,
    "_kernel_corr_scale": _kernel_reach,
    "_kernel_sum": _kernel,
    "_error_corr": _correlation,
    "_error": _error,
}


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file, on the heights of ATLID."""
    grid = make_cap_grid(frame)
    sizes = {**grid.sizes, "MSI_longwave_channel": 3, "MSI_shortwave_channel": 1}
    yield Group("ScienceData", read_table("ACM_CAP_2B"), sizes, _fields(product, frame, grid))


def _fields(product: GranuleId, frame: Frame, grid: CapGrid) -> Fields:
    curtain = frame.curtain
    yield "time", grid.along(curtain.track.time) + conventions.LEAP_SECONDS
    yield "latitude", grid.along(curtain.track.latitude)
    yield "longitude", grid.along(curtain.track.longitude)
    yield "height", grid.height
    yield "geoid_offset", grid.along(curtain.geoid)
    yield "elevation", grid.along(curtain.elevation)
    yield "tropopause_height", grid.along(curtain.tropopause)

    canvas = curtain_canvas(len(grid.height), (product.orbit, crc32(product.text.encode())))
    rng = canvas.random("profiles")
    own = best_estimate.grains(canvas)
    merged = merge(
        grid.on_pixels(frame.lidar.retrieved.classification),
        grid.on_pixels(frame.radar.hydrometeor_classification),
    )
    truth = best_estimate.truth_of(curtain, grid.on_pixels)
    depth = -np.gradient(np.asarray(grid.height[0]))
    empty = ~anywhere(np.isin(merged.target, (*FROZEN, *RAINING, *DROPLETS, *AEROSOLS)))
    columns: Columns = {}
    for name, retrieve in SPECIES.items():
        species = retrieve(truth, merged, own)
        yield from _of_species(name, species, own("ripple"))
        columns |= of_species(name, species, depth, empty, rng)
    melting = anywhere(grid.along(curtain.melting)).astype(int)
    columns |= costs("melting_ice", melting, empty, rng)
    longwave, shortwave = imager(frame, grid, own)
    observed = {
        "CPR": dict(radar(frame, grid, own, rng)),
        "ATLID": dict(lidar(frame, grid)),
        "MSI_longwave": dict(longwave),
        "MSI_shortwave": dict(shortwave),
    }
    for name, values in observed.items():
        count = values.pop(f"{name}_observation_variable_count")
        columns |= of_instrument(name, count, empty, rng)
        yield from values.items()
    columns |= of_retrieval(columns, empty, _failed(observed["CPR"]), np.zeros_like(empty), rng)
    yield from columns.items()


def _of_species(name: str, species: Species, ripple: Field) -> Fields:
    """All variables of a species on pixels: its fields, and what the rules make of them."""
    for variable in read_table("ACM_CAP_2B"):
        if len(variable.dimensions) < 2 or not variable.name.startswith(f"{name}_"):
            continue
        base = variable.name.removeprefix(f"{name}_")
        if base in species.fields:
            yield variable.name, species.fields[base]
            continue
        ending = next(ending for ending in RULES if base.endswith(ending))
        shift = crc32(variable.name.encode()) % len(ripple)
        values = RULES[ending](name, species, base.removesuffix(ending), np.roll(ripple, shift, 0))
        yield variable.name, np.where(species.present, values, np.nan)


def _failed(values: Mapping[str, Array]) -> Mask:
    """Profiles in which the assimilation of a measurement failed."""
    statuses = [told for name, told in values.items() if name.endswith("_assimilation_status")]
    return np.asarray(np.any([status == FAILED for status in statuses], axis=0))
