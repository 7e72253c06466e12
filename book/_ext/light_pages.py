"""Mend what the theme writes into every page, after it is written.

The icons of a page become a style sheet of some kilobytes, where the theme loads all 2,400. The
colours are chosen before the first paint. What only the search page needs is loaded there, pictures
load when they come into view, and an empty head of a table is a plain cell. Each mending says what it
looks for: a theme that writes something else fails the build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image
from sphinx.errors import ExtensionError

#: An icon in the theme's script: name, width, height, other names, code, path. Solid ones come last.
_GLYPH = re.compile(
    r'[{,]"?([a-z0-9-]+)"?:\[(\d+),(\d+),\[([^\]]*)\],"[0-9a-f]+","([^"]+)"\]', re.ASCII
)
_ICON_CLASS = re.compile(r'class="[^"]*\bfa[sb]?(?:-solid|-brands)?\s+fa-([a-z0-9-]+)')
#: The only icon that the theme's scripts add: it closes a message.
_ADDED_BY_SCRIPT = {"xmark"}
_ICON_STYLE = """\
i[class*="fa-"] {
  display: inline-block; width: 1em; height: 1em; vertical-align: -0.125em;
  background: currentcolor; mask: var(--icon) center / contain no-repeat;
}
.fa-lg { font-size: 1.25em; }
@media (forced-colors: active) { i[class*="fa-"] { background: ButtonText; } }
"""
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


def icon_style(script: str, wanted: Iterable[str]) -> str:
    """Style sheet of some of the icons of the theme's script.

    Raises
    ------
    ExtensionError
        When the script has no such icon.
    """
    glyphs: dict[str, tuple[str, str, str]] = {}
    for name, width, height, others, path in _GLYPH.findall(script):
        for each in [name, *re.findall(r'"([a-z0-9-]+)"', others)]:
            glyphs[each] = (width, height, path)
    rules = []
    for name in sorted(wanted):
        if name not in glyphs:
            raise ExtensionError(f"The theme's script has no icon {name!r}.")
        width, height, path = glyphs[name]
        picture = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
            f'<path d="{path}"/></svg>'
        )
        rules.append(f'.fa-{name} {{ --icon: url("data:image/svg+xml,{quote(picture)}"); }}')
    return _ICON_STYLE + "\n".join(rules) + "\n"


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
    page = re.sub(r"<th([^>]*)>\s*</th>", r"<td\1></td>", page)
    page = page.replace("<th>", '<th scope="col">')
    head, main, rest = page.partition("<article")
    return head + main + _pictures_when_seen(rest, sizes)


def _pictures_when_seen(article: str, sizes: dict[str, tuple[int, int]]) -> str:
    """Let all pictures but the first load late, in a place of their size."""
    count = 0

    def one(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        tag = found[0]
        name = re.search(r'src="[^"]*?_images/([^"/]+)"', tag)
        extra = ' loading="lazy" decoding="async"' if count > 1 and "loading=" not in tag else ""
        if name and name[1] in sizes and "width=" not in tag:
            width, height = sizes[name[1]]
            extra += f' width="{width}" height="{height}"'
        return tag.replace("<img", f"<img{extra}", 1)

    return re.sub(r"<img\b[^>]*>", one, article)


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
    for path in site.rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        if "_static" in path.parts or "_static/icons.css" in page or "fontawesome.js" not in page:
            continue  # no page, mended in an earlier build, or none of the theme's
        path.write_text(mend(page, len(path.relative_to(site).parts) - 1, sizes), encoding="utf-8")
    for path in site.rglob("*.html"):
        used |= set(_ICON_CLASS.findall(path.read_text(encoding="utf-8")))
    scripts = site / "_static" / "scripts"
    script = (scripts / "fontawesome.js").read_text(encoding="utf-8")
    (site / "_static" / "icons.css").write_text(icon_style(script, used), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("build-finished", mend_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
