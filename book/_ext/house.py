"""Sphinx extension with two house rules for every page.

No page makes a request to another host: Thebe, which Jupyter Book 1 adds to every page and which is
not used here, is left out. And no page shows a traceback: an error that matplotlib meets while it
draws does not fail the cell, so it is caught here, as a warning that fails the build.
"""

from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

_log = logging.getLogger(__name__)


def _leave_out_thebe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    def is_thebe(asset: Any) -> bool:
        attributes = getattr(asset, "attributes", None) or {}
        text = f"{getattr(asset, 'filename', asset)} {attributes.get('body') or ''}"
        return "thebe" in text.lower()

    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if not is_thebe(asset)]


def _refuse_tracebacks(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    if page.startswith("notebooks/") and 'class="output traceback' in context.get("body", ""):
        _log.warning("a cell of this page shows a traceback", location=page)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx, after the extensions that add the files."""
    app.connect("html-page-context", _leave_out_thebe, priority=900)
    app.connect("html-page-context", _refuse_tracebacks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
