"""Ctrl-C while a host takes no connection, as behind a firewall that drops what comes."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import urllib3.util.connection

import earthcare_tutorial as ect
from maap_replay.routing.maap_replay_names import getaddrinfo_for
from tests.trust.known import OFFLINE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VERBS: dict[str, Callable[[str], Any]] = {
    "open_granule": lambda url: ect.open_granule(url, "access-token", "time"),
    "check_access": lambda url: ect.check_access(url, "access-token"),
    "login": lambda url: ect.login(offline_token=OFFLINE),
    "search": lambda url: ect.search("MSI_COP_2A", frame_id="E"),
}


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """Give a port that answers nothing to those who knock, as its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        waiting = []
        with suppress(TimeoutError):
            while True:
                waiting.append(socket.socket())
                waiting[-1].settimeout(0.2)
                waiting[-1].connect(server.getsockname())
        yield server
        for each in waiting:
            each.close()


def main_thread_waits() -> bool:
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame and not frame.f_code.co_filename.endswith("futures/_base.py"):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_name == "wait"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what a full queue does on Linux")
@pytest.mark.parametrize(
    ("verb", "at_once"), [*((verb, False) for verb in VERBS), ("open_granule", True)]
)
def test_ctrl_c_gets_through_and_nobody_knocks_again(
    esa_maap: Any,
    granule: str,
    deaf: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    at_once: bool,
) -> None:
    """At once: while the first threads begin, and others have yet to."""
    knocking, knocked = set[int](), []
    connect = urllib3.util.connection.create_connection

    def knock(*args: Any, **kwargs: Any) -> socket.socket:
        me = threading.get_ident()
        knocking.add(me)
        knocked.append(me)
        if len(knocked) == 1:
            while not at_once and not main_thread_waits():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)
        try:
            return connect(*args, **kwargs)
        finally:
            knocking.discard(me)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", knock)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo_for(lambda: deaf.getsockname()[1]))
    for patience in ("streaming.remote.CONNECT", "streaming.remote.GIVE_UP", "_http.PATIENCE"):
        monkeypatch.setattr(f"earthcare_tutorial.{patience}", 600.0)
    monkeypatch.setattr("earthcare_tutorial._http.TIMEOUT", (600.0, 600.0))
    monkeypatch.setattr("earthcare_tutorial.auth.RENEWAL_TIMEOUT", (600.0, 600.0))
    with pytest.raises(KeyboardInterrupt):
        VERBS[verb](granule)
    assert knocking, "the prompt is back while somebody still waits to get in"
    deaf.close()  # and now they are turned away
    for thread in threading.enumerate():
        if thread.name.startswith("earthcare-"):
            thread.join()
    assert not knocking
    assert len({*knocked}) == len(knocked), "it was tried again after it was stopped"
