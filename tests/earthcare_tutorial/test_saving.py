"""A saved figure says, when it is read back, which data it shows."""

import matplotlib.pyplot as plt
import pystac
import pytest
from PIL import Image

from earthcare_tutorial import data_doi, save_figure

ID = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E"


@pytest.fixture
def figure():
    made = plt.figure(figsize=(1, 1))
    yield made
    plt.close(made)


@pytest.fixture
def granule_item():
    return pystac.Item.from_dict(
        {
            "type": "Feature",
            "stac_version": "1.1.0",
            "id": ID,
            "geometry": None,
            "properties": {"datetime": "2025-03-16T13:30:58Z", "sci:doi": "10.57780/eca-94b4e53"},
            "links": [],
            "assets": {},
        }
    )


def test_names_and_doi_are_in_the_file(figure, granule_item, tmp_path):
    save_figure(figure, tmp_path / "a.png", granule_item, dpi=50)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.info["Source"] == ID
        assert "baseline BA, https://doi.org/10.57780/eca-94b4e53" in picture.info["Description"]
    for name in ("a.pdf", "a.svg"):  # a warning about an unknown word would fail the test
        save_figure(figure, tmp_path / name, [granule_item], "Tops")
        assert ID.encode() in (tmp_path / name).read_bytes()


def test_doi_comes_from_the_property_or_the_link(granule_item):
    assert data_doi(granule_item) == "https://doi.org/10.57780/eca-94b4e53"
    del granule_item.properties["sci:doi"]
    assert data_doi(granule_item) == ""
    granule_item.add_link(pystac.Link("cite-as", "https://doi.org/10.57780/eca-other"))
    assert data_doi(granule_item) == "https://doi.org/10.57780/eca-other"


def test_what_cannot_say_it_is_refused(figure, granule_item, tmp_path):
    with pytest.raises(
        ValueError, match=r"\.jpg' is no name of a figure: choose \.png, \.pdf or \.svg"
    ):
        save_figure(figure, tmp_path / "a.jpg", granule_item)
    with pytest.raises(ValueError, match="empty"):
        save_figure(figure, tmp_path / "a.png", [])
