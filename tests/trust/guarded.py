"""A process that streams a damaged file and reads it with HDF5, which may crash or hang there."""

from __future__ import annotations

import io
import json
import os
import select
import socket
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from maap_replay.routing.maap_replay_names import getaddrinfo_for

LIMIT = 60.0  # seconds for each of both readings, of some milliseconds each


class GuardedReader:
    """Has files read in another process, which is started anew when it crashes or hangs."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def compare(self, url: str, path: Path, sound: Path, names: list[str]) -> str:
        """Return how the stream of a link compares with the same file on disk.

        In a word: equal; sentence and which; "as written" where HDF5 refuses the file, and the
        stream has what is in the sound one; or what must not be: silent, unclear, crash.
        """
        if self._process is None or self._process.poll() is not None:
            code = "from tests.trust.guarded import serve; serve()"
            self._process = subprocess.Popen(
                [sys.executable, "-c", code],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        told = {"url": url, "path": str(path), "sound": str(sound), "names": names}
        told |= {"port": os.environ["MAAP_REPLAY_PORT"]}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        streamed = self._line()
        if streamed != "read":
            return streamed or "crash or hang of the stream"
        return self._line() or "silent: HDF5 crashes or hangs"

    def _line(self) -> str:
        """Return the next line, or nothing when the process hangs or is gone."""
        assert self._process and self._process.stdout
        if select.select([self._process.stdout], [], [], LIMIT)[0]:
            return self._process.stdout.readline().strip()
        self.stop()
        return ""

    def stop(self) -> None:
        """End the process."""
        if self._process and self._process.stdin and self._process.stdout:
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()
            self._process.stdout.close()
        self._process = None


def serve() -> None:
    """Read what is asked for on standard input; two lines for each, or one for a refusal."""
    warnings.simplefilter("ignore")
    answers, sys.stdout = sys.stdout, sys.stderr
    asked: dict[str, Any] = {}
    socket.getaddrinfo = getaddrinfo_for(lambda: int(asked["port"]))  # each test has its replay
    for line in sys.stdin:
        asked |= json.loads(line)
        streamed, word = _stream(asked["url"], asked["names"])
        print(word, file=answers, flush=True)
        if streamed is not None:
            files = (Path(asked[name]).read_bytes() for name in ("path", "sound"))
            word = _compare(streamed, *files, asked["names"])
            print(word, file=answers, flush=True)


def _stream(url: str, names: list[str]) -> tuple[xr.Dataset | None, str]:
    from earthcare_tutorial import open_granule
    from earthcare_tutorial.streaming import remote
    from tests.trust.cells import judge

    remote._session.cache_clear()  # each test has a replay of its own
    try:
        return open_granule(url, "good", names, "ScienceData"), "read"
    except Exception as error:
        word, seen = judge(error)
        return None, f"{word}: {seen!r}"


def _compare(streamed: xr.Dataset, body: bytes, sound: bytes, names: list[str]) -> str:
    del streamed.attrs["granule_id"]
    local = _read_locally(body, names)
    try:
        if local is not None:
            xr.testing.assert_identical(streamed, local)
            return "equal"
        with h5py.File(io.BytesIO(body)) as file:  # something else in it is damaged
            for name in names:
                np.testing.assert_array_equal(streamed[name], file[f"ScienceData/{name}"])
    except AssertionError as error:
        return f"silent: {str(error)[:300]!r}"
    except Exception as error:
        local = _read_locally(sound, names)
        return "as written" if streamed.identical(local) else f"silent: {str(error)[:300]!r}"
    return "equal"


def _read_locally(body: bytes, names: list[str]) -> xr.Dataset | None:
    """Return what HDF5 and xarray make of a file, if they read it."""
    try:
        how: dict[str, Any] = {"engine": "h5netcdf", "phony_dims": "access"}
        with xr.open_dataset(io.BytesIO(body), group="ScienceData", **how) as file:
            return file[names].load()
    except Exception:
        return None
