"""A progress bar for what takes longer than a second, where somebody is looking."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[int], object]]:
    """Yield a function that is told of bytes done.

    Nothing is drawn without tqdm, in a log, in a test, or in a notebook that is executed without
    a person in front of it: Jupyter names the session of a person in the environment.
    """
    seen = sys.stderr.isatty() or "JPY_SESSION_NAME" in os.environ
    try:
        from tqdm import tqdm
    except ImportError:
        seen = False
    if not seen or "PYTEST_CURRENT_TEST" in os.environ:
        yield lambda count: None
        return
    with tqdm(total=total, desc=what, unit="B", unit_scale=True, delay=1, leave=False) as bar:
        yield bar.update
