"""Reference pages agree with the code and with each other, and nothing is missing on them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from book._ext.reference import lessons_with, product_rows, selected
from earthcare_products.products import PRODUCTS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*(ROOT / "notebooks").glob("*.md"), *(ROOT / "book").glob("*.md")])
BIBLIOGRAPHY = (ROOT / "book" / "references.bib").read_text()
DOI = re.compile(r"10\.\d{4,6}/[^\s{}]+")


def test_the_page_of_products_lists_each_once() -> None:
    page = (ROOT / "book" / "products.md").read_text()
    tables = re.findall(
        r'```\{product-table\}\n:levels: "?(.*?)"?\n(?::instrument: (\w+)\n)?```', page
    )
    listed = [code for levels, instrument in tables for code in selected(levels, instrument)]
    assert sorted(listed) == sorted(PRODUCTS)


def test_forms_are_explained_on_the_page() -> None:
    explained = re.findall(r"^(\w+)\n: ", (ROOT / "book" / "products.md").read_text(), re.M)
    assert set(explained) == {product.form for product in PRODUCTS.values()}


def test_a_row_of_the_table_links_the_lesson_that_uses_the_product() -> None:
    (row,) = product_rows(["MSI_COP_2A"])
    assert "plot_a_swath" in {path.stem for path in lessons_with("MSI_COP_2A")}
    assert "[](../notebooks/plot_a_swath.md)" in row[2]
    assert "`cloud_water_path` (kg m⁻²)" in row[2]


def test_each_entry_of_the_bibliography_has_a_doi() -> None:
    entries = re.findall(r"^@\w+\{(\w+),(.*?)^\}", BIBLIOGRAPHY, re.S | re.M)
    assert len(entries) == BIBLIOGRAPHY.count("\n@") + 1
    for key, entry in entries:
        found = re.findall(r"^  doi\s*= \{(.*)\},$", entry, re.M)
        assert len(found) == 1, key
        assert DOI.fullmatch(found[0]), key


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_each_doi_of_a_page_is_well_formed_and_in_the_bibliography(page: Path) -> None:
    known = set(re.findall(r"doi\s*= \{(.*)\}", BIBLIOGRAPHY))
    for address in re.findall(r"\(https://doi\.org/((?:[^()\s]|\([^()]*\))+)\)", page.read_text()):
        doi = address.replace("%3C", "<").replace("%3E", ">")
        assert DOI.fullmatch(doi), doi
        is_data = doi.startswith("10.57780/")  # ESA's data: cited by product, not in the list
        assert is_data or doi in known, f"{doi} is not in book/references.bib"
