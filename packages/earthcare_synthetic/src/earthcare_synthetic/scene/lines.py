"""Some lines of a scene, so that work on a swath needs little memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.scene.fractal import Canvas

T = TypeVar("T")


def pieces(lines: int, step: int) -> Iterator[slice]:
    """Slices of `step` lines that cover all lines."""
    for first in range(0, lines, step):
        yield slice(first, min(first + step, lines))


def cut(whole: T, lines: slice, columns: slice = slice(None)) -> T:
    """Some lines, and columns, of every array in a dataclass, and of what is in it."""
    parts: dict[str, Any] = {}
    for field in fields(whole):  # type: ignore[arg-type]
        value = getattr(whole, field.name)
        if is_dataclass(value) and not isinstance(value, Canvas):
            parts[field.name] = cut(value, lines, columns)
        elif isinstance(value, np.ndarray):
            parts[field.name] = value[lines, columns] if value.ndim == 2 else value[lines]
    return replace(whole, **parts)  # type: ignore[type-var]


def pick(whole: T, pixels: npt.NDArray[np.intp]) -> T:
    """Some pixels of every array in a dataclass of fields of one shape, in flat arrays."""
    parts = {each.name: np.ravel(getattr(whole, each.name))[pixels] for each in fields(whole)}  # type: ignore[arg-type]
    return replace(whole, **parts)  # type: ignore[type-var]
