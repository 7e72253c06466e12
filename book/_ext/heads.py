"""What a page tells a search engine, a chat that shows a link, and a reader who mistyped one.

Title and description of each page; its picture and canonical address once the book has a public
one; a page for addresses that are not there, which works at any depth.
"""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image, ImageOps
from sphinx.application import Sphinx

from book._ext.moved import redirect

#: Of the picture that a chat shows beside a link.
CARD = "_static/card.png"
_CARD_SIZE = (1200, 630)
#: For what shows no SVG: bookmarks of phones, older browsers. Drawn from logo.svg; a test compares.
_ICON = "_static/icon.png"
#: Search engines show about as many characters.
_LONGEST = 160
_NOT_FOUND = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>No such page - {title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 36rem; }}
body {{ margin: 15vh auto; padding: 0 1rem; }}
</style>
</head>
<body>
<main>
<h1>This page is not here</h1>
<p>The address may be mistyped, or the page was renamed.</p>
<ul>
<li><a data-page="book/welcome.html" href="/">Welcome, with all lessons</a></li>
<li><a data-page="search.html" href="/search.html">Search</a></li>
<li><a data-page="book/troubleshooting.html" href="/book/">Troubleshooting</a></li>
</ul>
</main>
<script>
// The site may lie in a folder of its host: the nearest one above that has the book's inventory.
(async () => {{
  let folder = location.pathname;
  do {{
    folder = folder.replace(/[^/]*\\/?$/, "");
    const found = await fetch(folder + "objects.inv", {{ method: "HEAD" }}).catch(() => null);
    if (found && found.ok) {{
      for (const link of document.querySelectorAll("a[data-page]"))
        link.href = folder + link.dataset.page;
      return;
    }}
  }} while (folder !== "/" && folder);
}})();
</script>
</body>
</html>
"""


def description(doctree: nodes.document) -> str:
    """First paragraph of a page, cut at the end of a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section):
            text = " ".join(paragraph.astext().split())
            if len(text) <= _LONGEST:
                return text
            return text[:_LONGEST].rsplit(" ", 1)[0].rstrip(",;:") + " …"
    return ""


def _tell(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    title = unescape(context.get("title", "")) or app.config.html_title
    tags = {"og:title": title, "og:site_name": app.config.html_title, "og:type": "article"}
    kind = "Source code of" if page.startswith("_modules/") else "On this site:"
    told = description(doctree) if doctree else f"{kind} {title}. {app.config.html_title}."
    if told:
        tags |= {"description": told, "og:description": told}
    icon = f"{'../' * page.count('/')}{_ICON}"
    base = app.config.html_baseurl
    if base:
        tags |= {"og:url": f"{base}{page}.html", "og:image": f"{base}{CARD}"}
    context["metatags"] = context.get("metatags", "") + "".join(
        f'<meta {"property" if name.startswith("og:") else "name"}="{name}" '
        f'content="{escape(text, quote=True)}" />\n'
        for name, text in tags.items()
    )
    context["metatags"] += (
        f'<link rel="icon" type="image/png" sizes="180x180" href="{icon}" />\n'
        f'<link rel="apple-touch-icon" href="{icon}" />\n'
    )


def _write_beside(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    site, base = Path(app.outdir), app.config.html_baseurl
    first = (site / f"{app.config.root_doc}.html").read_text(encoding="utf-8")
    if hero := re.search(r'<figure class="hero.*?_images/([\w.-]+[.]png)', first, re.S):
        with Image.open(site / "_images" / hero[1]) as opened:
            picture = opened.convert("RGBA")  # its paper is clear
        card = Image.new("RGB", picture.size, "white")
        card.paste(picture, mask=picture)
        card = ImageOps.pad(card, _CARD_SIZE, color="white")
        card.quantize(64).save(site / CARD, optimize=True)
    # Who shares the bare address shares this one: it tells what the first page tells.
    told = re.findall(r'<meta (?:name="description"|property="og:[^"]*") [^>]*>', first)
    title = app.config.html_title
    redirect(site, "index", app.config.root_doc, title, "".join(f"{tag}\n" for tag in told))
    text = _NOT_FOUND.format(title=app.config.html_title)
    (site / "404.html").write_text(text, encoding="utf-8")
    robots = "User-agent: *\nAllow: /\n"
    if base:  # a sitemap must name whole addresses
        pages = sorted(app.env.found_docs)
        urls = "".join(f"<url><loc>{escape(f'{base}{page}.html')}</loc></url>\n" for page in pages)
        (site / "sitemap.xml").write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n',
            encoding="utf-8",
        )
        robots += f"Sitemap: {base}sitemap.xml\n"
    (site / "robots.txt").write_text(robots, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("html-page-context", _tell)
    # After the first page by sphinx-external-toc, which says nothing of itself.
    app.connect("build-finished", _write_beside, priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
