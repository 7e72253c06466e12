"""What a server may do to a stream: the values are right, or one sentence says why not."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from earthcare_tutorial import download, open_granule
from earthcare_tutorial.streaming.remote import RemoteFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VALUES = np.random.default_rng(5).normal(280, 5, (4000, 100)).astype("f4")
NAME = "a.h5"
REMOTE = "earthcare_tutorial.streaming.remote"


class Server(ThreadingHTTPServer):
    """Sends one file in ranges; ``fault(count, start)`` says how an answer is spoilt, if it is."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.count, self.released = body, 0, threading.Event()
        self.fault: Callable[[int, int], str] = lambda count, start: ""
        self.url = f"http://127.0.0.1:{self.server_port}/{NAME}"

    def handle_error(self, *_: Any) -> None:
        """Stay quiet about clients that hang up."""


class Handler(BaseHTTPRequestHandler):
    """Answers from the server's file."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        """Answer a range, or spoil it."""
        server: Server = self.server  # type: ignore[assignment]
        server.count += 1
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"])
        assert asked
        start, end = int(asked[1]), min(int(asked[2]) + 1, len(server.body))
        fault, size = server.fault(server.count, start), len(server.body)
        if fault == "silent":
            server.released.wait(60)
            return
        if fault == "busy":
            self.send_response(503)
            self.send_header("Retry-After", "86400")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "shifted":
            start, end = start + 7, min(end + 7, size)
        elif fault == "superset":
            start, end = max(0, start - 1000), size
        elif fault == "huge":
            size = 10**15
        elif fault == "small":
            size = end
        body = server.body[start:end]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.send_header("ETag", 'W/"2"' if fault == "weak tag" else 'W/"1"')
        last = "Tue" if fault == "modified" else "Mon"
        self.send_header("Last-Modified", f"{last}, 01 Sep 2025 00:00:00 GMT")
        if fault == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(body), 5000):
                piece = body[at : at + 5000]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault == "drip":
            with suppress(OSError):
                for each in body:
                    self.wfile.write(bytes([each]))
                    if server.released.wait(0.05):
                        return
        self.wfile.write(body)


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path: Path = tmp_path_factory.mktemp("faults") / NAME
    with h5py.File(path, "w") as file:
        options = {"chunks": (500, 50), "compression": "gzip"}
        file.create_dataset("ScienceData/x", data=VALUES, **options)
    return path.read_bytes()


@pytest.fixture
def server(body: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr("earthcare_tutorial._http.BACKOFF", 0.0)
    monkeypatch.delenv("http_proxy", raising=False)
    made = Server(body)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.released.set()
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earthcare_tutorial.streaming.downloading.PIECE", 100_000)
    for name, value in {"SILENCE": 0.5, "GIVE_UP": 1.5, "CONNECT": 1.0}.items():
        monkeypatch.setattr(f"{REMOTE}.{name}", value)


def threads_of_ours() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("earthcare-stream")]


@pytest.mark.parametrize("fault", ["superset", "chunked"])
def test_odd_but_right_answers_are_read(server, fault):
    server.fault = lambda count, start: fault
    np.testing.assert_array_equal(open_granule(server.url, "good", "x")["x"].values, VALUES)


@pytest.mark.parametrize("fault", ["shifted", "huge", "busy"])
def test_one_wrong_answer_is_asked_for_again(server, fault, monkeypatch):
    monkeypatch.setattr("earthcare_tutorial._http.LONGEST_PAUSE", 0.1)
    for wrong in (1, 3, 9):
        server.count = 0
        server.fault = lambda count, start, wrong=wrong: fault if count == wrong else ""
        np.testing.assert_array_equal(open_granule(server.url, "good", "x")["x"].values, VALUES)


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ("shifted", ConnectionError, "sends other bytes than those asked for: try again"),
        ("huge", ConnectionError, "sends other bytes than those asked for: try again"),
        ("small", (ValueError, ConnectionError), r"a\.h5 (is damaged: it should|changed while)"),
        ("weak tag", ConnectionError, r"a\.h5 changed while it was read"),
        ("modified", ConnectionError, r"a\.h5 changed while it was read"),
        ("silent", ConnectionError, "it stays silent"),
        ("drip", ConnectionError, "it stays silent"),
    ],
)
@pytest.mark.parametrize("first", [1, 7])  # the first six bring the metadata
def test_wrong_answers_end_in_a_sentence(
    server, impatient, tmp_path, fault, error, sentence, first
):
    part = (lambda start: start > 10**5) if fault in ("weak tag", "modified") else lambda start: 1
    server.fault = lambda count, start: fault if count >= first and part(start) else ""
    for call in (
        lambda: open_granule(server.url, "good", "x"),
        lambda: download(server.url, "good", tmp_path),
    ):
        server.count, begun = 0, time.monotonic()
        with pytest.raises(error, match=sentence):
            call()
        assert time.monotonic() - begun < 40
        if first > 1 and fault == "small":
            break  # a download notices at once, too, but in other words
    assert not (tmp_path / NAME).exists()
    assert not threads_of_ours()


def test_ctrl_c_ends_a_silent_stream_and_leaves_no_thread(server):
    open_granule(server.url, "good", "x")  # what is imported late
    server.count = 0
    server.fault = lambda count, start: "silent" if count > 6 else ""
    timer = threading.Timer(1.0, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        open_granule(server.url, "good", "x")
    timer.join()
    assert not threads_of_ours()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_while_threads_read_does_not_hang(server, monkeypatch):
    monkeypatch.setattr(f"{REMOTE}.SILENCE", 3.0)
    server.fault = lambda count, start: "silent" if count in (7, 8) else ""
    lazy = open_granule(server.url, "good")
    reading = threading.Thread(target=lambda: lazy["x"].load(), daemon=True)
    reading.start()
    time.sleep(0.2)
    child = os.fork()
    if not child:
        same = np.array_equal(lazy["x"].values, VALUES)
        os._exit(0 if same else 1)
    ends = time.monotonic() + 60
    while (state := os.waitpid(child, os.WNOHANG)) == (0, 0) and time.monotonic() < ends:
        time.sleep(0.05)
    server.released.set()
    if state == (0, 0):
        os.kill(child, signal.SIGKILL)
    reading.join(60)
    assert state == (child, 0)


def superblock(version: int, *, extension: bool, size: int) -> bytes:
    """Return the first bytes of a file as HDF5 writes them, of the versions before 2."""
    sizes = bytes.fromhex("00 00 00 00 08 08 00 04 00 10 00 00 00 00 00")
    tree = bytes.fromhex("40 00 00 00") if version else b""
    free = bytes(8) if extension else b"\xff" * 8
    places = bytes(8) + free + size.to_bytes(8, "little") + b"\xff" * 8
    return b"\x89HDF\r\n\x1a\n" + bytes([version]) + sizes + tree + places


@pytest.mark.parametrize("version", [0, 1])
def test_the_first_bytes_are_read_by_their_version(version):
    remote = RemoteFile("http://127.0.0.1/a.h5", "good", connect=False)
    remote.size = 13660
    remote._check_superblock(superblock(version, extension=False, size=13660))
    with pytest.raises(ValueError, match="it should have 13661 bytes and has 13660"):
        remote._check_superblock(superblock(version, extension=False, size=13661))
    with pytest.raises(ValueError, match="name an extension"):
        remote._check_superblock(superblock(version, extension=True, size=13660))
