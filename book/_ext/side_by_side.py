"""Read two pages at a time where there are two processors: reading a lesson means running it.

Jupyter Book has no option for what Sphinx calls jobs. Pages are written one by one, as extensions
here gather what they need while they are.
"""

from __future__ import annotations

import os

from sphinx.application import Sphinx

#: A kernel takes up to a gigabyte.
AT_A_TIME = 2
#: Extensions that say nothing about it, and work on all pages after the last one is read.
SAFE = ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex")


def _read_side_by_side(app: Sphinx) -> None:
    for name in SAFE:
        app.extensions[name].parallel_read_safe = True
    app.builder.allow_parallel = False
    app.parallel = max(app.parallel, min(AT_A_TIME, os.cpu_count() or 1))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("builder-inited", _read_side_by_side)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
