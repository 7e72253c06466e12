"""Every product that can be written, opened by the readers that people use, against its table.

The tables (``synthetic/products/tables``) hold what was observed in real files and documented of
them. Counts and oddities below are stated once more, as they were seen, so that a table that loses
a line is noticed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr

from earthcare_products import conventions
from earthcare_products.granule_ids import parse_granule_id
from earthcare_products.products import catalogue_entry
from earthcare_synthetic import NOTES, layout
from earthcare_synthetic.frame import Frame
from earthcare_synthetic.ground_track import frame_time
from earthcare_synthetic.products.contents import CONTENTS
from earthcare_synthetic.products.table import FILE_TYPES
from earthcare_synthetic.products.writing import Group

TYPES = sorted(CONTENTS)
#: JAXA's files have no dimension scales; readers number their dimensions.
JAXA = ("AC__CLP_2B", "CPR_CLP_2A")
ESA = [kind for kind in TYPES if kind not in JAXA]
#: Variables that were counted in real files, per group.
COUNTED = {
    "AC__TC__2B": 21,
    "ACM_CAP_2B": 192,
    "ATL_ALD_2A": 31,
    "ATL_EBD_2A": 66,
    "ATL_TC__2A": 27,
    "BMA_FLX_2B": 46,
    "CPR_CD__2A": 34,
    "CPR_CLD_2A": 51,
    "MSI_COP_2A": 19,
}
#: Profiles or lines before the frame begins.
MARGIN = {
    "AC__TC__2B": 99,
    "ACM_CAP_2B": 9,
    "ATL_AER_2A": 99,
    "ATL_ALD_2A": 99,
    "ATL_CTH_2A": 99,
    "ATL_EBD_2A": 99,
    "ATL_ICE_2A": 99,
    "ATL_TC__2A": 99,
    "CPR_CD__2A": 14,
    "CPR_CLD_2A": 14,
    "CPR_FMR_2A": 14,
    "CPR_TC__2A": 14,
    "MSI_AOT_2A": layout.MARGIN_LINES,
    "MSI_CM__2A": layout.MARGIN_LINES,
    "MSI_COP_2A": layout.MARGIN_LINES,
    "MSI_RGR_1C": layout.MARGIN_LINES,
}
#: Numbers of the dimensions that readers of JAXA's files have in their code.
PHONY = {
    "AC__CLP_2B": {"Data": (3, 4), "Geo": (7, 8)},
    "CPR_CLP_2A": {"Data": (3, 4), "Geo": (6, 7)},
}
#: What times count from.
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
FIXED = ["File_Name", "File_Description", "Notes", "Mission", "File_Class", "File_Type"]


@cache
def groups_of(path: Path) -> list[Group]:
    """What the tables say of the groups of a file, without their values."""
    product = parse_granule_id(path.stem)
    groups = CONTENTS[product.file_type](product, Frame(product, path.parent.parent))
    return [group._replace(fields=()) for group in groups]


def reading(kind: str, engine: str) -> dict[str, Any]:
    """How xarray is told to read a file."""
    numbered = kind in JAXA and engine == "h5netcdf"
    return {"engine": engine, **({"phony_dims": "sort"} if numbered else {})}


@pytest.mark.parametrize("kind", TYPES)
def test_variables_are_stored_as_the_table_says(products: dict[str, Path], kind: str) -> None:
    groups = groups_of(products[kind])
    with netCDF4.Dataset(products[kind]) as file:
        assert list(file.groups) == ["HeaderData", "ScienceData"]
        assert not file.variables
        for group in groups:
            stored = file[group.path]
            assert list(stored.variables) == [each.name for each in group.variables]
            if kind in COUNTED:
                assert len(stored.variables) == COUNTED[kind]
            for each in group.variables:
                found = stored[each.name]
                assert found.shape == tuple(group.sizes[name] for name in each.dimensions)
                assert found.dtype == np.dtype(each.kind), each.name
                told = {name: found.getncattr(name) for name in found.ncattrs()}
                fill = told.pop("_FillValue", None)
                assert fill == (None if each.fill is None else np.dtype(each.kind).type(each.fill))
                assert set(told) == set(each.attributes), each.name
                for name, value in each.attributes.items():
                    assert np.array_equal(told[name], value), (each.name, name)
                if kind in ESA:
                    assert found.dimensions == each.dimensions


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
@pytest.mark.parametrize("kind", TYPES)
def test_xarray_reads_every_group(products: dict[str, Path], kind: str, engine: str) -> None:
    for group in groups_of(products[kind]):
        with xr.open_dataset(products[kind], group=group.path, **reading(kind, engine)) as data:
            assert list(data.variables) == [each.name for each in group.variables]
            assert not data.coords
            for each in group.variables:
                found = data[each.name]
                decoded = found.attrs | found.encoding
                assert decoded.get("units") == each.attributes.get("units"), each.name
                assert found.attrs.get("long_name") == each.attributes.get("long_name")
                if kind in ESA and each.kind != "S1":  # characters become strings
                    assert found.dims == each.dimensions
                if each.kind == "i1":  # a fill value turns classes into floats, as in real files
                    assert found.dtype == ("i1" if each.fill is None else "f4"), each.name


@pytest.mark.parametrize("engine", ["h5netcdf", "netcdf4"])
@pytest.mark.parametrize("kind", TYPES)
def test_tree_has_the_header(products: dict[str, Path], kind: str, engine: str) -> None:
    path = products[kind]
    with xr.open_datatree(path, **reading(kind, engine)) as tree:
        assert list(tree.children) == ["HeaderData", "ScienceData"]
        fixed = tree["HeaderData/FixedProductHeader"]
        assert list(fixed.data_vars) == [*FIXED, "File_Version"]
        told = {name: str(variable.values.item()) for name, variable in fixed.data_vars.items()}
        assert told["File_Name"] == path.stem
        assert told["File_Type"] == kind
        assert told["Notes"] == NOTES
        main = tree["HeaderData/VariableProductHeader/MainProductHeader"]
        assert main["orbitNumber"].dtype == "u4"
        assert main["orbitNumber"].values.item() == parse_granule_id(path.stem).orbit
        assert main["frameID"].values.item() == parse_granule_id(path.stem).frame
    xml = ElementTree.parse(path.with_suffix(".HDR")).getroot()  # noqa: S314
    assert xml.findtext("./Fixed_Header/Notes") == NOTES
    assert xml.findtext("./Fixed_Header/Source/Creator") == catalogue_entry(kind).processor


@pytest.mark.parametrize("kind", ESA)
def test_files_are_of_netcdf_make(products: dict[str, Path], kind: str) -> None:
    """Creation order is kept, text attributes are fixed-length, dimensions are mere scales."""
    with h5py.File(products[kind]) as file:
        for group in groups_of(products[kind]):
            stored = file[group.path]
            assert stored.id.get_create_plist().get_link_creation_order()
            for name in group.sizes:
                assert stored[name].is_scale
                assert stored[name].attrs["NAME"].startswith(b"This is a netCDF dimension but not")
            for each in group.variables:
                attributes = stored[each.name].attrs
                assert stored[each.name].id.get_create_plist().get_attr_creation_order()
                for name, value in each.attributes.items():
                    if isinstance(value, str):
                        kept = h5py.h5a.open(stored[each.name].id, name.encode()).get_type()
                        assert isinstance(kept, h5py.h5t.TypeStringID)
                        assert not kept.is_variable_str(), (each.name, name)
                if each.dimensions:
                    assert "DIMENSION_LIST" in attributes


@pytest.mark.parametrize("kind", MARGIN)
def test_margins_and_leap_seconds(products: dict[str, Path], kind: str) -> None:
    """The frame begins after its margin; times count five seconds that their units do not tell."""
    product = parse_granule_id(products[kind].stem)
    begin, end = frame_time(product.orbit, product.frame)
    with netCDF4.Dataset(products[kind]) as file:
        time = file["ScienceData/time"][...].filled(np.nan)
        units = file["ScienceData/time"].units
    assert units == "seconds since 2000-01-01 00:00:00.0"
    start = (product.start_time - EPOCH).total_seconds()
    assert time[MARGIN[kind]] - start == pytest.approx(conventions.LEAP_SECONDS, abs=1e-3)
    assert (np.diff(time) > 0).all()
    duration = (end - begin).total_seconds()
    after = int((time - start - conventions.LEAP_SECONDS > duration).sum())
    usual = 51 if kind == "ACM_CAP_2B" else MARGIN[kind]
    assert abs(after - usual) <= 1


@pytest.mark.parametrize("kind", ["MSI_AOT_2A", "MSI_CM__2A", "MSI_COP_2A", "MSI_RGR_1C"])
def test_edge_columns_of_msi_are_fill(products: dict[str, Path], kind: str) -> None:
    with netCDF4.Dataset(products[kind]) as file:
        file.set_auto_mask(False)
        science = file["ScienceData"]
        for name in ("latitude", "longitude"):
            lines = science[name][::500]
            assert (lines[:, :12] > 9e36).all()
            assert (lines[:, 369:] > 9e36).all()
            assert (np.abs(lines[:, 12:369]) <= 180).all()


@pytest.mark.parametrize("kind", ["CPR_CD__2A", "CPR_CLD_2A", "CPR_FMR_2A", "CPR_TC__2A"])
def test_last_two_bins_of_cpr_are_fill(products: dict[str, Path], kind: str) -> None:
    with netCDF4.Dataset(products[kind]) as file:
        height = file["ScienceData/height"][...]
    assert height.shape[1] == 218
    assert height.mask[:, -2:].all()
    assert not height.mask[:, :-2].any()
    assert np.diff(height[:, :-2], axis=1).mean() == pytest.approx(-99.93, abs=0.01)


@pytest.mark.parametrize("kind", ["MSI_RGR_1C"])
def test_two_attributes_of_rgr_have_no_value(products: dict[str, Path], kind: str) -> None:
    with h5py.File(products[kind]) as file:
        for name in ("line_quality_status", "solar_spectral_irradiance"):
            assert isinstance(file["ScienceData"][name].attrs["definition"], h5py.Empty)


@pytest.mark.parametrize("kind", ["ACM_CAP_2B"])
def test_fills_of_cap(products: dict[str, Path], kind: str) -> None:
    """Counts have no fill attribute, contents are zero without cloud, and clear radar is -100."""
    with netCDF4.Dataset(products[kind]) as file:
        file.set_auto_mask(False)
        science = file["ScienceData"]
        counts = [name for name in science.variables if name.endswith("_count")]
        assert {science[name].dtype for name in counts} == {np.dtype("i4")}
        assert not any("_FillValue" in science[name].ncattrs() for name in counts)
        content, error = science["ice_water_content"][...], science["ice_water_content_error"][...]
        assert ((content == 0) == (error > 9e36)).all()
        assert 0.02 < (content > 0).mean() < 0.5
        assert science["CPR_reflectivity_factor"][...].min() == -100


@pytest.mark.parametrize("kind", JAXA)
def test_dimensions_of_jaxa_have_the_numbers_that_readers_know(
    products: dict[str, Path], kind: str
) -> None:
    with netCDF4.Dataset(products[kind]) as file:
        for group, numbers in PHONY[kind].items():
            variables = file["ScienceData"][group].variables.values()
            curtains = {each.dimensions for each in variables if each.ndim == 2}
            assert curtains == {tuple(f"phony_dim_{number}" for number in numbers)}
        assert file["HeaderData/FixedProductHeader/File_Name"].shape == (1,)


def test_every_table_has_its_writer_and_no_writer_is_without() -> None:
    assert CONTENTS.keys() == FILE_TYPES
