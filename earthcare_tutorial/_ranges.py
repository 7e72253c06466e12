"""Ranges of a remote file: several at a time, with the token of the moment, whole or not at all."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from earthcare_tutorial import _http
from earthcare_tutorial._sparse import Range, cut, part_size
from earthcare_tutorial.access import RUNGS, judge
from earthcare_tutorial.auth import Token, auth_for

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    import pandas as pd

# Requests at a time. Four use up most links, six also those with long round trips; a server may
# refuse a client that opens dozens.
CONNECTIONS = 6
TRIES = 3  # for a body that comes short; a busy server is asked five times, in _http


@dataclass
class StreamStats:
    """What was fetched while :func:`stream_stats` was watching."""

    ranges: list[tuple[str, int, int, float, float]] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def requests(self) -> pd.DataFrame:
        """Return one row per answer: file, start and end in bytes, begun and done in seconds."""
        import pandas as pd

        columns = ["file", "start", "end", "begun", "done"]
        return pd.DataFrame(sorted(self.ranges, key=lambda row: row[3]), columns=columns)

    def table(self) -> pd.DataFrame:
        """Return one row per file: requests, MB (10⁶ bytes), share of the file, and seconds."""
        each = self.requests()
        each["bytes"] = each["end"] - each["start"]
        rows = each.groupby("file", sort=False).agg(
            requests=("bytes", "size"),
            MB=("bytes", "sum"),
            begun=("begun", "min"),
            done=("done", "max"),
        )
        sizes = rows.index.map(self.sizes.get).to_numpy(dtype=float)
        rows["% of the file"] = 100 * rows["MB"] / sizes
        rows["MB"] /= 1e6
        rows["seconds"] = rows.pop("done") - rows.pop("begun")
        return rows


_watching: list[StreamStats] = []


@contextmanager
def stream_stats() -> Iterator[StreamStats]:
    """Watch what :func:`open_granule` fetches.

    Yields
    ------
    StreamStats
        ``table()`` has one row per file, ``requests()`` one per answer.

    Examples
    --------
    >>> with stream_stats() as stats:
    ...     pass  # ds = open_granule(item, token, "time")
    >>> stats.table().empty
    True
    """
    stats = StreamStats()
    _watching.append(stats)
    try:
        yield stats
    finally:
        _watching.remove(stats)


class RemoteRanges:
    """A remote file of which ranges can be had. Threads may share it, pickles of it connect anew.

    Parameters
    ----------
    url : str
        The link of an HDF5 file.
    token : Token or str
        Put on each request as it is sent; requests itself keeps it from other hosts.
    first : int
        How many bytes to ask for at once; the answer tells the size of the file, too.
    from_item : bool
        Whether the link comes out of an item, see :func:`~earthcare_tutorial.auth.auth_for`.
    """

    def __init__(self, url: str, token: Token | str, first: int, *, from_item: bool) -> None:
        self.url, self.name = url, url.rpartition("/")[2]
        self._auth = auth_for(token, url, from_item=from_item)
        self.version = ""
        self.stopped = False  # true: give up what others are still reading
        self._turns = threading.Semaphore(CONNECTIONS)
        answer, self.start = self._whole(0, first)
        self.size = _check_hdf5(self.name, answer, self.start)
        self.version = _version(answer)
        for stats in _watching:
            stats.sizes[self.name] = self.size

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_turns"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._turns = threading.Semaphore(CONNECTIONS)

    def fetch(self, start: int, end: int) -> bytes:
        """Get the bytes from start to before end."""
        if end <= len(self.start):
            return self.start[start:end]
        if self.stopped:
            raise ConnectionError(f"The stream of {self.name} was stopped.")
        with self._turns:
            answer, body = self._whole(start, min(end, self.size))
        if answer.status_code != 206:
            raise ConnectionError(
                f"The stream of {self.name} broke ({answer.status_code}): try again."
            )
        if _version(answer) != self.version:
            raise ConnectionError(f"{self.name} changed while it was read: open it again.")
        return body

    def fetch_all(self, spans: Iterable[Range]) -> Generator[bytes, None, None]:
        """Get ranges, several at a time and long ones in parts, and yield them in this order.

        The caller must not hold a lock of HDF5, or be called by HDF5: a thread at work here may
        have to wait for that lock when it collects garbage.
        """
        spans = list(spans)
        most = part_size(sum(end - start for start, end in spans))
        with ThreadPoolExecutor(CONNECTIONS, "earthcare-stream") as pool:
            coming = deque(
                [pool.submit(self.fetch, *part) for part in cut(span, most)] for span in spans
            )
            try:
                while coming:
                    yield b"".join(part.result() for part in coming.popleft())
            finally:  # also when one of them failed, or the reader had enough
                pool.shutdown(wait=True, cancel_futures=True)

    def _whole(self, start: int, end: int) -> tuple[requests.Response, bytes]:
        """Ask until the body is whole: HDF5 would not always notice that it is short."""
        for left in reversed(range(TRIES)):
            begun = time.perf_counter()
            try:
                answer, body = self._ask(start, end)
            except ConnectionError:
                if not left or not self.version:
                    raise
            else:
                # A first answer may be shorter than asked for: so may the file.
                size = _size(answer) or end
                if answer.status_code != 206 or len(body) == min(end, size) - start or not left:
                    break
            time.sleep(_http.BACKOFF * 2 ** (TRIES - 1 - left))
        for stats in _watching:
            done = time.perf_counter()
            stats.ranges.append((self.name, start, start + len(body), begun, done))
        if answer.status_code == 206 and len(body) != min(end, size) - start:
            raise ConnectionError(f"The stream of {self.name} broke (short answers): try again.")
        return answer, body

    def _ask(self, start: int, end: int) -> tuple[requests.Response, bytes]:
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        session = _shared_session(os.getpid())
        return _http.fetch(self.url, session, headers=headers, auth=self._auth)


@lru_cache(maxsize=1)
def _shared_session(process: int) -> requests.Session:
    """Return one session for all granules, so that they share connections; not across a fork."""
    return _http.session(connections=4 * CONNECTIONS)


def open_connections(url: str) -> None:
    """Open the other connections while the first answer is under way.

    Opening one costs two round trips, as much as a megabyte or two. urllib3 has no public way to
    do it; where this one fails the connections are opened when they are needed.
    """
    pool = _pool(url)
    if pool is None or pool.num_connections:  # behind a proxy; or of the granule before
        return

    def connect(connection: Any) -> None:
        with suppress(Exception):
            connection.connect()
            pool._put_conn(connection)

    with suppress(AttributeError):
        for connection in [pool._get_conn() for _ in range(CONNECTIONS - 1)]:
            threading.Thread(target=connect, args=(connection,), daemon=True).start()


def _pool(url: str) -> Any:
    """Return urllib3's pool of connections to a server, or None behind a proxy."""
    session = _shared_session(os.getpid())
    settings = session.merge_environment_settings(url, {}, None, None, None)
    if requests.utils.select_proxy(url, settings["proxies"]):
        return None
    request = requests.Request("GET", url).prepare()
    adapter = session.get_adapter(url)
    assert isinstance(adapter, HTTPAdapter)
    return adapter.get_connection_with_tls_context(request, settings["verify"], cert=None)


def _size(answer: requests.Response) -> int:
    """Return the size of the whole file, or 0 if the answer does not tell."""
    size = answer.headers.get("Content-Range", "").rpartition("/")[2]
    return int(size) if size.isdecimal() else 0


def _version(answer: requests.Response) -> str:
    """Return what differs between two versions of a file: its size, and its tag unless weak."""
    tag = answer.headers.get("ETag", "")
    return f"{_size(answer)} {'' if tag.startswith('W/') else tag}"


#: What is raised when a rung breaks.
_ERRORS = {"address": FileNotFoundError, "network": ConnectionError, "data": ValueError}


def _check_hdf5(name: str, answer: requests.Response, start: bytes) -> int:
    """Check that a file begins as HDF5 does, and return its size in bytes."""
    rung, seen = judge(answer, start, name)
    if rung:
        cure = "" if rung == "account" else f" What to do: {RUNGS[rung]}."
        raise _ERRORS.get(rung, PermissionError)(f"{seen}{cure}")
    if answer.status_code != 206 or not _size(answer):
        raise ValueError(
            f"The server sends {name} only as a whole ({answer.status_code}), so it cannot be"
            " streamed: try another granule, or later."
        )
    return _size(answer)
