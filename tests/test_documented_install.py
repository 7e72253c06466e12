"""What the page tells a reader to install is enough for every lesson.

The last test takes the commands from the page and needs a network for the packages, so it stands
outside the replay and starts one for the lessons only: `make test-install`.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import jupytext
import pytest

from book._ext.archive import NAME, files

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.md"))
PAGE = (ROOT / "book" / "run_it.md").read_text()


def own_computer() -> tuple[list[str], str]:
    """Commands that the page has for a reader's own computer: to install, and to start."""
    found = re.search(
        r"^```\{code-block\} bash\n:name: install-own\n(.*?)^```.*?^```bash\n(.*?)\n```",
        PAGE,
        re.M | re.S,
    )
    assert found, "the page has no block install-own, or none after it to start JupyterLab"
    return found[1].splitlines(), found[2]


def plain(name: str) -> str:
    """Name of a package as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_by_name() -> set[str]:
    """Packages that the page's commands name, and those that our own names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (command,) = [line for line in own_computer()[0] if "pip install" in line]
    words = command.split("pip install", 1)[1].replace('"', "").replace("'", "").split()
    wanted = [word for word in words if not word.startswith((".", "-"))] + project["dependencies"]
    for extra in re.findall(r"\[(.*?)\]", command):
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
    ours, kernel = {"earthcare_tutorial", "earthcare_products"}, {"IPython", "matplotlib_inline"}
    for module in found - sys.stdlib_module_names - ours - kernel:
        assert {plain(name) for name in owners[module]} & installed_by_name(), module


@pytest.mark.rare
@pytest.mark.skipif("MAAP_REPLAY_PORT" in os.environ, reason="needs PyPI: run `make test-install`")
def test_every_lesson_runs_in_what_the_page_tells_to_install(tmp_path: Path) -> None:
    """The commands as they stand, beside the archive; but JupyterLab executes lessons and ends.

    The replay stays in this environment, the kernels are those of the reader's.
    """
    with zipfile.ZipFile(tmp_path / f"{NAME}.zip", "w") as archive:
        for file in files(ROOT):
            archive.write(file, Path(NAME, file.relative_to(ROOT)))
    steps, start = own_computer()
    program, folder = start.split(" lab ")
    lessons = " ".join(f"{folder}/{lesson.stem}.ipynb" for lesson in LESSONS)
    replay = Path(sys.executable).with_name("maap-replay")
    execute = f"{program} execute --timeout=1800 --startup_timeout=1800 {lessons}"
    script = "\n".join([*steps, f"{replay} run -- {execute}"])
    environment = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    done = subprocess.run(
        ["bash", "-euxc", script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert done.stderr.count(f"Executing {folder}/") == len(LESSONS)
