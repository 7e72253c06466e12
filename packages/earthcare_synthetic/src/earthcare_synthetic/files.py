"""Files that are either complete or absent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

#: How names of unfinished files end.
UNFINISHED = ".part"


def unfinished_name(path: Path) -> Path:
    """Name a temporary beside `path`: another at each call, so that no two writers share one."""
    return path.with_name(f".{path.name}.{uuid4().hex[:12]}{UNFINISHED}")


@contextmanager
def complete_or_absent(path: Path) -> Iterator[Path]:
    """Hand out a temporary name beside `path`; rename it at the end, remove it after an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = unfinished_name(path)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
