"""Who wrote a page: in its head for programs, in its foot for readers.

The names are those of CITATION.cff. A page that others wrote names them in its front matter, as
`author: Name, Name`.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import yaml
from sphinx.application import Sphinx

CITATION = Path(__file__).parent.parent.parent / "CITATION.cff"


def authors() -> list[str]:
    """Names of those who wrote the collection, as the citation file tells them."""
    told = yaml.safe_load(CITATION.read_text(encoding="utf-8"))["authors"]
    return [
        one.get("name") or f"{one['given-names']} {one['family-names']}"  # a group, or a person
        for one in told
    ]


def _name(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    front = app.env.metadata.get(page, {})
    names = front["author"].split(", ") if "author" in front else authors()
    context["author"] = ", ".join(names)
    context["metatags"] = context.get("metatags", "") + "".join(
        f'<meta name="author" content="{escape(name, quote=True)}" />\n' for name in names
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("html-page-context", _name, priority=900)  # after the theme, which sets an author
    return {"parallel_read_safe": True, "parallel_write_safe": True}
