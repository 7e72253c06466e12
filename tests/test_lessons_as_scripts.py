"""A whole lesson, saved as a plain script, runs without Jupyter and in the memory of a laptop."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

LESSONS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.md"))
MEMORY_LIMIT = 2 * 2**30  # bytes


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs_as_a_script(lesson: Path, tmp_path: Path) -> None:
    script = tmp_path / f"{lesson.stem}.py"
    jupytext.write(jupytext.read(lesson, fmt="md:myst"), script, fmt="py:percent")
    assert not re.search(r"^# [%!]\w", script.read_text(), re.M), "a lesson has no magics"
    with (tmp_path / "told.txt").open("w+") as told:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(script)],
            cwd=tmp_path,
            env=os.environ | {"MPLBACKEND": "agg"},
            stdout=told,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        assert process.returncode == 0, told.read()
    assert usage.ru_maxrss * 1024 < MEMORY_LIMIT
