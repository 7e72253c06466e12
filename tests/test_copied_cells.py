"""A cell copied from the page, with the cells that the page names, does what the page shows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from book._ext.copyable import makers, needed

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def copies(notebook: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.copied", str(notebook)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.rare
@pytest.mark.parametrize("notebook", LESSONS, ids=lambda path: path.stem)
def test_each_cell_of_a_lesson_can_be_copied(notebook: Path) -> None:
    told = copies(notebook)
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_cell_with_hidden_state_is_found(tmp_path: Path) -> None:
    """Here `append` changes a list behind the back of the last cell, which then shows less."""
    sources = ["import math", "seen = []", "seen.append(math.pi)", "print(len(seen))"]
    cells = [new_code_cell(source) for source in sources]
    cells[-1].outputs = [new_output("stream", name="stdout", text="1\n")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "lesson.ipynb")
    told = copies(tmp_path / "lesson.ipynb")
    assert told.returncode == 1
    assert "print(len(seen))\n--- shows:\n0" in told.stdout


def test_what_a_cell_needs_is_read_from_its_code() -> None:
    cells = [
        "import numpy as np",
        "table = {}",
        "def total(of):\n    return sum(table[name] for name in of)",
        "table['a'] = 1",
        "print(total(['a']))",
        "table = [table for _ in range(3)]",
        "print(np.size(table))",
    ]
    assert needed(cells) == [[], [], [1], [1], [1, 2], [1, 3], [1, 3, 5]]
    assert makers(cells)[5] == {"table": [1, 3]}
    with pytest.raises(ValueError, match="No cell above makes lost"):
        makers(["import os", "print(lost)"])
