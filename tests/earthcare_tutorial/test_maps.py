"""Maps of footprints: where they lie, across 180 degrees and round a pole, by day and by night."""

import matplotlib.pyplot as plt
import numpy as np
import pystac
import pytest
import xarray as xr

from earthcare_tutorial import plot_map

WEST, EAST = -178.0, 178.0  # of a swath across the antimeridian


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()
    plt.close("all")


def footprint(frame, corners, *, start="2025-03-16T12:00:00Z", kind="Polygon"):
    return pystac.Item(
        id=f"ECA_EXBA_MSI_COP_2A_20250316T120000Z_20250912T203345Z_04537{frame}",
        geometry={"type": kind, "coordinates": [corners] if kind == "Polygon" else corners},
        bbox=None,
        datetime=None,
        properties={"start_datetime": start, "end_datetime": start},
    )


def box(west, south, east, north):
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def drawn(ax, frame):
    return [line for line in ax.lines if line.get_gid() == f"04537{frame}"]


def test_a_footprint_across_the_antimeridian_is_drawn_at_both_edges():
    ax = plot_map(footprint("B", box(EAST, 30, WEST, 40)))
    lines = drawn(ax, "B")
    assert sorted(round(line.get_xdata().mean()) for line in lines) == [-180, 180]
    assert all(np.ptp(line.get_xdata()) < 5 for line in lines)
    assert len(ax.patches) == 2
    around = plot_map(footprint("B", box(EAST, 30, WEST, 40)), bbox=(160, 20, -160, 50))
    (line,) = drawn(around, "B")
    assert around.get_xlim() == (160, 200)
    assert 160 < line.get_xdata().min() < line.get_xdata().max() < 200
    assert around.xaxis.get_major_formatter()(190) == "170°W"


def test_edges_follow_great_circles_near_a_pole():
    item = footprint("C", [[0, 80], [90, 80]], kind="LineString")
    (line,) = drawn(plot_map(item), "C")
    assert line.get_ydata().max() == pytest.approx(82.9, abs=0.1)
    assert not plot_map(item).patches, "a track has no area"
    (line,) = drawn(plot_map(item, pole="north"), "C")
    angle, away = line.get_data()
    ends = [angle[0], away[0], angle[-1], away[-1]]
    assert ends == pytest.approx([0, 10, np.pi / 2, 10], abs=1e-6)
    assert away.min() == pytest.approx(90 - 82.9, abs=0.1)
    (line,) = drawn(plot_map(item, pole="south"), "C")
    assert np.isnan(line.get_ydata()).all(), "not on this side of the Earth"


def test_an_area_that_holds_the_pole_reaches_the_edge_of_the_map():
    corners = [[longitude, -80] for longitude in (0, 90, 180, -90, 0)]
    ax = plot_map(footprint("G", corners))
    assert min(line.get_ydata().min() for line in drawn(ax, "G")) == -90


@pytest.mark.parametrize(
    ("start", "south", "side"),
    [
        ("2025-03-20T12:00:00Z", -5, "day"),
        ("2025-03-20T00:00:00Z", -5, "night"),
        ("2025-03-20T06:00:00Z", -5, "day and night"),
        ("2025-12-21T12:00:00Z", 70, "night"),  # polar night at noon
        ("2025-06-21T00:00:00Z", 70, "day"),  # midnight sun
    ],
)
def test_day_is_where_the_sun_is_up(start, south, side):
    item = footprint("E", box(-5, south, 5, south + 10), start=start)
    ax = plot_map(item)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [side]


def test_names_own_axes_and_colours():
    items = [footprint(frame, box(10 * n, 0, 10 * n + 3, 40)) for n, frame in enumerate("DEF")]
    own = plt.figure().subplots()
    ax = plot_map(items, ax=own, color="black", labels=True)
    assert ax is own
    assert ax.get_legend() is None, "with one colour there is nothing to explain"
    assert {text.get_text() for text in ax.texts} == {"04537D", "04537E", "04537F"}
    assert not plot_map(items, labels=False).texts


def test_nothing_to_draw_is_explained():
    with pytest.raises(ValueError, match="no granules to draw"):
        plot_map([])
    with pytest.raises(ValueError, match="No footprint"):
        plot_map(footprint("E", [[0, 0]], kind="Point"))
    with pytest.raises(TypeError, match=r"A granule is needed, an item of search.*not a Dataset"):
        plot_map(xr.Dataset())


def test_what_cannot_be_drawn_on_is_explained():
    item = footprint("E", box(0, 0, 3, 40))
    with pytest.raises(ValueError, match="of the projection mollweide"):
        plot_map(item, ax=plt.figure().add_subplot(projection="mollweide"))
    with pytest.raises(TypeError, match=r"not on a str\.") as told:
        plot_map(item, "SECRET")
    assert "SECRET" not in str(told.value)
    with pytest.raises(ValueError, match="pole='up' is neither"):
        plot_map(item, pole="up")


def test_every_part_of_a_footprint_in_parts_is_drawn():
    parts = [[box(170, 0, 180, 10), []], [], [box(-180, 0, -170, 10)]]
    ax = plot_map(footprint("E", parts, kind="MultiPolygon"), bbox=(160, -10, -160, 20))
    spans = sorted((line.get_xdata().min(), line.get_xdata().max()) for line in ax.lines)
    assert [tuple(map(round, span)) for span in spans] == [(170, 180), (180, 190)]


def test_a_granule_without_a_footprint_costs_no_other():
    empty = footprint("D", [], kind="Polygon")
    with pytest.warns(UserWarning, match=r"so not drawn: ECA_.*D\.$"):
        ax = plot_map([empty, footprint("E", box(0, 0, 3, 40))])
    assert len({line.get_gid() for line in ax.lines}) == 1


def test_the_id_of_a_granule_is_not_a_list_of_granules():
    with pytest.raises(ValueError, match="is text, not a granule"):
        plot_map("ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E")
