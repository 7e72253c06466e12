"""Sphinx extension: leave out Thebe, which Jupyter Book 1 adds to every page from a foreign host.

Pages of this book make no request to any other host. Thebe runs cells through Binder and is not
used here.
"""

from typing import Any

from sphinx.application import Sphinx


def _without_thebe(app: Sphinx, page: str, template: str, context: dict[str, Any], _: Any) -> None:
    def is_thebe(asset: Any) -> bool:
        attributes = getattr(asset, "attributes", None) or {}
        text = f"{getattr(asset, 'filename', asset)} {attributes.get('body') or ''}"
        return "thebe" in text.lower()

    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context.get(kind, []) if not is_thebe(asset)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx, after the extensions that add the files."""
    app.connect("html-page-context", _without_thebe, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
