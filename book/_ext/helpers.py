"""Helpers and lessons know each other: a mention leads to the entry, an entry to its lesson.

In text and code of a lesson, the name of a helper links to its entry on the page of helpers. Each
entry names the lesson that teaches it: the one that shows its body, or else says and uses its name
most, as counted in the lessons.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_design.dropdown import dropdown_title

import earthcare_tutorial as ect
from book._ext.reference import BOOK, listed_lessons

API = "book/api"
HELPERS = frozenset(ect.__all__) - {"__version__", "PRODUCTS"}
_MENTION = re.compile(r"(?:ect\.)?(\w+)(?:\(.*)?", re.S)
_IN_CODE = re.compile(
    r'(?<=<span class="n">ect</span><span class="o">\.</span>)'
    r'<span class="n">(\w+)</span>'
)
#: Parents whose text is no prose: a link already, and what names or unfolds a part of the page.
_LEFT_OUT = (nodes.reference, nodes.title, nodes.rubric, dropdown_title)


@cache
def lesson_of(helper: str) -> str:
    """Document of the lesson that teaches a helper, or "" when no lesson names it.

    Examples
    --------
    >>> lesson_of("plot_curtain"), lesson_of("nothing_of_ours")
    ('notebooks/plot_a_curtain', '')
    """
    found: dict[str, tuple[int, int]] = {}
    for lesson in listed_lessons():
        text = lesson.read_text(encoding="utf-8")
        shown = len(re.findall(rf"^:pyobject: {helper}$", text, re.M))
        named = len(re.findall(rf"\bect\.{helper}\b|`{helper}[`(]", text))
        if shown or named:
            found[lesson.relative_to(BOOK.parent).with_suffix("").as_posix()] = (shown, named)
    return max(found, key=lambda name: found[name], default="")


def made_by(name: str) -> str:
    """Name of the helper that returns a class, or the name itself.

    Examples
    --------
    >>> made_by("StreamStats"), made_by("search")
    ('stream_stats', 'search')
    """
    if name in HELPERS and not inspect.isclass(getattr(ect, name)):
        return name
    for helper in sorted(HELPERS):
        made = inspect.get_annotations(getattr(ect, helper)).get("return", "")
        if re.search(rf"\b{name}\b", str(made)):
            return helper
    return name


def _name_the_lesson(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Add the lesson to a docstring, below its examples."""
    if what in {"function", "class"} and (lesson := lesson_of(made_by(name.rpartition(".")[2]))):
        app.env.note_dependency(str(BOOK.parent / f"{lesson}.md"))
        lines += ["", f"**Taught in** :doc:`/{lesson}`.", ""]


def _entry(app: Sphinx, page: str, name: str) -> str:
    """Address of the entry of a helper, or "" when there is none of this name."""
    if name not in HELPERS or f"earthcare_tutorial.{name}" not in app.env.get_domain("py").objects:
        return ""
    return f"{app.builder.get_relative_uri(page, API)}#earthcare_tutorial.{name}"


def _link_text(app: Sphinx, document: nodes.document, page: str) -> None:
    """Let each mention in the text of a lesson lead to its entry."""
    if not page.startswith("notebooks/"):
        return
    for literal in list(document.findall(nodes.literal)):
        named = _MENTION.fullmatch(literal.astext())
        address = _entry(app, page, named[1]) if named else ""
        if not address:
            continue
        parents, parent = [], literal.parent
        while parent is not None:
            parents, parent = [*parents, parent], parent.parent
        if not any(isinstance(each, _LEFT_OUT) for each in parents):
            link = nodes.reference("", "", internal=True, refuri=address, classes=["helper"])
            literal.replace_self(link)
            link += literal
        for each in parents:  # a link to the whole page
            if isinstance(each, nodes.reference) and each.get("refuri") == address.split("#")[0]:
                each["refuri"] = address


def _link_code(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Let each helper in the code of a lesson lead to its entry."""

    def one(found: re.Match[str]) -> str:
        address = _entry(app, page, found[1])
        return f'<a class="helper" href="{address}">{found[0]}</a>' if address else found[0]

    if page.startswith("notebooks/"):
        context["body"] = _IN_CODE.sub(one, context["body"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx: after napoleon, and when all entries are known."""
    app.connect("autodoc-process-docstring", _name_the_lesson, priority=900)
    app.connect("doctree-resolved", _link_text)
    app.connect("html-page-context", _link_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
