"""A whole lesson, saved as a plain script, runs without Jupyter and in the memory of a laptop.

And what it asks of the catalogue is short on the live archive too. `make test` leaves the runs to
`make test-all`; what nbval executes there is looked at by tests/lesson_memory.py.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

from book._ext.copyable import makers
from tests.lesson_memory import LIMIT
from tests.test_lessons_on_live import NOTE_REQUESTS, unbounded

LESSONS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.md"))
SOURCES = [*LESSONS, Path(__file__).parent / "lesson_template.md"]
each_lesson = pytest.mark.parametrize("lesson", SOURCES, ids=lambda path: path.stem)
#: The script asks the kernel itself: the peak of a child, as told to its parent, begins with that
#: of the parent.
TELL_PEAK = """
from pathlib import Path

Path("status").write_text(Path("/proc/self/status").read_text())
"""


@each_lesson
def test_a_lesson_uses_nothing_that_only_jupyter_has(lesson: Path) -> None:
    """No magics, and every name from its own cells or Python: `display` needs its import."""
    cells = [cell.source for cell in jupytext.read(lesson).cells if cell.cell_type == "code"]
    assert not re.search(r"^\s*[%!]\w", "\n".join(cells), re.M), "a lesson has no magics"
    assert makers(cells)


@pytest.mark.rare
@each_lesson
def test_a_lesson_runs_as_a_script(lesson: Path, tmp_path: Path) -> None:
    script = tmp_path / f"{lesson.stem}.py"
    jupytext.write(jupytext.read(lesson, fmt="md:myst"), script, fmt="py:percent")
    script.write_text(NOTE_REQUESTS + script.read_text() + TELL_PEAK)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not unbounded((tmp_path / "requests").read_text())
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", (tmp_path / "status").read_text(), re.M)
    assert peak
    assert int(peak[1]) * 1024 < LIMIT
