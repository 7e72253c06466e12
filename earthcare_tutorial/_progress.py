"""A progress bar for what takes longer than a second, where somebody is looking."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_lock = threading.Lock()
_bars: dict[str, tuple[Any, int]] = {}  # by file: its bar, and how many are reading


def _begin_anew() -> None:
    """Forget, in a forked process, bars that nobody moves there and a lock that nobody frees."""
    global _lock
    _lock = threading.Lock()
    _bars.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


@contextmanager
def progress(total: int, what: str, unit: str = "B") -> Iterator[Callable[[int], object]]:
    """Yield a function that is told of bytes done; threads that read one file share its bar.

    Nothing is drawn without tqdm, in a log, in a test, or in a notebook that is executed without
    a person in front of it: Jupyter names the session of a person in the environment.
    """
    # There is no stderr in a service, in pythonw, or after `2>&-`.
    seen = bool(sys.stderr and sys.stderr.isatty()) or "JPY_SESSION_NAME" in os.environ
    try:
        from tqdm import tqdm
    except ImportError:
        seen = False
    if not seen or not sys.stderr or "PYTEST_CURRENT_TEST" in os.environ:
        yield lambda count: None
        return
    short = f"{what[9:19].strip('_')} {what[-9:-3]}" if what.startswith("ECA_") else what
    look: dict[str, Any] = {"desc": short, "unit": unit, "unit_scale": unit == "B"}
    with _lock:
        bar: Any
        bar, readers = _bars.get(what) or (tqdm(total=0, delay=1, leave=False, **look), 0)
        bar.total += total
        _bars[what] = bar, readers + 1

    def tell(count: int) -> None:
        with _lock:
            bar.update(count)

    try:
        yield tell
    finally:
        with _lock:
            bar, readers = _bars[what]
            _bars[what] = bar, readers - 1
            if readers == 1:
                bar.close()
                del _bars[what]
