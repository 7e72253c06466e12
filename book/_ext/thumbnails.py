"""Small pictures that lead to large ones, drawn in this very build.

The table of lessons shows the first figure of each lesson's run. ``product-pictures`` shows each
product as the gallery draws it, with the gallery's alternative text.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from book._ext.light_pictures import cleared
from earthcare_products.products import PRODUCTS

WIDTH = 320
GALLERY = "book/gallery"


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
        small = cleared(opened)
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


class ProductPictures(SphinxDirective):
    """Leave a place for the pictures, which come when the gallery is read."""

    def run(self) -> list[nodes.Node]:
        """Make the place."""
        return [_Pictures()]


class _Pictures(nodes.General, nodes.Element):
    """Place of the pictures of all products."""


def drawn_products(gallery: nodes.document) -> dict[str, tuple[str, nodes.image]]:
    """Code of each product that the gallery draws -> the figure's id, and its picture."""
    codes = {f"fig-gallery-{re.sub('_+', '-', code.lower())}": code for code in PRODUCTS}
    return {
        codes[name]: (name, next(iter(figure.findall(nodes.image))))
        for figure in gallery.findall(nodes.figure)
        for name in figure["ids"]
        if name in codes
    }


def _show_products(app: Sphinx, document: nodes.document, page: str) -> None:
    for place in document.findall(_Pictures):
        items = []
        root = "../" * page.count("/")
        address = app.builder.get_relative_uri(page, GALLERY)
        for code, (name, image) in drawn_products(app.env.get_doctree(GALLERY)).items():
            picture = Path(app.srcdir, image["uri"])
            file, width, height = thumbnail(picture, Path(app.outdir, "_images"), name)
            product = PRODUCTS[code]
            items.append(
                f'<li><a href="{address}#{name}"><img src="{root}_images/{file}" width="{width}" '
                f'height="{height}" loading="lazy" alt="{escape(image["alt"])}">'
                f"{product.short_name or code}<span>{escape(product.holds)}</span></a></li>"
            )
        html = f'<ul class="pictures">{"".join(items)}</ul>'
        place.replace_self(nodes.raw("", html, format="html"))


def setup(app: Any) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_node(_Pictures)
    app.add_directive("product-pictures", ProductPictures)
    app.connect("doctree-resolved", _show)
    app.connect("doctree-resolved", _show_products)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
