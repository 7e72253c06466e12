"""Streaming: the variables asked for, the token on each request, and one sentence per failure."""

import gc
import io
import pickle
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np
import pytest

from earthcare_tutorial import login, open_granule, stream_stats
from earthcare_tutorial.auth import _ask_for_access
from earthcare_tutorial.streaming import variables
from earthcare_tutorial.streaming.remote import CONNECTIONS, RemoteFile

COORDINATES = ["latitude", "longitude"]


@pytest.fixture
def small_parts(monkeypatch):
    """Make even a tiny granule take many requests."""
    monkeypatch.setattr("earthcare_tutorial.streaming.remote.BLOCK", 1024)
    monkeypatch.setattr("earthcare_tutorial.streaming.chunks.NEAR", 256)
    monkeypatch.setattr("earthcare_tutorial.streaming.chunks.SHORTEST", 1024)


def test_exactly_the_variables_asked_for(granule):
    ds = open_granule(granule, "good", ["cloud_water_path", *COORDINATES])
    assert set(ds.variables) == {"cloud_water_path", *COORDINATES}
    assert ds["cloud_water_path"].dims == ("along_track", "across_track")
    assert np.isnan(ds["cloud_water_path"].values[0]).all()
    assert ds["cloud_water_path"].values[30, 100] == np.float32(0.25)
    assert ds.encoding["source"] == granule
    assert ds.attrs["synthetic"].startswith("SYNTHETIC")


def test_part_of_a_variable_from_an_item(esa_maap, granule, item):
    ds = open_granule(item(), "good", "cloud_top_height", isel={"along_track": slice(5, 9)})
    assert ds["cloud_top_height"].shape == (4, 384)


def test_lazy_dataset_reads_later_and_pickles(esa_maap, granule):
    token = login(offline_token="mine")
    ds = open_granule(granule, token, isel={"along_track": slice(0, 3)})
    copy = pickle.loads(pickle.dumps(ds))  # noqa: S301
    assert float(copy["cloud_top_height"].max()) == 1500.0
    assert float(ds["cloud_top_height"].max()) == 1500.0
    assert ds["time"].dtype.kind == "M"
    ds.close()
    copy.close()


def test_renewed_token_is_on_the_next_request(esa_maap, granule, small_parts):
    token = login(offline_token="mine")
    ds = open_granule(granule, token)
    esa_maap.revoke()
    token.renew()
    assert float(ds["cloud_top_height"].max()) == 1500.0
    assert esa_maap.log[-1].token == len(esa_maap.access_tokens), "the newest"
    ds.close()


def test_token_rejected_at_once_is_renewed(esa_maap, granule):
    token = login(offline_token="mine")
    esa_maap.revoke()
    assert "time" in open_granule(granule, token, "time")


def test_token_stays_with_its_host(esa_maap, granule):
    esa_maap.fail("moved", times=None)
    with pytest.raises(FileNotFoundError, match="no file ECA_"):
        open_granule(granule, "good")
    told = {(one.host.partition(":")[0], one.token) for one in esa_maap.log}
    assert told == {("catalog.maap.eo.esa.int", 1), ("localhost", None)}


def test_short_and_dropped_answers_are_asked_for_again(esa_maap, granule, small_parts):
    esa_maap.fail_next(None, "short body", "dropped connection", 503, "cut")
    ds = open_granule(granule, "good", "cloud_top_height")
    assert float(ds["cloud_top_height"].min()) == 1500.0
    assert not esa_maap.faults


@pytest.fixture
def lock_of_hdf5(monkeypatch, small_parts):
    """Note, whenever bytes or a token are fetched, whether other threads get the lock of HDF5.

    A thread that collects garbage may have to: were it held meanwhile, both would wait forever.
    """
    free = []

    def noting(function):
        def noted(*args, **kwargs):
            other = threading.Thread(target=h5py.h5.get_libversion, daemon=True)
            other.start()
            other.join(10)
            free.append(not other.is_alive())
            return function(*args, **kwargs)

        return noted

    monkeypatch.setattr(RemoteFile, "_ask", noting(RemoteFile._ask))
    monkeypatch.setattr("earthcare_tutorial.auth._ask_for_access", noting(_ask_for_access))
    return free


