"""Errors and objects as Python, notebooks and test runners show them, variables included."""

from __future__ import annotations

import io
import logging
import pydoc
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.ultratb import VerboseTB
from rich.console import Console
from rich.traceback import Traceback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType


def _plain(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)


def _with_locals(error: BaseException) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def _ipython(error: BaseException) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shown = VerboseTB(theme_name="nocolor").structured_traceback(
            type(error), error, error.__traceback__
        )
    return "\n".join(map(str, shown))


def _rich(error: BaseException) -> str:
    console = Console(file=io.StringIO(), width=4000)
    how: dict[str, Any] = {"show_locals": True, "locals_max_length": 100}
    how |= {"locals_max_string": 10_000, "extra_lines": 0}
    console.print(Traceback.from_exception(type(error), error, error.__traceback__, **how))
    return console.file.getvalue()  # type: ignore[attr-defined]


def _pytest(error: BaseException) -> str:
    info = pytest.ExceptionInfo.from_exception(error)
    return str(info.getrepr(showlocals=True, style="long"))


def _cgitb(error: BaseException) -> str:
    """Show variables and what they hold, one level deep, as cgitb and debuggers do."""
    shown = []
    at: BaseException | None = error
    while at is not None:
        for frame, _ in traceback.walk_tb(at.__traceback__):
            for name, value in frame.f_locals.items():
                shown.append(f"{name} = {pydoc.text.repr(value)}")
                inside = getattr(value, "__dict__", {}) if isinstance(value, object) else {}
                if not isinstance(value, type):
                    shown += [f"{name}.{key} = {pydoc.text.repr(v)}" for key, v in inside.items()]
        at = at.__cause__ or at.__context__
    return "\n".join(shown)


def _logged(error: BaseException) -> str:
    stream = io.StringIO()
    logger = logging.Logger("of-a-reader", logging.DEBUG)
    logger.addHandler(logging.StreamHandler(stream))
    logger.error("It failed: %r", error, exc_info=error)
    return stream.getvalue()


RENDERERS = {
    "plain": _plain,
    "locals": _with_locals,
    "IPython": _ipython,
    "rich": _rich,
    "pytest": _pytest,
    "cgitb": _cgitb,
    "logging": _logged,
}


def renderings(error: BaseException) -> Iterator[str]:
    """Show an error in each way, but for the first frames, of tests: these know secrets."""
    while (at := error.__traceback__) and at.tb_next and "tests" in _parts(at):
        error.__traceback__ = at.tb_next
    for render in RENDERERS.values():
        yield render(error)


def _parts(at: TracebackType) -> tuple[str, ...]:
    return Path(at.tb_frame.f_code.co_filename).parts
