"""What files seldom hold, and a stream reads as HDF5 does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr

from earthcare_tutorial import open_granule

if TYPE_CHECKING:
    from pathlib import Path

    from maap_replay.pytest_plugin import EsaMaap


@pytest.fixture
def path(esa_maap: EsaMaap, tmp_path: Path) -> Path:
    esa_maap.accept(access_token="good")
    return tmp_path / "a.h5"


def test_a_time_that_is_missing_stays_missing(esa_maap: EsaMaap, path: Path) -> None:
    with h5py.File(path, "w") as file:
        time = file.create_dataset("ScienceData/time", data=[813e6, 1e10, 813e6 + 1])
        time.attrs["units"] = "seconds since 2000-01-01 00:00:00.0"
        time.attrs["_FillValue"] = 1e10
    ds = open_granule(esa_maap.put("a.h5", path.read_bytes()), "good")
    assert "leap_seconds" in ds["time"].attrs
    np.testing.assert_array_equal(np.isnat(ds["time"].values), [False, True, False])


def test_a_sum_that_was_shuffled_with_the_values(esa_maap: EsaMaap, path: Path) -> None:
    values = np.random.default_rng(2).random(40)
    with h5py.File(path, "w") as file:
        science = file.create_group("ScienceData")
        options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        options.set_chunk((10,))
        options.set_fletcher32()  # four bytes more than whole numbers, and these are shuffled
        options.set_shuffle()
        kind, space = h5py.h5t.NATIVE_DOUBLE, h5py.h5s.create_simple((40,))
        made = h5py.h5d.create(science.id, b"summed", kind, space, options)
        h5py.Dataset(made)[...] = values
    ds = open_granule(esa_maap.put("a.h5", path.read_bytes()), "good", "summed")
    np.testing.assert_array_equal(ds["summed"].values, values)


@pytest.mark.parametrize("number", [3, 4])
@pytest.mark.parametrize("tracked", [True, False])
def test_variables_come_in_the_order_of_the_file(
    esa_maap: EsaMaap, path: Path, number: int, tracked: bool
) -> None:
    names = ["d", "b", "a", "c"][:number]
    with h5py.File(path, "w", libver="latest") as file:
        science = file.create_group("ScienceData", track_order=tracked)
        for name in names:
            science[name] = np.arange(3)
    ds = open_granule(esa_maap.put("a.h5", path.read_bytes()), "good")
    assert [*ds.data_vars] == (names if tracked else sorted(names))


def test_dimensions_without_names_are_numbered(esa_maap: EsaMaap, path: Path) -> None:
    with h5py.File(path, "w") as file:
        science = file.create_group("ScienceData")
        science["plain"] = np.arange(3)
        science["also"] = np.arange(3)
        science["along"] = np.arange(4)
        science["along"].make_scale()
    ds = open_granule(esa_maap.put("a.h5", path.read_bytes()), "good")
    assert ds["plain"].dims == ds["also"].dims == ("phony_dim_0",)
    assert ds["along"].dims == ("along",)


@pytest.mark.parametrize("shared", [True, False])
def test_letters_are_joined_unless_numbers_share_their_dimension(
    esa_maap: EsaMaap, path: Path, shared: bool
) -> None:
    with netCDF4.Dataset(path, "w") as file:
        science = file.createGroup("ScienceData")
        science.createDimension("line", 2)
        science.createDimension("place", 3)
        science.createVariable("name", "S1", ("line", "place"))[:] = [[*"abc"], [*"def"]]
        if shared:
            science.createVariable("weight", "f4", ("place",))[:] = [1, 2, 3]
    ds = open_granule(esa_maap.put("a.h5", path.read_bytes()), "good", "name")
    with xr.open_dataset(path, group="ScienceData", engine="h5netcdf") as local:
        xr.testing.assert_equal(ds["name"], local["name"])
        assert ds["name"].dims == (("line", "place") if shared else ("line",))


def test_metadata_of_unlikely_length_are_not_fetched(esa_maap: EsaMaap, path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["ScienceData/plain"] = np.arange(3)
    body = bytearray(path.read_bytes())
    heap = body.rindex(b"HEAP") + 8  # how many bytes its names take, of the group opened last
    body[heap : heap + 8] = (20 << 20).to_bytes(8, "little")
    url = esa_maap.put("a.h5", bytes(body) + bytes(24 << 20))
    with pytest.raises(ValueError, match=r"a\.h5 is damaged: a piece of its metadata has \d{8} by"):
        open_granule(url, "good", "plain")
    assert sum(one.bytes for one in esa_maap.log) < 1 << 20


@pytest.mark.parametrize("group", [None, "ScienceData"])
def test_a_link_to_a_variable_is_one_more_variable(
    esa_maap: EsaMaap, path: Path, group: str | None
) -> None:
    with h5py.File(path, "w") as file:
        file["ScienceData/plain"] = np.arange(3)
        file["ScienceData/alias"] = h5py.SoftLink("/ScienceData/plain")
    ds = open_granule(esa_maap.put("a.h5", path.read_bytes()), "good", group=group)
    np.testing.assert_array_equal(ds["alias"].values, [0, 1, 2])


def test_a_table_of_names_of_an_unknown_version_is_damage(esa_maap: EsaMaap, path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["ScienceData/plain"] = np.arange(3)
    body = path.read_bytes().replace(b"SNOD\1", b"SNOD\2")
    path.write_bytes(body)
    with pytest.raises(RuntimeError, match="symbol table"), h5py.File(path) as file:
        list(file)
    with pytest.raises(ValueError, match=r"a\.h5 is damaged: "):
        open_granule(esa_maap.put("a.h5", body), "good", "plain")
