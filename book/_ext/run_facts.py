"""What a reader may trust: when, where and with what each lesson ran, below its title.

``run-status`` lists all of it on a page of its own, and when the recordings were last compared with
the live service.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

#: Versions that the line below the title names; the page of all lessons links to the lock.
NAMED = ("earthcare-tutorial", "xarray", "pyfive", "numpy", "matplotlib")
#: What the weekly comparison with the live service leaves: its date and its exit status.
COMPARED = Path("_build") / "compared.json"


def spoken_date(moment: datetime) -> str:
    """Day, month by name, year.

    Examples
    --------
    >>> spoken_date(datetime(2026, 11, 28, tzinfo=UTC))
    '28 November 2026'
    """
    return f"{moment.day} {moment:%B %Y}"


def spoken_time(seconds: float) -> str:
    """Duration as a reader says it.

    Examples
    --------
    >>> spoken_time(41.6), spoken_time(80)
    ('42 s', '1 min 20 s')
    """
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def against() -> str:
    """Tell what the run talked to: the replay sets a variable for all that it starts."""
    return "the replay" if "MAAP_REPLAY_PORT" in os.environ else "ESA MAAP"


def is_synthetic() -> bool:
    """Whether the granules were invented: the replay's are, unless it serves recorded ones."""
    return against() == "the replay"


def facts(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Facts of a run as pairs of a key and what is said."""
    when = datetime.fromtimestamp(run["mtime"], UTC)
    data = "synthetic data" if is_synthetic() else "measured data"
    return [
        ("date", f"Run on {spoken_date(when)}"),
        ("against", f"against {against()}"),
        ("time", f"in {spoken_time(run['runtime'])}"),
        ("data", data),
    ]


def _below_title(app: Sphinx, document: nodes.document) -> None:
    page = app.env.docname
    run = app.env.nb_metadata.get(page, {}).get("exec_data")
    if not (page.startswith("notebooks/") and run):
        return
    said = dict(facts(run))
    versions = ", ".join(f"{name} {version(name)}" for name in NAMED)
    html = (
        f'<p class="run-facts">{said["date"]} <a href="../book/status.html">{said["against"]}</a> '
        f"{said['time']} · <strong>{said['data']}</strong> · <span>{versions}</span></p>"
    )
    title = next(iter(document.findall(nodes.title)))
    section = title.parent
    section.insert(section.index(title) + 1, nodes.raw("", html, format="html"))


class RunStatus(SphinxDirective):
    """``run-status``: a table of all lessons, filled when all of them ran."""

    def run(self) -> list[nodes.Node]:
        """Leave a place for the table."""
        return [_Status()]


class _Status(nodes.General, nodes.Element):
    """Place of the table of all runs."""


def _fill(app: Sphinx, document: nodes.document, page: str) -> None:
    for place in document.findall(_Status):
        rows = []
        for each in app.env.toctree_includes[app.config.root_doc]:  # in the order of the contents
            run = app.env.nb_metadata.get(each, {}).get("exec_data")
            if each.startswith("notebooks/") and run:
                said = dict(facts(run))
                address = app.builder.get_relative_uri(page, each)
                ran = "ran to its end" if run["succeeded"] else "stopped"
                link = f'<a href="{address}">{app.env.titles[each].astext()}</a>'
                when = said["date"].removeprefix("Run on ")
                cells = [ran, when, said["against"].removeprefix("against ")]
                cells += [said["time"].removeprefix("in "), said["data"]]
                cells_html = "".join(f"<td>{cell}</td>" for cell in cells)
                rows.append(f'<tr><th scope="row">{link}</th>{cells_html}</tr>')
        heads = ["Lesson", "Outcome", "On", "Against", "Took", "Data"]
        head = "".join(f'<th scope="col">{each}</th>' for each in heads)
        versions = "".join(f"<li>{name} {version(name)}</li>" for name in NAMED)
        html = (
            f'<div class="pst-scrollable-table-container"><table class="table run-status">'
            f"<caption>All lessons of this site, as they last ran</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
            f"<p>{compared(Path(app.srcdir))}</p><p>Versions of what they use most:</p>"
            f"<ul>{versions}</ul><p>{locked(Path(app.srcdir))}</p>"
        )
        place.replace_self(nodes.raw("", html, format="html"))


def compared(root: Path) -> str:
    """Sentence on the last comparison with the live service, from what the weekly job left."""
    if not (root / COMPARED).exists():
        return "This build knows of no comparison of its recordings with the live service."
    result = json.loads((root / COMPARED).read_text(encoding="utf-8"))
    day = spoken_date(datetime.fromisoformat(result["date"]))
    outcome = {0: "They agreed.", 1: "They differed; an issue lists where."}
    return f"Last compared with the live service on {day}. {outcome[result['status']]}"


def locked(root: Path) -> str:
    """Sentence that names the locked packages of a build by their digest."""
    digest = hashlib.sha256((root / "requirements.lock").read_bytes()).hexdigest()
    return (
        "All packages with their versions are in <code>requirements.lock</code>; "
        f"its SHA-256 begins with <code>{digest[:12]}</code>."
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_node(_Status)
    app.add_directive("run-status", RunStatus)
    app.connect("doctree-read", _below_title)
    app.connect("doctree-resolved", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
