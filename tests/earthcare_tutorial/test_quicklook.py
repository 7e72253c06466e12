"""Quicklooks: drawn with a title, from the thumbnail where need be."""

import matplotlib.pyplot as plt
import pytest

from earthcare_tutorial import quicklook_url, show_quicklook


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_quicklook_is_drawn_without_token(maap, item, jpeg):
    granule = item()
    maap.files[f"/p/{granule.id}.BID_1.jpeg"] = ("image/jpeg", jpeg)
    ax = show_quicklook(granule)
    assert ax.get_title() == "MSI_COP_2A 07820E, baseline BA\n2025-10-13 13:14:44 UTC"
    assert ax.images[0].get_array().shape[:2] == (20, 10)
    assert maap.log[-1][2] is None


def test_quicklook_on_given_axes(maap, item, jpeg):
    granule = item()
    maap.files[f"/p/{granule.id}.BID_1.jpeg"] = ("image/jpeg", jpeg)
    ax = plt.figure().subplots()
    assert show_quicklook(granule, ax=ax) is ax


def test_thumbnail_in_place_of_a_lost_quicklook(maap, item, jpeg, capsys):
    assets = {
        "quicklook_jpeg": {"href": f"{maap.url}/p/lost.jpeg", "roles": ["overview"]},
        "thumbnail": {"href": f"{maap.url}/p/small.jpeg", "roles": ["thumbnail"]},
    }
    maap.files["/p/small.jpeg"] = ("image/jpeg", jpeg)
    ax = show_quicklook(item(assets=assets))
    assert "(thumbnail)" in ax.get_title()
    assert "this is its thumbnail" in capsys.readouterr().out


def test_no_picture(maap, item):
    with pytest.raises(LookupError, match="neither a quicklook nor a thumbnail"):
        quicklook_url(item(assets={}))
    with pytest.raises(LookupError, match="leads to no picture"):
        show_quicklook(item())


def test_no_network(item, nowhere):
    assets = {"thumbnail": {"href": f"{nowhere}/a.jpeg", "roles": ["thumbnail"]}}
    with pytest.raises(ConnectionError, match=r"No answer from 127\.0\.0\.1"):
        show_quicklook(item(assets=assets))
