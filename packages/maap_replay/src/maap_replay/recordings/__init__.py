"""What the replay knows: collections, their queryables, and items, kept as readable JSON.

See ``README.md`` beside this file for the origin of every group.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from maap_replay.recordings.lines import expand
from maap_replay.recordings.patch import Json
from maap_replay.recordings.template import CATALOGUE

FOLDER = Path(__file__).parent
#: Access tiers whose data need no more than an account.
OPEN_TIERS = frozenset({"public"})


@dataclass(frozen=True, eq=False)  # one is equal to itself only, and can be a key
class Recordings:
    """A catalogue's content.

    Parameters
    ----------
    collections : dict
        Collection id -> recorded description, with its access `tier`.
    queryables : dict
        Collection id -> queryable name -> JSON schema of its values.
    items : list of dict
        Complete STAC items that were kept.
    folder : Path, optional
        Folder in which recorded files lie below ``data/``.
    by_rule : bool
        Whether the catalogue holds what the census counted as well (`maap_replay.archive`).
    covered : tuple of dict
        Searches of which every item was kept, as parameters of a request: there are no others.
    """

    collections: dict[str, Json]
    queryables: dict[str, dict[str, Json]]
    items: list[Json]
    folder: Path | None = None
    by_rule: bool = False
    covered: tuple[Json, ...] = ()

    def known_as(self, name: str) -> str:
        """Id of a collection from its name; the names of before 2026 lack the ending ``_MAAP``."""
        known = name in self.collections or f"{name}_MAAP" not in self.collections
        return name if known else f"{name}_MAAP"

    def is_open(self, collection: str) -> bool:
        """Whether any account may read the data of a collection."""
        return self.collections[collection]["tier"] in OPEN_TIERS


def load(folder: Path = FOLDER) -> Recordings:
    """Read recordings from a folder of the layout that ``README.md`` describes.

    Those of this package are the whole archive, by rule; those of another folder are what
    `maap-replay record` wrote there, and no more.
    """
    collections = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((folder / "collections").glob("*.json"))
    }
    names = json.loads((folder / "queryables.json").read_text(encoding="utf-8"))
    queryables = {
        collection: {
            name: _schema(names["properties"][name], values) for name, values in used.items()
        }
        for collection, used in names["collections"].items()
    }
    items = [
        _item(json.loads(line))
        for path in sorted((folder / "items").glob("*/*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    about = folder / "recorded.json"
    told = json.loads(about.read_text(encoding="utf-8")) if about.exists() else {}
    return Recordings(
        collections,
        queryables,
        items,
        folder if (folder / "data").is_dir() else None,
        by_rule=folder == FOLDER,
        covered=(told["search"],) if told.get("complete") else (),
    )


def with_archive(recorded: Recordings) -> Recordings:
    """The archive, in which what was recorded takes the place of what it covers."""
    archive = load()
    return Recordings(
        archive.collections | recorded.collections,
        archive.queryables | recorded.queryables,
        recorded.items,
        recorded.folder,
        by_rule=True,
        covered=recorded.covered,
    )


def _schema(common: Json, own: list[str] | Json) -> Json:
    """Schema of a queryable; a collection adds its values, or differs altogether."""
    return own if isinstance(own, dict) else common | ({"enum": own} if own else {})


def _item(line: Json) -> Json:
    """Item of a line; what `maap-replay record` wrote stays exactly as it was."""
    item: Json = line["item"] if "item" in line else expand(line)
    return item


def describe(collection: Json) -> Json:
    """STAC document of a recorded collection: its address gives every link."""
    name = collection["id"]
    here = f"{CATALOGUE}/collections/{name}"
    kept = {key: value for key, value in collection.items() if key not in ("tier", "origin")}
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "links": [
            {"rel": "self", "href": here, "type": "application/json"},
            # Without httpAccept, since pystac-client appends the id of an item to it.
            {"rel": "items", "href": f"{here}/items", "type": "application/geo+json"},
            {
                "rel": "http://www.opengis.net/def/rel/ogc/1.0/queryables",
                "href": f"{here}/queryables",
                "type": "application/schema+json",
            },
            {"rel": "parent", "href": f"{CATALOGUE}/", "type": "application/json"},
            {"rel": "root", "href": f"{CATALOGUE}/", "type": "application/json"},
        ],
        **kept,  # recorded documents bring links of their own
    }


__all__ = ["FOLDER", "Recordings", "describe", "expand", "load", "with_archive"]
