"""`maap-replay run -- COMMAND`, as a user types it: in real processes, over real sockets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

RUN = [sys.executable, "-m", "maap_replay.cli", "run", "--"]


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, sys.executable, "-c", code],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


def wait_until(true: Callable[[], bool], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def test_returns_the_exit_status_of_the_command() -> None:
    assert run_python("raise SystemExit(7)").returncode == 7
    killed = run_python("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    assert killed.returncode == 128 + signal.SIGTERM


def test_needs_no_console(tmp_path: Path) -> None:
    """Neither to run a command, nor to write a granule."""
    write = [sys.executable, "-m", "earthcare_synthetic", "nonsense", str(tmp_path)]
    command = ["bash", "-c", 'exec "$0" "$@" 2>&-', *RUN, *write]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=600)
    assert done.returncode == 2  # what the writer says of nonsense, where nobody listens


def test_a_command_that_does_not_exist_is_named() -> None:
    done = subprocess.run([*RUN, "no-such-program"], capture_output=True, text=True, timeout=600)
    assert done.returncode == 127
    assert "cannot run 'no-such-program'" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-I", "-c", "pass"],
        [sys.executable, "-W", "ignore", "-BE", "-c", "pass"],
        [sys.executable, "-Sm", "this"],
        ["env", "A=b", sys.executable, "-I", "-c", "pass"],
        ["./script"],
    ],
)
def test_a_python_that_would_not_be_led_to_the_replay_is_refused(
    command: list[str], tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text(f"#!{sys.executable} -Es\nprint('reached')\n")
    script.chmod(0o755)
    done = subprocess.run(
        [*RUN, *command], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "would reach the live service, not the replay: with -" in done.stderr


def test_options_of_the_program_are_its_own() -> None:
    assert run_python("import sys; print(sys.argv[1:])").stdout == "[]\n"
    done = subprocess.run(
        [*RUN, sys.executable, "-c", "import sys; print(sys.argv[1:])", "-I"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "['-I']\n", done.stderr


def test_a_client_of_each_kind_reaches_both_hosts_by_their_real_addresses() -> None:
    done = run_python("""
import os, fsspec, requests
from pathlib import Path
from pystac_client import Client
catalog = Client.open("https://catalog.maap.eo.esa.int/catalogue/")
print("stac", catalog.id)
lines = Path(os.environ["MAAP_CREDENTIALS_FILE"]).read_text().splitlines()
keys = dict(line.split("=", 1) for line in lines if "=" in line)
answer = requests.post(
    "https://iam.maap.eo.esa.int/realms/esa-maap/protocol/openid-connect/token",
    data={"client_id": keys["CLIENT_ID"], "client_secret": keys["CLIENT_SECRET"],
          "grant_type": "refresh_token", "refresh_token": keys["OFFLINE_TOKEN"]}, timeout=300)
print("token", answer.status_code, answer.json()["token_type"])
text = fsspec.filesystem("https").cat("https://catalog.maap.eo.esa.int/catalogue/")
print("aiohttp", b"conformsTo" in text)
""")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["stac fedeo", "token 200 Bearer", "aiohttp True"]


@pytest.mark.parametrize("depth", [0, 1], ids=["the command", "a child of the command"])
def test_every_other_host_is_refused_with_a_sentence(depth: int) -> None:
    code = "import requests; requests.get('https://example.org/', timeout=300)"
    if depth:
        code = (
            f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {code!r}]))"
        )
    done = run_python(code)
    assert done.returncode == 1
    assert "and refuses every other host: example.org" in done.stderr


def test_keeps_the_sitecustomize_that_the_environment_has(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import builtins\nbuiltins.kept = 'yes'\n")
    done = run_python("print(kept)", PYTHONPATH=str(tmp_path))
    assert done.stdout.strip() == "yes", done.stderr


def test_a_real_token_of_the_caller_does_not_reach_the_command() -> None:
    done = run_python("import os; print(os.environ.get('MAAP_TOKEN'))", MAAP_TOKEN="real")
    assert done.stdout.strip() == "None"


SLEEPERS = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"],
                         start_new_session=True)
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(300)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals to a process are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_leaves_no_process_behind(number: signal.Signals, tmp_path: Path) -> None:
    written = tmp_path / "pid"
    launcher = subprocess.Popen(
        [*RUN, sys.executable, "-c", SLEEPERS, str(written)], stderr=subprocess.DEVNULL
    )
    wait_until(lambda: written.exists() and written.read_text() != "")
    family = [*psutil.Process(launcher.pid).children(recursive=True)]
    grandchild = psutil.Process(int(written.read_text()))
    assert len(family) >= 2
    launcher.send_signal(number)
    status = launcher.wait(timeout=600)
    assert status == (-number if number == signal.SIGKILL else 128 + number)
    wait_until(lambda: not grandchild.is_running() and not any(p.is_running() for p in family))
