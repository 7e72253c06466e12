"""What the products of a frame share, made once: kept in a folder of plain NumPy files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_origin, get_type_hints

import numpy as np
from filelock import FileLock

from earthcare_synthetic.files import unfinished_name

T = TypeVar("T")


def made_once(folder: Path, kind: type[T], make: Callable[[], T]) -> T:
    """Return what `make` makes, from a folder if it was made before.

    Parameters
    ----------
    folder : Path
        Where it is kept; it is complete if it exists.
    kind : type
        A dataclass of arrays, numbers, and dataclasses of these.
    make : callable
        Makes it. Whoever comes first does; others wait.

    Returns
    -------
    kind
        With its arrays mapped from files, so that only what is used is read.
    """
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_name(f"{folder.name}.lock")):
            if not folder.exists():
                _save(make(), folder)
    os.utime(folder)  # the time of last use
    return _load(kind, folder)


def _save(whole: Any, folder: Path) -> None:
    unfinished = unfinished_name(folder)
    unfinished.mkdir()
    try:
        for name, value in _leaves(whole):
            np.save(unfinished / f"{name}.npy", np.asarray(value))
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _leaves(whole: Any, path: str = "") -> list[tuple[str, Any]]:
    """Name and value of each array and number; parts of parts as ``high.top``."""
    found = []
    for field in fields(whole):
        value, name = getattr(whole, field.name), f"{path}{field.name}"
        found += _leaves(value, f"{name}.") if is_dataclass(value) else [(name, value)]
    return found


def _load(kind: type[T], folder: Path, path: str = "") -> T:
    """Read a dataclass back that `made_once` has kept."""
    parts: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        if is_dataclass(hint):
            parts[name] = _load(hint, folder, f"{path}{name}.")  # type: ignore[arg-type]
        elif hint in (int, float):
            parts[name] = np.load(folder / f"{path}{name}.npy").item()
        elif get_origin(hint) is tuple:
            parts[name] = tuple(np.load(folder / f"{path}{name}.npy").tolist())
        else:
            parts[name] = np.load(folder / f"{path}{name}.npy", mmap_mode="r")
    return kind(**parts)
