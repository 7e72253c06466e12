"""JSON merge patches (RFC 7396): apply one, and find the one between two documents."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def merge(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396) and return the result.

    The arguments are left as they are; the result shares its lists with them.
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def difference(source: Json, target: Json) -> Json:
    """Merge patch that turns `source` into `target`."""
    patch: Json = {key: None for key in source if key not in target}
    for key, value in target.items():
        if key not in source:
            patch[key] = value
        elif isinstance(value, dict) and isinstance(source[key], dict):
            if inner := difference(source[key], value):
                patch[key] = inner
        elif value != source[key]:
            patch[key] = value
    return patch
