"""Write every product of one frame, and print seconds and memory: ``python -m benchmarks.frame``.

As many writers at a time as there are cores share one scene, as they do in the replay.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from earthcare_synthetic import can_write
from maap_replay.recordings import load
from maap_replay.service.search import find


def products_of(frame: str) -> list[str]:
    """Newest product of each type that can be written, of a frame such as ``04537E``."""
    of_frame = find(load(), filter=f"orbitNumber = {int(frame[:5])} and frame = '{frame[5]}'")
    items = sorted((item["properties"]["version"], item["id"]) for item in of_frame)
    newest = {name[9:19]: name for _, name in items if can_write(name)}
    return sorted(newest.values(), key=lambda name: name[9:19])


def write(name: str, folder: Path, *, picture: bool) -> dict[str, object]:
    """Write one product in a process of its own; tells what that took."""
    flags = ["--quicklook"] if picture else []
    command = [sys.executable, "-m", "earthcare_synthetic", *flags, name, folder / name, folder]
    begin = time.monotonic()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"The writer of {name} failed.")
    size = sum(file.stat().st_size for file in (folder / name).iterdir())
    return {
        "product": name[9:19],
        "seconds": time.monotonic() - begin,
        "of a core": used.ru_utime + used.ru_stime,
        "peak GB": used.ru_maxrss / 1e6,  # of 1000 bytes on Linux
        "MB": size / 1e6,
    }


def main() -> None:
    """Print a table for one frame."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frame", description=__doc__)
    parser.add_argument("frame", nargs="?", default="04537E")
    parser.add_argument("--pictures", action="store_true", help="the quicklooks instead")
    parser.add_argument("--writers", type=int, default=os.cpu_count())
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="frame-") as folder:
        begin = time.monotonic()
        with ThreadPoolExecutor(given.writers) as pool:
            rows = pool.map(
                lambda name: write(name, Path(folder), picture=given.pictures),
                products_of(given.frame),
            )
            table = pd.DataFrame(list(rows)).set_index("product")
        total = time.monotonic() - begin
        scenes = sum(file.stat().st_size for file in Path(folder).glob("scene_*/*"))
    print(table.round(2).to_string())
    print(f"{len(table)} products with {given.writers} writers: {total:.0f} s", end="")
    print(f", {table['MB'].sum():.0f} MB, and {scenes / 1e6:.0f} MB of scenes")


if __name__ == "__main__":
    main()
