"""Clients written by others for the live service, each alone in an environment of its own.

``python -m tests.contract install`` makes the environments. Then, inside ``maap-replay run``,
``python -m tests.contract run`` gives each client a home folder of its own and runs what its users
write: ``use_NAME.py``, ``use_NAME_TOPIC.py`` or ``use_NAME.sh``, plain code that knows nothing of a
replay.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".venv-contract"
CLIENTS = ("pystac_client", "xarray", "earthcarekit")
#: Seconds that one script may take.
PATIENCE = 1800

EARTHCAREKIT = """[local]
data_directory = '{home}/data'
image_directory = '{home}/images'

[download]
collections = "open"
platform = "maap"
maap_token = "{token}"
maap_include_header_file = true
"""


def install() -> int:
    """Make the environment of each client, unless it is there as its requirements say."""
    for name in CLIENTS:
        requirements = HERE / f"requirements-{name}.txt"
        folder, mark = ENVIRONMENTS / name, ENVIRONMENTS / name / "installed"
        wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
        if mark.exists() and mark.read_text() == wanted:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = folder / "bin" / "python"
        uv = Path(sys.executable).with_name("uv")
        pip = [uv, "pip", "install", "-q", "--python", python]
        if not uv.exists():
            pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", requirements], check=True)
        mark.write_text(wanted)
    return 0


def run() -> int:
    """Run every client and tell what each did; the number of those that failed."""
    if not os.environ.get("MAAP_REPLAY_PORT"):
        raise SystemExit("Run this inside maap-replay run: make contract")
    failed = 0
    for name in CLIENTS:
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="contract-") as home:
            status = _use(name, Path(home))
        failed += status != 0
        told = "does what it should" if status == 0 else f"FAILED with status {status}"
        sys.stdout.write(f"{name} {told}, {time.monotonic() - start:.0f} s\n\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(CLIENTS) - failed} passed, {failed} failed\n")
    return failed


def _use(name: str, home: Path) -> int:
    programs = ENVIRONMENTS / name / "bin"
    environment = os.environ | {
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    if name == "earthcarekit":
        config = home / ".config" / "earthcarekit" / "default_config.toml"
        config.parent.mkdir(parents=True)
        (home / "images").mkdir()
        config.touch(mode=0o600)
        config.write_text(EARTHCAREKIT.format(home=home, token=_token()))
    for script in sorted(HERE.glob(f"use_{name}[._]*")):
        program = programs / "python" if script.suffix == ".py" else "bash"
        sys.stdout.write(f"{name}: {script.relative_to(HERE.parents[1])}\n")
        sys.stdout.flush()
        try:
            done = subprocess.run([program, script], cwd=home, env=environment, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            return -1
        if done.returncode:
            return done.returncode
    return 0


def _token() -> str:
    lines = Path(os.environ["MAAP_CREDENTIALS_FILE"]).read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("OFFLINE_TOKEN="))


if __name__ == "__main__":
    sys.exit({"install": install, "run": run}[sys.argv[1]]())
