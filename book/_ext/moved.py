"""Old addresses of renamed pages lead to the new ones: `addresses.txt` lists all there ever were.

A page that is not on the list, or an address on it that leads nowhere, fails the build.
"""

from __future__ import annotations

import os
from html import escape
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

ADDRESSES = Path(__file__).parent.parent / "addresses.txt"
_HIDDEN = '<meta name="robots" content="noindex">\n'
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
{head}<link rel="canonical" href="{target}">
<meta http-equiv="refresh" content="0; url={target}">
<script>location.replace("{target}" + location.hash);</script>
</head>
<body><p>The page is here: <a href="{target}">{title}</a>.</p></body>
</html>
"""


def read(text: str) -> dict[str, str]:
    r"""Address -> where its page is now.

    Examples
    --------
    >>> read("# all\nbook/api\nbook/helpers -> book/api")
    {'book/api': 'book/api', 'book/helpers': 'book/api'}
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = [line.partition(" -> ") for line in lines]
    return {old: new or old for old, _, new in pairs}


def wrong(addresses: dict[str, str], pages: set[str]) -> list[str]:
    """Sentences on pages that are not listed, and on addresses that lead nowhere.

    Examples
    --------
    >>> wrong({"book/helpers": "book/ap", "book/api": "book/api"}, {"book/api", "book/new"})
    ['book/new is not in addresses.txt', 'book/helpers leads to no page: book/ap']
    """
    new = [f"{page} is not in addresses.txt" for page in sorted(pages - set(addresses))]
    lost = [f"{old} leads to no page: {now}" for old, now in addresses.items() if now not in pages]
    return new + lost


def redirect(site: Path, old: str, new: str, title: str, head: str = _HIDDEN) -> None:
    """Write a page at an old address that leads to the new one, and keeps what follows a #.

    ``head`` is what the page tells of itself; by default, that search engines leave it out.
    """
    place = site / f"{old}.html"
    place.parent.mkdir(parents=True, exist_ok=True)
    target = Path(os.path.relpath(site / f"{new}.html", place.parent)).as_posix()
    text = _PAGE.format(title=escape(title), target=escape(target), head=head)
    place.write_text(text, encoding="utf-8")


def _lead_on(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    addresses = read(ADDRESSES.read_text(encoding="utf-8"))
    if faults := wrong(addresses, set(app.env.found_docs)):
        raise ExtensionError("; ".join(faults))
    for old, new in addresses.items():
        if old != new:
            redirect(Path(app.outdir), old, new, app.env.titles[new].astext())


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("build-finished", _lead_on)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
