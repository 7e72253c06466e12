"""The facts agree with each other, and with the files that are written after them."""

from __future__ import annotations

import json
import re
import sys
from importlib.resources import files
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.colors import is_color_like

from earthcare_products import conventions, msi_grid
from earthcare_products.baselines import baselines
from earthcare_products.census import census, census_origin
from earthcare_products.classes import UNKNOWN_COLOUR, class_table, class_variables
from earthcare_products.display import display, plain_unit
from earthcare_products.granule_ids import orbit_and_frame, parse_granule_id
from earthcare_products.products import PRODUCTS, file_type
from earthcare_synthetic.products.table import FILE_TYPES, TABLES, Variable, read_table

DISPLAYED = json.loads((files("earthcare_products") / "data/display.json").read_text("utf-8"))
DOI = re.compile(r"10\.\d{4,6}/\S+")


def variables_of(code: str) -> dict[str, Variable]:
    """All variables that the replay writes of a product."""
    names = [path.stem for path in TABLES.glob(f"{code}*.jsonl")]
    return {variable.name: variable for name in names for variable in read_table(name)}


@pytest.mark.parametrize("code", PRODUCTS)
def test_a_product_is_described_in_full_and_in_known_words(code: str) -> None:
    product = PRODUCTS[code]
    assert len(code) == 10
    assert product.agency == ("JAXA" if code in JAXA else "ESA")
    assert product.catalogue.facility.startswith("JAXA") == (product.agency == "JAXA")
    assert product.level == (code[-2:] if code[-2] in "12" else "0" if code[-1] == "_" else "-")
    assert (product.form == "none") == (not product.groups)
    assert not product.variables or product.form != "none"
    assert DOI.fullmatch(product.paper)
    assert all(DOI.fullmatch(doi) for doi in product.data_dois.values())
    assert product.collections and all(name.endswith("_MAAP") for name in product.collections)
    assert product.handbook.startswith("https://") or not product.handbook
    assert product.agency == "JAXA" or product.handbook.endswith((code.lower(), ""))
    assert product.source.startswith(("observed: ", "documented: "))


JAXA = {
    *("CPR_NOM_1B", "ATL_CLA_2A", "MSI_CLP_2A", "CPR_ECO_2A", "CPR_CLP_2A", "AC__CLP_2B"),
    *("ACM_CLP_2B", "ALL_RAD_2B"),
}


@pytest.mark.parametrize("code", sorted(FILE_TYPES))
def test_the_files_that_are_written_have_what_the_facts_say(code: str) -> None:
    variables, product = variables_of(code), PRODUCTS[code]
    for name, unit in product.variables.items():
        stored = str(variables[name].attributes.get("units", ""))
        assert unit == plain_unit(stored) or (not unit and plain_unit(stored) == "1"), name
        if product.dimensions and "band" not in variables[name].dimensions:
            wide = variables[name].dimensions[: len(product.dimensions)]
            assert wide in (product.dimensions, product.dimensions[:1]), name
    for name in class_variables().get(code, {}):
        assert variables[name].kind == "i1", name
    for name, row in DISPLAYED["variables"].get(code, {}).items():
        if name not in variables:
            continue
        shown = display(name, code, str(variables[name].attributes.get("units", "")))
        assert shown.unit == row["unit"], f"{name}: no factor from its unit"


@pytest.mark.parametrize("code", sorted(set(class_variables()) & set(FILE_TYPES)))
def test_class_tables_have_the_codes_of_the_files(code: str) -> None:
    """Codes that the file's own legend lists; 'not available' ones are none."""
    variables = variables_of(code)
    for name in class_variables()[code]:
        table = class_table(code, name)
        assert table is not None
        legend = str(variables[name].attributes.get("definition", "")).replace("\\n", "\n")
        listed = re.findall(r"(?:^|[,\n])\s*(-?\d+)\s*[:=]\s*([^\n,]+)", legend)
        wanted = {int(key) for key, text in listed if "not available" not in text}
        assert wanted <= set(table) | {102, 104, 105, 106, 107}, name
        if colours := str(variables[name].attributes.get("plot_colors", "")).split():
            assert [table[key].colour for key in sorted(table)][: len(colours)] == [
                colour.lower() for colour in colours
            ]


