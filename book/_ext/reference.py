"""Directives that write reference pages from data, so that no fact stands in two places.

``product-table`` lists rows of `earthcare_tutorial.PRODUCTS`, with what `products.yaml` adds.
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

from earthcare_tutorial import PRODUCTS

BOOK = Path(__file__).parent.parent
LESSONS = sorted((BOOK.parent / "notebooks").glob("*.md"))
#: Instruments by the first letters of a product's code.
SYNERGIES = {
    "AM_": "ATLID, MSI",
    "AC_": "ATLID, CPR",
    "BM_": "BBR, MSI",
    "BMA": "BBR, MSI, ATLID",
    "ACM": "ATLID, CPR, MSI",
    "ALL": "ATLID, CPR, MSI, BBR",
}
#: Digits as powers.
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def selected(levels: str, instrument: str = "") -> list[str]:
    """Codes of the products of some levels, such as "1B 1C 1D", and of an instrument, if given."""
    return [
        code
        for code, product in PRODUCTS.items()
        if product.level in levels.split() and instrument in ("", product.instrument)
    ]


def lessons_with(code: str) -> list[Path]:
    """Lessons that use a product in a cell."""
    cells = re.compile(r"^```\{code-cell\}.*?^```$", re.S | re.M)
    return [path for path in LESSONS if code in "".join(cells.findall(path.read_text()))]


def _with_units(variables: str) -> str:
    """Turn "height [m], mask" into Markdown, powers raised."""
    listed = re.findall(r"(\w+)(?: \[(.*?)\])?", variables)
    return ", ".join(f"`{name}` ({_unit(unit)})" if unit else f"`{name}`" for name, unit in listed)


def _unit(text: str) -> str:
    if text == "1":
        return "no unit"
    return re.sub(r"-?\d", lambda power: power[0].translate(RAISED), text.replace("um", "µm"))


def product_rows(codes: list[str], about: dict[str, dict[str, str]]) -> list[list[str]]:
    """Cells of the table in Markdown: product, source, geometry, contents, lessons."""
    rows = []
    for code in codes:
        product, told = PRODUCTS[code], about[code]
        instruments = SYNERGIES.get(code[:3], product.instrument)
        level = f"Level {product.level}, " if product.level != "-" else ""
        holds = told["holds"][0].upper() + told["holds"][1:]
        variables = _with_units(told.get("variables", ""))
        lessons = [f"[](../notebooks/{path.name})" for path in lessons_with(code)]
        rows.append(
            [
                f"`{code}` {product.alias}",
                f"{instruments}; {level}{product.agency}",
                told["geometry"],
                f"{holds}. {variables}",
                ", ".join(lessons),
            ]
        )
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
        return holder.children


class ProductTable(_FromData):
    """``product-table``, with the options ``levels`` and ``instrument``."""

    option_spec: ClassVar = {"levels": directives.unchanged_required, "instrument": str}

    def run(self) -> list[nodes.Node]:
        """Write the table."""
        for lesson in LESSONS:
            self.env.note_dependency(str(lesson))
        codes = selected(self.options["levels"], self.options.get("instrument", ""))
        table = [["Product", "From", "Geometry", "Holds", "Lesson"]]
        table += [["---"] * 5, *product_rows(codes, self.read("products.yaml"))]
        lines = [f"| {' | '.join(row)} |" for row in table]
        return self.parsed([":::{div} product-table", "", *lines, "", ":::"])


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
    app.add_directive("troubles", Troubles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
