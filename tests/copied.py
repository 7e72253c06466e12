"""Run each cell of a lesson as somebody who copies it: the imports, what the page names, the cell.

Each cell runs in a process that ran these cells and no others, and its text is compared with the
committed notebook. `python -m tests.copied LESSON.ipynb` prints the cells that differ.

A process forks after each cell, so that what several cells need runs once; but not while threads
are alive, which a fork would lose: then every cell below starts again from the imports.
"""

from __future__ import annotations

import configparser
import itertools
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from book._ext.copyable import needed

SANITIZE = Path(__file__).parent / "nbval_sanitize.cfg"
FAILED, THREADED = 1, 2


def sanitized(text: str) -> str:
    """Text without what may differ between two runs, by the rules that nbval goes by."""
    rules = configparser.ConfigParser(interpolation=None)
    rules.read(SANITIZE)
    for name in rules.sections():
        text = re.sub(rules[name]["regex"], rules[name]["replace"], text)
    return text


def shown(cell: nbformat.NotebookNode) -> str:
    """Text that a cell printed, and its value, in the committed notebook."""
    text = ""
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stdout":
            text += output.text
        elif output.output_type == "execute_result":
            text += output.data.get("text/plain", "")
    return sanitized(text)


def run(shell: InteractiveShell, source: str) -> str:
    """Run a cell in the shell; return what it prints and its value, or its error."""
    values: list[object] = []
    shell.display_trap.hook = values.append
    with capture_output() as told:
        result = shell.run_cell(source)
    error = result.error_before_exec or result.error_in_exec
    if error:
        return f"{type(error).__name__}: {error}"
    last = [value for value in values[-1:] if value is not None]
    texts = [shell.display_formatter.format(value)[0]["text/plain"] for value in last]
    return sanitized("".join([told.stdout, *texts]))


def in_child(act: Callable[[], int]) -> int:
    """Run a function in a copy of this process; return the status that it returned."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = FAILED
    try:
        status = act()
    except Exception:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def copied(cells: list[nbformat.NotebookNode]) -> int:
    """Run each cell with what it needs; print those that differ, return 0 if there is none."""
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.kernel = None  # pandas asks for it, to tell a notebook from a terminal
    sources = [cell.source for cell in cells]
    before = needed(sources)

    def run_one(place: int, aim: bool) -> int:
        seen = run(shell, sources[place])
        if not aim or seen == shown(cells[place]):
            return 0
        print(f"--- a copy of this cell:\n{sources[place]}\n--- shows:\n{seen}")  # noqa: T201
        return FAILED

    def run_straight(way: list[int]) -> int:
        return max(run_one(place, place == way[-1]) for place in way)

    def branch(place: int, aim: bool, longer: list[list[int]]) -> int:
        failed = run_one(place, aim)
        if longer and threading.active_count() > 1:
            return failed | THREADED
        return failed | run_on(longer)

    def run_on(ways: list[list[int]]) -> int:
        """Run on from this state; each way is the cells that remain, the last is the aim."""
        failed = 0
        for place, group in itertools.groupby(sorted(ways), key=lambda way: way[0]):
            rests = [way[1:] for way in group]
            longer = [rest for rest in rests if rest]
            status = in_child(partial(branch, place, [] in rests, longer))
            if status & THREADED:
                for rest in longer:
                    status |= in_child(partial(run_straight, [place, *rest]))
            failed |= status & FAILED
        return failed

    run(shell, sources[0])
    return run_on([[*others, place] for place, others in enumerate(before)][1:])


if __name__ == "__main__":
    notebook = Path(sys.argv[1])
    code = [c for c in nbformat.read(notebook, as_version=4).cells if c.cell_type == "code"]
    os.chdir(notebook.parent)
    sys.exit(copied(code))
