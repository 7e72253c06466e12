"""Synthetic granules on disk: written on first request, kept in a bounded cache.

The scenes that the products of a frame share lie beside them, under the same bound.

The writer runs in a process of its own, so that its memory returns to the system and that killing
it harms nobody. Whoever asks first makes the file; others wait for it.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import platformdirs
from filelock import FileLock

from earthcare_synthetic import SCENE_VERSION, can_write, picture_name

_LOG = logging.getLogger("maap_replay")
#: Where to keep granules, and how many GB of them.
FOLDER_VARIABLE, SIZE_VARIABLE = "MAAP_REPLAY_CACHE", "MAAP_REPLAY_CACHE_GB"
DEFAULT_GB = 20.0
#: What may be asked for: data, header, picture.
SUFFIXES = (".h5", ".HDR", ".jpeg")
#: Unfinished files of writers that were killed are removed when they are older than this (seconds).
_ABANDONED = 3600


def cache_folder() -> Path:
    """Folder of the granules of this version of the scene; it may not exist yet."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    base = Path(chosen) if chosen else Path(platformdirs.user_cache_dir("maap-replay", False))
    return base / f"scene-{SCENE_VERSION}"


def granule_file(product_id: str, suffix: str, size: int | None = None) -> Path:
    """Path of a file of a granule, which is made first if it is absent.

    Parameters
    ----------
    product_id : str
        For example ``ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E``.
    suffix : {".h5", ".HDR", ".jpeg"}
        Data, header or quicklook.
    size : int, optional
        Bytes that the catalogue states. A smaller file is filled up to it: data with zeros behind
        the end that HDF5 knows, which readers never look at; a header with empty lines behind its
        root element. How well a file compresses depends on the processor, what the catalogue
        states does not. A larger file stays as it is, and the log says so.

    Returns
    -------
    Path
        Of a complete file. Keep it open while it is used: the cache drops the granules that have
        not been asked for longest.

    Raises
    ------
    KeyError
        If there is no writer for the product, or it has no picture.
    """
    if suffix not in SUFFIXES:
        raise KeyError(f"A granule has the files {', '.join(SUFFIXES)}, not {suffix!r}.")
    if not can_write(product_id):
        raise KeyError(f"There is no synthetic granule for {product_id!r}.")
    folder = cache_folder() / product_id
    picture = suffix == ".jpeg"
    path = folder / (picture_name(product_id) if picture else f"{product_id}{suffix}")
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        lock = cache_folder() / f"{product_id}.{'picture' if picture else 'granule'}.lock"
        with FileLock(lock):
            if not path.exists():  # nobody made it while we waited
                _write(product_id, folder, picture)
                _make_room(keep=folder)
    if size is not None and path.stat().st_size != size:
        with FileLock(cache_folder() / f"{product_id}.size.lock"):
            _fill_up(path, size)
    with suppress(OSError):
        os.utime(folder)  # the time of last use, for the eviction
    return path


def _fill_up(path: Path, size: int) -> None:
    missing = size - path.stat().st_size
    if missing < 0:
        _LOG.warning(
            "maap-replay: %s has %d bytes more than the catalogue states.", path.name, -missing
        )
    elif path.suffix == ".HDR":
        with path.open("ab") as file:
            file.write(b"\n" * missing)
    else:  # takes no room on most disks
        os.truncate(path, size)


def cache_size() -> int:
    """Bytes in the cache: granules and scenes."""
    return sum(size for _, size, _ in _granules())


def clear_cache() -> None:
    """Remove every granule and every scene, of older versions too."""
    for _, _, folder in _granules():
        _remove(folder)


def tell_cache(*, clear: bool) -> int:
    """Print where the cache lies and how large it is, and empty it if asked to."""
    size = f"{cache_size() / 1e6:.0f} MB of synthetic granules, and of the scenes they share"
    sys.stdout.write(f"{cache_folder().parent}: {size}\n")
    if clear:
        clear_cache()
        sys.stdout.write("removed\n")
    return 0


def _write(product_id: str, folder: Path, picture: bool) -> None:
    flags = ["--quicklook"] if picture else []
    places = [str(folder), str(folder.parent)]  # scenes lie beside the granules
    command = [sys.executable, "-m", "earthcare_synthetic", *flags, product_id, *places]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise RuntimeError(f"The writer of {product_id} ended with status {done.returncode}.")


def _granules() -> list[tuple[float, int, Path]]:
    """Time of last use, size and folder of each granule and scene, least recently used first.

    Those of older versions count too: nobody asks for them, so they go first.
    """
    found = []
    for folder in cache_folder().parent.glob("scene-[0-9]*/*"):
        with suppress(OSError):
            if folder.is_dir():
                size = sum(file.stat().st_size for file in folder.iterdir())
                found.append((folder.stat().st_mtime, size, folder))
    return sorted(found)


def _make_room(keep: Path) -> None:
    """Drop unfinished files, then the granules that have not been asked for longest."""
    limit = float(os.environ.get(SIZE_VARIABLE) or DEFAULT_GB) * 1e9
    for pattern in (".*.part", "*/.*.part"):  # of scenes, which are folders, and of granules
        for unfinished in cache_folder().glob(pattern):
            with suppress(OSError):
                if time.time() - unfinished.stat().st_mtime > _ABANDONED:
                    _remove(unfinished) if unfinished.is_dir() else unfinished.unlink()
    granules = _granules()
    total = sum(size for _, size, _ in granules)
    for _, size, folder in granules:
        if total <= limit:
            return
        if folder != keep:
            _remove(folder)
            total -= size


def _remove(folder: Path) -> None:
    """Remove a granule; a file that is open (on Windows) stays for the next time."""
    with suppress(OSError):
        for file in folder.iterdir():
            file.unlink(missing_ok=True)
        folder.rmdir()
