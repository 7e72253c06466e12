"""Write MSI_COP_2A (M-COP): cloud optical and physical properties on the MSI swath."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from maap_replay.synthetic import headers, layout
from maap_replay.synthetic.files import complete_or_absent
from maap_replay.synthetic.product_id import ProductId, parse
from maap_replay.synthetic.retrieval import Clouds, retrieve
from maap_replay.synthetic.scene import make_scene
from maap_replay.synthetic.swath import Swath, make_swath

ALONG, PIXELS = ("along_track",), ("along_track", "across_track")
QUALITY = """\
0: valid, quality good
1: valid, quality moderate
2: valid, degraded
3: bad
4: no retrieval"""


@dataclass(frozen=True)
class Variable:
    """One line of the table of variables."""

    name: str
    kind: str
    dimensions: tuple[str, ...]
    units: str | None
    long_name: str
    definition: str | None = None


#: In the order of the real files.
VARIABLES = (
    Variable("time", "f8", ALONG, "seconds since 2000-01-01 00:00:00.0", "Time"),
    Variable("latitude", "f8", PIXELS, "degree_north", "Latitude"),
    Variable("longitude", "f8", PIXELS, "degree_east", "Longitude"),
    Variable("geoid_offset", "f4", ALONG, "m", "Geoid offset"),
    Variable("surface_elevation", "f4", PIXELS, "m", "Surface elevation"),
    Variable("land_flag", "i1", PIXELS, None, "Land flag", "0: not land\n1: land"),
    Variable("quality_status", "i1", PIXELS, None, "Quality status", QUALITY),
    Variable("cloud_optical_thickness", "f4", PIXELS, "1", "Cloud optical thickness at 670 nm"),
    Variable("cloud_effective_radius", "f4", PIXELS, "m", "Cloud effective radius"),
    Variable("cloud_water_path", "f4", PIXELS, "kg m-2", "Cloud water path, liquid or ice"),
    Variable("cloud_optical_thickness_error", "f4", PIXELS, "1", "Cloud optical thickness error"),
    Variable("cloud_effective_radius_error", "f4", PIXELS, "m", "Cloud effective radius error"),
    Variable("cloud_water_path_error", "f4", PIXELS, "kg m-2", "Cloud water path error"),
    Variable("cloud_top_pressure", "f4", PIXELS, "Pa", "Cloud top pressure"),
    Variable("cloud_top_temperature", "f4", PIXELS, "K", "Cloud top temperature"),
    Variable("cloud_top_height", "f4", PIXELS, "m", "Cloud top height above the ellipsoid"),
    Variable("cloud_top_pressure_error", "f4", PIXELS, "Pa", "Cloud top pressure error"),
    Variable("cloud_top_temperature_error", "f4", PIXELS, "K", "Cloud top temperature error"),
    Variable("cloud_top_height_error", "f4", PIXELS, "m", "Cloud top height error"),
)


def write(product_id: str, folder: Path) -> None:
    """Write ``ID.HDR`` and then ``ID.h5``, each complete or not at all."""
    product = parse(product_id)
    if not sys.stderr.isatty():
        sys.stderr.write(f"Writing {product_id} (synthetic)\n")
    with (
        # Five steps of the scene, then the variables; no bar where it would fill a log.
        tqdm(total=5 + len(VARIABLES), desc=product_id, leave=False, disable=None) as bar,
        complete_or_absent(folder / f"{product_id}.h5") as path,
    ):

        def tell(step: str) -> None:
            bar.set_postfix_str(step)
            bar.update()

        with complete_or_absent(folder / f"{product_id}.HDR") as header:
            headers.write_xml(product, header)
        _write_file(product, path, tell)


def _write_file(product: ProductId, path: Path, tell: Callable[[str], None]) -> None:
    """Make the scene, and write what is known already in a second thread."""
    swath = make_swath(product)
    with netCDF4.Dataset(path, "w", format="NETCDF4") as dataset:
        headers.write_groups(product, dataset)
        group = dataset.createGroup("ScienceData")
        for name, size in zip(PIXELS, swath.canvas.shape, strict=True):
            group.createDimension(name, size)
        # In the order of the table, whatever the order in which they are filled.
        stored = {
            variable.name: _create_variable(group, variable, swath.canvas.shape)
            for variable in VARIABLES
        }
        with ThreadPoolExecutor(1) as writer:

            def put(fields: dict[str, npt.NDArray[Any]]) -> list[Future[None]]:
                return [
                    writer.submit(_fill_variable, stored.pop(name), values)
                    for name, values in fields.items()
                ]

            pending = put(_geometry(swath))
            scene = make_scene(product, tell=tell, swath=swath)
            tell("retrieval")
            pending += put(_retrieved(retrieve(product, scene)))
            del scene, swath
            pending += [writer.submit(_fill_variable, empty, None) for empty in stored.values()]
            for done in pending:
                done.result()
                tell("writing")


def _geometry(swath: Swath) -> dict[str, npt.NDArray[Any]]:
    return {
        "time": swath.time + layout.LEAP_SECONDS,
        "latitude": swath.latitude,
        "longitude": swath.longitude,
        "geoid_offset": swath.geoid,
        "surface_elevation": swath.elevation,
        "land_flag": swath.land.astype(np.int8),
    }


def _retrieved(clouds: Clouds) -> dict[str, npt.NDArray[Any]]:
    """Values by name of variable; those not named are fill everywhere, as in the real files."""
    return {
        "quality_status": clouds.quality,
        "cloud_optical_thickness": clouds.optical_thickness,
        "cloud_effective_radius": clouds.effective_radius,
        "cloud_water_path": clouds.water_path,
        "cloud_optical_thickness_error": clouds.optical_thickness_error,
        "cloud_effective_radius_error": clouds.effective_radius_error,
        "cloud_water_path_error": clouds.water_path_error,
        "cloud_top_pressure": clouds.top_pressure,
        "cloud_top_temperature": clouds.top_temperature,
        "cloud_top_height": clouds.top_height,
        "cloud_top_temperature_error": clouds.top_temperature_error,
    }


def _create_variable(group: Any, variable: Variable, shape: tuple[int, ...]) -> Any:
    sizes = shape[: len(variable.dimensions)]
    stored = group.createVariable(
        variable.name,
        variable.kind,
        variable.dimensions,
        fill_value=layout.FLOAT_FILL if variable.kind[0] == "f" else layout.BYTE_FILL,
        zlib=True,
        complevel=layout.DEFLATE_LEVEL,
        shuffle=True,
        chunksizes=layout.chunk_shape(sizes),
    )
    stored.set_auto_maskandscale(False)
    # Without a cache chunks are compressed as they come, in the writer's thread, not at the end.
    stored.set_var_chunk_cache(size=1)
    stored.long_name = variable.long_name
    if variable.units is not None:
        stored.units = variable.units
    if variable.definition is not None:
        stored.definition = variable.definition
    return stored


def _fill_variable(stored: Any, values: npt.NDArray[Any] | None) -> None:
    """Write the values, with fill in the columns outside the swath and for NaN."""
    fill = stored.dtype.type(stored._FillValue)
    out = np.full(stored.shape, fill)
    if values is not None and values.ndim == 1:
        out[:] = values
    elif values is not None:
        inside = np.s_[:, layout.FIRST_COLUMN : layout.LAST_COLUMN + 1]
        out[inside] = values[inside]
        if values.dtype.kind == "f":
            out[np.isnan(out)] = fill
    stored[...] = out
