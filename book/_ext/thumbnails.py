"""A small picture of each lesson in the table of lessons: the first figure of its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx

WIDTH = 320


def _first_figure(app: Sphinx, lesson: str) -> tuple[Path, str] | None:
    """File and alternative text of the first picture of a lesson."""
    for image in app.env.get_doctree(lesson).findall(nodes.image):
        uri = image.get("uri", "")
        if "://" not in uri:
            return Path(app.srcdir, uri), image.get("alt", "")
    return None


def thumbnail(picture: Path, folder: Path, name: str) -> tuple[str, int, int]:
    """Write a small copy of a picture; tell its name, width and height. An SVG is small itself."""
    folder.mkdir(parents=True, exist_ok=True)
    if picture.suffix == ".svg":
        (folder / f"{name}.svg").write_bytes(picture.read_bytes())
        return f"{name}.svg", WIDTH, WIDTH // 2
    with Image.open(picture) as opened:
        small = opened.convert("RGB")
    small.thumbnail((WIDTH, WIDTH))
    small.save(folder / f"{name}.webp", quality=80)
    return f"{name}.webp", *small.size


def _show(app: Sphinx, document: nodes.document, page: str) -> None:
    for table in document.findall(nodes.container):
        if "lesson-table" not in table.get("classes", []):
            continue
        for row in table.findall(nodes.row):
            link = next(iter(row.findall(nodes.reference)), None)
            lesson = link and link.get("refuri", "").split("#")[0].removeprefix("../")
            lesson = lesson.removesuffix(".html") if lesson else ""
            figure = _first_figure(app, lesson) if lesson in app.env.found_docs else None
            if link is None or figure is None:
                continue
            folder = Path(app.outdir, "_images")
            name = f"lesson-{Path(lesson).name}"
            file, width, height = thumbnail(figure[0], folder, name)
            root = "../" * page.count("/")
            title = app.env.titles[lesson].astext()
            html = (
                f'<a href="{link["refuri"]}" class="lesson-picture" tabindex="-1" '
                f'aria-hidden="true"><img src="{root}_images/{file}" width="{width}" '
                f'height="{height}" loading="lazy" alt="First figure of the lesson {title}"></a>'
            )
            next(iter(row.findall(nodes.entry))).insert(0, nodes.raw("", html, format="html"))


def setup(app: Any) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("doctree-resolved", _show)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
