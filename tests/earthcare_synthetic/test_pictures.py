"""Each product that has a picture gets one, drawn from its own contents."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from earthcare_products.products import catalogue_entry
from earthcare_synthetic import NOTES, picture_name
from earthcare_synthetic.granules import write_quicklook
from earthcare_synthetic.pictures.panels import PANELS, PLACES, Place
from earthcare_synthetic.products.table import FILE_TYPES, TABLES, read_table

#: Unit in a file and unit shown -> factor; all others are shown as they are.
FACTORS = {
    ("kg m-3", "g m-3"): 1e3,
    ("mg m-3", "g m-3"): 1e-3,
    ("m-1", "km-1"): 1e3,
    ("m-1 sr-1", "Mm-1 sr-1"): 1e6,
    ("m", "km"): 1e-3,
    ("m", "mm"): 1e3,
}
PICTURED = sorted(kind for kind in FILE_TYPES if catalogue_entry(kind).picture is not None)


@pytest.mark.parametrize("kind", sorted(FILE_TYPES))
def test_panels_show_variables_that_the_product_has(kind: str) -> None:
    place = PLACES.get(kind, Place())
    part = place.group.rpartition("/")[2]
    names = {f"{kind}.{part}", kind}
    (table,) = {name for name in names if (TABLES / f"{name}.jsonl").exists()}
    variables = {variable.name: variable for variable in read_table(table)}
    for panel in PANELS[kind]:
        variable = variables[panel.variable]
        assert (variable.kind == "i1") == (panel.classes is not None)
        wanted = {"curtain": 2, "swath": 2 + (panel.index is not None)}
        assert len(variable.dimensions) == wanted.get(panel.shape, len(variable.dimensions))
        shown = re.search(r"\(([^()]*)\)$", panel.label)
        if panel.classes is None:
            assert shown, "a label ends with its unit"
            unit = str(variable.attributes.get("units", "1"))
            assert panel.scale == FACTORS.get((unit, plain(shown[1])), 1.0)


def plain(unit: str) -> str:
    """Write a unit as files do."""
    return unit.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹µ", "-0123456789u"))


@pytest.mark.parametrize(
    ("kind", "number"), [("AC__TC__2B", 0), ("AM__CTH_2B", 1), ("BMA_FLX_2B", 1)]
)
def test_curtains_swaths_and_lines_are_drawn(
    products: dict[str, Path], tmp_path: Path, kind: str, number: int
) -> None:
    path = products[kind]
    write_quicklook(path.stem, tmp_path, path.parent.parent)
    (file,) = tmp_path.iterdir()
    assert file.name == f"{path.stem}.BID_{number}.jpeg"
    assert file.stat().st_size < 250_000
    with Image.open(file) as picture:
        assert picture.info["comment"].decode() == NOTES
        assert 1000 <= picture.width <= 1400
        colours = np.asarray(picture.convert("P", palette=Image.Palette.ADAPTIVE))
    assert len(np.unique(colours)) > 50


def test_some_products_have_no_picture() -> None:
    assert "ATL_TC__2A" not in PICTURED
    name = "ECA_EXBA_ATL_TC__2A_20250316T133058Z_20250912T203641Z_04537E"
    with pytest.raises(KeyError, match="no picture"):
        picture_name(name)
