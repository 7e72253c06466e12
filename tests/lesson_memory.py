"""Plugin of pytest: a lesson that nbval has executed has fitted into the memory of a laptop.

The kernel tells its own peak, at the last cell. Without /proc (macOS, Windows) nothing is checked.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path

import pytest

LIMIT = 2 * 2**30  # bytes


def peak(process: int | str) -> int | None:
    """Most memory that a process has held, in bytes."""
    status = Path(f"/proc/{process}/status")
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status.read_text() if status.exists() else "", re.M)
    return int(found[1]) * 1024 if found else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Look at the kernel of a notebook when its last cell has run."""
    yield
    cells = getattr(item.parent, "nb", {"cells": []})["cells"]
    count = sum(cell["cell_type"] == "code" for cell in cells)
    if count and item.cell_num == count - 1:  # type: ignore[attr-defined]
        held = peak(item.parent.kernel.km.provisioner.pid)  # type: ignore[union-attr]
        assert held is None or held < LIMIT, f"the lesson took {held / 2**30:.1f} GB of memory"
