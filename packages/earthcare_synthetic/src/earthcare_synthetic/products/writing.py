"""Write a granule, in the layout of ESA's files as netCDF-C does it or in that of JAXA."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import netCDF4
import numpy.typing as npt
from tqdm import tqdm

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic import headers, layout
from earthcare_synthetic.files import complete_or_absent
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.products import jaxa_writing
from earthcare_synthetic.products.table import Variable, as_stored

#: Variables that may wait for the thread that compresses, each with its memory.
WAITING = 4


class Piece(NamedTuple):
    """A part of a variable that is too large to be held at once: where, and its values."""

    where: tuple[slice, ...]
    values: npt.NDArray[Any]


class Group(NamedTuple):
    """One group of variables: where, which, how large, and their values.

    `fields` yields names and values in any order, large ones in pieces of whole chunks; NaN becomes
    fill, and a variable that is not there is fill everywhere.
    """

    path: str
    variables: tuple[Variable, ...]
    sizes: Mapping[str, int]
    fields: Iterable[tuple[str, npt.NDArray[Any] | Piece]]


Contents = Callable[[GranuleId, Frame], Iterable[Group]]


def write(product: GranuleId, folder: Path, frame: Frame, contents: Contents) -> None:
    """Write ``ID.HDR`` and then ``ID.h5``, each complete or not at all.

    Parameters
    ----------
    product : GranuleId
        What to write.
    folder : Path
        Where to.
    frame : Frame
        The scene of its orbit and frame.
    contents : callable
        Returns the groups of the file.
    """
    if not sys.stderr.isatty():
        sys.stderr.write(f"Writing {product.text} (synthetic)\n")
    with (
        # No bar where it would fill a log.
        tqdm(desc=product.text, unit=" variables", leave=False, disable=None) as bar,
        complete_or_absent(folder / f"{product.text}.h5") as path,
    ):
        with complete_or_absent(folder / f"{product.text}.HDR") as header:
            headers.write_xml(product, header)
        store = jaxa_writing.store if product.file_class.startswith("J") else _store
        store(product, path, contents(product, frame), bar.update)


def _store(
    product: GranuleId, path: Path, groups: Iterable[Group], tell: Callable[[], object]
) -> None:
    """Write a file as ESA lays it out."""
    written = []
    with netCDF4.Dataset(path, "w", format="NETCDF4") as dataset:
        headers.write_groups(product, dataset)
        for group in groups:
            _write_group(dataset, group, tell)
            written.append(group)
    _add_empty_attributes(path, written)


def _write_group(dataset: Any, group: Group, tell: Callable[[], object]) -> None:
    """Create all variables in order, then fill them as they come, in a second thread."""
    into = dataset.createGroup(group.path)
    for name, size in group.sizes.items():
        into.createDimension(name, size)
    stored = {each.name: _create(into, each, group.sizes) for each in group.variables}
    kinds = {each.name: each for each in group.variables}
    waiting: list[Future[None]] = []
    begun: set[str] = set()
    with ThreadPoolExecutor(1) as writer:
        for name, values in group.fields:
            waiting.append(writer.submit(_fill, stored[name], kinds[name], values))
            begun.add(name)
            while len(waiting) > WAITING:
                waiting.pop(0).result()
            tell()
        for name in [name for name in stored if name not in begun]:
            waiting.append(writer.submit(_fill, stored[name], kinds[name], None))
        for done in waiting:
            done.result()


def _create(group: Any, variable: Variable, sizes: Mapping[str, int]) -> Any:
    shape = tuple(sizes[name] for name in variable.dimensions)
    packed: dict[str, Any] = {
        "zlib": True,
        "complevel": layout.DEFLATE_LEVEL,
        "shuffle": True,
        "chunksizes": layout.chunk_shape(shape),
    }
    stored = group.createVariable(
        variable.name,
        variable.kind,
        variable.dimensions,
        fill_value=variable.fill,
        **(packed if shape else {}),
    )
    stored.set_auto_maskandscale(False)
    if shape:
        # Without a cache chunks are compressed as they come, in the writer's thread, not at the
        # end.
        stored.set_var_chunk_cache(size=1)
    for name, value in variable.attributes.items():
        if not isinstance(value, str) or value:
            stored.setncattr(name, value)
    return stored


def _add_empty_attributes(path: Path, groups: list[Group]) -> None:
    """Write empty texts as netCDF-C does it, with a null data space; its Python does not."""
    missing = [
        (f"{group.path}/{variable.name}", name)
        for group in groups
        for variable in group.variables
        for name, value in variable.attributes.items()
        if isinstance(value, str) and not value
    ]
    if missing:
        with h5py.File(path, "a") as file:
            for variable, name in missing:
                file[variable].attrs[name] = h5py.Empty("S1")


def _fill(stored: Any, variable: Variable, values: npt.NDArray[Any] | Piece | None) -> None:
    """Write values, with fill for NaN; fill everywhere where there are no values."""
    whole = tuple(slice(size) for size in stored.shape)
    where, values = values if isinstance(values, Piece) else (whole, values)
    shape = tuple(len(range(*w.indices(n))) for w, n in zip(where, stored.shape, strict=True))
    stored[where or ...] = as_stored(variable, shape, values)
