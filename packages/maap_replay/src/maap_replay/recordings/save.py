"""Write recordings in the layout that `load` reads and ``README.md`` describes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from maap_replay.recordings.lines import STYLES, compact
from maap_replay.recordings.patch import Json

#: Long and random looking, as tokens and signatures are. Nothing in a recording needs to be.
_SECRET = re.compile(
    r"eyJ[\w-]{10,}\.[\w-]{10,}(\.[\w-]*)?"
    r"|(?i:(?<=[?&])((access_)?token|signature|sig|x-amz-[\w-]+)=[^&\s\"]+)"
    r"|(?i:bearer )[\w.~+/-]{16,}=*"
)


def redacted(value: Any) -> Any:
    """Value without what looks like a token or a signature in any of its texts."""
    if isinstance(value, str):
        return _SECRET.sub("REMOVED", value)
    if isinstance(value, dict):
        return {key: redacted(inner) for key, inner in value.items()}
    return [redacted(inner) for inner in value] if isinstance(value, list) else value


def line_of(item: Json, origin: str) -> Json:
    """Shortest line that `load` turns back into exactly this item."""
    lines = []
    for style in STYLES:
        try:
            lines.append(compact(item, style, origin))
        except (ValueError, KeyError, IndexError):  # of another kind, or with a null in it
            continue
    whole = {"id": item["id"], "collection": item["collection"], "origin": origin, "item": item}
    return min([*lines, whole], key=lambda line: len(json.dumps(line)))


def save_items(folder: Path, items: Iterable[Json], origin: str) -> int:
    """Add items to a recording, in the place of those of the same id; returns how many."""
    files: dict[Path, dict[str, Json]] = {}
    count = 0
    for item in map(redacted, items):
        file_type = re.sub(r"\W", "_", str(item["properties"].get("product:type", "other")))
        path = folder / "items" / item["collection"] / f"{file_type}.jsonl"
        if path not in files:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            files[path] = {line["id"]: line for line in map(json.loads, text.splitlines())}
        files[path][item["id"]] = line_of(item, origin)
        count += 1
    for path, lines in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(_compact(lines[key]) + "\n" for key in sorted(lines))
        path.write_text(text, encoding="utf-8")
    return count


def save_collection(folder: Path, document: Json, tier: str, origin: str) -> None:
    """Write a collection; `tier` is ours, for the service does not tell it."""
    path = folder / "collections" / f"{document['id']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = redacted(document) | {"tier": tier, "origin": origin}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def save_queryables(folder: Path, answers: dict[str, Json], origin: str) -> None:
    """Write what `/queryables` answers, each name once where collections agree on it."""
    path = folder / "queryables.json"
    empty: Json = {"properties": {}, "collections": {}}
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else empty
    for collection, answer in answers.items():
        used = {}
        for name, schema in redacted(answer.get("properties", {})).items():
            common = {key: value for key, value in schema.items() if key != "enum"}
            # A list is the enum; where the rest differs too, the whole schema.
            same = kept["properties"].setdefault(name, common) == common
            used[name] = schema.get("enum", []) if same else schema
        kept["collections"][collection] = used
    path.write_text(
        json.dumps({"origin": origin, **kept}, indent=1, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )


def _compact(line: Json) -> str:
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False)
