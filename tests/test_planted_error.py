"""The tests of the tests: an error planted in a lesson turns the book and the comparison red."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).parent.parent
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


def build_book(folder: Path, **lessons: str) -> subprocess.CompletedProcess[str]:
    """Build a book of lessons of one cell each with this repository's own configuration."""
    (folder / "notebooks").mkdir(parents=True)
    for name, code in lessons.items():
        (folder / "notebooks" / f"{name}.md").write_text(PAGE.format(code=code))
    first, *others = (f"file: notebooks/{name}.md" for name in lessons)
    chapters = "".join(f"- {other}\n" for other in others)
    contents = f"chapters:\n{chapters}" if others else ""
    (folder / "_toc.yml").write_text(f"format: jb-book\nroot: {first[6:]}\n{contents}")
    config = (ROOT / "_config.yml").read_text().splitlines(keepends=True)
    # This book has no distributions to build.
    (folder / "_config.yml").write_text("".join(x for x in config if "take_along" not in x))
    for part in ("_ext", "_assets"):
        shutil.copytree(ROOT / "book" / part, folder / "book" / part)
    shutil.copy(ROOT / "book" / "references.bib", folder / "book")
    build = [str(Path(sys.executable).with_name("jupyter-book")), "build", "."]
    options = ["--all", "-W", "-n", "--keep-going"]
    return subprocess.run([*build, *options], cwd=folder, capture_output=True, text=True)


@pytest.mark.rare
def test_an_error_in_a_cell_fails_the_book(tmp_path: Path) -> None:
    """It is told what failed, also of pages that are read side by side: six are enough for that."""
    others = {f"sound{number}": "print(1 / 1)" for number in range(5)}
    done = build_book(tmp_path, **others, lesson="print(1 / 0)")
    assert done.returncode
    assert "notebooks/lesson" in done.stderr
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.rare
def test_an_error_while_drawing_fails_the_book_and_a_sound_lesson_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces"
    done = build_book(folder, sound="print(1 / 1)", drawing=FAILS_TO_DRAW)
    assert done.returncode
    warned = [line for line in done.stderr.splitlines() if "WARNING:" in line]  # Sphinx's own
    assert warned
    assert all("notebooks/drawing" in line for line in warned), warned


@pytest.mark.parametrize(("printed", "failed"), [("2", 0), ("3", 1)])
def test_a_changed_output_fails_the_comparison(tmp_path: Path, printed: str, failed: int) -> None:
    cell = new_code_cell("print(1 + 1)", execution_count=1)
    cell.outputs = [new_output("stream", name="stdout", text=f"{printed}\n")]
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "changed.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == failed
    assert f"1 {'failed' if failed else 'passed'}" in done.stdout
