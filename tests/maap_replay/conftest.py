"""The replay on a loopback socket without TLS; hosts are told apart by their Host header."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web

from earthcare_synthetic import CREATORS
from earthcare_synthetic.files import locked
from maap_replay import granules
from maap_replay.recordings import Recordings, load
from maap_replay.service import REQUESTS, Served, make_app, offline_token
from maap_replay.service.app import CATALOGUE_HOST as CATALOGUE
from maap_replay.service.search import find
from maap_replay.service.tokens import CLIENT_ID, CLIENT_SECRET, TOKEN_PATH
from maap_replay.service.tokens import HOST as IAM

#: Down over the Gulf of Guinea at noon; it has a product of each type, JAXA's included.
FRAME = "04537E"


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
            method, self.base + path, headers=headers, timeout=10, **arguments
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
def running(app: web.Application) -> Iterator[Replay]:
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)

    async def start() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return int(runner.addresses[0][1])

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    with requests.Session() as session:
        session.trust_env = False  # no proxy on the way to loopback
        try:
            port = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
            yield Replay(f"http://127.0.0.1:{port}", app, session)
        finally:
            session.close()
            asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


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
def products(
    recordings: Recordings, tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> dict[str, Path]:
    """File type -> the newest product of the frame, for each type that can be written.

    Two writers at a time fill a cache of the tests' own, once for all workers of pytest-xdist.
    """
    of_frame = f"orbitNumber = {int(FRAME[:5])} and frame = '{FRAME[5]}'"
    versions = sorted(
        (item["properties"]["version"], item["id"])
        for item in find(recordings, filter=of_frame, sortby="id")
    )
    newest = {name[9:19]: name for _, name in versions}
    newest = {kind: name for kind, name in newest.items() if kind in CREATORS}
    base = tmp_path_factory.getbasetemp()
    folder = base if worker_id == "master" else base.parent
    with pytest.MonkeyPatch.context() as patch, locked(folder / "products.lock"):
        patch.setenv(granules.FOLDER_VARIABLE, str(folder / "products"))
        with ThreadPoolExecutor(2) as pool:
            files = pool.map(lambda name: granules.granule_file(name, ".h5"), newest.values())
            return dict(zip(newest, files, strict=True))


@pytest.fixture(scope="session")
def replay(recordings: Recordings, granule_file: Callable[[str, str], Path]) -> Iterator[Replay]:
    with running(make_app(recordings, granule_file)) as service:
        yield service


@pytest.fixture
def start(
    recordings: Recordings, granule_file: Callable[[str, str], Path]
) -> Iterator[Callable[..., Replay]]:
    """Start a replay with settings of its own."""
    usual = {"recordings": recordings, "granule_file": granule_file}
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(running(make_app(**usual | settings)))
