"""The one place where the package speaks to the reader of a notebook."""

import sys
import warnings
from reprlib import repr as short
from typing import Any


def _say(note: str) -> None:
    """Print one plain line: what was left out or replaced, so that nothing happens silently."""
    print(note)  # noqa: T201


def warn(sentence: str) -> None:
    """Warn where the reader called us, however deep in the package we are."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__")).startswith("earthcare_tutorial."):
        level, frame = level + 1, frame.f_back
    warnings.warn(sentence, stacklevel=level)


def refuse_text(item: Any) -> None:
    """Say what to do with the id of a granule where the granule itself is needed."""
    if isinstance(item, str):
        raise ValueError(
            f"{short(item)} is text, not a granule: search(ids=...) finds it by its id."
        )


def one_granule(item: Any) -> None:
    """Say what to give where something else than one granule came."""
    refuse_text(item)
    if not hasattr(item, "assets"):
        raise TypeError(
            f"A granule is needed, an item of search(), not a {type(item).__name__}: of several,"
            " take one, such as items[0]."
        )