def test_nobody_fetches_with_the_lock_of_hdf5(esa_maap, granule, lock_of_hdf5):
    """Neither the loaded nor the lazy reader, also when many threads need a new token at once."""
    token = login(offline_token="mine")
    open_granule(granule, token, ["time", "cloud_water_path"])
    with open_granule(granule, token) as ds, ThreadPoolExecutor(6) as pool:
        esa_maap.revoke()
        list(pool.map(lambda name: ds[name].load(), ds.variables))
        assert np.nanmin(ds["cloud_top_height"].values) == 1500.0
    assert len(esa_maap.exchanges) == 2
    assert len(lock_of_hdf5) > 20
    assert all(lock_of_hdf5)


def test_no_object_of_hdf5_is_left_to_the_garbage_collector(granule):
    """Where it met one in a thread of fsspec, somebody else's reader would wait forever."""
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        open_granule(granule, "good", "time")
        open_granule(granule, "good")["time"].load()
        gc.collect()
        assert not [each for each in gc.garbage if "h5" in type(each).__module__]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def test_unknown_variable_lists_what_there_is(granule):
    with pytest.raises(ValueError, match=r"ScienceData has no cwp; it has .*cloud_water_path"):
        open_granule(granule, "good", ["cwp"])
    with pytest.raises(ValueError, match="no group 'Data', only HeaderData, ScienceData"):
        open_granule(granule, "good", group="Data")


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ("login page", PermissionError, "a web page in place of ECA_.*login"),
        (401, PermissionError, r"does not accept the access token \(401\)"),
        (
            403,
            PermissionError,
            r"not been activated .* no right to this collection, or there is no such",
        ),
        (404, FileNotFoundError, "no file ECA_"),
        (500, ConnectionError, r"busy \(500\)"),
    ],
)
def test_refusals_of_the_data_server(esa_maap, granule, fault, error, sentence):
    esa_maap.fail_next(*[fault] * (1 if fault in (401, 403, 404) else 99))
    with pytest.raises(error, match=sentence):
        open_granule(granule, "good", "time")


def test_other_content(esa_maap):
    esa_maap.accept(access_token="good")
    url = esa_maap.put("a.h5", b"PK\x03\x04 is a zip")
    with pytest.raises(FileNotFoundError, match=r"a\.h5 is the ZIP of a granule, not its data"):
        open_granule(url, "good")
    url = esa_maap.put("a.h5", b'<?xml version="1.0"?><Earth_Explorer_Header>')
    with pytest.raises(FileNotFoundError, match=r"a\.h5 is the header of a granule.*\['h5'\]"):
        open_granule(url, "good")
    url = esa_maap.put("a.h5", b"something else")
    with pytest.raises(ValueError, match=r"for a\.h5 does not begin as HDF5"):
        open_granule(url, "good")


@pytest.mark.parametrize("ending", ["a.HDR", "a.jpeg", "a.png", "a.ZIP", "zipper/a"])
def test_other_files_of_a_granule_are_not_asked_for(esa_maap, ending):
    with pytest.raises(ValueError, match=r"not its data: take pick_assets\(item\)\['h5'\]"):
        open_granule(f"{esa_maap.url}/data/{ending}", "good")
    assert not esa_maap.log


def test_no_network(esa_maap, granule):
    esa_maap.stop()
    with pytest.raises(ConnectionError, match=r"No answer from catalog\.maap\.eo\.esa\.int"):
        open_granule(granule, "good")


def test_stream_that_breaks_shows_no_token(esa_maap, granule, small_parts):
    esa_maap.accept(access_token="s3cret")
    esa_maap.fail_next(*[None] * 7, 403, 403, 403)
    with pytest.raises(ConnectionError, match=r"The stream of ECA_.* broke \(403") as caught:
        open_granule(granule, "s3cret", "time")
    assert "s3cret" not in "".join(traceback.format_exception(caught.value)).split("Error:")[-1]


def test_error_of_a_late_read_shows_no_token(esa_maap, granule, small_parts):
    esa_maap.accept(access_token="s3cret")
    ds = open_granule(granule, "s3cret")
    esa_maap.revoke()
    with pytest.raises(ConnectionError, match="401") as caught:
        ds["cloud_top_height"].load()
    assert "s3cret" not in repr(caught.value)
    assert "s3cret" not in "".join(traceback.format_exception(caught.value)).split("Error:")[-1]
    ds.close()


def after_the_first_answer(monkeypatch, act):
    ask = RemoteFile._ask

    def acting(*args, **kwargs):
        answer = ask(*args, **kwargs)
        act()
        return answer

    monkeypatch.setattr(RemoteFile, "_ask", acting)


