"""Mend what the theme writes into every page, after it is written.

The icons of a page become a style sheet of some kilobytes, where the theme loads all 2,400. The
colours are chosen before the first paint. What only the search page needs is loaded there, pictures
load when they come into view, and tables have captions. Each mending says what
it looks for: a theme that writes something else fails the build.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from PIL import Image
from sphinx.errors import ExtensionError

from book._ext.icons import icon_style, lighten_font
from book._ext.tables import mend_tables

_ICON_CLASS = re.compile(r'class="[^"]*\bfa[sb]?(?:-solid|-brands)?\s+fa-([a-z0-9-]+)')
#: The only icon that the theme's scripts add: it closes a message.
_ADDED_BY_SCRIPT = {"xmark"}
_SPAN = r'<span class="\1">\2</span>'
_THEME = (
    r'document\.documentElement\.dataset\.mode = localStorage\.getItem\("mode"\) \|\| "\w*";\s*'
    r'document\.documentElement\.dataset\.theme = localStorage\.getItem\("theme"\) \|\| "\w*";'
)
#: "auto" follows the reader's system, as the theme's own script does later.
_THEME_NOW = """\
{
      const root = document.documentElement.dataset;
      const dark = matchMedia("(prefers-color-scheme: dark)").matches;
      root.mode = localStorage.getItem("mode") || "auto";
      root.theme = root.mode === "auto" ? (dark ? "dark" : "light") : root.mode;
    }
