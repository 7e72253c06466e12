"""Whether each address that the book links to still answers: `make links`.

Sphinx asks them over the internet, without executing a lesson. What it leaves out stands with its
reason in `_config.yml`. A DOI is looked up, not followed: publishers turn away
whoever is no browser.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jupyter_book.sphinx import build_sphinx

ROOT = Path(__file__).parent.parent
OUT = ROOT / "_build" / "linkcheck"


def broken() -> list[dict[str, str]]:
    """Addresses that the last check found broken, each with its page and the reason."""
    lines = (OUT / "output.json").read_text(encoding="utf-8").splitlines()
    return [told for told in map(json.loads, lines) if told["status"] == "broken"]


if __name__ == "__main__":
    status = build_sphinx(
        ROOT,
        OUT,
        noconfig=True,
        path_config=ROOT / "_config.yml",
        confoverrides={"nb_execution_mode": "off", "latex_individualpages": False},
        doctreedir=OUT / ".doctrees",
        builder="linkcheck",
        freshenv=True,
        quiet=True,
    )
    found = broken()
    for each in found:
        reason = each["info"][:100]
        sys.stderr.write(f"{each['filename']}:{each['lineno']}: {each['uri']}: {reason}\n")
    sys.exit(1 if found or status else 0)