def test_one_renewal_for_all_that_wait(esa_maap, granule, small_parts, monkeypatch):
    token = login(offline_token="mine")
    first = token.bearer()
    after_the_first_answer(monkeypatch, lambda: esa_maap.revoke(first))
    ds = open_granule(granule, token, ["time", "latitude", "longitude"])
    assert np.isfinite(ds["time"].values.astype(float)).all()
    assert len(esa_maap.log) > 8
    assert len(esa_maap.exchanges) == 2


@pytest.mark.parametrize("more", [b"", b"more"])
def test_file_that_changes_on_the_way(esa_maap, granule, small_parts, monkeypatch, more):
    body = esa_maap.read(granule)

    def change():
        esa_maap.put(granule, body + more)

    after_the_first_answer(monkeypatch, change)
    with pytest.raises(ConnectionError, match=r"ECA_.*h5 changed while it was read: open it again"):
        open_granule(granule, "good", "time")


def test_server_that_ignores_ranges(esa_maap, granule, small_parts):
    open_granule(granule, "good", "time")  # what is imported late changes the order of requests
    esa_maap.fail("range ignored", times=1)  # once is no harm
    assert len(open_granule(granule, "good", "time")["time"])
    whole, page = ["range ignored"] * 2, ["login page"] * 8
    esa_maap.fail_next(*[None] * 7, *whole, *page)
    with pytest.raises(ConnectionError, match=r"The stream of ECA_.* broke \(200\)"):
        open_granule(granule, "good", "time")
    esa_maap.heal()
    esa_maap.fail("range ignored")
    with pytest.raises(ValueError, match=r"sends ECA_.* only as a whole \(200\)"):
        open_granule(granule, "good", "time")


def test_chunk_that_cannot_be_unpacked(esa_maap, granule):
    body = esa_maap.read(granule)
    whole = io.BytesIO(body)
    with h5py.File(whole) as h5:
        chunk = h5["ScienceData/latitude"].id.get_chunk_info(0)
    spoilt = bytearray(body)
    spoilt[chunk.byte_offset + 40 : chunk.byte_offset + 60] = bytes(20)
    esa_maap.put(granule, bytes(spoilt))
    with pytest.raises(ValueError, match=r"ECA_.* is damaged: a chunk of it cannot be unpacked"):
        open_granule(granule, "good", "latitude")


def test_other_variables_stop_when_one_fails(esa_maap, granule, small_parts, monkeypatch):
    monkeypatch.setattr("earthcare_tutorial.streaming.opening.VARIABLES", 1)
    names = ["latitude", "longitude", "cloud_top_height", "quality_status"]
    open_granule(granule, "good", names)
    usual = len(esa_maap.log)
    esa_maap.log.clear()
    esa_maap.fail_next(*[None] * (usual // 2), 403)
    with pytest.raises(ConnectionError, match=r"broke \(403\)"):
        open_granule(granule, "good", names)
    assert len(esa_maap.log) <= usual // 2 + 3 * CONNECTIONS


def test_truncated_file(esa_maap, granule):
    body = esa_maap.read(granule)
    esa_maap.put(granule, body[:-2000])
    with pytest.raises(ValueError, match=r"ECA_.*h5 is damaged: it should have \d+ bytes and has"):
        open_granule(granule, "good", "time")


def test_statistics(granule):
    with stream_stats() as stats:
        open_granule(granule, "good", "time")
    (name,) = stats.table().index
    assert granule.endswith(name)
    assert stats.table().loc[name, "requests"] == 5  # blocks of metadata, which hold it all
    assert stats.table().loc[name, "% of the file"] == 100.0
    open_granule(granule, "good", "time")
    assert len(stats.requests()) == 5
    with stream_stats() as outer, stream_stats() as inner:
        open_granule(granule, "good", "time")
    assert len(outer.requests()) == len(inner.requests()) == 5


def test_headers_of_a_jaxa_product_come_at_a_time(esa_maap, tmp_path, monkeypatch):
    """Their dimensions are numbered over all variables: one round trip for all headers."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for n in range(8):  # each header is in a block of its own
            file.create_dataset(f"ScienceData/Data/v{n}", data=np.zeros((30, 20), "f8"))
    url = esa_maap.put("a.h5", tmp_path / "a.h5")
    esa_maap.accept(access_token="good")
    together, open_at_once = [], variables.in_threads
    monkeypatch.setattr(
        variables,
        "in_threads",
        lambda call, items, *how: together.append(len(items)) or open_at_once(call, items, *how),
    )
    ds = open_granule(url, "good", ["v3", "v5"], "ScienceData/Data")
    assert ds["v3"].dims == ("phony_dim_0", "phony_dim_1")
    assert together[0] == 8
