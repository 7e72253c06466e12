"""A synthetic granule is built like a real one, and its numbers hang together."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import netCDF4
import numpy as np
import pytest
import xarray as xr
from PIL import Image

from earthcare_products import msi_grid
from earthcare_products.granule_ids import parse_granule_id
from earthcare_synthetic import NOTES, can_write, layout
from earthcare_synthetic.granules import write_product, write_quicklook
from earthcare_synthetic.ground_track import frame_time, node_time, track
from earthcare_synthetic.instruments.imager.cloud_retrieval import retrieve
from earthcare_synthetic.scene.clouds import make_scene

DAY = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E"
LATER = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20251112T203345Z_04537E"
NIGHT = "ECA_EXBA_MSI_COP_2A_20250316T001000Z_20250912T203345Z_04528A"
FILL = 9.969209968386869e36


@pytest.fixture(scope="session")
def granule(products: dict[str, Path]) -> Path:
    return products["MSI_COP_2A"]


def test_structure_is_that_of_real_files(granule: Path) -> None:
    with netCDF4.Dataset(granule) as file:
        assert list(file.groups) == ["HeaderData", "ScienceData"]
        assert not file.variables
        fixed = file["HeaderData/FixedProductHeader"]
        assert [fixed[name][...] for name in ("Notes", "File_Type")] == [NOTES, "MSI_COP_2A"]
        assert file["HeaderData/VariableProductHeader/MainProductHeader/orbitNumber"].dtype == "u4"
        science = file["ScienceData"]
        sizes = {name: each.size for name, each in science.dimensions.items()}
        assert sizes.keys() == {"along_track", "across_track"} and sizes["across_track"] == 384
        assert abs(sizes["along_track"] - 11904) <= 2  # observed in another orbit
        assert list(science.variables)[:4] == ["time", "latitude", "longitude", "geoid_offset"]
        assert not set(science.dimensions) & set(science.variables)
        path = science["cloud_water_path"]
        assert path.dtype == "f4"
        assert path.chunking() == [3968, 128]
        assert path.filters()["shuffle"]
        assert path.filters()["complevel"] == 3
        assert science["latitude"].dtype == "f8"
        for name, variable in science.variables.items():
            assert variable.long_name, name
            if variable.dtype.kind == "f":
                assert variable.units, name
                assert variable._FillValue == np.array(FILL, variable.dtype), name


def test_columns_outside_the_swath_are_fill(granule: Path) -> None:
    with netCDF4.Dataset(granule) as file:
        file.set_auto_mask(False)
        for name in ("latitude", "cloud_top_height"):
            rows = file["ScienceData"][name][6000:6100]
            assert (rows[:, :12] > 9e36).all()
            assert (rows[:, 369:] > 9e36).all()
        assert (np.abs(file["ScienceData/latitude"][:, 12:369]) < 90).all()


def test_xarray_reads_times_and_positions(granule: Path) -> None:
    with xr.open_dataset(granule, group="ScienceData", engine="h5netcdf") as data:
        begin, _ = frame_time(4537, "E")
        since_node = (begin - node_time(4537)).total_seconds()
        nadir = data.isel(along_track=layout.MARGIN_LINES, across_track=msi_grid.NADIR_COLUMN)
        latitude, longitude, _ = track(4537, np.array([since_node]))
        assert nadir.latitude.item() == pytest.approx(latitude[0], abs=1e-6)
        assert nadir.longitude.item() == pytest.approx(longitude[0], abs=1e-6)
        # Leap seconds are counted and not declared: decoded times are five seconds late.
        late = nadir.time.values - np.datetime64("2025-03-16T13:31:03")
        assert abs(late / np.timedelta64(1, "ms")) <= 1
        # Flying south, the wide side of the swath lies to the left of flight: in the east.
        west_to_east = data.longitude[6000, [368, 278, 12]].values
        assert (np.diff(west_to_east) > [0.3, 1.0]).all()


def test_water_path_follows_from_thickness_and_radius(granule: Path) -> None:
    with xr.open_dataset(granule, group="ScienceData", engine="netcdf4") as data:
        part = data.isel(along_track=slice(5000, 9000)).load()
    tau, radius = part.cloud_optical_thickness.values, part.cloud_effective_radius.values
    valid = np.isfinite(tau)
    assert (valid == np.isfinite(radius)).all()
    density = part.cloud_water_path.values[valid] / (2 / 3 * tau[valid] * radius[valid])
    assert (np.isclose(density, 1000, rtol=1e-4) | np.isclose(density, 917, rtol=1e-4)).all()
    assert 0.1 < np.isclose(density, 917, rtol=1e-4).mean() < 0.9
    assert tau[valid].min() >= 0.25
    assert tau[valid].max() <= 255
    assert 3 < np.median(tau[valid]) < 15
    assert np.isnan(part.cloud_top_height_error).all()
    assert np.isnan(part.cloud_top_pressure_error).all()


def test_cloud_tops_lie_on_one_profile(granule: Path) -> None:
    with xr.open_dataset(granule, group="ScienceData", engine="netcdf4") as data:
        part = data.isel(along_track=slice(5000, 6500)).load()
    top = part.cloud_top_height.values - part.geoid_offset.values[:, None]
    pressure, temperature = part.cloud_top_pressure.values, part.cloud_top_temperature.values
    valid = np.isfinite(top)
    standard = 101325 * (1 - 2.2558e-5 * top[valid]) ** 5.2559  # of 15 degrees at sea level
    near = np.abs(pressure[valid] / standard - 1) < 0.15
    assert 0.99 < near.mean() < 1  # and a few wild ones, as in real files
    assert np.corrcoef(top[valid][near], temperature[valid][near])[0, 1] < -0.97


def test_header_file_parses(granule: Path) -> None:
    root = ElementTree.parse(granule.with_suffix(".HDR")).getroot()  # noqa: S314
    assert root.tag == "Earth_Explorer_Header"
    assert root.findtext("./Fixed_Header/File_Name") == granule.stem
    assert str(root.findtext("./Fixed_Header/Notes")).startswith("SYNTHETIC")
    start = str(root.findtext("./Fixed_Header/Validity_Period/Validity_Start"))
    begin = datetime.strptime(start, "UTC=%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    assert begin == parse_granule_id(granule.stem).start_time


def test_scene_depends_on_the_frame_only() -> None:
    first, again = (make_scene(parse_granule_id(DAY), level=3) for _ in range(2))
    digests = {
        hashlib.sha256(scene.high.optical_thickness.tobytes()).digest() for scene in (first, again)
    }
    assert len(digests) == 1
    one, other = (retrieve(parse_granule_id(name), first) for name in (DAY, LATER))
    both = np.isfinite(one.optical_thickness) & np.isfinite(other.optical_thickness)
    ratio = one.optical_thickness[both] / other.optical_thickness[both]
    assert not np.allclose(ratio, 1)  # the noise is that of the processing
    assert abs(np.log(ratio)).mean() < 0.2  # the clouds are those of the frame
    assert 0.1 < np.isfinite(one.optical_thickness).mean() < 0.5


def test_night_has_cloud_tops_only() -> None:
    clouds = retrieve(parse_granule_id(NIGHT), make_scene(parse_granule_id(NIGHT), level=3))
    assert np.isnan(clouds.optical_thickness).all()
    assert np.isnan(clouds.water_path).all()
    assert np.isfinite(clouds.top_height).any()


def test_quicklook_is_a_small_jpeg(tmp_path: Path, scenes: Path) -> None:
    write_quicklook(DAY, tmp_path, scenes)
    (path,) = tmp_path.iterdir()
    assert path.name == f"{DAY}.BID_1.jpeg"
    assert path.stat().st_size < 250_000
    with Image.open(path) as picture:
        assert picture.format == "JPEG"
        assert 1000 <= picture.width <= 1400
        assert picture.info["comment"] == NOTES.encode()


def test_killed_writer_leaves_no_granule(tmp_path: Path, scenes: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-m", "earthcare_synthetic", DAY, tmp_path, scenes],
        stderr=subprocess.DEVNULL,
    )
    while not list(tmp_path.glob(".*.h5.*")) and writer.poll() is None:
        time.sleep(0.05)
    writer.kill()
    assert writer.wait() != 0
    assert not (tmp_path / f"{DAY}.h5").exists()


def test_only_known_products_can_be_written(tmp_path: Path) -> None:
    assert can_write(DAY)
    assert not can_write(DAY.replace("MSI_COP_2A", "ATL_NOM_1B"))
    assert not can_write("../../etc/passwd")
    with pytest.raises(KeyError, match="no writer"):
        write_product("nonsense", tmp_path, tmp_path)
