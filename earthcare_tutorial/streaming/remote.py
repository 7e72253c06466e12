"""A remote file: whole ranges of one version of it, with the token of the moment."""

from __future__ import annotations

import os
import re
import threading
import time
from concurrent.futures import Future
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from earthcare_tutorial import _http
from earthcare_tutorial._http import AgainError
from earthcare_tutorial._signing import auth_for
from earthcare_tutorial._threads import StoppedError, Work, current_work
from earthcare_tutorial.access import RUNGS, SIGNATURE, judge
from earthcare_tutorial.assets import h5_url
from earthcare_tutorial.streaming.stats import note_range
from earthcare_tutorial.streaming.threads import in_threads

if TYPE_CHECKING:
    import pystac

    from earthcare_tutorial.auth import Token

    Span = tuple[int, int, int]

# Requests at a time. Four use up most links, six also those with long round trips; a server may
# refuse a client that opens dozens.
CONNECTIONS = 6
BLOCK = 48 << 10  # bytes of metadata per request; at the start, one by each connection
LARGEST_FILE = 1 << 40  # bytes; no granule is longer
TRIES = _http.TRIES | {"broken": 5}  # of a file that has been opened
REJECTED = "2"  # seconds to wait when a token is rejected that was renewed a moment ago
CONNECT = 10.0  # seconds
SILENCE = 30.0  # seconds in which an answer must begin, or bring LEAST bytes a second
LEAST = 1000
GIVE_UP = 75.0  # seconds in which nothing useful came for a call
OTHER_FILES = {".hdr": "the header", ".zip": "the ZIP"}  # of a granule, by their endings
OTHER_FILES |= dict.fromkeys((".jpg", ".jpeg", ".png"), "a picture")
BASES = (0, 512, 1024, 2048, 4096)  # where HDF5 may begin


