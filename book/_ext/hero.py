"""``hero``: the figure of a lesson on another page, as the lesson drew it in this very build.

The argument is the lesson's document, the option ``figure`` the name of its figure, and the
content the caption. The alternative text is that of the lesson, and a click leads there.
"""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

_log = logging.getLogger(__name__)


class Hero(SphinxDirective):
    """Leave a place for the picture, which comes when all pages are read."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"figure": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Make a figure with its caption and without a picture."""
        caption = nodes.caption()
        self.state.nested_parse(self.content, self.content_offset, caption)
        caption.children = caption.children[0].children  # of one paragraph
        figure = nodes.figure("", caption, classes=["hero"])
        figure["hero"] = (self.arguments[0], self.options["figure"])
        return [figure]


def fill(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Put the lesson's picture into its place, as a link to the lesson."""
    for place in tree.findall(lambda node: isinstance(node, nodes.figure) and "hero" in node):
        lesson, name = place["hero"]
        found = [
            image
            for figure in app.env.get_doctree(lesson).findall(nodes.figure)
            if name in figure["ids"] + figure["names"]
            for image in figure.findall(nodes.image)
        ]
        if not found:
            _log.warning("%s has no figure %r", lesson, name, location=page)
            continue
        address = app.builder.get_relative_uri(page, lesson)
        link = nodes.reference("", "", found[0].deepcopy(), refuri=address, internal=True)
        place.insert(0, link)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("hero", Hero)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
