"""The shared parts of a scene are made once, by whoever comes first, and are whole or absent."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from earthcare_synthetic.scene.store import made_once

#: What both processes run: a part of a scene that takes a while, and tells when it is made.
PROGRAM = """
import sys, time
from dataclasses import dataclass
from pathlib import Path
import numpy as np
from earthcare_synthetic.scene.store import made_once

@dataclass(frozen=True)
class Part:
    first: np.ndarray
    second: np.ndarray

class Slow:
    def __array__(self, dtype=None, copy=None):
        time.sleep(float(sys.argv[2]))
        return np.ones(3)

def make():
    with (Path(sys.argv[1]) / "made").open("a") as log:
        log.write("once\\n")
    return Part(np.zeros(3), Slow())

part = made_once(Path(sys.argv[1]) / "scene", Part, make)
assert part.second.sum() == 3
"""


@dataclass(frozen=True)
class Part:
    """As in the program."""

    first: np.ndarray[tuple[int], np.dtype[np.float64]]
    second: np.ndarray[tuple[int], np.dtype[np.float64]]


def start(folder: Path, seconds: float) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder), str(seconds)])


def test_two_processes_make_it_once(tmp_path: Path) -> None:
    both = [start(tmp_path, 0.5) for _ in range(2)]
    assert [process.wait(600) for process in both] == [0, 0]
    assert (tmp_path / "made").read_text() == "once\n"
    assert not list(tmp_path.glob(".*"))


def test_whoever_is_killed_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    writer = start(tmp_path, 60)
    deadline = time.monotonic() + 600
    while not list(tmp_path.glob(".scene.*.part/first.npy")):  # half of it is there
        assert time.monotonic() < deadline
        time.sleep(0.02)
    writer.kill()
    assert writer.wait() != 0
    assert not (tmp_path / "scene").exists()
    again = made_once(tmp_path / "scene", Part, lambda: Part(np.zeros(2), np.ones(2)))
    assert again.second.sum() == 2
    with pytest.raises(ValueError, match="read-only"):
        again.first[0] = 1  # mapped from the file, so that nobody changes what others read
