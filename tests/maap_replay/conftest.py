"""The replay on a loopback socket without TLS; hosts are told apart by their Host header."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from aiohttp import web

from maap_replay.archive.contents import Contents
from maap_replay.recordings import Recordings, load
from maap_replay.running import running
from maap_replay.service import REQUESTS, Served, make_app, offline_token
from maap_replay.service.app import CATALOGUE_HOST as CATALOGUE
from maap_replay.service.search import contents
from maap_replay.service.tokens import CLIENT_ID, CLIENT_SECRET, TOKEN_PATH
from maap_replay.service.tokens import HOST as IAM


class Replay:
    """A running replay, and the few requests that tests make of it."""

    def __init__(self, base: str, app: web.Application, session: requests.Session) -> None:
        self.base, self.app, self.session = base, app, session

    def ask(self, path: str, host: str = CATALOGUE, **arguments: Any) -> requests.Response:
        """Request a path, or an address of the live service, with GET unless `method` is given."""
        path = path.removeprefix(f"https://{host}")
        headers = {"Host": host, **arguments.pop("headers", {})}
        method = arguments.pop("method", "GET")
        return self.session.request(
            method, self.base + path, headers=headers, timeout=300, **arguments
        )

    def exchange(self, **form: str | None) -> requests.Response:
        """Ask for an access token; arguments change the form, None takes a field out."""
        complete = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "grant_type": "refresh_token",
            "refresh_token": offline_token(),
            **form,
        }
        data = {name: value for name, value in complete.items() if value is not None}
        return self.ask(TOKEN_PATH, IAM, method="POST", data=data)

    def access(self) -> dict[str, str]:
        """Authorization header with a fresh access token."""
        return {"Authorization": f"Bearer {self.exchange().json()['access_token']}"}

    @property
    def log(self) -> list[Served]:
        """Requests so far."""
        return self.app[REQUESTS]


@contextmanager
def replaying(app: web.Application) -> Iterator[Replay]:
    with requests.Session() as session, running(app, patience=0.1) as port:
        session.trust_env = False  # no proxy on the way to loopback
        yield Replay(f"http://127.0.0.1:{port}", app, session)
        session.close()  # or its connections would be waited for


@pytest.fixture(scope="session")
def content() -> bytes:
    """What every file of the tests holds."""
    return bytes(range(256)) * 100


@pytest.fixture(scope="session")
def granule_file(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> Callable[[str, str], Path]:
    """Tiny stand-ins for granules; there is no writer for BMA_FLX_2B."""
    folder = tmp_path_factory.mktemp("granules")

    def make(product_id: str, suffix: str) -> Path:
        if "BMA_FLX_2B" in product_id:
            raise KeyError(product_id)
        path = folder / f"{product_id}{suffix}"
        path.write_bytes(content)
        return path

    return make


@pytest.fixture(scope="session")
def recordings() -> Recordings:
    return load()


@pytest.fixture(scope="session")
def archive(recordings: Recordings) -> Contents:
    """Everything that the catalogue holds."""
    return contents(recordings)


@pytest.fixture(scope="session")
def sample(archive: Contents) -> list[dict[str, Any]]:
    """First, last and two more items of each line of the census."""
    chance = random.Random(12)  # noqa: S311 - a sample
    found: list[dict[str, Any]] = []
    for part in archive.parts:
        last = len(part) - 1
        places = {0, last, chance.randint(0, last), chance.randint(0, last)}
        found += part.items(np.array(sorted(places)))
    return found


@pytest.fixture(scope="session")
def replay(recordings: Recordings, granule_file: Callable[[str, str], Path]) -> Iterator[Replay]:
    with replaying(make_app(recordings, granule_file)) as service:
        yield service


@pytest.fixture
def start(
    recordings: Recordings, granule_file: Callable[[str, str], Path]
) -> Iterator[Callable[..., Replay]]:
    """Start a replay with settings of its own."""
    usual = {"recordings": recordings, "granule_file": granule_file}
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(replaying(make_app(**usual | settings)))
