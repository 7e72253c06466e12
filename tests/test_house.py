"""The repository as a visitor would find it: pairs, versions, names and licences agree."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

import earthcare_tutorial
from book._ext.credits import authors

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.md"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OURS = {"earthcare-tutorial", "earthcare-synthetic", "maap-replay"}
# Written so that this file does not name what it forbids.
FORBIDDEN = ["python" + "hosted", "py" + "pi.org", "npm" + "js.", "deb.deb" + "ian"]


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def bounds(requirements: list[str]) -> set[tuple[str, str]]:
    """Pairs of a package's name and its bounds; extras such as `dask[array]` are dropped."""
    pattern = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*(.*)")
    found = (pattern.fullmatch(requirement) for requirement in requirements)
    return {(m[1].lower(), m[2].replace(" ", "")) for m in found if m}


def packages_below() -> list[str]:
    """What the distributions under packages/ need, but for our own."""
    needed = []
    for path in sorted((ROOT / "packages").glob("*/pyproject.toml")):
        needed += tomllib.loads(path.read_text())["project"]["dependencies"]
    return [each for each in needed if each not in OURS]


def test_the_conda_environment_agrees_with_pyproject() -> None:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    conda = [entry for entry in entries if isinstance(entry, str)]
    (by_pip,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    extras = PROJECT["optional-dependencies"]
    wanted = bounds(PROJECT["dependencies"] + packages_below() + extras["book"] + extras["scale"])
    wanted |= {("python", PROJECT["requires-python"]), ("pip", "")}
    assert bounds(conda + [entry for entry in by_pip if not entry.startswith("-")]) == wanted
    assert "--editable ." in by_pip


def test_every_place_that_names_a_python_names_that_of_the_lock() -> None:
    """Binder, the container of an editor, and all workflows."""
    (locked,) = re.findall(r"--python-version (\S+)", (ROOT / "Makefile").read_text())
    assert PROJECT["requires-python"] == f">={locked}"
    assert (ROOT / ".binder" / "runtime.txt").read_text().strip() == f"python-{locked}"
    assert f"python:{locked}" in (ROOT / ".devcontainer" / "devcontainer.json").read_text()
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        named = re.findall(r'python-version: "(.*?)"', workflow.read_text())
        assert named == [locked] * len(named), workflow
    installed = (ROOT / ".binder" / "postBuild").read_text().split()
    assert {"'.[scale]'", "./packages/earthcare_synthetic", "./packages/maap_replay"} <= {
        *installed
    }


def test_the_lock_covers_what_the_environment_asks_for() -> None:
    locked = set(re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.M))
    extras = PROJECT["optional-dependencies"]
    asked = PROJECT["dependencies"] + packages_below() + extras["book"] + extras["test"]
    asked += extras["scale"]
    assert {name.replace("_", "-") for name, _ in bounds(asked)} <= locked


def test_one_version_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == PROJECT["version"] == earthcare_tutorial.__version__
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_every_public_helper_is_on_its_page() -> None:
    page = (ROOT / "book" / "api.md").read_text()
    helpers = [
        name for name in earthcare_tutorial.__all__ if name not in {"__version__", "PRODUCTS"}
    ]
    assert [name for name in helpers if f":: earthcare_tutorial.{name}\n" not in page] == []


def test_one_licence_and_the_same_authors_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["license"] == PROJECT["license"]
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    names = [author["name"] for author in PROJECT["authors"]]
    assert names == authors()
    assert config["author"] == ", ".join(names)


def test_no_file_names_a_package_registry_or_a_machine() -> None:
    machine = re.compile(r"(?<![\w.])/(?:work|farm|root)/")
    for path in tracked_files():
        if path.suffix in {".png", ".npz"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        for name in FORBIDDEN:
            assert name not in text, f"{path} names a package registry"
        assert not machine.search(text), f"{path} names a path of one machine"


@pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)
def test_each_lesson_is_paired_and_listed(source: Path) -> None:
    from tests.pair import unexecuted

    made = unexecuted(source)
    committed = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    assert [(c.id, c.source, c.metadata) for c in committed.cells] == [
        (c.id, c.source, c.metadata) for c in made.cells
    ], "run `make pair`"
    assert f"notebooks/{source.name}" in (ROOT / "_toc.yml").read_text()


@pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)
def test_a_paired_notebook_is_executed_and_holds_text_only(source: Path) -> None:
    notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.execution_count, f"not executed: {cell.source[:60]}"
            keys = {key for output in cell.outputs for key in output.get("data", {})}
            assert not any(key.startswith("image/") for key in keys)
