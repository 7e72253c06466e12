"""Each product of the replay, streamed, equals what xarray reads from the file on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray as xr

from earthcare_synthetic.products.table import FILE_TYPES
from earthcare_tutorial import open_granule
from earthcare_tutorial.streaming.leap_seconds import NOTE

HOW: dict[str, Any] = {"engine": "h5netcdf", "phony_dims": "access"}


def groups_of(path: Path) -> list[str]:
    """Return the groups of a file that hold variables, but for its header."""
    found: list[str] = []

    def note(name: str, each: Any) -> None:
        if isinstance(each, h5py.Dataset) and name.startswith("ScienceData"):
            found.append(name.rpartition("/")[0])

    with h5py.File(path) as file:
        file.visititems(note)
    return list(dict.fromkeys(found))


def as_streamed(local: xr.Dataset, path: Path) -> xr.Dataset:
    """Add what the reader adds on purpose: names, the notes, and true UTC."""
    for name, each in local.variables.items():
        if each.dtype.kind == "M" and str(each.encoding.get("units")).startswith("seconds since"):
            local[name] = each.dims, each.values - np.timedelta64(5, "s"), each.attrs
            local[name].attrs["leap_seconds"] = NOTE
    with h5py.File(path) as file:
        (notes,) = np.ravel(file["HeaderData/FixedProductHeader/Notes"].asstr()[()])
    return local.assign_attrs(granule_id=path.stem, synthetic=notes)


@pytest.fixture
def link(esa_maap, products):
    """Put a product on the service, and return its link and its place on disk."""

    def put(kind: str) -> tuple[str, Path]:
        path = products[kind]
        esa_maap.accept(access_token="good")
        return esa_maap.put(path.name, path), path

    return put


@pytest.mark.parametrize("kind", sorted(FILE_TYPES))
def test_a_product_equals_its_file(link, kind):
    url, path = link(kind)
    for group in groups_of(path):
        with xr.open_dataset(path, group=group, **HOW) as file:
            local = as_streamed(file.load(), path)
        xr.testing.assert_identical(open_granule(url, "good", group=group).load(), local)
        two = list(local.variables)[-2:]
        part = {dim: slice(3, size - 1, 2) for dim, size in local.sizes.items()}
        some = local[two].isel({dim: part[dim] for dim in local[two].dims})
        picked = {dim: part[dim] for dim in some.dims}
        xr.testing.assert_identical(open_granule(url, "good", two, group, picked), some)


def test_both_groups_of_a_jaxa_product_at_once(link):
    url, path = link("CPR_CLP_2A")
    ds = open_granule(url, "good").load()
    for group in ("Data", "Geo"):
        with xr.open_dataset(path, group=f"ScienceData/{group}", **HOW) as file:
            for name, each in as_streamed(file.load(), path).items():
                like = xr.Variable(ds[name].dims, each.values, each.attrs)
                xr.testing.assert_identical(ds[name].variable, like)
    assert ds["time"].dims == ds["height"].dims[:1]
    assert ds["height"].dims in {ds[name].dims for name in ds if name != "height"}
    names = ["latitude", next(iter(set(ds) - {"time", "height", "latitude", "longitude"}))]
    xr.testing.assert_identical(open_granule(url, "good", names), ds[names])


@pytest.mark.parametrize("kind", ["BM__RAD_2B", "BMA_FLX_2B"])
@pytest.mark.parametrize("wanted", [None, "latitude"])
def test_groups_that_hold_the_variables_are_named(link, kind, wanted):
    url, path = link(kind)
    with pytest.raises(ValueError, match="holds only groups: ") as caught:
        open_granule(url, "good", wanted)
    for group in groups_of(path):
        assert group.rpartition("/")[2] in str(caught.value)
        assert "latitude" in open_granule(url, "good", group=group)
