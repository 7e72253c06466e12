"""The first lesson's way without a helper of ours: 40 lines that run, behind a proxy too."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

LESSON = Path(__file__).parent.parent / "notebooks" / "access_and_visualize.md"
CELL = re.compile(r"^```\{code-cell\}\n---\n(.*?)^---\n(.*?)^```$", re.S | re.M)
HOSTS = {"catalog.maap.eo.esa.int", "iam.maap.eo.esa.int"}

pytestmark = pytest.mark.skipif(
    "MAAP_REPLAY_PORT" not in os.environ, reason="needs the replay: run `make test`"
)


def plain_path() -> str:
    """Code of the cells that are tagged, as one script."""
    cells = CELL.findall(LESSON.read_text())
    return "\n".join(code for settings, code in cells if "plain-path" in settings)


def run(folder: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a script in an empty folder, in which our package cannot be imported."""
    (folder / "earthcare_tutorial.py").write_text("raise ImportError('not here')\n")
    (folder / "script.py").write_text(f"{script}\nplt.savefig('figure.png')\n")
    return subprocess.run(
        [sys.executable, "-W", "error", "script.py"],
        cwd=folder,
        env=os.environ | {"MPLBACKEND": "agg"} | variables,
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that knows only CONNECT, and the hosts that it was asked for.

    It runs in this process, so its own look-ups lead to the replay.
    """
    asked: list[str] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def tunnel(client: socket.socket) -> None:
        with client, suppress(OSError):
            method, host = client.recv(65536).split()[:2]
            assert method == b"CONNECT"
            name, port = host.decode().split(":")
            asked.append(name)
            with socket.create_connection((name, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join()

    def serve() -> None:
        with suppress(OSError):
            while True:
                client = listening.accept()[0]
                threading.Thread(target=tunnel, args=(client,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
    listening.shutdown(socket.SHUT_RDWR)
    thread.join()
    listening.close()


def test_it_is_short_and_free_of_our_package() -> None:
    script = plain_path()
    lines = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert 30 < len(lines) <= 40
    assert "earthcare_tutorial" not in script and "ect." not in script


def test_it_draws_a_map(tmp_path: Path) -> None:
    done = run(tmp_path, plain_path())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "figure.png").stat().st_size > 20_000


def test_it_draws_a_map_behind_a_proxy(tmp_path: Path, proxy: tuple[str, list[str]]) -> None:
    """The proxy is the only way out: without the replay's routing no host is found but by it."""
    address, asked = proxy
    alone = {"HTTPS_PROXY": address, "NO_PROXY": "", "no_proxy": "", "MAAP_REPLAY_PORT": ""}
    done = run(tmp_path, plain_path(), **alone)
    assert done.returncode == 0, done.stderr
    assert set(asked) == HOSTS
    without = plain_path().replace('"trust_env": True', '"trust_env": False')
    assert run(tmp_path, without, **alone).returncode != 0, "so the line is needed"
