"""The `fields` parameter of a search: which parts of an item to answer.

As the STAC API's fields extension has it: names to include are added to the few that a client needs
to read an item at all, names to exclude are taken away, and ``properties.`` may stand before the
name of a property. Without names to include, all other fields stay. What ESA MAAP answers is not
documented.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from maap_replay.recordings.patch import Json
from maap_replay.service.errors import RefusalError

#: What every answer has, unless it is excluded by name.
DEFAULT = (
    *("type", "stac_version", "id", "geometry", "bbox", "links", "assets", "collection"),
    *("properties.datetime", "properties.start_datetime", "properties.end_datetime"),
)


class Fields(NamedTuple):
    """Names to include and to exclude; nothing in both means whole items."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


def read(value: Any) -> Fields:
    """Names from ``+id,-assets`` of an address, a list of such, or a body's include and exclude.

    Raises
    ------
    RefusalError
        When it is none of these.
    """
    if not value:
        return Fields()
    if isinstance(value, dict):
        lists = [value.get(key) or [] for key in ("include", "exclude")]
        names = [*lists[0], *(f"-{name}" for name in lists[1])] if _are_names(lists) else None
    else:
        names = value.split(",") if isinstance(value, str) else value
        names = names if _are_names([names]) else None
    if names is None:
        raise RefusalError("fields must be names such as id,-assets or properties.version.")
    # A plus in an address is a space once decoded.
    signed = [name.strip(" +") for name in names]
    return Fields(
        tuple(name for name in signed if name and not name.startswith("-")),
        tuple(name[1:] for name in signed if name.startswith("-")),
    )


def write(value: Any) -> str:
    """Text of the parameter for an address, from any of its forms."""
    fields = read(value)
    return ",".join([*fields.include, *(f"-{name}" for name in fields.exclude)])


def select(item: Json, fields: Fields) -> Json:
    """Item with the fields asked for."""
    include = {*DEFAULT, *fields.include} if fields.include else {*item}
    return dict(_selected(item, include, {*fields.exclude}, ""))


def _selected(
    source: Json, include: set[str], exclude: set[str], before: str
) -> Iterator[tuple[str, Any]]:
    for key, value in source.items():
        name = before + key
        if name in exclude:
            continue
        below = any(other.startswith(f"{name}.") for other in include | exclude)
        if isinstance(value, dict) and below:
            # Named as a whole, all of its fields are included, but for those that are excluded.
            inner = {f"{name}.{k}" for k in value} if name in include else include
            yield key, dict(_selected(value, inner, exclude, f"{name}."))
        elif name in include:
            yield key, value


def _are_names(lists: list[Any]) -> bool:
    return all(
        isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists
    )
