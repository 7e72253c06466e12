"""Granules are made once, whoever asks, and the cache stays within its bounds."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pyfive
import pytest
import xarray as xr

from maap_replay import granules
from maap_replay.recordings.sizes import HEADER, KNOWN

ORBITS = ("04537E", "04538E", "04539E")
NAME = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_{}"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MAAP_REPLAY_CACHE", str(tmp_path))
    monkeypatch.delenv("MAAP_REPLAY_CACHE_GB", raising=False)
    return granules.cache_folder()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the writer by one that writes a megabyte at once; lists what it was asked for."""
    calls = []

    def write(product_id: str, folder: Path, picture: bool) -> None:
        calls.append(product_id)
        for ending in [".BID_1.jpeg"] if picture else [".h5", ".HDR"]:
            (folder / f"{product_id}{ending}").write_bytes(bytes(1_000_000))

    monkeypatch.setattr(granules, "_write", write)
    return calls


def test_two_requests_at_once_make_one_file(cache: Path) -> None:
    name = NAME.format("04537E")
    with ThreadPoolExecutor(
        2
    ) as pool:  # the lock is between open files: threads are like processes
        paths = list(pool.map(lambda _: granules.granule_file(name, ".jpeg"), range(2)))
    assert paths[0] == paths[1]
    assert paths[0].read_bytes()[:2] == b"\xff\xd8"
    assert [file.name for file in paths[0].parent.iterdir()] == [paths[0].name]
    made = paths[0].stat().st_mtime_ns
    assert granules.granule_file(name, ".jpeg").stat().st_mtime_ns == made
    assert cache in paths[0].parents


def test_data_and_header_are_made_together(cache: Path, written: list[str]) -> None:
    name = NAME.format("04537E")
    assert granules.granule_file(name, ".HDR").exists()
    assert granules.granule_file(name, ".h5").exists()
    assert written == [name]


def test_granules_not_asked_for_longest_go_first(
    cache: Path, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [NAME.format(orbit) for orbit in ORBITS]
    for age, name in enumerate(names[:2]):
        folder = granules.granule_file(name, ".h5").parent
        os.utime(folder, (1e9 + age, 1e9 + age))
    granules.granule_file(names[0], ".h5")  # used again
    monkeypatch.setenv("MAAP_REPLAY_CACHE_GB", "0.0045")
    granules.granule_file(names[2], ".h5")
    assert sorted(path.name for path in cache.iterdir() if path.is_dir()) == [names[0], names[2]]
    assert granules.cache_size() == 4_000_000
    granules.clear_cache()
    assert granules.cache_size() == 0


def test_cache_tells_its_place_and_forgets_scenes_and_older_versions_too(
    cache: Path, written: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    granules.granule_file(NAME.format("04537E"), ".h5")
    for folder in (cache / "scene_04537E_133058_swath", cache.parent / "scene-1" / "old"):
        folder.mkdir(parents=True)
        (folder / "top.npy").write_bytes(bytes(1_000_000))
    granules.tell_cache(clear=False)
    assert f"{cache.parent}: 4 MB" in capsys.readouterr().out
    granules.tell_cache(clear=True)
    assert "removed" in capsys.readouterr().out
    assert not [file for file in cache.parent.rglob("*") if file.is_file() and file.stat().st_size]


def test_failed_writer_is_reported(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(granules.sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match="ended with status"):
        granules.granule_file(NAME.format("04537E"), ".jpeg")
    assert granules.cache_size() == 0


def test_unknown_products_and_files_are_refused(cache: Path) -> None:
    with pytest.raises(KeyError, match="no synthetic granule"):
        granules.granule_file("ECA_EXBA_ALL_DF__2B_20250316T133058Z_20250912T203345Z_04537E", ".h5")
    with pytest.raises(KeyError, match=r"not '\.zip'"):
        granules.granule_file(NAME.format("04537E"), ".zip")
    assert not cache.exists()


def test_a_file_has_the_size_that_the_catalogue_states(cache: Path, written: list[str]) -> None:
    name = NAME.format("04537E")
    data = granules.granule_file(name, ".h5", 1_500_000)
    assert data.read_bytes() == bytes(1_500_000)
    header = granules.granule_file(name, ".HDR", 1_000_010)
    assert header.read_bytes()[1_000_000:] == b"\n" * 10
    for _ in range(2):  # and keeps it
        assert granules.granule_file(name, ".HDR", 1_000_010).stat().st_size == 1_000_010
    assert granules.granule_file(name, ".h5").stat().st_size == 1_500_000
    assert written == [name]


def test_a_file_that_is_larger_than_stated_stays_whole_and_is_told(
    cache: Path, written: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    name = NAME.format("04537E")
    assert granules.granule_file(name, ".h5", 999_990).stat().st_size == 1_000_000
    assert "10 bytes more than the catalogue states" in caplog.text


def test_readers_of_hdf5_do_not_look_behind_its_end(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(product_id: str, folder: Path, picture: bool) -> None:
        values = xr.Dataset({"x": ("along_track", np.arange(5000.0))})
        values.to_netcdf(folder / f"{product_id}.h5", engine="netcdf4", group="ScienceData")

    monkeypatch.setattr(granules, "_write", write)
    path = granules.granule_file(NAME.format("04537E"), ".h5", 3_000_000)
    assert path.stat().st_size == 3_000_000
    for engine in ("netcdf4", "h5netcdf"):
        with xr.open_dataset(path, group="ScienceData", engine=engine) as found:
            assert float(found["x"].sum()) == 4999 * 2500
    with h5py.File(path) as file:
        assert file["ScienceData/x"][-1] == 4999
    with pyfive.File(path) as file:
        assert file["ScienceData/x"][-1] == 4999


def test_the_catalogue_states_sizes_that_synthetic_files_fit_in(products: dict[str, Path]) -> None:
    for file_type, path in products.items():
        assert path.stat().st_size <= KNOWN[file_type], file_type
        assert path.with_suffix(".HDR").stat().st_size <= HEADER
