"""The helpers' tests on the oldest packages that are allowed, and on the newest with a new Python.

``python -m tests.versions`` (`make test-versions`) lets uv find both sets, installs each into an
environment of its own under `.venv-versions`, and runs the tests on the replay that belongs to it.
Where the oldest set fails, raise the bound in pyproject.toml.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
UV = Path(sys.executable).with_name("uv")
PROJECTS = [ROOT / "pyproject.toml", *sorted((ROOT / "packages").glob("*/pyproject.toml"))]
OURS = ["earthcare-tutorial", "earthcare-synthetic", "maap-replay"]
#: What a bound must carry: the helpers, and the service that their tests run on.
TESTS = ["tests/earthcare_tutorial", "tests/maap_replay/test_data.py"]


class Versions(NamedTuple):
    """How a set of packages is chosen: its name, uv's word for it, and Pythons, best first."""

    name: str
    resolution: str
    pythons: tuple[str, ...]
    options: tuple[str, ...] = ()


SETS = [
    # An old matplotlib warns of what a new pyparsing deprecates: nothing to mend here.
    Versions("oldest", "lowest-direct", ("3.11",), ("-o", "filterwarnings=")),
    Versions("newest", "highest", ("3.14", "3.13", "3.12", "3.11")),
]


def uv(*words: object) -> None:
    """Run uv; its own sentence says what went wrong."""
    subprocess.run([UV, *map(str, words)], cwd=ROOT, check=True)


def interpreter(python: str) -> str | None:
    """What uv is to take as a version of Python: found here, kept by pyenv, or brought by uv."""
    asked = [UV, "python", "find", python]
    if subprocess.run(asked, capture_output=True).returncode == 0:
        return python
    for kept in Path.home().glob(f".pyenv/versions/{python}.*/bin/python3"):
        return str(kept)
    brought = subprocess.run([UV, "python", "install", python], capture_output=True)
    return None if brought.returncode else python


def install(chosen: Versions) -> Path:
    """Make the environment of a set; returns its folder of programs."""
    folder = ROOT / ".venv-versions" / chosen.name
    python = next(found for each in chosen.pythons if (found := interpreter(each)))
    sys.stdout.write(f"{chosen.name}: Python {python}\n")
    uv("venv", "-q", "--clear", "--python", python, folder)
    listed = folder / "requirements.txt"
    without = [word for name in OURS for word in ("--no-emit-package", name)]
    how = ["--resolution", chosen.resolution, "--extra", "test", "--no-annotate"]
    uv("pip", "compile", "-q", "--python", folder, *how, *PROJECTS, *without, "-o", listed)
    uv("pip", "install", "-q", "--python", folder, "-r", listed)
    places = [word for project in PROJECTS for word in ("-e", project.parent)]
    uv("pip", "install", "-q", "--python", folder, "--no-deps", *places)
    return folder / "bin"


def run(chosen: Versions) -> int:
    """Install a set and run the tests on it; returns their exit status."""
    programs = install(chosen)
    command = [programs / "maap-replay", "run", "--", programs / "python", "-m", "pytest", "-q"]
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    command += [*chosen.options, *TESTS]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"PATH": path}).returncode


if __name__ == "__main__":
    if not UV.exists():
        raise SystemExit("uv chooses the versions, and is not in .venv: pip install uv")
    wanted = sys.argv[1:] or [each.name for each in SETS]
    failed = [each.name for each in SETS if each.name in wanted and run(each)]
    sys.exit(f"The tests fail on the set: {', '.join(failed)}" if failed else 0)
