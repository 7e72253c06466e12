"""ATL_ICE_2A (A-ICE): ice water content and effective radius from the extinction of ice clouds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.lidar.features import (
    ICE_CLOUD,
    MISSING,
    STRATOSPHERIC_CLOUD,
)
from earthcare_synthetic.products.lidar_layers import extended_quality, find_layers
from earthcare_synthetic.products.on_lidar_grid import geolocation, land_flag, make_grid, sizes
from earthcare_synthetic.products.on_swath import Array
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group
from earthcare_synthetic.scene.cloud_layer import ICE_DENSITY
from earthcare_synthetic.scene.fractal import Field

#: Two independent readers of real files take contents for mg m-3 and radii for micrometres.
MILLIGRAMS, MICROMETRES = 1e6, 1e6
#: Relative error of a radius that follows from extinction and temperature.
RADIUS_ERROR = 0.3


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    yield Group("ScienceData", read_table("ATL_ICE_2A"), sizes(frame), _fields(frame))


def _fields(frame: Frame) -> Iterator[tuple[str, Array]]:
    grid, view = make_grid(frame), frame.lidar
    yield from geolocation(frame, grid)
    yield land_flag(frame)
    simple = grid.of(view.features.simple)
    yield "simple_classification", simple
    layers = find_layers(simple)
    yield "extended_data_quality_status", extended_quality(frame, layers, grid.row.shape[1])
    yield "quality_status", grid.of(view.retrieved.quality)
    profiles = view.retrieved.profiles
    radius, extinction = grid.of(profiles.radius), grid.of(profiles.extinction)
    # As in the scene: three halves of content over density and radius is the extinction.
    content = 2 / 3 * ICE_DENSITY * extinction * radius * MILLIGRAMS
    spread = grid.of(profiles.extinction_error) / extinction
    ice = (simple == ICE_CLOUD) | (simple == STRATOSPHERIC_CLOUD)

    def told(values: Array) -> Field:
        """Observed: zero where nothing is retrieved."""
        return np.where(simple == MISSING, np.nan, np.where(ice, values, 0)).astype(np.float32)

    yield "ice_water_content", told(content)
    yield "ice_water_content_error", told(content * np.hypot(spread, RADIUS_ERROR))
    yield "ice_effective_radius", told(radius * MICROMETRES)
    yield "ice_effective_radius_error", told(radius * MICROMETRES * RADIUS_ERROR)
