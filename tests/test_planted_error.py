"""The tests of the tests: an error planted in a lesson turns the book and the comparison red."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
LESSON = ROOT / "notebooks" / "access_and_visualize.ipynb"
PAGE = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---

# A lesson with one cell

```{{code-cell}}
{code}
```
"""
#: matplotlib draws after the cell has ended: such an error fails no cell by itself.
FAILS_TO_DRAW = """import matplotlib.pyplot as plt
fig, ax = plt.subplots()
_ = ax.xaxis.set_major_formatter(lambda value, place: 1 / 0)"""


def build_book(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Build a book of one lesson with this repository's own configuration."""
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "lesson.md").write_text(PAGE.format(code=code))
    (folder / "_toc.yml").write_text("format: jb-book\nroot: notebooks/lesson.md\n")
    shutil.copy(ROOT / "_config.yml", folder)
    for part in ("_ext", "_assets"):
        shutil.copytree(ROOT / "book" / part, folder / "book" / part)
    shutil.copy(ROOT / "book" / "references.bib", folder / "book")
    build = [str(Path(sys.executable).with_name("jupyter-book")), "build", "."]
    options = ["--all", "-W", "-n", "--keep-going"]
    return subprocess.run([*build, *options], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("code", "status"),
    [("print(1 / 1)", 0), ("print(1 / 0)", 1), (FAILS_TO_DRAW, 1)],
    ids=["sound", "an error in a cell", "an error while drawing"],
)
def test_an_error_in_a_lesson_fails_the_book(tmp_path: Path, code: str, status: int) -> None:
    done = build_book(tmp_path, code)
    assert bool(done.returncode) == bool(status), done.stdout[-2000:] + done.stderr[-2000:]


def test_a_changed_output_fails_the_comparison(tmp_path: Path) -> None:
    notebook = nbformat.read(LESSON, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"][:3]  # imports to search
    cells[2].outputs[0]["text"] = "8 granules match\n"
    notebook.cells = cells
    nbformat.write(notebook, tmp_path / "changed.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "1 failed, 2 passed" in done.stdout
