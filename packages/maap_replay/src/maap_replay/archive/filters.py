"""CQL2 filters on items, under the old and the new names of ESA MAAP's queryables.

The `cql2` package parses and checks; `masks` evaluates. This module makes what users really
type acceptable to both: names with a colon that are not quoted, baselines and orbit directions in
any case, times as text or TIMESTAMP, and both vocabularies. A condition on a property that an item
lacks, or that is no queryable of its collection, is no match (SQL's NULL): that is what clients
written for the live service count on. Only a strict replay refuses names that it does not know. The
set of operators that ESA MAAP itself accepts is not documented; here the common ones of CQL2 work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

import cql2

from maap_replay.archive.times import instant, microseconds
from maap_replay.recordings.patch import Json

#: Queryable -> item property. The first five were renamed in February 2026; both names work.
ALIASES = {
    "productType": "product:type",
    "productVersion": "version",
    "orbitNumber": "sat:absolute_orbit",
    "orbitDirection": "sat:orbit_state",
    "instrument": "instruments",
    "acquisitionType": "product:acquisition_type",
    "creationDate": "published",
    "doi": "sci:doi",
    "missionPhase": "eofeos:mission_phase",
    "modificationDate": "updated",
    "processingCenter": "processing:facility",
    "processingDate": "processing:datetime",
    "processingLevel": "processing:level",
    "processorName": "processing:software",
    "sensorMode": "eopf:instrument_mode",
    "uid": "id",
}
#: Fields of an item that need no queryable.
PLAIN = frozenset({"id", "collection", "datetime", "start_datetime", "end_datetime", "published"})
PLAIN |= {"updated", "created"}
ANY_CASE = frozenset({"version", "sat:orbit_state", "instruments", "product:acquisition_type"})
TIMES = PLAIN - {"id", "collection"} | {"processing:datetime"}
NUMBERS = frozenset({"sat:absolute_orbit"})
OPERATORS = frozenset(
    {"and", "or", "not", "=", "<>", "<", "<=", ">", ">=", "in", "between", "like", "isNull"}
    | {"casei", "t_after", "t_before"}
)

_OPERANDS = {"and": 1, "or": 1, "not": 1, "isNull": 1, "casei": 1, "between": 3}

#: A checked filter: CQL2 JSON with literals as columns have them, or true or false.
Tree = Any


class FilterError(ValueError):
    """A filter that cannot be parsed, in one sentence."""


_TOKEN = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|[A-Za-z_][A-Za-z0-9_]*(?::[A-Za-z0-9_]+)+""")


def view(item: Json) -> Json:
    """Values that filters and sorting see: under property names, in one case and time format."""
    properties = item["properties"]
    values = {**properties, "id": item["id"], "collection": item["collection"]}
    if frame := str(properties.get("grid:code", "")).rpartition("-")[2]:
        values["frame"] = frame
    if isinstance(software := properties.get("processing:software"), dict):
        values["processing:software"] = next(iter(software), "")
    if isinstance(instruments := properties.get("instruments"), list):
        values["instruments"] = instruments[0] if instruments else ""
    for name in ANY_CASE & values.keys():
        values[name] = values[name].casefold()
    for name in TIMES & values.keys():
        values[name] = _time(values[name])
    for name in NUMBERS & values.keys():
        values[name] = values[name] if isinstance(values[name], int) else None
    return {name: value for name, value in values.items() if isinstance(value, str | int | float)}


