"""The data store: who may read what, parts of files, zips, pictures."""

import concurrent.futures
import io
import socket
import threading
import time
import zipfile
from http.client import HTTPResponse
from urllib.parse import urlsplit

import pytest

from maap_replay.service.search import find


@pytest.fixture(scope="module")
def assets(recordings):
    """Assets of the first item of a frame, a collection, a type and a baseline."""

    def of(frame, collection="EarthCAREL2Validated_MAAP", file_type="MSI_COP_2A", version="BA"):
        wanted = f"orbitNumber = {int(frame[:5])} and frame = '{frame[5]}'"
        wanted += f" and productType = '{file_type}' and version = '{version}'"
        return find(recordings, collections=collection, filter=wanted)[0]["assets"]

    return of


def test_whole_file_and_head(replay, assets, content):
    address, headers = assets("04366E")["enclosure_h5"]["href"], replay.access()
    answer = replay.ask(address, headers=headers)
    assert (answer.status_code, answer.content) == (200, content)
    head = replay.ask(address, method="HEAD", headers=headers)
    assert head.headers["Content-Length"] == str(len(content))
    assert head.headers["Accept-Ranges"] == "bytes"
    assert head.headers["Content-Type"] == "application/x-hdf5"
    assert head.headers["ETag"] and head.headers["Last-Modified"]
    assert replay.ask(assets("04366E")["enclosure_hdr"]["href"], headers=headers).ok


@pytest.mark.parametrize(
    ("span", "part"),
    [("0-0", (0, 1)), ("5-14", (5, 15)), ("-7", (-7, None)), ("25000-", (25000, None))],
)
def test_ranges(replay, assets, content, span, part):
    expected = content[slice(*part)]
    headers = replay.access() | {"Range": f"bytes={span}"}
    answer = replay.ask(assets("04366E")["enclosure_h5"]["href"], headers=headers)
    assert (answer.status_code, answer.content) == (206, expected)
    assert answer.headers["Content-Range"].endswith(f"/{len(content)}")
    assert replay.log[-1].status == 206
    assert (replay.log[-1].bytes, replay.log[-1].range) == (len(expected), f"bytes={span}")


def test_a_range_behind_the_end(replay, assets, content):
    headers = replay.access() | {"Range": f"bytes={len(content)}-"}
    answer = replay.ask(assets("04366E")["enclosure_h5"]["href"], headers=headers)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(content)}"


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Basic eDp5", ""])
def test_no_data_without_a_valid_token(replay, assets, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    for key in ("enclosure_h5", "enclosure_hdr", "product"):
        answer = replay.ask(assets("04366E")[key]["href"], headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_denied(replay, assets):
    headers = replay.access()
    checked = assets("04568E", "EarthCAREL2InstChecked_MAAP", "AC__TC__2B", "AC")
    restricted = checked["enclosure_1"]["href"]
    no_writer = assets("04537E", file_type="BMA_FLX_2B")["enclosure_h5"]["href"]
    never = assets("04366E")["enclosure_h5"]["href"].replace("20250912T202910Z", "20250912T202911Z")
    missing = assets("04366E")["enclosure_h5"]["href"].replace("04366E.h5", "04366E.nc")
    for address, says in (
        (restricted, "no access to the collection"),
        (no_writer, "no synthetic BMA_FLX_2B"),
        (missing, "No item"),
        (never, "No item"),
    ):
        answer = replay.ask(address, headers=headers)
        assert answer.status_code == 403
        assert "<Code>AccessDenied</Code>" in answer.text and says in answer.text
        assert replay.ask(address).status_code == 401


def test_pictures_need_no_token(replay, assets):
    address = assets("04366E")["thumbnail"]["href"]
    answer = replay.ask(address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    without = assets("04428E")
    assert "thumbnail" not in without
    folder, _, name = without["enclosure_h5"]["href"].rpartition("/")[0].rpartition("/")
    assert replay.ask(f"{folder}/public/{name}.BID_1.jpeg").status_code == 403


def test_zip_is_streamed_with_a_folder_inside(replay, assets, content):
    address, headers = assets("04366E")["product"]["href"], replay.access()
    answer = replay.ask(address, headers=headers)
    assert answer.status_code == 200
    assert "Content-Length" not in answer.headers
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        name = address.rpartition("/")[2]
        assert archive.namelist() == [f"{name}/{name}.h5", f"{name}/{name}.HDR"]
        assert archive.read(f"{name}/{name}.h5") == content
    assert replay.log[-1].bytes == len(answer.content)


def test_a_file_is_made_once_for_many_requests(start, tmp_path, assets, content):
    made = []

    def slow(product_id, suffix):
        path = tmp_path / f"{product_id}{suffix}"
        if not path.exists():
            made.append(suffix)
            time.sleep(0.2)
            path.write_bytes(content)
        return path

    address = assets("04366E")["enclosure_h5"]["href"]
    service = start(granule_file=slow)
    headers = service.access()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: service.ask(address, headers=headers), range(4)))
    assert [answer.content for answer in answers] == [content] * 4
    assert made == [".h5"]


def test_a_client_hears_that_its_file_is_being_made(start, tmp_path, assets, content, monkeypatch):
    """Else it gives up, on a slow computer, before a granule is written."""
    monkeypatch.setattr("maap_replay.service.data.HEARTBEAT", 0.01)
    heard = threading.Event()

    def make(product_id, suffix):
        assert heard.wait(300)
        path = tmp_path / f"{product_id}{suffix}"
        path.write_bytes(content)
        return path

    service = start(granule_file=make)
    address = urlsplit(assets("04366E")["enclosure_h5"]["href"])
    asked = "".join(f"{name}: {value}\r\n" for name, value in service.access().items())
    told = urlsplit(service.base)
    with socket.create_connection((told.hostname, told.port), timeout=300) as client:
        head = f"GET {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n{asked}\r\n"
        client.sendall(head.encode())
        assert client.recv(12) == b"HTTP/1.1 100"
        heard.set()
        with client.makefile("rb") as rest:
            rest.readline(), rest.readline()  # what is left of the first interim answer
            answer = HTTPResponse(client)
            answer.fp = rest  # the client of Python's library skips the others
            answer.begin()
            assert (answer.status, answer.read()) == (200, content)


def test_a_writer_that_fails_is_a_server_error_in_one_sentence(start, assets):
    def fail(product_id, suffix):
        raise RuntimeError("The writer ended with status 1.")

    service = start(granule_file=fail)
    answer = service.ask(assets("04366E")["enclosure_h5"]["href"], headers=service.access())
    assert (answer.status_code, answer.json()["code"]) == (500, "InternalError")
