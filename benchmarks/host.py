"""A process that imports what one recipe needs, and runs it in a fork of itself when told to.

``python -m benchmarks.host RECIPE`` reads lines of JSON, and answers each with one. So the imports
are paid once.
"""

from __future__ import annotations

import gc
import json
import os
import platform
import sys
import time
import urllib.request
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import reduce
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zlib import crc32

from benchmarks.layouts import group_of
from benchmarks.recipes import GRANULES, IMPORTS, NAMES, RECIPES, TASKS, UNFORKABLE, keep_references

#: HDF5's own library lets threads wait for each other: these read granules one after the other.
ALONE = ("original", "xarray url", "earthcarekit", "kerchunk")
PACKAGES = ("async-hdf5", "fsspec", "h5netcdf", "h5py", "icechunk", "kerchunk", "numpy", "obstore")
PACKAGES += ("pyfive", "requests", "virtualizarr", "xarray", "zarr")
AT_A_TIME = 4  # granules, by the others


def run(recipe: str, task: str, layout: str, base: str, local: str) -> dict[str, Any]:
    """Read a first granule, and one more; return what each cost and a digest of its values.

    The first read is *cold*: nothing is imported anew, but no connection is open. The next is
    *warm*: it has what the recipe keeps. Twenty granules count as a first read.
    """
    name = Path(local).name
    links = [f"{base}/{name}/{n}" for n in range(GRANULES if task == "granules" else 2)]
    if recipe == "icechunk":
        keep_references(links, local, group_of(layout))
    if task == "granules":
        return {"cold": timed(base, recipe, task, layout, links)}
    states = zip(("cold", "warm"), links, strict=True)
    return {state: timed(base, recipe, task, layout, [link]) for state, link in states}


def timed(base: str, recipe: str, task: str, layout: str, links: list[str]) -> dict[str, Any]:
    """Run one recipe once, and return time, memory beyond the values, requests and a digest."""
    _, names, lines = TASKS[task]
    read, group = RECIPES[recipe], group_of(layout)
    log(base)
    gc.collect()
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far (Linux)
    before = peak()
    begun = time.perf_counter()
    with ThreadPoolExecutor(1 if recipe in ALONE else AT_A_TIME) as pool:
        if len(links) > 1:
            told = set(pool.map(lambda link: digest(read(link, group, names, lines)), links))
        else:
            told = {digest(read(links[0], group, names, lines))}
    seconds = time.perf_counter() - begun
    memory = peak() - before
    assert len(told) == 1, "granules differ"
    values, size = told.pop()
    return {"seconds": seconds, "memory": memory - size, "digest": values, **log(base)}


def digest(result: Any) -> tuple[int, int]:
    """Return a number that differs when values do, and the size of the values in bytes."""
    values = [result[name].values for name in NAMES]
    values = [each.astype("<f4", copy=False) for each in values]
    return (
        reduce(lambda known, each: crc32(each.tobytes(), known), values, 0),
        sum(each.nbytes for each in values),
    )


def log(base: str) -> dict[str, Any]:
    """Return what the server was asked for since the last time."""
    with urllib.request.urlopen(f"{base}/__log") as answer:  # noqa: S310 - loopback
        told = json.load(answer)
    sizes = [end - start for start, end in told["asked"]]
    return {
        "requests": sum(size > 0 for size in sizes),
        "bytes": sum(sizes),
        "connections": told["connections"],
    }


def peak() -> int:
    """Return the largest memory so far, in bytes."""
    told = Path("/proc/self/status").read_text()
    return int(told.split("VmHWM:")[1].split()[0]) * 1024


def warm_up(recipe: str) -> None:
    """Import what is imported late, and what xarray imports when it first reads a file."""
    import tempfile

    for name in IMPORTS[recipe]:
        import_module(name)
    import h5py
    import numpy as np

    from benchmarks.recipes import open_and_pick

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.h5"
        with h5py.File(path, "w") as file:
            file.create_dataset("ScienceData/a", data=np.zeros(3), compression="gzip")
            file["ScienceData/a"].attrs["units"] = "seconds since 2000-01-01"
        open_and_pick(path, "ScienceData", ["a"], None)


def versions() -> dict[str, str]:
    """Return the versions of what is imported, of the packages that matter."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            if name.replace("-", "_") in sys.modules:
                found[name] = version(name)
    return found


def answer(asked: list[str], recipe: str) -> None:
    """Run in a child, which prints its answer."""
    child = 0 if recipe in UNFORKABLE else os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if status:
            print(json.dumps({"reason": f"its process ended with status {status}"}), flush=True)
        return
    try:
        told = run(recipe, *asked)
    except Exception as error:
        told = {"reason": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
    print(json.dumps(told), flush=True)
    os._exit(0)


def main() -> None:
    """Import, then do what is asked."""
    warnings.simplefilter("ignore")  # of libraries, on what does not concern us
    recipe = sys.argv[1]
    try:
        warm_up(recipe)
    except Exception as error:
        print(json.dumps({"reason": f"{type(error).__name__}: {error}".splitlines()[0][:200]}))
        return
    print(json.dumps({"versions": versions()}), flush=True)
    for line in sys.stdin:
        answer(json.loads(line), recipe)


if __name__ == "__main__":
    main()
