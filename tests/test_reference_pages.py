"""Reference pages agree with the code and with each other, and nothing is missing on them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from book._ext.reference import lessons_with, product_rows, selected
from earthcare_synthetic.products.table import TABLES, read_table
from earthcare_tutorial import PRODUCTS

ROOT = Path(__file__).parent.parent
PAGES = sorted([*(ROOT / "notebooks").glob("*.md"), *(ROOT / "book").glob("*.md")])
ABOUT = yaml.safe_load((ROOT / "book" / "products.yaml").read_text())
BIBLIOGRAPHY = (ROOT / "book" / "references.bib").read_text()
#: Units that files spell in ways of their own, as the table writes them.
SPELLED = {"g/m^3": "g m-3", "Wm-2 sr-1 or K": "W m-2 sr-1 um-1 or K"}
DOI = re.compile(r"10\.\d{4,6}/[^\s{}]+")


def test_the_page_of_products_lists_each_once() -> None:
    page = (ROOT / "book" / "products.md").read_text()
    tables = re.findall(
        r'```\{product-table\}\n:levels: "?(.*?)"?\n(?::instrument: (\w+)\n)?```', page
    )
    listed = [code for levels, instrument in tables for code in selected(levels, instrument)]
    assert sorted(listed) == sorted(PRODUCTS)
    assert set(ABOUT) == set(PRODUCTS)


def test_what_products_hold_is_told_in_known_words() -> None:
    explained = re.findall(r"^(\w+)\n: ", (ROOT / "book" / "products.md").read_text(), re.M)
    for code, told in ABOUT.items():
        assert told["geometry"] in explained, code
        assert re.fullmatch(r"(\w+( \[[^\]]+\])?(, |$))*", told.get("variables", "")), code


def test_a_row_of_the_table_links_the_lesson_that_uses_the_product() -> None:
    (row,) = product_rows(["MSI_COP_2A"], ABOUT)
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


@pytest.mark.parametrize("code", sorted({path.stem.split(".")[0] for path in TABLES.iterdir()}))
def test_variables_and_units_are_those_of_the_files(code: str) -> None:
    """As far as the replay knows the files, by the tables that it writes them from."""
    units = {
        variable.name: variable.attributes.get("units", "")
        for path in TABLES.glob(f"{code}*.jsonl")
        for variable in read_table(path.stem)
    }
    for name, unit in re.findall(r"(\w+)(?: \[(.*?)\])?", ABOUT[code]["variables"]):
        assert name in units, name
        stored = SPELLED.get(units[name], units[name])
        assert unit == stored or (not unit and stored in {"", "-", "1"}), name
