"""What the helpers promise in numbers: memory, patience, forks, many at work in one folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

import earthcare_tutorial as ect
from earthcare_tutorial import _http, auth
from earthcare_tutorial.streaming import remote
from tests.trust.test_patience import expired, in_threads

if TYPE_CHECKING:
    from pathlib import Path

    from maap_replay.pytest_plugin import EsaMaap

WHOLE = os.environ.get("TRUST") == "whole"
LARGE = 128  # MB
ABOVE = 64  # MB of memory above the result, whatever stalls
OUTAGE = 30.0  # seconds until readers know that they get no token
LONGEST = 120.0  # seconds until anybody knows that a server keeps silent

#: Reads a file while one request is not answered; prints the memory that took above the result.
MEASURED = """
import sys, threading, time
import psutil
import earthcare_tutorial as ect
from earthcare_tutorial.streaming import remote

def watch():
    while True:
        seen.append(psutil.Process().memory_info().rss / 1e6)
        time.sleep(0.01)

remote.SILENCE = float(sys.argv[2])
lazy = ect.open_granule(sys.argv[1], "good")
lazy["small"].load()
seen = [psutil.Process().memory_info().rss / 1e6]
threading.Thread(target=watch, daemon=True).start()
values = lazy["large"].values
print(max(seen) - seen[0] - values.nbytes / 1e6, values[-1, -1])
"""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stalled_piece_keeps_no_other_in_memory(esa_maap: EsaMaap, tmp_path: Path) -> None:
    values = np.arange(LARGE * 250_000, dtype="f4").reshape(-1, 1000)
    with h5py.File(tmp_path / "large.h5", "w") as file:
        science = file.create_group("ScienceData")
        science.create_dataset("large", data=values, chunks=(250, 1000))
        science.create_dataset("small", data=values[:500], chunks=(250, 1000))
    esa_maap.accept(access_token="good")
    url = esa_maap.put("large.h5", tmp_path / "large.h5")
    esa_maap.fail("black hole", path="^/data/", after=14, times=1)
    command = [sys.executable, "-c", MEASURED, url, "20" if WHOLE else "5"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert not esa_maap.faults, "no request was left without an answer"
    assert float(told[1]) == values[-1, -1]
    assert -LARGE / 2 < float(told[0]) < ABOVE


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("fault", ["black hole", "503 burst"])
def test_six_readers_know_of_an_outage_of_tokens(
    esa_maap: EsaMaap,
    large_granule: bytes,
    token: ect.Token,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    if not WHOLE:
        monkeypatch.setattr(auth, "RENEWAL_PATIENCE", 2.0)
        monkeypatch.setattr(auth, "RENEWAL_TIMEOUT", (1.0, 0.6))
    lazy = ect.open_granule(esa_maap.put("a.h5", large_granule), token)
    esa_maap.fail(fault, path="^/realms/", times=None)
    expired(token)
    esa_maap.log.clear()
    begun = time.monotonic()
    got = in_threads(6, lambda: lazy["noise"].values)
    assert {type(each) for each in got} == {ConnectionError}
    assert {str(each).split()[0] for each in got} <= {"No", "iam.maap.eo.esa.int"}, got
    assert time.monotonic() - begun < 4 * OUTAGE
    asked = [one for one in esa_maap.log if one.path.endswith("/token")]
    assert len(asked) <= 2 * max(_http.TRIES.values()), (
        "one renewal for all six, not one each in turn"
    )
    esa_maap.heal()
    monkeypatch.setattr(auth, "_REMEMBERED", 0.0)
    assert lazy["noise"].values.size


def test_no_patience_is_longer_than_promised() -> None:
    """`make trust` waits for it; here what waiting goes by is added up."""
    assert _http.PATIENCE < LONGEST
    assert remote.GIVE_UP + remote.SILENCE < LONGEST
    assert auth.RENEWAL_PATIENCE < OUTAGE


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork of Unix")
def test_none_of_twenty_forks_hangs(
    esa_maap: EsaMaap, large_granule: bytes, token: ect.Token
) -> None:
    """While four threads stream, and a token ends with each variable that they read."""
    lazy = ect.open_granule(esa_maap.put("a.h5", large_granule), token)
    right, done, errors = lazy["noise"].values, threading.Event(), list[Any]()

    def read() -> None:
        while not done.is_set():
            expired(token)
            try:
                np.testing.assert_array_equal(lazy["noise"].values, right)
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        ended = [_in_a_fork(lambda: np.array_equal(lazy["noise"], right)) for _ in range(20)]
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert ended == [0] * 20
    assert not errors


def _in_a_fork(question: Any) -> int:
    """Return the status of a child that answers a question: 0 if yes, 1 if no, 14 if it hangs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of a fork beside threads: rightly
        child = os.fork()
    if child == 0:
        signal.alarm(100)
        status = 1
        try:
            status = 0 if question() else 1
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]
