"""What the page tells a reader to install is enough for every lesson.

The last test takes the commands from the page and needs a network for the packages, so it stands
outside the replay and starts one for the lessons only: `make test-install`.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.md"))
PAGE = (ROOT / "book" / "run_it.md").read_text()
START = "jupyter lab"


def own_computer() -> list[str]:
    """Commands that the page has for a reader's own computer, line by line."""
    section = re.search(r"^\(run-own\)=\n(.*?)(?=^\([\w-]+\)=\n|\Z)", PAGE, re.M | re.S)
    assert section, "the page has no section run-own"
    blocks = re.findall(r"^```bash\n(.*?)^```", section[1], re.M | re.S)
    assert blocks, "the section has no block of commands"
    return [line for line in blocks[0].splitlines() if line and not line.startswith("#")]


def plain(name: str) -> str:
    """Name of a package as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_by_name() -> set[str]:
    """Packages that the page's commands name, and those that our own names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (command,) = [line for line in own_computer() if "pip install" in line]
    words = command.split("pip install", 1)[1].replace('"', "").replace("'", "").split()
    wanted = [word for word in words if not word.startswith((".", "-"))] + project["dependencies"]
    for extra in re.findall(r"\.\[(.*?)\]", command):
        for name in extra.split(","):
            wanted += project["optional-dependencies"][name]
    return {plain(re.split(r"[^\w.-]", each)[0]) for each in wanted}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_imports_what_the_page_installs(lesson: Path) -> None:
    cells = [cell.source for cell in jupytext.read(lesson).cells if cell.cell_type == "code"]
    found = {
        name.split(".")[0]
        for node in ast.walk(ast.parse("\n".join(cells)))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    owners = packages_distributions()
    ours = {"earthcare_tutorial", "earthcare_products"}
    for module in found - sys.stdlib_module_names - ours:
        assert {plain(name) for name in owners[module]} & installed_by_name(), module


def test_the_page_ends_with_starting_jupyterlab() -> None:
    assert own_computer()[-1].endswith(START)


@pytest.mark.rare
@pytest.mark.skipif("MAAP_REPLAY_PORT" in os.environ, reason="needs PyPI: run `make test-install`")
def test_every_lesson_runs_in_what_the_page_tells_to_install(tmp_path: Path) -> None:
    """The commands as they stand, in a copy of the checkout, but JupyterLab executes and ends."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    copy = tmp_path / "checkout"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    replay = Path(sys.executable).with_name("maap-replay")
    lessons = " ".join(f"notebooks/{lesson.stem}.ipynb" for lesson in LESSONS)
    *steps, last = own_computer()
    execute = last.replace(START, f"jupyter execute --timeout=900 --startup_timeout=900 {lessons}")
    steps = [step for step in steps if not step.startswith(("git clone", "cd "))]
    script = "\n".join([*steps, f"{replay} run -- {execute}"])
    done = subprocess.run(["bash", "-euxc", script], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert done.stderr.count("Executing notebooks/") == len(LESSONS)
