"""Quicklooks: drawn with a title, from the thumbnail where need be, alone or as a contact sheet."""

import io
import re
import threading

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from earthcare_tutorial import quicklook_url, search, show_gallery, show_quicklook


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture
def pictures(esa_maap, item):
    """Put pictures of so many passes on the server, each of another grey, and return the items."""

    def put(count, size=(10, 20), **told):
        granules = [item(orbit=f"{7820 + n:05d}E") for n in range(count)]
        for n, granule in enumerate(granules):
            target = io.BytesIO()
            Image.new("RGB", size, (10 * n, 10 * n, 10 * n)).save(target, "JPEG", **told)
            esa_maap.put(quicklook_url(granule), target.getvalue())
        return granules

    return put


def words(ax):
    """Return what a panel without a picture says, on one line."""
    return " ".join(ax.texts[0].get_text().split())


def test_quicklook_is_drawn_without_token(esa_maap, item, jpeg):
    granule = item()
    esa_maap.put(quicklook_url(granule), jpeg)
    ax = show_quicklook(granule)
    assert ax.get_title() == "MSI_COP_2A 07820E, baseline BA\n2025-10-13 13:14:44 UTC"
    assert ax.images[0].get_array().shape[:2] == (20, 10)
    assert esa_maap.log[-1].token is None


def test_quicklook_on_given_axes(esa_maap, item, jpeg):
    granule = item()
    esa_maap.put(quicklook_url(granule), jpeg)
    ax = plt.figure().subplots()
    assert show_quicklook(granule, ax=ax) is ax
    with pytest.raises(TypeError, match="needs no token"):
        show_quicklook(granule, "TOKEN")


def test_thumbnail_in_place_of_a_lost_quicklook(esa_maap, item, jpeg, capsys):
    small = esa_maap.put("small.jpeg", jpeg, public=True)
    assets = {
        "quicklook_jpeg": {"href": f"{esa_maap.url}/data/public/lost.jpeg", "roles": ["overview"]},
        "thumbnail": {"href": small, "roles": ["thumbnail"]},
    }
    ax = show_quicklook(item(assets=assets))
    assert "(thumbnail)" in ax.get_title()
    assert "this is its thumbnail" in capsys.readouterr().out


def test_no_picture(esa_maap, item):
    with pytest.raises(LookupError, match="neither a quicklook nor a thumbnail"):
        quicklook_url(item(assets={}))
    esa_maap.fail("503 burst", status=404, path="jpeg", times=None)
    with pytest.raises(LookupError, match="its link answers 404"):
        show_quicklook(item())


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"\xff\xd8\xff\xe0 no more"])
def test_what_is_no_picture_is_not_drawn(esa_maap, item, body):
    granule = item()
    esa_maap.put(quicklook_url(granule), body)
    with pytest.raises(LookupError, match="its link sends no picture"):
        show_quicklook(granule)


@pytest.mark.parametrize("fault", ["login page", "cut", "half", 503, "dropped connection"])
def test_half_a_picture_is_asked_for_again(esa_maap, pictures, fault):
    (granule,) = pictures(1)
    # "half" is whole by its length, but not as a picture
    esa_maap.fail_next("short body" if fault == "half" else fault)
    assert show_quicklook(granule).images
    assert not esa_maap.faults


def test_no_network(esa_maap, item):
    esa_maap.stop()
    with pytest.raises(ConnectionError, match=r"No answer from catalog\.maap\.eo\.esa\.int"):
        show_quicklook(item())


def test_panels_are_numbered_by_position_and_in_order(esa_maap, pictures):
    axes = show_gallery(iter(pictures(7)), columns=3)
    assert axes.shape == (7,)
    assert axes[5].get_title(loc="left") == "5  07825E BA\n2025-10-13 13:14 UTC"
    greys = [ax.images[0].get_array().mean() for ax in axes]
    np.testing.assert_allclose(greys, 10 * np.arange(7), atol=2)
    assert axes[0].figure.get_axes() == list(axes)  # no empty panels
    assert {one.token for one in esa_maap.log} == {None}


