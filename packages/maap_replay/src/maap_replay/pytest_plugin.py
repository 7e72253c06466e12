"""ESA MAAP on loopback as a fixture of pytest: `esa_maap`. See the README of this distribution.

pytest imports this module wherever it is installed, so the service is imported by who uses it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from maap_replay.launch import Identity
    from maap_replay.recordings import Recordings
    from maap_replay.service import Served


class EsaMaap:
    """A running replay, what it was asked, and how to make it fail.

    Parameters
    ----------
    identity : Identity
        Its certificate and the credentials that it takes.
    patch : pytest.MonkeyPatch
        By which environment variables and names of hosts are changed for one test.
    folder : Path
        Where files are put that it serves.
    """

    url = "https://catalog.maap.eo.esa.int"

    def __init__(self, identity: Identity, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self._identity, self._patch, self._folder = identity, patch, folder
        self._stack, self._known = ExitStack(), set[str]()
        self.port = 0
        self.credentials_file = identity.credentials_file

    def serve(self, items: Sequence[dict[str, Any]] | None = None, **settings: Any) -> None:
        """Start anew: nothing was asked yet, no fault is on, no access token is valid.

        Offline tokens that were accepted still are.

        Parameters
        ----------
        items : sequence of dict, optional
            All that the catalogue holds (see `maap_replay.items.make_item`); by default what was
            recorded.
        **settings
            What `maap_replay.service.make_app` takes, for example ``token_seconds=20``.
        """
        from maap_replay.running import running
        from maap_replay.service import make_app
        from maap_replay.service.tokens import KNOWN

        recordings = settings.pop("recordings", None) or _recorded()
        if items is not None:
            recordings = replace(recordings, items=[*items], folder=None, by_rule=False)
        self._stack.close()
        self._app = make_app(recordings, **settings)
        self._app[KNOWN] = self._known
        self.port = self._stack.enter_context(running(self._app, self._identity.context, 0.1))
        self._patch.setenv("MAAP_REPLAY_PORT", str(self.port))

    def stop(self) -> None:
        """Listen no more: whoever asks finds that nobody is there."""
        self._stack.close()

    @property
    def items(self) -> list[dict[str, Any]]:
        """What the catalogue holds; hand a changed list to `serve`."""
        from maap_replay.service.keys import RECORDINGS

        return [*self._app[RECORDINGS].items]

    @property
    def log(self) -> list[Served]:
        """What was asked so far, oldest first: method, host, path, range, status, bytes, token."""
        from maap_replay.service import REQUESTS

        return self._app[REQUESTS]

    @property
    def exchanges(self) -> list[Mapping[str, str]]:
        """The forms with which access tokens were got for the offline tokens of `accept`."""
        from maap_replay.service.tokens import FORMS

        return [*self._app[FORMS]]

    @property
    def access_tokens(self) -> list[str]:
        """All access tokens so far, oldest first, valid or not."""
        from maap_replay.service.tokens import ISSUED

        return [*self._app[ISSUED]]

    def accept(self, offline_token: str = "", access_token: str = "") -> None:
        """Take a token that the replay has not made; as offline token, ``*`` is any."""
        from maap_replay.service.tokens import ISSUED

        if offline_token:
            self._known.add(offline_token)
        if access_token:
            self._app[ISSUED][access_token] = float("inf")

    def revoke(self, *access_tokens: str) -> None:
        """Let access tokens be valid no more; by default all that were made so far."""
        from maap_replay.service.tokens import ISSUED

        for token in access_tokens or self.access_tokens:
            self._app[ISSUED][token] = 0.0

    def put(self, name: str, content: bytes | Path, *, public: bool = False) -> str:
        """Serve a file of your own, and return its URL.

        Parameters
        ----------
        name : str
            ``a.h5``; or a whole URL below ``/data/``, such as that of an item's asset.
        content : bytes or Path
            The file. Bytes are written to a file first: put the same name again to change it.
        public : bool
            Whether it is to be had without a token, as pictures are.
        """
        from earthcare_synthetic.files import complete_or_absent
        from maap_replay.service.data import STORE, Stored

        name = name.removeprefix(self.url)
        address = name if name.startswith("/data/") else f"/data/{'public/' * public}{name}"
        file = content if isinstance(content, Path) else self._folder / address.lstrip("/")
        if isinstance(content, bytes):
            with complete_or_absent(file) as unfinished:  # somebody may be reading it
                unfinished.write_bytes(content)
        self._app[STORE].objects[address] = Stored("", Path(address).suffix, True, file)
        return self.url + address

    def read(self, url: str) -> bytes:
        """Bytes of a file of your own."""
        from maap_replay.service.data import STORE

        file = self._app[STORE].objects[url.removeprefix(self.url)].file
        if file is None:
            raise KeyError(f"{url} was not put there.")
        return file.read_bytes()

    def fail(self, fault: str, **settings: Any) -> None:
        """Switch a fault on, with what `maap_replay.faults.inject` takes."""
        from maap_replay.service.errors import RefusalError
        from maap_replay.service.faults import ACTIVE, read

        try:
            self._app[ACTIVE].append(read({"fault": fault, **settings}))
        except RefusalError as refusal:
            raise ValueError(refusal.description) from None

    def fail_next(self, *faults: str | int | None) -> None:
        """Spoil the next requests, one each, whatever they ask for; None lets one pass.

        Parameters
        ----------
        *faults : str, int or None
            Names of faults, or statuses with which the load balancer answers.
        """
        for place, fault in enumerate(faults):
            if isinstance(fault, int):
                self.fail("503 burst", status=fault, path=".", after=place)
            elif fault is not None:
                self.fail(fault, path=".", after=place, times=1)

    @property
    def faults(self) -> list[dict[str, Any]]:
        """The faults that are on, with what is left of each."""
        from maap_replay.service.faults import ACTIVE

        return [fault.state() for fault in self._app[ACTIVE]]

    def heal(self) -> None:
        """Switch every fault off."""
        from maap_replay.service.faults import ACTIVE

        self._app[ACTIVE].clear()


@cache
def _recorded() -> Recordings:
    """Read the recordings of this package once for all tests."""
    from maap_replay.recordings import load

    return load()


@pytest.fixture(scope="session")
def maap_replay_identity() -> Iterator[Identity]:
    """Give the certificate of all replays of a session, and the credentials they take."""
    from maap_replay.launch import identity

    with identity() as known:
        yield known


@pytest.fixture
def esa_maap(
    maap_replay_identity: Identity, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[EsaMaap]:
    """Run ESA MAAP on loopback for one test, at its real addresses.

    In this test and in the processes it starts both hosts of ESA MAAP lead to the replay, over
    TLS, and every other host is refused, as under `maap-replay run`.
    """
    from maap_replay.launch import Service, environment
    from maap_replay.routing.maap_replay_names import getaddrinfo_for, gethostbyname

    maap = EsaMaap(maap_replay_identity, monkeypatch, tmp_path / "esa_maap")
    maap.serve()
    known = maap_replay_identity
    service = Service(maap.port, known.ca_file, known.credentials_file, maap._app)
    wanted = environment(service, os.environ)
    for name in os.environ.keys() - wanted.keys():
        monkeypatch.delenv(name)
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo_for(lambda: maap.port))
    monkeypatch.setattr(socket, "gethostbyname", gethostbyname)
    yield maap
    maap.stop()
