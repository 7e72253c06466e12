"""A parsed CQL2 filter on columns: which items match, all at once.

A column is one value for all items, an array of values, or None where no item has the property. A
comparison with None is unknown, as SQL's NULL is: it is no match, and its negation is none either.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Mask = bool | npt.NDArray[np.bool_]
Columns = Callable[[str], Any]


class Named(Protocol):
    """Items with ids."""

    def __len__(self) -> int: ...

    @property
    def prefix(self) -> str:
        """Beginning of all ids."""

    def ids(self, at: Any = ...) -> list[str]:
        """Ids of the items at positions, by default of all."""

    def ending_with(self, tail: str) -> npt.NDArray[np.int64]:
        """Positions of the ids that end with a text of up to six letters."""

    def find(self, product_id: str) -> int | None:
        """Position of an id."""


class Ids:
    """The column of ids, which is not written out where an id is asked for."""

    def __init__(self, items: Named) -> None:
        self.items = items

    def equal(self, text: str) -> npt.NDArray[np.bool_]:
        """Where an id is."""
        found = np.zeros(len(self.items), dtype=bool)
        if (position := self.items.find(text)) is not None:
            found[position] = True
        return found

    def like(self, pattern: str) -> npt.NDArray[np.bool_]:
        """Where an id matches: only those are written out of which the ends do not tell."""
        found = np.zeros(len(self.items), dtype=bool)
        head = pattern.partition("%")[0][: len(self.items.prefix)]
        if not _matcher(head)(self.items.prefix[: len(head)]):
            return found
        if pattern == f"{head}%":
            return ~found
        tail = re.split("[%_]", pattern)[-1][-len("04537E") :]
        near = self.items.ending_with(tail)
        if pattern == f"%{tail}":
            found[near] = True
        else:
            matches = _matcher(pattern)
            found[near] = [matches(one) is not None for one in self.items.ids(near)]
        return found

    def texts(self) -> npt.NDArray[np.str_]:
        """All ids; of many it takes long."""
        return np.array(self.items.ids())


class Answer(NamedTuple):
    """Where a condition is true, and where it is false; elsewhere it is unknown."""

    yes: Mask
    no: Mask


UNKNOWN = Answer(False, False)


def evaluate(tree: Any, columns: Columns) -> Answer:
    """Evaluate a condition of a parsed filter.

    Parameters
    ----------
    tree : dict or bool
        CQL2 JSON, with literals as columns have them.
    columns : callable
        Name of a queryable -> its column.
    """
    if isinstance(tree, bool):
        return Answer(tree, not tree)
    operator, arguments = tree["op"], tree["args"]
    if operator in ("and", "or"):
        return _joined(arguments, columns, every=operator == "and")
    if operator == "not":
        inner = evaluate(arguments[0], columns)
        return Answer(inner.no, inner.yes)
    first = _value(arguments[0], columns)
    if operator == "isNull":
        return Answer(first is None, first is not None)
    if first is None:
        return UNKNOWN
    if operator == "in":
        return _any([_compared("=", first, _value(one, columns)) for one in arguments[1]])
    if operator == "between":
        low, high = (_value(one, columns) for one in arguments[1:])
        return _all([_compared(">=", first, low), _compared("<=", first, high)])
    second = _value(arguments[1], columns)
    if operator == "like":
        return _like(first, second)
    return _compared(operator, first, second)


def _joined(arguments: list[Any], columns: Columns, *, every: bool) -> Answer:
    answers = []
    for argument in arguments:
        answer = evaluate(argument, columns)
        if (answer.no if every else answer.yes) is True:  # of all items: the rest does not matter
            return Answer(not every, every)
        answers.append(answer)
    return _all(answers) if every else _any(answers)


def _all(answers: list[Answer]) -> Answer:
    yes: Mask = True
    no: Mask = False
    for answer in answers:
        yes, no = yes & answer.yes, no | answer.no
    return Answer(yes, no)


def _any(answers: list[Answer]) -> Answer:
    inverse = _all([Answer(answer.no, answer.yes) for answer in answers])
    return Answer(inverse.no, inverse.yes)


def _value(operand: Any, columns: Columns) -> Any:
    if isinstance(operand, dict) and "property" in operand:
        return columns(operand["property"])
    if isinstance(operand, dict):  # the only operator on operands: casei
        inner = _value(operand["args"][0], columns)
        inner = inner.texts() if isinstance(inner, Ids) else inner
        if isinstance(inner, np.ndarray):
            return np.char.lower(inner) if inner.dtype.kind == "U" else inner
        return inner.casefold() if isinstance(inner, str) else inner
    return operand


def _compared(operator: str, first: Any, second: Any) -> Answer:
    if isinstance(first, Ids) and isinstance(second, str) and operator in ("=", "<>"):
        same = first.equal(second)
        return Answer(same, ~same) if operator == "=" else Answer(~same, same)
    first, second = (v.texts() if isinstance(v, Ids) else v for v in (first, second))
    if first is None or second is None or _is_text(first) != _is_text(second):
        return UNKNOWN
    if operator in ("=", "<>"):
        same = first == second
    elif operator in ("<", ">="):
        same = first < second
    else:
        same = first <= second
    yes: Mask = same if isinstance(same, np.ndarray) else bool(same)
    no: Mask = ~yes if isinstance(yes, np.ndarray) else not yes
    return Answer(no, yes) if operator in ("<>", ">=", ">") else Answer(yes, no)


def _is_text(value: Any) -> bool:
    return value.dtype.kind == "U" if isinstance(value, np.ndarray) else isinstance(value, str)


def _like(first: Any, pattern: Any) -> Answer:
    if isinstance(first, Ids) and isinstance(pattern, str):
        some = first.like(pattern)
        return Answer(some, ~some)
    if not isinstance(pattern, str) or not _is_text(first):
        return UNKNOWN
    matches = _matcher(pattern)
    if isinstance(first, str):
        found = matches(first) is not None
        return Answer(found, not found)
    several = np.fromiter((matches(one) is not None for one in first), bool, len(first))
    return Answer(several, ~several)


def _matcher(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """What tells whether all of a text is like a pattern of SQL."""
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(c) or re.escape(c) for c in pattern), re.DOTALL).fullmatch
