"""A whole lesson, saved as a plain script, runs without Jupyter and in the memory of a laptop.

And what it asks of the catalogue is short on the live archive too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

from tests.test_lessons_on_live import NOTE_REQUESTS, unbounded

LESSONS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.md"))
MEMORY_LIMIT = 2 * 2**30  # bytes
#: The script asks the kernel itself: the peak of a child, as told to its parent, begins with that
#: of the parent.
TELL_PEAK = """
from pathlib import Path

Path("status").write_text(Path("/proc/self/status").read_text())
"""


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs_as_a_script(lesson: Path, tmp_path: Path) -> None:
    script = tmp_path / f"{lesson.stem}.py"
    jupytext.write(jupytext.read(lesson, fmt="md:myst"), script, fmt="py:percent")
    assert not re.search(r"^# [%!]\w", script.read_text(), re.M), "a lesson has no magics"
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
    assert int(peak[1]) * 1024 < MEMORY_LIMIT
