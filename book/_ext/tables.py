"""Tables that a screen reader can name and walk: a caption, and heads of columns and of rows.

A table without a caption gets one that is not drawn: the heading above it. What pandas writes
beside, a style sheet for each table and an attribute of old, is taken out; `book.css` has it once.
"""

from __future__ import annotations

import re
from collections import Counter

_HEADING = re.compile(r"<h[1-6][^>]*>(.*?)</h[1-6]>", re.S)
_PART = re.compile(r"<(thead|tbody)\b[^>]*>.*?</\1>", re.S)
_PANDAS = re.compile(r"<style scoped>.*?</style>\s*", re.S)


def mend_tables(page: str) -> str:
    """Page whose tables have captions and scopes.

    Examples
    --------
    >>> mend_tables("<h2>Sizes<a>#</a></h2><table><tbody><tr><th>a</th></tr></tbody></table>")
    '...<caption class="visually-hidden">Sizes</caption><tbody><tr><th scope="row">a</th>...'
    """
    page = _PANDAS.sub("", page).replace(' valign="top"', "")
    page = _PART.sub(_with_scopes, page)
    heading, tables = "", Counter[str]()

    def one(found: re.Match[str]) -> str:
        nonlocal heading
        if found[0].startswith("<h"):
            text = re.sub(r"<a\b.*?</a>|<[^>]*>", "", found[0], flags=re.S)
            heading = " ".join(text.split())
            return found[0]
        if found[0].endswith("<caption"):
            return found[0]
        tables[heading] += 1
        name = heading if tables[heading] == 1 else f"{heading}, table {tables[heading]}"
        return f'{found[0]}<caption class="visually-hidden">{name}</caption>'

    return re.sub(rf"{_HEADING.pattern}|<table\b[^>]*>(?:\s*<caption)?", one, page, flags=re.S)


def _with_scopes(part: re.Match[str]) -> str:
    """Part of a table whose heads tell what they are heads of."""
    scope = "col" if part[1] == "thead" else "row"
    part_text = re.sub(r"<th([^>]*)>\s*</th>", r"<td\1></td>", part[0])
    return re.sub(r"<th(?![^>]*\bscope=)(?=[\s>])", f'<th scope="{scope}"', part_text)
