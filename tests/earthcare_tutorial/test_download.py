"""Downloads: whole, checked, listed, and resumed."""

import csv
import hashlib
import io
import locale
import subprocess
import sys

import h5py
import pytest

from earthcare_tutorial import download, stream_stats
from tests.earthcare_tutorial.conftest import write_granule


def test_files_and_their_manifest(esa_maap, granule, item, tmp_path):
    body = esa_maap.read(granule)
    folder = tmp_path / "new" / "folder"
    (path,) = download([item()], "good", folder)
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
    assert download(granule, "good", folder) == [path]
    assert len(esa_maap.log) == asked  # what the manifest lists is not asked for again


def test_goes_on_where_it_stopped(esa_maap, granule, tmp_path, monkeypatch):
    monkeypatch.setattr("earthcare_tutorial.streaming.downloading.PIECE", 1000)
    body = esa_maap.read(granule)
    esa_maap.fail_next(*[None] * 20, 403)
    with pytest.raises(ConnectionError, match=r"broke \(403\)"):
        download(granule, "good", tmp_path / "there")
    (part,) = (tmp_path / "there").glob("*.part")
    got = part.stat().st_size
    assert got
    esa_maap.heal()
    with stream_stats() as stats:
        (path,) = download(granule, "good", tmp_path / "there")
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
        download(granule, "good", tmp_path / "there")
    esa_maap.heal()
    newer = write_granule(tmp_path / "newer.h5", notes="SYNTHETIC: again")
    esa_maap.put(granule, newer)
    (got,) = download(granule, "good", tmp_path / "there")
    assert got.read_bytes() == newer
    assert not list((tmp_path / "there").glob("*.part"))


def test_a_page_is_no_granule(esa_maap, granule, tmp_path):
    esa_maap.fail("login page", times=None)
    with pytest.raises(PermissionError, match="a web page in place of"):
        download(granule, "good", tmp_path / "there")
    assert not list((tmp_path / "there").glob("[!.]*"))


def test_no_room(granule, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("", (), {"free": 10}))
    with pytest.raises(OSError, match="no room for ECA_"):
        download(granule, "good", tmp_path)


def test_two_links_with_one_name_are_two_files(esa_maap, granule, tmp_path):
    body = esa_maap.read(granule)
    other = write_granule(tmp_path / "other.h5", notes="SYNTHETIC: another")
    link = esa_maap.put(f"{granule.rpartition('/')[0]}/other/{granule.rpartition('/')[2]}", other)
    link += "?secret=1"
    for _ in range(2):
        one, two = download([granule, link], "good", tmp_path / "there")
        assert (one.read_bytes(), two.read_bytes()) == (body, other)
    told = (tmp_path / "there" / "manifest.csv").read_text()
    assert one != two
    assert "secret" not in told + two.name
    assert len(told.splitlines()) == 3


def test_a_leftover_is_not_certified(esa_maap, granule, tmp_path):
    body = esa_maap.read(granule)
    path = tmp_path / granule.rpartition("/")[2]
    path.write_bytes(body[:5000] + bytes(len(body) - 5000))
    (tmp_path / f"{path.name}.0000000000000000.part").write_bytes(bytes(9000))
    assert download(granule, "good", tmp_path) == [path]
    assert path.read_bytes() == body
    path.write_bytes(body[:-1] + b"?")
    assert download(granule, "good", tmp_path)[0].read_bytes() != body
    assert download(granule, "good", tmp_path, verify=True)[0].read_bytes() == body


def test_a_file_whose_chunks_cannot_be_read_gets_no_name(esa_maap, granule, tmp_path):
    body = esa_maap.read(granule)
    with h5py.File(io.BytesIO(body)) as file:
        chunk = file["ScienceData/latitude"].id.get_chunk_info(0)
    hole = body[: chunk.byte_offset + 9] + bytes(99) + body[chunk.byte_offset + 108 :]
    esa_maap.put(granule, hole)
    with pytest.raises(ConnectionError, match=r"came out damaged \(HDF5 cannot read it\)"):
        download(granule, "good", tmp_path / "there")
    assert not list((tmp_path / "there").glob("[!.]*"))


@pytest.mark.parametrize("name", ["manifest.csv", "a%2Fb.h5", "..h5", "*.h5", "a b.h5", ".h5"])
def test_names_that_lead_elsewhere(esa_maap, granule, tmp_path, name):
    with pytest.raises(ValueError, match=r"no name of an \.h5 file"):
        download(f"{granule.rpartition('/')[0]}/{name}", "good", tmp_path)
    assert not esa_maap.log


def test_a_symbolic_link_is_not_written_through(granule, tmp_path):
    (tmp_path / granule.rpartition("/")[2]).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="is a symbolic link"):
        download(granule, "good", tmp_path)
    assert not (tmp_path / "elsewhere").exists()


SEVERAL = """
import sys
from concurrent.futures import ThreadPoolExecutor
from earthcare_tutorial import download
links, folder = sys.argv[2:], sys.argv[1]
with ThreadPoolExecutor(8) as pool:
    orders = [links[n % 4 :] + links[: n % 4] for n in range(8)]
    list(pool.map(lambda order: download(order, "good", folder), orders))
"""


def test_many_processes_and_threads_share_a_folder(esa_maap, granule, tmp_path):
    body = esa_maap.read(granule)
    links = [
        granule.replace("04537E", f"0000{n}A").replace("07820E", f"0000{n}A") for n in range(4)
    ]
    for link in links:
        esa_maap.put(link, body)
    command = [sys.executable, "-c", SEVERAL, str(tmp_path / "there"), *links]
    running = [subprocess.Popen(command) for _ in range(2)]
    assert [each.wait(300) for each in running] == [0, 0]
    whole = [each for each in (tmp_path / "there").glob("*.h5") if each.read_bytes() == body]
    assert len(whole) == len(links)
    assert len((tmp_path / "there" / "manifest.csv").read_text().splitlines()) == len(links) + 1
    starts = [asked for asked in esa_maap.log if asked.path.endswith("A.h5")]
    assert len(starts) == 2 * len(links)  # the first block, and the whole


def test_works_without_a_console(granule, tmp_path):
    code = f"import earthcare_tutorial as e; e.download({granule!r}, 'good', {str(tmp_path)!r})"
    code += f"; e.open_granule({granule!r}, 'good', 'time')"
    closed = f'exec 2>&-; exec {sys.executable} -c "{code}"'
    assert subprocess.run(["bash", "-c", closed], check=False).returncode == 0


@pytest.mark.skipif(sys.flags.utf8_mode, reason="Python is told to take all text for UTF-8")
def test_the_manifest_is_the_same_text_on_every_computer(granule, tmp_path):
    other = f"grün.h5,https://example.com/grün.h5,8,{'0' * 64},"
    header = "file,url,size,sha256,baseline\n"
    (tmp_path / "manifest.csv").write_text(f"{header}{other}\n", encoding="utf-8")
    here = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")  # whose text is ASCII
    try:
        (path,) = download(granule, "good", tmp_path)
    finally:
        locale.setlocale(locale.LC_CTYPE, here)
    lines = (tmp_path / "manifest.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["file", "grün.h5", path.name]
    assert lines[1] == other