def parse(expression: str | Json, language: str, known: Collection[str] | None = None) -> Tree:
    """Check a filter, and write its literals as columns have them.

    Parameters
    ----------
    expression : str or dict
        CQL2 text, or CQL2 JSON (parsed or as text).
    language : str
        ``cql2-text`` or ``cql2-json``.
    known : collection of str, optional
        Names that may be used, beside those every item has; by default any.

    Returns
    -------
    dict or bool
        For `masks.evaluate`; properties keep the names that were typed.

    Raises
    ------
    FilterError
        When it cannot be parsed or uses a name that is not known.
    """
    if not isinstance(expression, str | dict):
        raise FilterError("The filter must be CQL2 text or a CQL2 JSON object.")
    try:
        if language == "cql2-json" or isinstance(expression, dict):
            text = expression if isinstance(expression, str) else json.dumps(expression)
            tree = cql2.parse_json(text).to_json()
        elif language in ("cql2-text", ""):
            tree = cql2.parse_text(_quoted(expression.strip())).to_json()
        else:
            raise FilterError(f"filter-lang {language!r} is neither cql2-text nor cql2-json.")
    except (cql2.ParseError, cql2.ValidationError, ValueError) as error:
        reason = str(error).strip().splitlines()
        detail = reason[-1].lstrip(" =") if reason else "empty"
        raise FilterError(f"The filter cannot be parsed: {detail}.") from None
    if not isinstance(tree, bool) and not (isinstance(tree, dict) and "op" in tree):
        raise FilterError("The filter must be a condition, such as frame = 'E'.")
    return _rewritten(tree, known)


def equal_to(name: str, value: str, known: Collection[str] | None = None) -> Tree:
    """Filter of a plain query parameter such as ``orbitNumber=4537``, which ESA MAAP accepts."""
    literal: str | int = value
    if property_of(name) in NUMBERS and value.strip().isdigit():
        literal = int(value)
    return parse({"op": "=", "args": [{"property": name}, literal]}, "cql2-json", known)


def property_of(name: str) -> str:
    """Item property of a queryable's name."""
    return ALIASES.get(name, name)


def _quoted(text: str) -> str:
    """Quote names with a colon, which users type bare: product:type = 'X'."""
    return _TOKEN.sub(lambda m: m[0] if m[0][0] in "'\"" else f'"{m[0]}"', text)


def _rewritten(tree: Any, known: Collection[str] | None) -> Tree:
    if isinstance(tree, bool):
        return tree
    if not isinstance(tree, dict) or tree.get("op") not in OPERATORS:
        operator = tree.get("op") if isinstance(tree, dict) else tree
        raise FilterError(f"The operator {operator!r} is not supported in a filter.")
    operator, arguments = tree["op"], tree["args"]
    least = _OPERANDS.get(operator, 2)
    if not isinstance(arguments, list) or len(arguments) < least:
        raise FilterError(f"The operator {operator!r} needs {least} operands.")
    if operator in ("and", "or", "not"):
        return {"op": operator, "args": [_rewritten(argument, known) for argument in arguments]}
    operator = {"t_after": ">", "t_before": "<"}.get(operator, operator)
    used = {name for argument in arguments for name in names(argument)}
    for name in sorted(used):
        if known is not None and name not in known and name not in PLAIN:
            raise FilterError(f"{name!r} is not a queryable of the collections searched.")
    properties = {property_of(name) for name in used}
    return {"op": operator, "args": [_operand(argument, properties) for argument in arguments]}


def names(tree: Any) -> list[str]:
    """Names of properties in a filter, or in a part of one."""
    if isinstance(tree, list):
        return [name for member in tree for name in names(member)]
    if not isinstance(tree, dict):
        return []
    if "property" in tree:
        return [tree["property"]]
    return names(tree.get("args", []))


def _operand(value: Any, properties: set[str]) -> Any:
    """Operand as columns have it: in one case, as a number or as a time."""
    if isinstance(value, list):
        return [_operand(member, properties) for member in value]
    if isinstance(value, dict):
        if "op" in value:
            if value["op"] != "casei":
                raise FilterError(f"The operator {value['op']!r} is not supported in a filter.")
            return {**value, "args": _operand(value["args"], properties)}
        if time := value.get("timestamp") or value.get("date"):
            return _time(time)
        return value
    if isinstance(value, str):
        if properties & ANY_CASE:
            return value.casefold()
        if properties & TIMES:
            return _time(value)
        if properties & NUMBERS:
            if not value.strip().isdigit():
                raise FilterError(f"An orbit number is needed, not {value!r}.")
            return int(value)
    return value


def _time(text: Any) -> int:
    try:
        return microseconds(instant(str(text)))
    except ValueError:
        raise FilterError(f"{text!r} is not a time such as 2025-03-16T13:30:58Z.") from None
