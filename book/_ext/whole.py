"""The whole book as one file, to read on a train and to print: pictures, styles and links inside.

It is made of the pages as they are on the site, in the order of the table of contents. Links
between pages lead to places in the file; links to what only the site has lead there once the site
has a public address, and are words until then.
"""

from __future__ import annotations

import base64
import mimetypes
import posixpath
import re
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

WHOLE = "earthcare-on-maap.html"
#: What needs the site, or a mouse.
_LEFT_OUT = "script, button, .headerlink, .take-along, .needs, .viewcode-link, iframe"
#: Attributes that name an id of the same page.
_NAMES = ("id", "for", "aria-labelledby", "aria-describedby", "aria-controls")
_FILE = """\
<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
<style>
body {{ display: block; }}
.whole {{ max-width: 60rem; margin: 0 auto; padding: 1rem; }}
.whole .admonition > .admonition-title {{ padding-left: 0.6rem; }}
.whole .admonition > .admonition-title::after {{ content: none; }}
.whole > article {{ border-top: 1px solid; margin-top: 4rem; padding-top: 2rem; }}
@page {{ margin: 15mm; }}
@media print {{
  .whole {{ max-width: none; padding: 0; font-size: 10pt; }}
  .whole > article {{ break-before: page; border: 0; margin: 0; padding: 0; }}
}}
</style>
<script>
addEventListener("beforeprint", () => {{
  for (const each of document.querySelectorAll("details")) each.open = true;
}});
</script>
</head>
<body>
<main class="whole bd-content">
<nav aria-label="Contents"><h1>{title}</h1>
<ol>
{contents}</ol>
</nav>
{articles}</main>
</body>
</html>
"""


def place(page: str, anchor: str = "") -> str:
    """Id in the whole file of a page, or of a place on it.

    Examples
    --------
    >>> place("book/api"), place("book/api", "search")
    ('book--api', 'book--api--search')
    """
    return "--".join([*page.split("/"), *([anchor] if anchor else [])])


def _lead(link: Tag, page: str, pages: list[str], base: str) -> None:
    """Let a link of a page lead where it leads in the whole file."""
    path, _, anchor = str(link["href"]).partition("#")
    if re.match(r"[a-z]+:", path):
        return
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else page
    if target.removesuffix(".html") in pages:
        link["href"] = "#" + place(target.removesuffix(".html"), anchor)
    elif base:
        link["href"] = f"{base}{target}" + f"#{anchor}" * bool(anchor)
    else:
        link.unwrap()


def article(html: str, page: str, pages: list[str], site: Path, base: str = "") -> str:
    """Article of a page, as it stands in the whole file.

    Parameters
    ----------
    html : str
        The page.
    page : str
        Its document, such as "book/api".
    pages : list of str
        All documents of the file.
    site : Path
        Folder of the site, for its pictures.
    base : str
        Public address of the site, or "".
    """
    found = BeautifulSoup(html, "html.parser").select_one("article")
    if found is None:
        raise ExtensionError(f"The page {page} has no article; see book/_ext/whole.py.")
    for each in found.select(_LEFT_OUT):
        each.decompose()
    for each in found.select("*"):
        for name in _NAMES:
            if name in each.attrs:
                each[name] = " ".join(place(page, one) for one in str(each[name]).split())
        if each.name == "input" and "name" in each.attrs:
            each["name"] = place(page, str(each["name"]))
    for picture in found.select("img[src]"):
        address = str(picture["src"])
        if not address.startswith("data:"):
            file = site / posixpath.normpath(posixpath.join(posixpath.dirname(page), address))
            kind = mimetypes.guess_type(file.name)[0]
            data = base64.b64encode(file.read_bytes()).decode()
            picture["src"] = f"data:{kind};base64,{data}"
        holder = picture.find_parent("a", class_="whole-picture")
        if holder:  # the file behind the link is the picture itself
            holder.unwrap()
    for link in found.select("a[href]"):
        _lead(link, page, pages, base)
    found["id"] = place(page)
    return str(found)


def _write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    root = app.config.root_doc
    pages = [root, *_in_order(app, root)]
    first = (site / f"{root}.html").read_text(encoding="utf-8")
    sheets = re.findall(r'<link href="[^"]*?(_static/styles/all-[^"]*\.css)"', first)
    if not sheets:
        raise ExtensionError("The first page has no style sheet; see book/_ext/whole.py.")
    style = (site / sheets[0]).read_text(encoding="utf-8")
    basic = (site / "_static" / "basic.css").read_text(encoding="utf-8")
    style = basic + style.replace('@import "../basic.css";', "")
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.S)  # comments
    # The fonts of icons stay on the site; there are no icons here.
    style = re.sub(r"@font-face\s*\{[^}]*\}", "", style).replace("</", "<\\/")
    texts = [(site / f"{page}.html").read_text(encoding="utf-8") for page in pages]
    heads = "".join(text.partition("</head>")[0] for text in texts)
    style += "".join(dict.fromkeys(re.findall(r"<style>(.*?)</style>", heads, re.S)))
    articles = [
        article(text, page, pages, site, app.config.html_baseurl)
        for text, page in zip(texts, pages, strict=True)
    ]
    contents = "".join(
        f'<li><a href="#{place(page)}">{escape(app.env.titles[page].astext())}</a></li>\n'
        for page in pages
    )
    title = escape(app.config.html_title)
    text = _FILE.format(
        title=title, style=style, contents=contents, articles="\n".join(articles) + "\n"
    )
    (site / WHOLE).write_text(text, encoding="utf-8")


def _in_order(app: Sphinx, page: str) -> list[str]:
    """Documents below a page, in the order of the table of contents."""
    below = app.env.toctree_includes.get(page, [])
    return [each for name in below for each in (name, *_in_order(app, name))]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx, after the pages were mended."""
    app.connect("build-finished", _write, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
