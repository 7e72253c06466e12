"""Commands that the replay cannot reach: a Python that is told to ignore its environment.

Both hosts are led to the replay by a module that Python finds through PYTHONPATH and `site`, so
neither `-I` and `-E` (which ignore the variable) nor `-S` (which leaves `site` out) may be given.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

_PYTHON = re.compile(r"(python|pypy)[\d.]*w?(\.exe)?")
#: Programs that run the one they are given.
_WRAPPERS = {"env", "nice", "nohup", "time", "timeout", "uv", "conda", "mamba", "pixi", "poetry"}
#: Options of Python behind which the rest of a word, or the next word, is not an option.
_TAKE_A_VALUE = "cmWX"


def ignored_environment(command: Sequence[str]) -> str | None:
    """Option by which the Python of a command ignores the replay, or None.

    Parameters
    ----------
    command : sequence of str
        Program and arguments; a script is looked at for the Python in its first line.

    Examples
    --------
    >>> ignored_environment(["python3.12", "-Bm", "pytest", "-I"])
    >>> ignored_environment(["python", "-W", "error", "-BI", "script.py"])
    '-I'
    >>> ignored_environment(["uv", "run", "python", "-E", "script.py"])
    '-E'
    """
    words = [*_first_line(command[0]), *command]
    for place, word in enumerate(words):
        name = Path(word).name
        if _PYTHON.fullmatch(name):
            return _option(words[place + 1 :])
        if place == 0 and name not in _WRAPPERS:
            return None
    return None


def _option(words: Sequence[str]) -> str | None:
    """First of the options of a Python that ignore its environment."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word.startswith("--") or word == "-":
            return None
        for place, letter in enumerate(word[1:], 2):
            if letter in "IES":
                return f"-{letter}"
            if letter in _TAKE_A_VALUE:
                if letter in "cm":
                    return None  # what follows is for the program
                if place == len(word):
                    next(rest, None)
                break
    return None


def _first_line(program: str) -> list[str]:
    """Words by which the system starts a script, or none."""
    path = shutil.which(program)
    if path is None:
        return []
    with Path(path).open("rb") as file:
        if file.read(2) != b"#!":
            return []
        return shlex.split(file.readline().decode(errors="replace"))
