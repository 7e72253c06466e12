"""Write the periods of baselines from a census of the catalogue.

The census is one of the replay's recordings; what is derived from it, once, is shipped with the
helpers. A second run of
``python tools/make_baselines.py`` changes no byte.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CENSUS = ROOT / "packages/maap_replay/src/maap_replay/recordings/census.json"
BASELINES = ROOT / "earthcare_products/data/baselines.json"
#: Words in the names of collections that every account may read.
OPEN = ("Validated", "XMET", "OrbitData")


def derive(census: dict[str, Any]) -> str:
    """Text of the data file: type -> baseline -> period, number, and who may read it.

    Where collections differ, the one with most granules counts; a baseline is open when an open
    collection has it.
    """
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for collection, types in census["collections"].items():
        is_open = any(word in collection for word in OPEN)
        for file_type, baselines in types.items():
            for baseline, (first, last, count, start, end) in baselines.items():
                known = found[file_type].setdefault(baseline, {"count": 0, "open": False})
                if count > known["count"]:
                    known |= {
                        "count": count,
                        "start": start,
                        "end": end,
                        "first": first or "",
                        "last": last or "",
                    }
                known["open"] |= is_open
    lines = [
        f"  {json.dumps(file_type)}: {json.dumps(dict(sorted(found[file_type].items())))}"
        for file_type in sorted(found)
    ]
    origin = json.dumps(census["origin"])
    return f'{{\n "origin": {origin},\n "baselines": {{\n' + ",\n".join(lines) + "\n }\n}\n"


if __name__ == "__main__":
    BASELINES.write_text(derive(json.loads(CENSUS.read_text(encoding="utf-8"))), encoding="utf-8")
