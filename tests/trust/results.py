"""What came out of the cells in the last `make trust`, as the book shows it."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("results.json")


def write(path: Path, cells: list[list[str]]) -> None:
    """Write fault -> helper -> service -> moment -> word, and when and how many."""
    told: Any = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    for fault, helper, service, moment, word, _ in sorted(cells):
        told[fault][helper][service][moment] = word
    day = datetime.now(UTC).date().isoformat()
    text = json.dumps({"made": day, "cells": len(cells), "table": told}, indent=1)
    path.write_text(text + "\n")


def read() -> dict[str, Any]:
    """Read what was written."""
    told: dict[str, Any] = json.loads(FILE.read_text())
    return told
