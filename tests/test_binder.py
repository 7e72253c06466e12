"""Binder and the container of an editor, as far as a machine without Docker can start them.

They install packages, so this stands outside the replay: `make test-install`.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.rare,
    pytest.mark.skipif(
        "MAAP_REPLAY_PORT" in os.environ, reason="needs PyPI: run `make test-install`"
    ),
]
KEY = "a-key-of-this-test"


def ask(url: str) -> object:
    """Return what the server says, as JSON."""
    request = urllib.request.Request(url, headers={"Authorization": f"token {KEY}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@contextmanager
def binder_server(checkout: Path, environment: dict[str, str]) -> Iterator[str]:
    """Address of what Binder starts, by the script that it calls, once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
    command += [f"--IdentityProvider.token={KEY}"]
    with subprocess.Popen(
        [checkout / ".binder" / "start", *command], cwd=checkout, env=environment
    ) as server:
        try:
            for _ in range(240):
                try:
                    ask(f"http://127.0.0.1:{port}/api/status")
                    break
                except urllib.error.URLError:
                    assert server.poll() is None, "the server has ended"
                    time.sleep(0.5)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def test_binder_installs_starts_and_runs_a_lesson(checkout: Path, tmp_path: Path) -> None:
    """JupyterLab answers and shows the lessons; a kernel of its environment runs the first."""
    image = tmp_path / "image"
    subprocess.run([sys.executable, "-m", "venv", image], check=True)
    clean = {key: each for key, each in os.environ.items() if not key.startswith("VIRTUAL")}
    clean["PATH"] = f"{image / 'bin'}{os.pathsep}{clean['PATH']}"
    subprocess.run(["bash", ".binder/postBuild"], cwd=checkout, env=clean, check=True)
    with binder_server(checkout, clean) as address:
        shown = ask(f"{address}/api/contents/notebooks")
        assert isinstance(shown, dict)
        lessons = {each["name"] for each in shown["content"]}
        assert "start_with_a_curtain.ipynb" in lessons
    lesson = checkout / "notebooks" / "start_with_a_curtain.ipynb"
    run = [checkout / ".binder" / "start", "jupyter", "execute", "--inplace", "--timeout=600"]
    subprocess.run([*run, lesson], cwd=checkout, env=clean, check=True)
    cells = json.loads(lesson.read_text())["cells"]
    assert any("image/png" in out.get("data", {}) for c in cells for out in c.get("outputs", []))


def test_the_container_of_an_editor_gets_the_interpreter_that_it_names(checkout: Path) -> None:
    """The command that it runs when it is created makes the environment of `make book`."""
    container = json.loads((checkout / ".devcontainer" / "devcontainer.json").read_text())
    named = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    command = container["onCreateCommand"].split()
    subprocess.run([*command, f"PYTHON={sys.executable}"], cwd=checkout, check=True)
    interpreter = named.replace("${containerWorkspaceFolder}", str(checkout))
    imports = "import earthcare_tutorial, maap_replay, earthcare_synthetic, ipykernel, jupyter_book"
    subprocess.run([interpreter, "-c", imports], check=True)
