"""What is folded in a lesson is the solution of its exercise, and the fold says so."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx


def _name_solutions(app: Sphinx, document: nodes.document) -> None:
    """Write on each fold that it holds a solution, and which part where there are several."""
    if not app.env.docname.startswith("notebooks/"):
        return
    folded = [node for node in document.findall(nodes.container) if node.get("hide_mode") == "all"]
    for part, cell in enumerate(folded, 1):
        which = f", part {part} of {len(folded)}" if len(folded) > 1 else ""
        cell["prompt_show"] = f"Show a solution{which}"
        cell["prompt_hide"] = f"Hide the solution{which}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("doctree-read", _name_solutions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