"""


def _once(pattern: str, new: str, text: str, flags: int = re.S) -> str:
    """Replace what must be there, once."""
    changed, count = re.subn(pattern, lambda _: new, text, count=1, flags=flags)
    if not count:
        raise ExtensionError(f"The theme's page has no {pattern!r}; see book/_ext/light_pages.py.")
    return changed


def mend(page: str, depth: int, sizes: dict[str, tuple[int, int]]) -> str:
    """Mend a page of the theme.

    Parameters
    ----------
    page : str
        HTML that the theme wrote.
    depth : int
        Folders between the page and the site's root.
    sizes : dict
        Name of a picture -> its width and height, in pixels.
    """
    root = "../" * depth
    icons = f'<link href="{root}_static/icons.css" rel="stylesheet" />'
    page = _once(r'<script defer src="[^"]*fontawesome\.js[^"]*"></script>', icons, page)
    page = _once(_THEME, _THEME_NOW, page)
    page = _once(r'<html lang="en"', '<html data-theme="light" lang="en"', page)
    page = _once(r'data-default-mode="\w*"', 'data-default-mode="auto"', page)
    # The field above a page only leads to the search page, which loads these itself.
    if 'id="search-results"' not in page:
        for name in ("_static/searchtools", "_static/language_data", "searchindex"):
            page = _once(rf'<script src="[^"]*{name}\.js[^"]*"></script>\s*', "", page)
    # Thebe is not used; its settings name a repository of others.
    page = re.sub(r'<script type="text/x-thebe-config">.*?</script>\s*', "", page, flags=re.S)
    page = re.sub(r"<script>kernelName = .*?</script>\s*", "", page, flags=re.S)
    # A wide table of pandas scrolls: so that a keyboard can, too.
    page = page.replace("<div>\n<style scoped>", '<div tabindex="0">\n<style scoped>')
    page = mend_tables(page)
    # What unfolds a cell is named by its words, which may be no paragraphs.
    page = page.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    page = re.sub(r'<p class="((?:collapsed|expanded)[^"]*)">(.*?)</p>', _SPAN, page)
    # What unfolds a part of the navigation has an icon, and no name.
    toggle = '<span class="toctree-toggle"'
    page = page.replace(f"<summary>{toggle}", f'<summary aria-label="Pages below">{toggle}')
    if "viewcode-block" in page:  # code holds no blocks
        page = re.sub(r"<pre>.*?</pre>", _spans, page, flags=re.S)
    page = _styles_in_head(page)
    head, main, rest = page.partition("<article")
    return head + main + _pictures_when_seen(rest, sizes)


def _spans(code: re.Match[str]) -> str:
    """Code whose functions are no blocks; `book.css` lets them look so."""
    return code[0].replace("<div", "<span").replace("</div>", "</span>")


def _styles_in_head(page: str) -> str:
    """Page whose styles lie in its head: those that xarray puts beside what it shows."""
    head, end, body = page.partition("</head>")
    styles = dict.fromkeys(re.findall(r"<style>.*?</style>", body, re.S))
    body = re.sub(r"<style>.*?</style>", "", body, flags=re.S)
    return head + "".join(styles) + end + body


def _pictures_when_seen(article: str, sizes: dict[str, tuple[int, int]]) -> str:
    """Let all pictures but the first load late, in a place of their size, and open alone."""
    count = 0

    def one(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        link, tag = found.groups()
        name = re.search(r'src="[^"]*?_images/([^"/]+)"', tag)
        extra = ' loading="lazy" decoding="async"' if count > 1 and "loading=" not in tag else ""
        if name and name[1] in sizes and "width=" not in tag:
            width, height = sizes[name[1]]
            extra += f' width="{width}" height="{height}"'
        tag = tag.replace("<img", f"<img{extra}", 1)
        if link or not name:
            return f"{link or ''}{tag}"
        address = re.findall(r'src="([^"]+)"', tag)[0]
        return f'<a class="whole-picture" href="{address}">{tag}</a>'

    return re.sub(r"(<a\b[^>]*>\s*)?(<img\b[^>]*>)", one, article)


class Bundles:
    """Files of ``_static`` that pages load one after the other, as one file."""

    def __init__(self, static: Path) -> None:
        self.static = static
        self.written: set[str] = set()

    def sheets(self, page: str, root: str) -> str:
        """Page with one style sheet in place of all, at the place of the last."""
        links = re.findall(r"<link [^>]*?_static/[^>]*?\.css[^>]*>", page)
        files = [str(re.findall(r"_static/([^\"?]+\.css)", link)[0]) for link in links]
        name = self._write("styles/all", files, ".css")
        for link in links[:-1]:
            page = page.replace(link, "", 1)
        one = f'<link href="{root}_static/{name}" rel="stylesheet" />'
        return page.replace(links[-1], one, 1)

    def scripts(self, page: str, root: str) -> str:
        """Page with one script in place of those that its head runs one after the other."""
        run = re.search(r'(?:\s*<script src="[^"]*_static/[^"]+\.js[^"]*"></script>){3,}', page)
        if run is None:
            raise ExtensionError("The theme's page has no row of scripts; see light_pages.py.")
        files = re.findall(r"_static/([^\"?]+\.js)", run[0])
        one = f'\n    <script src="{root}_static/{self._write("all", files, ".js")}"></script>'
        return page.replace(run[0], one, 1)

    def _write(self, name: str, files: list[str], kind: str) -> str:
        """Write a bundle of some files, named by what is in it."""
        parts = []
        for file in files:
            text = (self.static / file).read_text(encoding="utf-8")
            if kind == ".css":  # an address counts from the folder of the sheet
                above = "" if file.startswith("styles/") else "../"
                text = re.sub(r"url\((?![\"']?(?:data:|/|\.\./))", f"url({above}", text)
                text = text.replace(">summary>p.", ">summary>.")  # spans; see `mend`
            parts.append(re.sub(r"/[/*]# sourceMappingURL=\S+(?: \*/)?", "", text))
        text = "\n".join(parts) if kind == ".css" else "\n;\n".join(parts)
        name = f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}{kind}"
        if name not in self.written:
            (self.static / name).write_text(text, encoding="utf-8")
            self.written.add(name)
        return name


def mend_all(app: Any, exception: Exception | None) -> None:
    """Mend all pages of a build that went well."""
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    sizes = {}
    for path in (site / "_images").glob("*.[pj][np]g"):
        with Image.open(path) as picture:
            sizes[path.name] = picture.size
    used = set(_ADDED_BY_SCRIPT)
    pages = {}
    for path in site.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        # The others are no pages of the theme, or were mended in an earlier build.
        if "_static" not in path.relative_to(site).parts and "fontawesome.js" in page:
            pages[path] = mend(page, len(path.relative_to(site).parts) - 1, sizes)
        used |= set(_ICON_CLASS.findall(page))
    static = site / "_static"
    script = (static / "scripts" / "fontawesome.js").read_text(encoding="utf-8")
    (static / "icons.css").write_text(icon_style(script, used), encoding="utf-8")
    lighten_font(static)
    bundles = Bundles(static)
    for path, page in pages.items():
        root = "../" * (len(path.relative_to(site).parts) - 1)
        page = bundles.scripts(bundles.sheets(page, root), root)
        path.write_text(page, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Connect to Sphinx."""
    # After the theme, which writes its colours of code at the end.
    app.connect("build-finished", mend_all, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
