"""What `pip install` brings: each wheel has its own packages, and no command that cannot start."""

from __future__ import annotations

import configparser
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: Distribution -> folder, its packages, files that are no Python but needed, its commands, and the
#: distributions of ours that it needs.
WHEELS = {
    "earthcare-tutorial": (
        ".",
        {"earthcare_tutorial", "earthcare_products"},
        {"earthcare_tutorial/py.typed", "earthcare_tutorial/data/coastlines.npz"},
        set[str](),
        set[str](),
    ),
    "earthcare-synthetic": (
        "packages/earthcare_synthetic",
        {"earthcare_synthetic"},
        {
            "earthcare_synthetic/scene/land_mask.png",
            "earthcare_synthetic/products/tables/MSI_COP_2A.jsonl",
        },
        set[str](),
        {"earthcare-tutorial"},
    ),
    "maap-replay": (
        "packages/maap_replay",
        {"maap_replay"},
        {"maap_replay/recordings/queryables.json", "maap_replay/routing/sitecustomize.py"},
        {"maap-replay"},
        {"earthcare-tutorial", "earthcare-synthetic"},
    ),
}


@pytest.mark.parametrize("name", WHEELS)
def test_what_is_built_twice_is_equal_and_fit_to_publish(name: str, tmp_path: Path) -> None:
    digests = []
    for turn in ("one", "two"):
        build = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path / turn)]
        done = subprocess.run(build, cwd=ROOT / WHEELS[name][0], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        made = sorted((tmp_path / turn).iterdir())
        assert {path.suffix for path in made} == {".whl", ".gz"}
        digests.append([(each.name, sha256(each.read_bytes()).hexdigest()) for each in made])
    assert digests[0] == digests[1]
    check = [sys.executable, "-m", "twine", "check", "--strict", *map(str, made)]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_source_distribution_holds_no_more_than_the_repository(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (made,) = tmp_path.iterdir()
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    with tarfile.open(made) as archive:
        files = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert files - {*listed.stdout.splitlines()} == {"PKG-INFO"}
    assert {"LICENSE", "README.md", "pyproject.toml", "earthcare_tutorial/py.typed"} <= files


def test_the_workflows_pass_their_linter() -> None:
    """Actions are pinned by digest, rights are the least, and no text of others is executed."""
    linter = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [linter, "--offline", ".github"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", WHEELS)
def test_a_wheel_holds_what_it_should_and_nothing_else(name: str, tmp_path: Path) -> None:
    folder, packages, data, commands, ours = WHEELS[name]
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT / folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = set(archive.namelist())
        info = next(file.partition("/")[0] for file in files if file.endswith("/METADATA"))
        about = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        entries = configparser.ConfigParser()
        if f"{info}/entry_points.txt" in files:
            entries.read_string(archive.read(f"{info}/entry_points.txt").decode())
    assert {file.partition("/")[0] for file in files} == packages | {info}
    assert data <= files
    scripts = entries.options("console_scripts") if entries.has_section("console_scripts") else []
    assert {*scripts} == commands
    needed = {each.split()[0].split(">")[0] for each in about.get_all("Requires-Dist", [])}
    assert needed & WHEELS.keys() == ours
