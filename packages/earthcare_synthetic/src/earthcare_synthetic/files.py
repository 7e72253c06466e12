"""Files that are either complete or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: How names of unfinished files end.
UNFINISHED = ".part"


@contextmanager
def complete_or_absent(path: Path) -> Iterator[Path]:
    """Hand out a temporary name beside `path`; rename it at the end, remove it after an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
