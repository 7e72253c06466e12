"""Downloads: whole, checked, listed, and resumed."""

import csv
import hashlib
import io

import pytest

from earthcare_tutorial import download, stream_stats
from tests.earthcare_tutorial.conftest import write_granule


def test_files_and_their_manifest(esa_maap, granule, item, tmp_path):
    body = esa_maap.read(granule)
    folder = tmp_path / "new" / "folder"
    (path,) = download([item()], folder, "good")
    assert path.read_bytes() == body
    (row,) = csv.DictReader(io.StringIO((folder / "manifest.csv").read_text()))
    digest = hashlib.sha256(body).hexdigest()
    assert row == {
        "file": path.name,
        "url": granule,
        "size": str(len(body)),
        "sha256": digest,
        "baseline": "BA",
    }
    asked = len(esa_maap.log)
    assert download(granule, folder, "good") == [path]
    assert len(esa_maap.log) == asked  # what the manifest lists is not asked for again


def test_goes_on_where_it_stopped(esa_maap, granule, tmp_path, monkeypatch):
    monkeypatch.setattr("earthcare_tutorial.streaming.downloading.PIECE", 1000)
    body = esa_maap.read(granule)
    esa_maap.fail_next(*[None] * 20, 403)
    with pytest.raises(ConnectionError, match=r"broke \(403\)"):
        download(granule, tmp_path / "there", "good")
    (part,) = (tmp_path / "there").glob("*.part")
    got = part.stat().st_size
    assert got
    esa_maap.heal()
    with stream_stats() as stats:
        (path,) = download(granule, tmp_path / "there", "good")
    assert path.read_bytes() == body
    again = stats.requests()
    assert (again["end"] - again["start"])[again["start"] >= got].sum() == len(body) - got
    assert not list((tmp_path / "there").glob("*.part"))


def test_what_is_left_of_another_version_is_not_gone_on_from(
    esa_maap, granule, tmp_path, monkeypatch
):
    monkeypatch.setattr("earthcare_tutorial.streaming.downloading.PIECE", 1000)
    esa_maap.fail_next(*[None] * 20, 403)
    with pytest.raises(ConnectionError):
        download(granule, tmp_path / "there", "good")
    esa_maap.heal()
    newer = write_granule(tmp_path / "newer.h5", notes="SYNTHETIC: again")
    esa_maap.put(granule, newer)
    (got,) = download(granule, tmp_path / "there", "good")
    assert got.read_bytes() == newer
    assert not list((tmp_path / "there").glob("*.part"))


def test_a_page_is_no_granule(esa_maap, granule, tmp_path):
    esa_maap.fail("login page")
    with pytest.raises(PermissionError, match="a web page in place of"):
        download(granule, tmp_path / "there", "good")
    assert not list((tmp_path / "there").glob("[!.]*"))


def test_no_room(granule, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("", (), {"free": 10}))
    with pytest.raises(OSError, match="no room for ECA_"):
        download(granule, tmp_path, "good")
