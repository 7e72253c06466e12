"""The layout of JAXA's files: HDF5 without dimension scales, headers of one element.

Readers number the dimensions themselves, in the order in which they meet new sizes, group by group:
``phony_dim_0`` to ``_2`` are those of the three groups of the header, so that the rays and bins of
``ScienceData/Data`` are ``phony_dim_3`` and ``_4``. Readers have these numbers in their code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic import layout
from earthcare_synthetic.headers import stored_header
from earthcare_synthetic.products.table import Variable, as_stored

if TYPE_CHECKING:  # the ordinary writer needs this module
    from earthcare_synthetic.products.writing import Group

#: Observed in MSI_CLP_2A, chosen for others: a chunk is 100 rays long and full in other directions.
CHUNK_RAYS = 100


def store(
    product: GranuleId, path: Path, groups: Iterable[Group], tell: Callable[[], object]
) -> None:
    """Write a file as JAXA lays it out.

    Parameters
    ----------
    product : GranuleId
        What to write.
    path : Path
        The file to create.
    groups : iterable of Group
        ``ScienceData/Data`` and ``ScienceData/Geo``; their dimensions give shapes, no names.
    tell : callable
        Called after each variable.
    """
    with h5py.File(path, "w", track_order=True) as file:
        _write_header(product, file.create_group("HeaderData", track_order=True))
        science = file.create_group("ScienceData", track_order=True)
        for group in groups:
            into = science.create_group(group.path.removeprefix("ScienceData/"), track_order=True)
            stored = {each.name: _create(into, each, group.sizes) for each in group.variables}
            kinds = {each.name: each for each in group.variables}
            for name, values in group.fields:
                stored[name][...] = as_stored(kinds[name], stored[name].shape, values)
                tell()


def _write_header(product: GranuleId, header: h5py.Group) -> None:
    tree = stored_header(product)
    # Not seen in JAXA's files: a fourth group of the header would shift all numbers.
    fixed = {
        name: value
        for name, value in tree["FixedProductHeader"].items()
        if not isinstance(value, dict)
    }
    variable = tree["VariableProductHeader"]
    _elements(header.create_group("FixedProductHeader", track_order=True), fixed)
    groups = header.create_group("VariableProductHeader", track_order=True)
    main = groups.create_group("MainProductHeader", track_order=True)
    _elements(main, variable["MainProductHeader"])
    specific = groups.create_group("SpecificProductHeader", track_order=True)
    _elements(specific, {"algorithmVersion": product.file_class[2:]})


def _elements(group: h5py.Group, entries: dict[str, Any]) -> None:
    """One-element datasets."""
    for name, value in entries.items():
        if isinstance(value, str):
            group.create_dataset(name, data=[value], dtype=h5py.string_dtype())
        else:
            group.create_dataset(name, data=[value], dtype="u4" if isinstance(value, int) else "f8")


def _create(group: h5py.Group, variable: Variable, sizes: Mapping[str, int]) -> h5py.Dataset:
    shape = tuple(sizes[name] for name in variable.dimensions)
    stored = group.create_dataset(
        variable.name,
        shape,
        variable.kind,
        chunks=(min(CHUNK_RAYS, shape[0]), *shape[1:]),
        compression="gzip",
        compression_opts=layout.DEFLATE_LEVEL,
        shuffle=True,
        fillvalue=as_stored(variable, (), None),
    )
    for name, value in variable.attributes.items():
        stored.attrs[name] = np.bytes_(value) if isinstance(value, str) else value
    if variable.fill is not None:
        stored.attrs["_FillValue"] = np.full(1, variable.fill, variable.kind)
    return stored
