"""Each product that has a picture gets one, drawn from its own contents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from earthcare_products.products import catalogue_entry
from earthcare_synthetic import NOTES, picture_name
from earthcare_synthetic.granules import write_quicklook
from earthcare_synthetic.pictures.panels import PANELS, table_of
from earthcare_synthetic.products.table import FILE_TYPES, read_table

PICTURED = sorted(kind for kind in FILE_TYPES if catalogue_entry(kind).picture is not None)


@pytest.mark.parametrize("kind", [kind for kind in PICTURED if kind != "MSI_COP_2A"])
def test_panels_show_variables_that_the_product_has(kind: str) -> None:
    variables = {variable.name: variable for variable in read_table(table_of(kind))}
    for panel in PANELS[kind]:
        variable = variables[panel.variable]
        assert (variable.kind == "i1") == (panel.classes is not None)
        wanted = {"curtain": 2, "swath": 2 + (panel.band is not None)}
        assert len(variable.dimensions) == wanted.get(panel.form, len(variable.dimensions))
        assert panel.classes or panel.limits or panel.look.limits, "no limits for its unit"


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
