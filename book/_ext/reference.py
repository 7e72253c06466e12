"""Directives that write reference pages from data, so that no fact stands in two places.

``product-table`` lists rows of `earthcare_products.products.PRODUCTS`.
``lesson-table`` lists the lessons, with what they say of themselves.
``troubles`` lists a section of `troubleshooting.yaml`, whose sentences a test sees printed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from earthcare_products.display import pretty_unit
from earthcare_products.products import PRODUCTS, Product

BOOK = Path(__file__).parent.parent
LESSONS = sorted((BOOK.parent / "notebooks").glob("*.md"))


def selected(levels: str, instrument: str = "") -> list[str]:
    """Codes of the products of some levels, such as "1B 1C 1D", and of an instrument, if given."""
    return [
        code
        for code, product in PRODUCTS.items()
        if product.level in levels.split() and instrument in ("", product.instrument)
    ]


def listed_lessons() -> list[Path]:
    """Lessons in the order of the table of contents."""
    contents = yaml.safe_load((BOOK.parent / "_toc.yml").read_text(encoding="utf-8"))
    files = [each["file"] for part in contents["parts"] for each in part["chapters"]]
    return [BOOK.parent / name for name in files if name.startswith("notebooks/")]


def lesson_row(lesson: Path) -> list[str]:
    """Cells of the table of lessons in Markdown, from what the lesson says of itself.

    Title and first sentence; minutes to read and to run; what it needs an account for. What follows
    a semicolon stays on the lesson's page.
    """
    text = lesson.read_text(encoding="utf-8")
    promise = re.search(r"^# [^\n]*\n\n(.*?\.)\s", text, re.M | re.S)
    minutes = re.search(r"^\| time \| (.* to read, .* to run)(?:;.*)? \|$", text, re.M)
    account = re.search(r"^\| an account \| (.*?)(?:;.*)? \|$", text, re.M)
    if not (promise and minutes and account):
        raise ValueError(f"{lesson.name} lacks a first sentence, its minutes or the account.")
    about = " ".join(promise[1].split())
    return [f"[](../notebooks/{lesson.name})<br>{about}", minutes[1], account[1]]


def lessons_with(code: str) -> list[Path]:
    """Lessons that use a product in a cell."""
    cells = re.compile(r"^```\{code-cell\}.*?^```$", re.S | re.M)
    return [path for path in LESSONS if code in "".join(cells.findall(path.read_text()))]


def _variables(product: Product) -> str:
    """Write the main variables with their units in Markdown."""
    return ", ".join(
        f"`{name}` ({pretty_unit(unit)})" if unit else f"`{name}`"
        for name, unit in product.variables.items()
    )


def product_rows(codes: list[str]) -> list[list[str]]:
    """Cells of the table in Markdown: names, what kind, what it holds with its lessons."""
    rows = []
    for code in codes:
        product = PRODUCTS[code]
        kind = [", ".join(product.instruments), product.agency, product.form]
        if product.level != "-":
            kind.insert(1, f"level {product.level}")
        holds = [f"{product.holds[0].upper()}{product.holds[1:]}."]
        if product.variables:
            holds.append(f"{_variables(product)}.")
        read = [f"[paper](https://doi.org/{product.paper})"]
        if product.handbook:
            read.insert(0, f"[handbook]({product.handbook})")
        holds.append(f"Read: {', '.join(read)}.")
        if lessons := lessons_with(code):
            links = "; ".join(f"[](../notebooks/{path.name})" for path in lessons)
            holds.append(f"Lessons: {links}.")
        name = f"`{code}`<br>{product.short_name}" if product.short_name else f"`{code}`"
        rows.append([name, ", ".join(kind), "<br>".join(holds)])
    return rows


class _FromData(SphinxDirective):
    """Parse Markdown that is made from a data file of the book."""

    has_content = False

    def read(self, name: str) -> Any:
        self.env.note_dependency(str(BOOK / name))
        return yaml.safe_load((BOOK / name).read_text(encoding="utf-8"))

    def parsed(self, lines: list[str]) -> list[nodes.Node]:
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, self.env.docname), 0, holder)
        return list(holder.children)

    def table(self, rows: list[list[str]], name: str) -> list[nodes.Node]:
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return self.parsed([f":::{{div}} stacked {name}", "", *lines, "", ":::"])


class ProductTable(_FromData):
    """``product-table``, with the options ``levels`` and ``instrument``."""

    option_spec: ClassVar = {"levels": directives.unchanged_required, "instrument": str}

    def run(self) -> list[nodes.Node]:
        """Write the table."""
        for lesson in LESSONS:
            self.env.note_dependency(str(lesson))
        codes = selected(self.options["levels"], self.options.get("instrument", ""))
        table = [["Product", "Kind", "Holds"], ["---"] * 3]
        table += product_rows(codes)
        return self.table(table, "product-table")


class LessonTable(_FromData):
    """``lesson-table``: what each lesson says of itself."""

    def run(self) -> list[nodes.Node]:
        """Write the table."""
        table = [["Lesson", "Time", "Account"], ["---"] * 3]
        for lesson in listed_lessons():
            self.env.note_dependency(str(lesson))
            table.append(lesson_row(lesson))
        return self.table(table, "lesson-table")


class Troubles(_FromData):
    """``troubles SECTION``: what is printed, why, and what to do."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the list."""
        lines: list[str] = []
        for trouble in self.read("troubleshooting.yaml")[self.arguments[0]]:
            says = re.sub(r"\.\.\.", "…", trouble["says"])
            lines += [
                f"`{says}`",
                f": **Why?** {trouble['why']}",
                "",
                f"  **Cure:** {trouble['cure']}",
                "",
            ]
        return self.parsed(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directives."""
    app.add_directive("product-table", ProductTable)
    app.add_directive("lesson-table", LessonTable)
    app.add_directive("troubles", Troubles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