def plain_url(url: str) -> str:
    """Return a link without what may be secret in it: its query, user and password."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class GranuleError(ValueError):
    """A sentence about a granule that cannot be read, or not as asked."""


#: What is raised when a rung breaks, if it is not the right to read.
ERRORS = {"address": FileNotFoundError, "network": ConnectionError, "data": GranuleError}


class RemoteFile:
    """A remote HDF5 file. Threads may share it; a pickle of it holds its token, and no bytes."""

    def __init__(
        self, item_or_url: pystac.Item | str, token: Token | str, *, connect: bool = True
    ) -> None:
        self.url, self._auth = _link_and_auth(item_or_url, token)
        self.name = unquote(PurePosixPath(urlsplit(self.url).path).name)
        self.size, self.version, self.base, self.opened = 0, "", 0, False
        self.readers = 1  # variables that are read at a time
        self._begin()
        if connect:
            self.connect()

    def connect(self, blocks: int = CONNECTIONS) -> None:
        """Learn size and version, check that it is HDF5, and fetch its first blocks.

        Several at once open the other connections, too, while the first answer is under way.
        """
        starts = in_threads(self.block, range(blocks), CONNECTIONS)
        self._check_superblock(starts[0])
        self.opened = True

    def _begin(self) -> None:
        self._process = os.getpid()
        self._turns = threading.Semaphore(CONNECTIONS)
        self._lock = threading.Lock()
        self._blocks: dict[int, Future[bytes]] = {}

    def __getstate__(self) -> dict[str, Any]:
        hidden = ("_process", "_turns", "_lock", "_blocks")
        return {key: value for key, value in vars(self).items() if key not in hidden}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def __deepcopy__(self, memo: Any) -> RemoteFile:
        return self  # so that copies of a dataset share a token, too

    def damaged(self, what: str) -> GranuleError:
        """Return the sentence about a file that is damaged."""
        return GranuleError(f"{self.name} is damaged: {what}.")

    def _check_superblock(self, start: bytes) -> None:
        """Find where HDF5 begins, and check that the file is as long as it says."""
        self.base = next(at for at in BASES if start[at:].startswith(SIGNATURE))
        version = start[self.base + 8]
        field = self.base + {0: 40, 1: 44}.get(version, 28)
        told = int.from_bytes(start[field : field + 8], "little")
        if version < 2 and start[field - 8 : field] != b"\xff" * 8:
            raise self.damaged("its first bytes name an extension, which its version has not")
        if told > self.size:
            raise self.damaged(f"it should have {told} bytes and has {self.size}")

    def block(self, number: int) -> bytes:
        """Return a block of metadata, which stays in memory; nobody fetches it twice."""
        if self._process != os.getpid():  # what another thread was fetching will never come
            self._begin()
        start = number * BLOCK
        while True:
            if self.size and start >= self.size:
                return b""
            with self._lock:
                mine = number not in self._blocks
                coming = self._blocks.setdefault(number, Future())
            try:
                if mine:
                    coming.set_result(self.fetch(start, start + BLOCK))
                return coming.result()
            except BaseException as error:
                if mine:
                    self._blocks.pop(number, None)
                    coming.set_exception(error)
                elif isinstance(error, StoppedError) and not current_work().stopped.is_set():
                    continue  # it was somebody else who was stopped
                raise

    def lacks(self, start: int, end: int) -> list[int]:
        """Return which blocks of these bytes are not in memory."""
        known = {n: self._blocks.get(n) for n in range(start // BLOCK, -(-end // BLOCK))}
        return [n for n, each in known.items() if not each or not each.done() or each.exception()]

    def from_blocks(self, start: int, end: int) -> bytes:
        """Return bytes out of blocks, or what there is of them in the file."""
        numbers = range(start // BLOCK, -(-end // BLOCK))
        return b"".join(map(self.block, numbers))[start % BLOCK :][: max(0, end - start)]

    def fetch(self, start: int, end: int) -> bytes:
        """Fetch the bytes from start to before end, or what there is of them in the file."""
        if self._process != os.getpid():
            self._begin()
        work = current_work()

        def once() -> bytes:
            with self._turns:
                work.pause(0)
                begun = time.perf_counter()
                try:
                    body = self._ask(start, end, work)
                except AgainError as error:
                    again = error
                else:
                    work.root.failing = None
                    if body:
                        done = time.perf_counter()
                        note_range(self.name, self.size, start, start + len(body), begun, done)
                    return body
            work.pause(0)  # when it broke because somebody stopped it
            work.root.failing = work.root.failing or begun
            raise again

        def pause(seconds: float) -> bool:
            now = time.perf_counter()
            late = now + seconds > (work.root.failing or now) + GIVE_UP
            work.pause(0.0 if late else seconds)
            return late

        return _http.persist(once, TRIES if self.opened else _http.TRIES, pause)

    def fetch_long(self, start: int, end: int, most: int) -> bytes:
        """Fetch a range in parts of about this size, several at a time, if it is not here."""
        if not self.lacks(start, end):
            return self.from_blocks(start, end)
        several = round((end - start) / most)
        if several < 2:
            return self.fetch(start, end)
        edges = [start + n * (end - start) // several for n in range(several + 1)]
        parts = in_threads(lambda part: self.fetch(*part), pairwise(edges), CONNECTIONS)
        return b"".join(parts)

    def _ask(self, start: int, end: int, work: Work) -> bytes:
        """Ask once; what asking again may mend is raised as AgainError."""
        session, host = _session(os.getpid()), _http.host_of(self.url)
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        asked = session.prepare_request(
            requests.Request("GET", self.url, headers=headers, auth=self._auth)
        )
        how = session.merge_environment_settings(self.url, {}, True, None, None)
        now = time.perf_counter()
        left = max(1.0, (work.root.failing or now) + GIVE_UP - now)
        times = (min(CONNECT, left), min(SILENCE, left))
        try:
            with session.send(asked, timeout=times, allow_redirects=True, **how) as answer:
                if answer.status_code != 206:
                    body = _read_body(answer, 4096, work)
                elif (span := _span(answer)) is None or not span[0] <= start < span[1]:
                    raise self._broke(f"{host} sends other bytes than those asked for: try again.")
                else:
                    begin, last, size = span
                    body = _read_body(answer, min(end, last) - begin, work)[start - begin :]
        except requests.RequestException as error:
            kind, problem = _http.no_answer(error, self.url)
            raise self._broke(str(problem), kind) from None
        except (HTTPError, ValueError) as error:
            what = "falls silent" if isinstance(error, ReadTimeoutError) else "sends cut answers"
            raise self._broke(f"{host} {what}: try again.") from None
        finally:
            work.forget()
        if answer.status_code != 206:
            return self._refused(answer, body, start)
        if len(body) != min(end, size) - start:
            raise self._broke(f"{host} sends short answers: try again.")
        self._check(answer, body, start, size)
        return body

    def _check(self, answer: requests.Response, body: bytes, start: int, size: int) -> None:
        """Check that it is HDF5, and of the same version as what came before."""
        if not start and not any(body[at:].startswith(SIGNATURE) for at in BASES):
            raise self._refusal(answer.status_code, *judge(answer, body, self.name))
        told = [str(size), *(answer.headers.get(key, "") for key in ("ETag", "Last-Modified"))]
        with self._lock:
            self.size, self.version = self.size or size, self.version or " ".join(told)
        if " ".join(told) != self.version:
            raise ConnectionError(f"{self.name} changed while it was read: open it again.")

    def _refused(self, answer: requests.Response, body: bytes, start: int) -> bytes:
        """Raise what an answer without the range means; return no bytes for what lies behind."""
        status = answer.status_code
        if status == 416 and start and (not self.size or start >= self.size):
            return b""
        broken, seen = judge(answer, body, self.name)
        if status in _http.BUSY:
            asked = answer.headers.get("Retry-After", "")
            raise self._broke(f"{seen} Try again later.", "busy", asked)
        error = self._refusal(status, broken, seen)
        if status == 401 and hasattr(self._auth, "renew"):  # a new one was, too
            raise AgainError("odd", error, REJECTED)
        if status == 200:  # a page, or the whole file, may be the whim of a gateway
            raise AgainError("odd", error)
        raise error

    def _refusal(self, status: int, broken: str, seen: str) -> Exception:
        """Return the sentence about an answer that stays without the range."""
        if not broken and not self.opened:
            return GranuleError(
                f"The server sends {self.name} only as a whole ({status}), so it cannot be"
                " streamed: try another granule, or later."
            )
        told = seen if broken == "account" else f"{seen} What to do: {RUNGS.get(broken)}."
        if not self.opened:
            return ERRORS.get(broken, PermissionError)(told)
        if broken not in ("account", "access token"):
            told = "it comes only as a whole: try again." if status == 200 else "try again."
        return ConnectionError(f"The stream of {self.name} broke ({status}): {told}")

    def _broke(self, problem: str, kind: str = "broken", pause: str = "") -> AgainError:
        """Return what asks again, and in the end says what the problem was."""
        told = f"The stream of {self.name} broke: {problem}" if self.opened else problem
        return AgainError(kind, ConnectionError(told), pause)


def _link_and_auth(
    item_or_url: pystac.Item | str, token: Token | str
) -> tuple[str, requests.auth.AuthBase]:
    """Return the link of the data, and what signs requests for it."""
    url = item_or_url if isinstance(item_or_url, str) else h5_url(item_or_url)
    path = urlsplit(url).path.lower()
    kind = OTHER_FILES.get(PurePosixPath(path).suffix, "the ZIP" if "/zipper/" in path else "")
    if kind:
        take = "take pick_assets(item)['h5']"
        raise GranuleError(f"{plain_url(url)} is {kind} of a granule, not its data: {take}.")
    return url, auth_for(token, url, from_item=not isinstance(item_or_url, str))


@lru_cache(maxsize=1)
def _session(process: int) -> requests.Session:
    """Return one session for all granules, so that they share connections; not across a fork."""
    return _http.session()


def _span(answer: requests.Response) -> Span | None:
    """Return the range that an answer holds, end exclusive, and the file's size, if sensible."""
    told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("Content-Range", ""))
    if not told or answer.headers.get("Content-Encoding", "identity") != "identity":
        return None
    first, last, size = map(int, told.groups())
    return (first, last + 1, size) if first <= last < size <= LARGEST_FILE else None


def _read_body(answer: requests.Response, most: int, work: Work) -> bytes:
    """Read so many bytes, not less than a few thousand a second; fewer when there are no more."""
    body, mark, then = bytearray(), 0, time.perf_counter()
    while len(body) < most:
        piece = answer.raw.read1(min(most - len(body), 256 << 10), decode_content=False)
        if not piece:
            break
        body += piece
        now = time.perf_counter()
        if now - then > SILENCE:
            if len(body) - mark < LEAST * SILENCE:
                raise requests.Timeout
            mark, then, work.root.failing = len(body), now, None
    return bytes(body)
