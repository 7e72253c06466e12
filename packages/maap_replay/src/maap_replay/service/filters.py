"""CQL2 filters on items, under the old and the new names of ESA MAAP's queryables.

The `cql2` package parses and evaluates. This module makes what users really type acceptable to it:
names with a colon that are not quoted, baselines and orbit directions in any case, times as text or
TIMESTAMP, and both vocabularies. A condition on a property that an item lacks is no match (SQL's
NULL); a name that is no queryable is refused. The set of operators that ESA MAAP itself accepts is
not documented; here the common ones of CQL2 work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import cql2

from maap_replay.recordings.patch import Json
from maap_replay.service.errors import RefusalError
from maap_replay.service.times import instant

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

Test = Callable[[Json], bool]

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|[A-Za-z_][A-Za-z0-9_]*(?::[A-Za-z0-9_]+)+""")


def view(item: Json) -> Json:
    """Values that filters and sorting see: under property names, in one case and time format."""
    properties = item["properties"]
    values = {**properties, "id": item["id"], "collection": item["collection"]}
    values["frame"] = str(properties.get("grid:code", "")).rpartition("-")[2]
    if isinstance(software := properties.get("processing:software"), dict):
        values["processing:software"] = next(iter(software), "")
    if isinstance(instruments := properties.get("instruments"), list):
        values["instruments"] = instruments[0] if instruments else ""
    for name in ANY_CASE & values.keys():
        values[name] = values[name].casefold()
    for name in TIMES & values.keys():
        values[name] = _time(values[name])
    return values


def parse(expression: str | Json, language: str, queryables: Collection[str]) -> Test:
    """Test of an item's `view` from a filter.

    Parameters
    ----------
    expression : str or dict
        CQL2 text, or CQL2 JSON (parsed or as text).
    language : str
        ``cql2-text`` or ``cql2-json``.
    queryables : collection of str
        Names that may be used, beside those every item has.

    Raises
    ------
    RefusalError
        When it cannot be parsed or uses a name that is no queryable.
    """
    if not isinstance(expression, str | dict):
        raise RefusalError("The filter must be CQL2 text or a CQL2 JSON object.")
    try:
        if language == "cql2-json" or isinstance(expression, dict):
            text = expression if isinstance(expression, str) else json.dumps(expression)
            tree = cql2.parse_json(text).to_json()
        elif language in ("cql2-text", ""):
            tree = cql2.parse_text(_quoted(expression.strip())).to_json()
        else:
            raise RefusalError(f"filter-lang {language!r} is neither cql2-text nor cql2-json.")
    except (cql2.ParseError, cql2.ValidationError, ValueError) as error:
        reason = str(error).strip().splitlines()
        detail = reason[-1].lstrip(" =") if reason else "empty"
        raise RefusalError(f"The filter cannot be parsed: {detail}.") from None
    if not isinstance(tree, bool) and not (isinstance(tree, dict) and "op" in tree):
        raise RefusalError("The filter must be a condition, such as frame = 'E'.")
    rewritten = _rewritten(tree, queryables)
    test = cql2.parse_json(json.dumps(rewritten))
    used = frozenset(_names(rewritten))

    def matches(values: Json) -> bool:
        try:
            return bool(test.matches({name: values[name] for name in used & values.keys()}))
        except Exception:  # cql2 0.6 raises a bare Exception for SQL's NULL, which is no match
            return False

    return matches


def equal_to(name: str, value: str, queryables: Collection[str]) -> Test:
    """Test of a plain query parameter such as ``orbitNumber=4537``, which ESA MAAP accepts too."""
    literal: str | int = value
    if property_of(name) in NUMBERS and value.strip().isdigit():
        literal = int(value)
    tree = {"op": "=", "args": [{"property": name}, literal]}
    return parse(tree, "cql2-json", queryables)


def property_of(name: str) -> str:
    """Item property of a queryable's name."""
    return ALIASES.get(name, name)


def _quoted(text: str) -> str:
    """Quote names with a colon, which users type bare: product:type = 'X'."""
    return _TOKEN.sub(lambda m: m[0] if m[0][0] in "'\"" else f'"{m[0]}"', text)


def _rewritten(tree: Any, queryables: Collection[str]) -> Any:
    if not isinstance(tree, dict) or "op" not in tree:
        return tree
    operator, arguments = tree["op"], tree["args"]
    if operator not in OPERATORS:
        raise RefusalError(f"The operator {operator!r} is not supported in a filter.")
    if operator in ("and", "or", "not"):
        return {**tree, "args": [_rewritten(argument, queryables) for argument in arguments]}
    operator = {"t_after": ">", "t_before": "<"}.get(operator, operator)
    names = {name for argument in arguments for name in _names(argument)}
    for name in sorted(names):
        if name not in queryables and name not in PLAIN:
            raise RefusalError(f"{name!r} is not a queryable of the collections searched.")
    known = {property_of(name) for name in names}
    return {"op": operator, "args": [_operand(argument, known) for argument in arguments]}


def _names(tree: Any) -> list[str]:
    if isinstance(tree, list):
        return [name for member in tree for name in _names(member)]
    if not isinstance(tree, dict):
        return []
    if "property" in tree:
        return [tree["property"]]
    return _names(tree.get("args", []))


def _operand(value: Any, properties: set[str]) -> Any:
    """Operand as the values of `view` are written: renamed, in one case, as number or as time."""
    if isinstance(value, list):
        return [_operand(member, properties) for member in value]
    if isinstance(value, dict):
        if "property" in value:
            return {"property": property_of(value["property"])}
        if "op" in value:
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
                raise RefusalError(f"An orbit number is needed, not {value!r}.")
            return int(value)
    return value


def _time(text: Any) -> str:
    try:
        when: datetime = instant(str(text))
    except ValueError:
        raise RefusalError(f"{text!r} is not a time such as 2025-03-16T13:30:58Z.") from None
    return when.isoformat(timespec="microseconds")
