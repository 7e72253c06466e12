"""Run a command with ESA MAAP on loopback: `maap-replay run -- COMMAND`.

Nothing but environment variables is changed for COMMAND, so what runs inside is the code that runs
against the live service, with its real addresses, TLS and tokens.
"""

from __future__ import annotations

import os
import shlex
import signal
import ssl
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import trustme
from aiohttp import web

from maap_replay import watchdog
from maap_replay.isolated import ignored_environment
from maap_replay.routing.maap_replay_names import HOSTS
from maap_replay.running import running
from maap_replay.service import make_app
from maap_replay.service.tokens import CLIENT_ID, CLIENT_SECRET, offline_token

ROUTING = Path(__file__).parent / "routing"
#: Variables of the caller that would lead COMMAND elsewhere, or hand a real secret to a replay.
DROPPED = {"SSL_CERT_DIR", "MAAP_TOKEN", "MAAP_OFFLINE_TOKEN", "HTTP_PROXY"}
DROPPED |= {"HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY"}


@dataclass(frozen=True)
class Service:
    """A running replay: the port it listens on, the certificate to trust, and the application."""

    port: int
    ca_file: Path
    credentials_file: Path
    app: web.Application


@dataclass(frozen=True)
class Identity:
    """What a replay shows to clients, and what they need: it lasts as long as its folder."""

    context: ssl.SSLContext
    ca_file: Path
    credentials_file: Path


@contextmanager
def identity() -> Iterator[Identity]:
    """Make a certificate of both hosts, and credentials, in a temporary folder."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    # "localhost" is the other host to which a fault redirects.
    authority.issue_cert(*HOSTS, "localhost").configure_cert(context)
    with tempfile.TemporaryDirectory(prefix="maap-replay-") as folder:
        ca_file, credentials = Path(folder, "ca.pem"), Path(folder, "credentials.txt")
        authority.cert_pem.write_to_path(str(ca_file))
        credentials.touch(mode=0o600)
        credentials.write_text(
            "# Written by maap-replay: works on the replay only.\n"
            f"CLIENT_ID={CLIENT_ID}\nCLIENT_SECRET={CLIENT_SECRET}\n"
            f"OFFLINE_TOKEN={offline_token()}\n"
        )
        yield Identity(context, ca_file, credentials)


@contextmanager
def serve(app: web.Application | None = None) -> Iterator[Service]:
    """Start the replay with TLS on a free loopback port, in a thread, and stop it at the end.

    Parameters
    ----------
    app : aiohttp.web.Application, optional
        The service; by default `make_app()`, with the recordings of this package.

    Yields
    ------
    Service
        Its files lie in a temporary folder that goes when the service stops.
    """
    app = make_app() if app is None else app
    with identity() as known, running(app, known.context) as port:
        yield Service(port, known.ca_file, known.credentials_file, app)


def environment(
    service: Service,
    base: Mapping[str, str],
    run: str = "",
    own_credentials: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Environment for a command of a run: `base` with the replay's variables put in.

    `run` is the mark by which the run's processes are found at its end.
    With `own_credentials` (they may be empty) the command keeps the caller's and gets these.
    """
    env = {name: value for name, value in base.items() if name.upper() not in DROPPED}
    if own_credentials is None:
        credentials = {"MAAP_CREDENTIALS_FILE": str(service.credentials_file)}
    else:
        kept = {name: base[name] for name in ("MAAP_TOKEN",) if name in base}
        credentials = kept | dict(own_credentials)
    trust = str(service.ca_file)
    marks = ":".join(mark for mark in (base.get(watchdog.MARK), run) if mark)
    path = base.get("PYTHONPATH")
    return env | {
        "MAAP_REPLAY_PORT": str(service.port),
        **({watchdog.MARK: marks} if marks else {}),
        **credentials,
        "REQUESTS_CA_BUNDLE": trust,
        "SSL_CERT_FILE": trust,
        "CURL_CA_BUNDLE": trust,
        "PYTHONPATH": os.pathsep.join([str(ROUTING), path] if path else [str(ROUTING)]),
    }


def run(
    command: Sequence[str],
    app: web.Application | None = None,
    own_credentials: Mapping[str, str] | None = None,
) -> int:
    """Run a command against the replay and return its exit status.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    app : aiohttp.web.Application, optional
        The service to run it against; by default `make_app()`.
    own_credentials : mapping, optional
        Variables with credentials, when the command needs real ones: it then keeps the caller's
        too, and gets none of the replay.

    Returns
    -------
    int
        The command's exit status; 128 + n if signal n ended it, 127 if it could not be started.

    Raises
    ------
    ValueError
        When the command would not be led to the replay.
    """
    if option := ignored_environment(command):
        raise ValueError(
            f"{shlex.join(command)} would reach the live service, not the replay: with {option}, "
            "Python ignores the environment that leads to the replay. Leave it out."
        )
    mark = uuid.uuid4().hex
    guard = subprocess.Popen(
        [sys.executable, "-m", watchdog.__name__, mark],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        with serve(app) as service:
            env = environment(service, os.environ, mark, own_credentials)
            return _wait_for(command, env)
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait()


def _wait_for(command: Sequence[str], env: dict[str, str]) -> int:
    try:
        process = subprocess.Popen(list(command), env=env)
    except OSError as error:
        sys.stderr.write(f"maap-replay: cannot run {command[0]!r}: {error.strerror}\n")
        return 127

    def forward(number: int, frame: FrameType | None) -> None:
        if not (number == signal.SIGINT and _at_terminal()):
            process.send_signal(number)

    numbers = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
    before = {number: signal.signal(number, forward) for number in numbers}
    try:
        status = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status


def _at_terminal() -> bool:
    """Whether a Ctrl-C reached the command as well, because both are in front of a terminal."""
    try:
        with Path("/dev/tty").open() as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except (OSError, AttributeError):
        return False
