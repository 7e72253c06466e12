"""Number figures and tables on each page from 1, as pages are read alone."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def number_by_page(app: Sphinx, env: Any) -> list[str]:
    """Give numbers anew, in the order that Sphinx found."""
    for kinds in env.toc_fignumbers.values():
        for numbers in kinds.values():
            in_order = sorted(numbers, key=numbers.get)
            numbers.update({name: (place,) for place, name in enumerate(in_order, 1)})
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx, after it has numbered the figures of the whole book."""
    app.connect("env-get-updated", number_by_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
