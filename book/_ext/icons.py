"""The icons of the pages: some twenty drawings and glyphs, of the 2,400 that the theme loads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

#: An icon in the theme's script: name, size, other names, code, path. Solid ones come last.
_GLYPH = re.compile(
    r'[{,]"?([a-z0-9-]+)"?:\[(\d+),(\d+),\[([^\]]*)\],"[0-9a-f]+","([^"]+)"\]', re.ASCII
)
_STYLE = """\
i[class*="fa-"] {
  display: inline-block; width: 1em; height: 1em; vertical-align: -0.125em;
  background: currentcolor; mask: var(--icon) center / contain no-repeat;
}
.fa-lg { font-size: 1.25em; }
@media (forced-colors: active) { i[class*="fa-"] { background: ButtonText; } }
"""
_SOLID_FONT = re.compile(
    r"url\(\S*?fa-solid-900\.woff2\) format\(\"woff2\"\),"
    r"url\(\S*?fa-solid-900\.ttf\) format\(\"truetype\"\)"
)
_OF_ALL_ICONS = re.compile(r'(?:\.fa-[\w-]+:{1,2}before,?)+\{content:"[^"]*"\}')
#: Glyphs that the theme's rules show, as a character or as its code.
_SHOWN = re.compile(r'--pst-icon-[\w-]+:\s*"([\ue000-\uf8ff]|\\f[0-9a-f]{3})"')
_SHOWN_BESIDE = re.compile(r'content:\s*"(\\f[0-9a-f]{3})"')


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
    return _STYLE + "\n".join(rules) + "\n"


def lighten_font(static: Path) -> None:
    """Leave in the theme's icon font, and in its style sheet, what the rules of the site show."""
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    text = _OF_ALL_ICONS.sub("", sheet.read_text(encoding="utf-8"))
    text, count = _SOLID_FONT.subn('url(../icons.woff) format("woff")', text)
    if not count and "../icons.woff" not in text:
        raise ExtensionError("The theme's style sheet names no icon font; see book/_ext/icons.py.")
    book_theme = (static / "styles" / "sphinx-book-theme.css").read_text(encoding="utf-8")
    found = _SHOWN.findall(text) + _SHOWN_BESIDE.findall(book_theme)
    shown = {int(each[1:], 16) if each.startswith("\\") else ord(each) for each in found}
    with TTFont(static / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf") as font:
        options = subset.Options(flavor="woff", ignore_missing_unicodes=True)
        some = subset.Subsetter(options)
        some.populate(unicodes=shown)
        some.subset(font)
        font.flavor = "woff"
        font.save(static / "icons.woff")
    sheet.write_text(text, encoding="utf-8")
