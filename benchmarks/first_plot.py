"""Time a first-time reader's way, from the clone to the first plot.

`python -m benchmarks.first_plot` takes it in a folder that goes away, with empty caches of packages
and of granules. The steps are those of the README. The cells are those of the first lesson, up to
the one that first plots a granule, then all of them. Needs git, make, and a network for packages.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
LESSON = "notebooks/access_and_visualize.md"
FIRST_PLOT = "ect.plot_swath("


def cells(lesson: Path) -> list[str]:
    """Code of a lesson's cells, without their metadata."""
    text = lesson.read_text(encoding="utf-8")
    found = re.findall(r"^```\{code-cell\}\n(.*?)^```$", text, re.S | re.M)
    return [
        re.sub(r"\A(---\n.*?^---\n|(:[^\n]*\n)+)", "", cell, flags=re.S | re.M) for cell in found
    ]


def cpu_seconds() -> float:
    """Processor time of the steps so far: what others do on the machine is not in it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Take the way, and print the seconds of each step."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "earthcare")
        empty = {"UV_CACHE_DIR": "uv", "PIP_CACHE_DIR": "pip", "MAAP_REPLAY_CACHE": "granules"}
        own = {name: str(Path(folder, place)) for name, place in empty.items()}
        script = Path(folder, "lesson.py")
        run = [".venv/bin/maap-replay", "run", "--", ".venv/bin/python", str(script)]

        def timed(what: str, command: list[str], **options: object) -> None:
            begun, cpu = time.perf_counter(), cpu_seconds()
            env = os.environ | own | {"MPLBACKEND": "agg"}
            subprocess.run(command, env=env, check=True, capture_output=True, **options)  # type: ignore[call-overload]
            taken = time.perf_counter() - begun
            print(f"{what:50} {taken:6.1f} {cpu_seconds() - cpu:8.1f}", flush=True)

        load = os.getloadavg()[0]
        print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {load:.1f} before")
        print(f"{'':52} time      CPU (s)")
        timed("clone", ["git", "clone", "-q", str(ROOT), str(clone)])
        timed("environment, packages downloaded", ["make", ".venv/.ready"], cwd=clone)
        lesson = cells(clone / LESSON)
        first = next(place for place, cell in enumerate(lesson) if FIRST_PLOT in cell)
        script.write_text("\n\n".join(lesson[: first + 1]), encoding="utf-8")
        timed("first lesson to its first plot, granules written", run, cwd=clone)
        script.write_text("\n\n".join(lesson), encoding="utf-8")
        timed("the whole first lesson, first granule there", run, cwd=clone)


if __name__ == "__main__":
    main()
