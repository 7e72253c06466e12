"""Where `make book` and `make test` keep synthetic granules: once for each state of their writers.

A change of a writer, of a fact that it goes by, of a package or of the processor leads to another
folder, so that no test looks at what older code wrote. `python -m tests.granule_cache` prints the
folder, and removes those of older states. `MAAP_REPLAY_CACHE` names another one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path

from numpy._core._multiarray_umath import __cpu_features__

ROOT = Path(__file__).parent.parent
WRITERS = ("packages/earthcare_synthetic/src", "earthcare_products", "requirements.lock")
#: So many states are kept: both ways of counting (see `make test-plain`) of this and the last one.
KEPT = 4


def state() -> str:
    """Digest of all that decides what is in a granule."""
    digest = hashlib.sha256(f"{sys.version} {__cpu_features__}".encode())
    for name in WRITERS:
        place = ROOT / name
        files = [place] if place.is_file() else sorted(place.rglob("*.*"))
        for file in files:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def folder() -> Path:
    """Folder of the granules of this state; it may not exist yet."""
    return Path(os.environ.get("MAAP_REPLAY_CACHE") or ROOT / ".granules" / state())


if __name__ == "__main__":
    chosen = folder()
    if chosen.parent == ROOT / ".granules":
        chosen.mkdir(parents=True, exist_ok=True)
        chosen.touch()
        states = sorted(chosen.parent.iterdir(), key=lambda each: each.stat().st_mtime)
        for old in states[:-KEPT]:
            shutil.rmtree(old)
    sys.stdout.write(f"{chosen}\n")