def test_several_pictures_are_under_way_at_once(pictures, monkeypatch):
    granules = pictures(7)
    meeting = threading.Barrier(6)
    from earthcare_tutorial import quicklook

    def fetch(url, using):
        if "07826E" not in url:  # the first six wait for each other, so one by one would never end
            meeting.wait(timeout=30)
        return original(url, using)

    original = quicklook.fetch
    monkeypatch.setattr(quicklook, "fetch", fetch)
    assert all(ax.images for ax in show_gallery(granules))


def test_a_missing_picture_never_breaks_the_sheet(esa_maap, item, pictures, capsys):
    first, broken, last = pictures(3)
    esa_maap.fail("503 burst", status=404, path=broken.id, times=None)
    axes = show_gallery([first, broken, item(assets={}), last])
    assert [len(ax.images) for ax in axes] == [1, 0, 0, 1]
    assert words(axes[1]) == "MSI_COP_2A 07821E has a picture listed, but its link answers 404."
    assert words(axes[2]) == "MSI_COP_2A 07820E has neither a quicklook nor a thumbnail."
    assert capsys.readouterr().out.splitlines() == [
        f"Panel 1: {words(axes[1])}",
        f"Panel 2: {words(axes[2])}",
    ]


def test_a_server_that_is_down_is_not_besieged(esa_maap, pictures, capsys):
    granules = pictures(30)
    esa_maap.fail("503 burst", times=None)
    axes = show_gallery(granules)
    assert len(esa_maap.log) < 60  # of 30, each asked for four times
    assert words(axes[29]) == "The picture server answers 503: try later."
    assert capsys.readouterr().out.count("try later") == 1


def test_a_long_list_is_cut_with_a_note(pictures, capsys):
    granules = pictures(1) * 61
    assert len(show_gallery(granules, columns=10)) == 60
    assert "the first 60 of 61" in capsys.readouterr().out


def test_an_empty_list_says_so():
    with pytest.raises(ValueError, match="There are no granules to show: the list is empty"):
        show_gallery([])


def test_a_sheet_without_columns_is_refused(item):
    with pytest.raises(ValueError, match="columns=0, max_items=60: each is 1 or more"):
        show_gallery([item()], columns=0)


@pytest.mark.parametrize("size", [(3000, 300), (300, 3000)])
def test_large_pictures_become_small_and_keep_their_shape(pictures, size):
    (ax,) = show_gallery(pictures(1, size))
    height, width, _ = ax.images[0].get_array().shape
    assert max(height, width) <= 800
    assert width / height == pytest.approx(size[0] / size[1], rel=0.05)
    assert ax.get_aspect() == 1
    assert ax.figure.get_size_inches()[1] < 30


def test_labels_of_tall_pictures_have_room(pictures):
    axes = show_gallery(pictures(3, (30, 600)), columns=3)
    axes[0].figure.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in axes]
    assert boxes[0].x1 < boxes[1].x0
    assert boxes[1].x1 < boxes[2].x0


def test_only_a_picture_that_says_so_is_marked_synthetic(pictures):
    (plain,) = show_gallery(pictures(1))
    (marked,) = show_gallery(pictures(1, comment="SYNTHETIC: for tests"))
    assert [ax.get_title(loc="right").strip() for ax in (plain, marked)] == ["", "synthetic"]


def test_products_are_named_where_they_differ(item, pictures):
    axes = show_gallery([*pictures(1), item(kind="ATL_EBD_2A", assets={})])
    labels = [ax.get_title(loc="left").splitlines()[0] for ax in axes]
    assert labels == ["0  MSI_COP_2A 07820E BA", "1  ATL_EBD_2A 07820E BA"]


@pytest.mark.usefixtures("esa_maap")
def test_the_replay_has_a_picture_that_says_synthetic_and_a_granule_without_one():
    passes = search(
        "MSI_COP_2A", bbox=(0, -20, 10, -10), start_time="2025-03-09", end_time="2025-03-11"
    )
    without, with_picture = [one for one in passes if re.search("04428E|04459E", one.id)]
    axes = show_gallery([without, with_picture])
    assert "neither" in words(axes[0])
    assert axes[1].get_title(loc="right").strip() == "synthetic"
