"""Swaths: units, gaps, bad pixels, places and marks, read back from what was drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, QuadMesh

from earthcare_tutorial import open_granule, plot_swath, prepare_swath

WANTED = ["cloud_water_path", "cloud_top_height", "quality_status", "latitude", "longitude", "time"]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    for number in plt.get_fignums():
        plt.figure(number).canvas.draw()  # what only fails when it is drawn fails here
    plt.close("all")


@pytest.fixture
def swath(granule):
    return open_granule(granule, "good", WANTED)


def mesh(ax):
    (found,) = (child for child in ax.collections if isinstance(child, QuadMesh))
    return found


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_units_gaps_and_bad_pixels(swath):
    ax = plot_swath(swath, "cloud_water_path")
    drawn = mesh(ax).get_array()
    assert mesh(ax).colorbar.ax.get_ylabel() == "Cloud water path (g m⁻²)"
    assert drawn.shape == (60, 357)
    assert drawn.max() == 250.0
    assert drawn.mask[:20].all()
    assert not drawn.mask[20:].any()
    assert ax.get_title() == (
        "MSI_COP_2A 07820E, 2025-10-13\n20.0% of the retrieved pixels left out as bad"
    )


def test_without_quality_nothing_is_left_out(swath):
    ax = plot_swath(swath.drop_vars("quality_status"), "cloud_water_path")
    assert mesh(ax).get_array().mask.sum() == 10 * 357
    assert "bad" not in ax.get_title()


def test_place_on_the_map(swath):
    ax = plot_swath(swath, "cloud_top_height")
    corners = mesh(ax).get_coordinates()
    assert np.isfinite(corners).all()
    assert list(corners[0, 0]) == pytest.approx([10.01 - 0.0043 * 11.5, 20.05 - 0.0005 * 11.5])
    assert mesh(ax).colorbar.ax.get_ylabel() == "Cloud top height (km)"
    assert mesh(ax).get_array().max() == 1.5
    assert ax.get_aspect() == pytest.approx(1 / np.cos(np.radians(17)), abs=0.01)
    assert [child for child in ax.collections if isinstance(child, LineCollection)]


def test_degrees_have_sides(swath):
    ax = plot_swath(swath, "cloud_top_height", coastlines=False, aspect="auto")
    formats = ax.xaxis.get_major_formatter(), ax.yaxis.get_major_formatter()
    assert [formats[0](value) for value in (10, -5.5, 0, 185)] == ["10°E", "5.5°W", "0°", "175°W"]
    assert [formats[1](value) for value in (-5, 22.5)] == ["5°S", "22.5°N"]
    assert ax.get_aspect() == "auto"


def test_swath_across_the_antimeridian_has_no_long_pixels(swath):
    swath["longitude"] = (swath["longitude"] + 168.5 + 180) % 360 - 180
    corners = mesh(plot_swath(swath, "cloud_top_height")).get_coordinates()
    assert np.ptp(corners[..., 0]) < 4


def test_synthetic_is_written_on_the_figure(swath):
    assert texts(plot_swath(swath, "cloud_top_height")) == ["synthetic data"]
    del swath.attrs["synthetic"]
    assert texts(plot_swath(swath, "cloud_top_height")) == []


def test_strip_along_the_track(swath):
    ax = plot_swath(swath, "cloud_water_path", axes="track")
    corners = mesh(ax).get_coordinates()
    left, right = corners[0, 0, 1], corners[-1, 0, 1]
    assert left > 0 > right
    assert left == pytest.approx(0.455 * 266.5, rel=0.05)
    ticks = {label.get_text(): label.get_position()[0] for label in ax.get_xticklabels()}
    assert "16°N\n17:20" in ticks, "a round latitude, and the minute"
    line = swath["latitude"].isel(along_track=int(ticks["16°N\n17:20"]))
    assert float(line.mean()) == pytest.approx(16, abs=0.3)
    assert "left of flight up" in ax.get_ylabel()


def test_own_axes_colours_and_limits(swath):
    own = plt.figure().subplots()
    ax = plot_swath(swath, "cloud_top_height", ax=own, cmap="gray", vmin=1, vmax=2, alpha=0.5)
    assert ax is own
    assert mesh(ax).get_cmap().name == "gray"
    assert mesh(ax).get_clim() == (1, 2)
    assert mesh(ax).get_alpha() == 0.5


def test_long_swath_is_thinned():
    lines, columns = 4000, 500
    along, across = np.meshgrid(np.arange(lines), np.arange(columns), indexing="ij")
    dims = ("y", "x")
    ds = xr.Dataset(
        {
            "latitude": (dims, 20 - 0.004 * along),
            "longitude": (dims, 10.0 + 0.004 * across),
            "flag": (dims, (along % 3).astype("i1"), {"units": "1"}),
        }
    )
    drawn = mesh(plot_swath(ds, "flag"))
    assert drawn.get_array().shape == (1334, 250)
    assert drawn.colorbar.ax.get_ylabel() == "Flag (no unit)"
    assert "right edge" in plot_swath(ds, "flag", axes="track").get_ylabel()


def test_nothing_to_draw_is_still_a_map(swath):
    swath["cloud_water_path"][:] = np.nan
    assert mesh(plot_swath(swath, "cloud_water_path")).get_array().mask.all()


def test_wrong_names_are_explained(swath):
    with pytest.raises(ValueError, match=r"no swath variable 'cwp', only cloud_water_path"):
        plot_swath(swath, "cwp")
    with pytest.raises(ValueError, match="no swath variable 'time'"):
        plot_swath(swath, "time")
    with pytest.raises(ValueError, match="no latitude of each pixel: ask open_granule"):
        plot_swath(swath.drop_vars("latitude"), "cloud_water_path")


def test_prepared_swath_has_units_for_people_and_no_bad_pixels(swath):
    clean = prepare_swath(swath)
    assert clean["cloud_water_path"].attrs["units"] == "g m-2"
    assert float(clean["cloud_water_path"].max()) == 250.0
    assert float(clean["cloud_top_height"].max()) == 1.5
    assert clean["cloud_water_path"].attrs["left_out"] == pytest.approx(0.2)
    assert clean["cloud_water_path"][10:20].isnull().all()
    assert swath["cloud_water_path"].attrs["units"] == "kg m-2", "the original is untouched"
    assert "left_out" not in clean["latitude"].attrs
    ax = plot_swath(clean, "cloud_water_path")
    assert mesh(ax).get_array().max() == 250.0, "not scaled twice"
    assert "20.0% of the retrieved pixels left out as bad" in ax.get_title()
    assert prepare_swath(swath, max_quality=3)["cloud_water_path"].attrs["left_out"] == 0