def test_class_tables_can_be_drawn() -> None:
    for code, names in class_variables().items():
        assert code in PRODUCTS
        for name in names:
            table = class_table(code, name)
            assert table
            assert all(is_color_like(told.colour) for told in table.values())
            assert UNKNOWN_COLOUR not in {told.colour for told in table.values()}
            assert all(len(told.name) < 62 for told in table.values())


def test_displays_can_be_drawn() -> None:
    for names in DISPLAYED["variables"].values():
        for name, row in names.items():
            assert row["colours"] in mpl.colormaps, name
            assert row["low"] < row["high"]
            assert row["scale"] == "linear" or row["low"] > 0
            symmetric = row["colours"] == "RdBu_r"
            assert symmetric == (row["low"] == -row["high"]), "a map with a middle has zero there"


def test_a_unit_that_cannot_be_turned_is_shown_as_it_is_without_limits() -> None:
    shown = display("cloud_top_height", unit="furlong")
    assert (shown.unit, shown.factor, shown.limits) == ("furlong", 1.0, None)
    assert display("reflectivity_corrected", "CPR_FMR_2A", "dBZ").averaged == "linear"
    assert display("cloud_base_height", unit="m").factor == 1e-3


def test_baselines_are_those_of_the_census() -> None:
    assert "6 February 2026" in census_origin()
    counted = {code for types in census().values() for code in types}
    assert {code for code in PRODUCTS if baselines(code)} == counted & set(PRODUCTS)
    (old, new) = baselines("MSI_CLP_2A")
    assert (old.baseline, f"{old.start_time:%Y-%m-%d}") == ("BA", "2024-08-01")
    assert new.granules == 8750 and new.is_open


@pytest.mark.parametrize("code", PRODUCTS)
def test_each_name_of_a_product_leads_to_it(code: str) -> None:
    short = PRODUCTS[code].short_name
    for name in [code, code.lower(), *([short, short.replace("-", "")] if short else [])]:
        assert file_type(name) == code


def test_names_are_read_and_wrong_ones_refused() -> None:
    assert file_type("MSI_COP") == "MSI_COP_2A"
    assert file_type("ATL_NOM") == "ATL_NOM_1B"  # not Level 0
    assert orbit_and_frame(" 4537e ") == (4537, "E")
    text = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E"
    assert parse_granule_id(text).text == text
    for wrong in (text + ".h5", text[:-1], text.replace("0316T", "0350T"), "ECA_box", "../" + text):
        with pytest.raises(ValueError, match=re.escape(wrong[:20])):
            parse_granule_id(wrong)
    with pytest.raises(ValueError, match="nearest is MSI_COP_2A"):
        file_type("MSI_COPS_2A")


def test_numbers_that_follow_from_each_other() -> None:
    assert conventions.LEAP_SECONDS == 5
    assert abs(msi_grid.SWATH_KM - 162) < 0.5
    seen = msi_grid.LAST_COLUMN - msi_grid.FIRST_COLUMN + 1
    assert seen == 357 and msi_grid.COLUMNS - seen == 27
    limits = list(conventions.FRAME_LIMITS.values())
    assert all(a[1] == b[0] for a, b in zip(limits, [*limits[1:], limits[0]], strict=True))


def test_the_facts_need_nothing_but_the_standard_library() -> None:
    folder = Path(conventions.__file__).parent
    for path in folder.glob("*.py"):
        for module in re.findall(r"^(?:from|import) (\w+)", path.read_text(), re.M):
            known = module == "earthcare_products" or module in sys.stdlib_module_names
            assert known, f"{path.name} imports {module}"
