"""CPR_TC__2A (C-TC): what kind of hydrometeors the radar sees."""

from __future__ import annotations

from collections.abc import Iterator

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.instruments.radar.classes import Target
from earthcare_synthetic.products.on_radar_grid import Array, RadarGrid
from earthcare_synthetic.products.table import read_table
from earthcare_synthetic.products.writing import Group


def contents(product: GranuleId, frame: Frame) -> Iterator[Group]:
    """The one group of the file."""
    grid = RadarGrid(frame)
    yield Group("ScienceData", read_table("CPR_TC__2A"), grid.sizes, _fields(grid))


def _fields(grid: RadarGrid) -> Iterator[tuple[str, Array]]:
    yield from grid.geolocation()
    for name in (
        "hydrometeor_classification",
        "doppler_velocity_classification",
        "simplified_convective_classification",
    ):
        yield name, grid.on_bins(getattr(grid.radar, name), Target.GROUND, Target.NO_DATA)
