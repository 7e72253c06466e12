"""Swaths: units, gaps, bad pixels, places and marks, read back from what was drawn."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import LogNorm

from earthcare_tutorial import mask_quality, open_granule, plot_swath
from earthcare_tutorial._cells import block_mean, block_mode

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
        "MSI_COP_2A 07820E, 2025-10-13\n20.0% of the retrieved values left out:\n"
        "quality_status 3 (bad)"
    )


def test_without_quality_nothing_is_left_out(swath):
    ax = plot_swath(swath.drop_vars("quality_status"), "cloud_water_path")
    assert mesh(ax).get_array().mask.sum() == 10 * 357
    assert "left out" not in ax.get_title()


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
    ax = plot_swath(swath, "cloud_top_height")
    formats = ax.xaxis.get_major_formatter(), ax.yaxis.get_major_formatter()
    assert [formats[0](value) for value in (10, -5.5, 0, 185)] == ["10°E", "5.5°W", "0°", "175°W"]
    assert [formats[1](value) for value in (-5, 22.5)] == ["5°S", "22.5°N"]


def test_swath_across_the_antimeridian_has_no_long_pixels(swath):
    swath["longitude"] = (swath["longitude"] + 168.5 + 180) % 360 - 180
    corners = mesh(plot_swath(swath, "cloud_top_height")).get_coordinates()
    assert np.ptp(corners[..., 0]) < 4


def test_synthetic_is_written_on_the_figure(swath):
    assert texts(plot_swath(swath, "cloud_top_height")) == ["synthetic data"]
    del swath.attrs["synthetic"]
    assert texts(plot_swath(swath, "cloud_top_height")) == []


def test_strip_along_the_track(swath):
    ax = plot_swath(swath, "cloud_water_path", view="track")
    corners = mesh(ax).get_coordinates()
    left, right = corners[0, 0, 1], corners[-1, 0, 1]
    assert left < 0 < right
    assert left == pytest.approx(-0.455 * 266.5, rel=0.05)
    assert ax.get_ylim() == (right, left), "left of the flight is up"
    ticks = {label.get_text(): label.get_position()[0] for label in ax.get_xticklabels()}
    assert "16°N\n17:19:57" in ticks, "a round latitude, and the second of a short strip"
    line = swath["latitude"].isel(along_track=int(ticks["16°N\n17:19:57"]))
    assert float(line.mean()) == pytest.approx(16, abs=0.3)
    assert "Right of nadir" in ax.get_ylabel()


def test_own_axes_colours_and_limits(swath):
    own = plt.figure().subplots()
    ax = plot_swath(swath, "cloud_top_height", ax=own, cmap="gray", vmin=1, vmax=2, alpha=0.5)
    assert ax is own
    assert mesh(ax).get_cmap().name == "gray"
    assert mesh(ax).get_clim() == (1, 2)
    assert mesh(ax).get_alpha() == 0.5


def regular(lines, columns, **variables):
    """Make a swath on a regular grid; variables are functions of line and column."""
    along, across = np.meshgrid(np.arange(lines), np.arange(columns), indexing="ij")
    dims = ("along_track", "across_track")
    places = {"latitude": 20 - 0.004 * along, "longitude": 10.0 + 0.004 * across}
    made = places | {name: of(along, across) for name, of in variables.items()}
    return xr.Dataset({name: (dims, values) for name, values in made.items()})


def test_a_long_swath_is_averaged_and_no_value_is_lost():
    rng = np.random.default_rng(1)
    ds = regular(4000, 500, a=lambda along, _: rng.gamma(1.0, size=along.shape))
    ds["a"] = ds["a"].where(rng.random(ds["a"].shape) < 0.3)
    drawn = mesh(plot_swath(ds, "a", view="track", vmin=0, vmax=9))
    cells, (x, y) = drawn.get_array().T, np.moveaxis(drawn.get_coordinates(), -1, 0)
    assert cells.shape == (1334, 250)
    assert (x.max(), np.ptp(y)) == (3999.5, 500), "of what is cut, the columns"
    counts = np.isfinite(ds["a"].values)
    counts = np.add.reduceat(
        np.add.reduceat(counts.astype(int), range(0, 4000, 3)), range(0, 500, 2), 1
    )
    assert (cells.mask == (counts == 0)).all(), "a cell is empty only where all its pixels are"
    assert (cells.filled(0) * counts).sum() == pytest.approx(float(ds["a"].sum()))


def test_reductions_average_what_is_there_and_vote_on_classes():
    assert block_mean(np.array([[0.0, np.nan, 20.0]]), (1, 2)).tolist() == [[0.0, 20.0]]
    codes = np.array([[3.0, 3.0, 9.0], [3.0, 9.0, np.nan], [np.nan, np.nan, 4.0]])
    assert block_mode(codes, (2, 3)).tolist() == [[3.0], [4.0]]
    assert np.isnan(block_mode(codes[2:, :2], (1, 2))).all()


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


ID = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E"


def drawn_pixels(ax):
    """Return how many pixels a mesh shows, where it was not averaged."""
    return int((~np.ma.getmaskarray(mesh(ax).get_array())).sum())


@pytest.mark.parametrize("view", ["map", "track"])
def test_a_box_cut_out_with_where_is_drawn_whole(swath, view):
    inside = (swath["latitude"] < 17.5) & (abs(swath["longitude"] - 8.7) < 0.3)
    box = swath.where(inside, drop=True)
    assert 0 < np.isfinite(box["longitude"]).mean() < 0.8, "its edges are not those of the swath"
    assert box["time"].ndim == 2
    ax = plot_swath(box.drop_vars("quality_status"), "cloud_water_path", view=view)
    assert drawn_pixels(ax) == int(np.isfinite(box["cloud_water_path"]).sum()) > 0
    if view == "track":
        assert "\n17:19" in [text.get_text() for text in ax.get_xticklabels()][1]


def test_where_on_quality_leaves_what_is_good(swath):
    rng = np.random.default_rng(2)
    swath["quality_status"][:] = rng.integers(0, 4, swath["quality_status"].shape)
    good = swath.where(swath["quality_status"] <= 1)
    ax = plot_swath(good, "cloud_water_path")
    assert drawn_pixels(ax) == int(np.isfinite(good["cloud_water_path"]).sum()) > 5000
    assert np.isfinite(mesh(ax).get_coordinates()).all()


def test_corners_beside_a_gap_are_where_they_were(swath):
    whole = mesh(plot_swath(swath, "cloud_top_height")).get_coordinates()
    holes = swath.copy()
    holes["latitude"] = swath["latitude"].where(np.arange(60)[:, None] % 7 != 2)
    parts = mesh(plot_swath(holes, "cloud_top_height")).get_coordinates()
    np.testing.assert_allclose(parts, whole, atol=1e-9)


def test_values_without_a_place_are_counted_in_the_title(swath):
    swath["latitude"][30:40, 100:110] = np.nan
    assert (
        "\n100 pixels with a value have no latitude"
        in plot_swath(swath, "cloud_top_height").get_title()
    )


def test_a_single_line_is_no_swath(swath):
    with pytest.raises(ValueError, match="needs a neighbour along and across"):
        plot_swath(swath.isel(along_track=slice(30, 31)), "cloud_top_height")


def test_dimensions_may_come_in_any_order(swath):
    turned = swath.transpose("across_track", "along_track")
    assert mesh(plot_swath(turned, "cloud_top_height")).get_array().shape == (60, 357)
    other = swath.assign(cloud_top_height=swath["cloud_top_height"].T)
    assert mesh(plot_swath(other, "cloud_top_height")).get_array().shape == (60, 357)


def test_limits_are_as_asked_or_explained(swath):
    path = "cloud_water_path"  # the table begins at 1
    assert mesh(plot_swath(swath, path, vmin=0.1, vmax=0.5)).get_clim() == (0.1, 0.5)
    with pytest.raises(ValueError, match=r"from 250 to 0\.5 are none: the values run from 250"):
        plot_swath(swath, path, vmax=0.5)
    assert mesh(plot_swath(swath, path, vmax=5000)).get_clim() == (1, 5000)
    with pytest.raises(ValueError, match="norm has limits of its own"):
        plot_swath(swath, path, norm=LogNorm(1, 10), vmax=20)
    assert mesh(plot_swath(swath, path, norm=LogNorm(1, 10))).get_clim() == (1, 10)
    with pytest.raises(ValueError, match="view='polar' is neither 'map' nor 'track'"):
        plot_swath(swath, path, view="polar")


def test_a_logarithm_begins_above_zero_and_says_so(swath):
    swath["cloud_water_path"][40:50] = 0.0
    swath["cloud_water_path"][50:] = 0.002
    ax = plot_swath(swath, "cloud_water_path", vmin=0)
    assert mesh(ax).get_clim() == (pytest.approx(2.0), 3000)
    assert "smallest value above 0" in ax.get_title().replace("\n", " ")
    assert not np.ma.getmaskarray(mesh(ax).get_array())[40:].any(), "zero is low, not missing"


@pytest.mark.parametrize("norm", ["log", "linear", "symlog", "asinh"])
def test_norms_by_their_names(swath, norm):
    ax = plot_swath(swath, "cloud_water_path", norm=norm, vmin=1, vmax=500)
    assert mesh(ax).get_clim() == (1, 500)
    assert mesh(ax).norm(250.0) == pytest.approx(
        {"log": 0.888, "linear": 0.499, "symlog": 0.89, "asinh": 0.87}[norm], abs=0.02
    )


def test_a_saved_and_reopened_dataset_keeps_its_title(swath, tmp_path):
    swath.to_netcdf(tmp_path / "ECA_box.nc")
    with xr.open_dataset(tmp_path / "ECA_box.nc") as again:
        assert plot_swath(again, "cloud_top_height").get_title().startswith("MSI_COP_2A 07820E")
        again.attrs.pop("granule_id")
        assert plot_swath(again, "cloud_top_height").get_title() == ""
    swath.attrs.pop("granule_id")
    swath.encoding["source"] = rf"C:\data\{ID}.h5"
    assert plot_swath(swath, "cloud_top_height").get_title().startswith("MSI_COP_2A 04537E")


def test_a_curtain_is_not_drawn_as_a_swath(swath):
    profiles = swath.isel(across_track=100)[["latitude", "longitude"]]
    profiles["height"] = (("along_track", "JSG_height"), np.ones((60, 5)))
    with pytest.raises(ValueError, match="this is a curtain, plot_curtain draws it"):
        plot_swath(profiles, "height")


def test_a_third_dimension_is_to_be_chosen(swath):
    swath["pixel_values"] = swath["cloud_top_height"].expand_dims(band=3)
    with pytest.raises(ValueError, match=r"ds\.isel\(band=2\)"):
        plot_swath(swath, "pixel_values")


def test_axes_of_a_projection_are_refused(swath):
    for projection in ("polar", "mollweide"):
        ax = plt.figure().add_subplot(projection=projection)
        with pytest.raises(ValueError, match=f"of the projection {projection}: make them with"):
            plot_swath(swath, "cloud_top_height", ax=ax)


def test_what_is_no_axes_is_told(swath):
    for wrong in ({"ax": "polar"}, {"axes": "polar"}):
        with pytest.raises(TypeError, match=r"the axes that ax= names.* not on a str\.") as told:
            plot_swath(swath, "cloud_top_height", **wrong)
        assert "polar" not in str(told.value), "it may be a token"


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else []


@pytest.mark.parametrize("name", ["cloud_water_path", "cloud_top_height"])
def test_the_name_of_a_colour_bar_is_clear_of_the_legend(swath, name):
    fig, axes = plt.subplots(2, figsize=(9, 5), layout="constrained")
    for ax in axes:
        plot_swath(swath.isel(across_track=slice(100, 200)), name, ax, view="track")
    fig.canvas.draw()
    for ax in axes:
        named = ax.child_axes[0].yaxis.label.get_window_extent()
        assert not named.overlaps(ax.get_legend().get_window_extent())


def test_missing_pixels_are_hatched_and_named(swath):
    ax = plot_swath(swath, "cloud_water_path")
    (patch,) = ax.patches
    assert patch.get_hatch()
    assert patch.get_zorder() < mesh(ax).get_zorder()
    assert mesh(ax).get_cmap().get_bad()[3] == 0, "the mesh lets the hatches through"
    assert legend(ax) == ["no value"]
    swath["cloud_water_path"][:] = 1.0
    swath["quality_status"][:] = 0
    whole = plot_swath(swath, "cloud_water_path")
    assert legend(whole) == []
    assert not whole.patches


def test_classes_have_their_colours_and_names(swath):
    swath.attrs["granule_id"] = ID.replace("MSI_COP_2A", "MSI_CM__2A")
    codes = np.zeros((60, 384), "i1")
    codes[:20], codes[20:30], codes[30:32] = 9, 42, -127
    swath["cloud_type"] = (("along_track", "across_track"), codes)
    ax = plot_swath(swath, "cloud_type")
    assert legend(ax) == ["Clear", "Deep convection", "unknown 42", "no value"]
    assert mesh(ax).colorbar is None
    colour = mesh(ax).to_rgba(mesh(ax).get_array())[5, 5]
    assert mpl.colors.to_hex(colour) == "#5d003f"
    assert np.ma.getmaskarray(mesh(ax).get_array()).sum() == 2 * 357, "not determined is no class"


def test_a_flag_is_drawn_by_its_values(swath):
    swath["quality_status"].attrs["definition"] = "0: fine"
    named = legend(plot_swath(swath, "quality_status"))
    assert named == ["0: fine", "3: bad"], "what the file says, else the table of the product"
    swath["quality_status"].attrs["definition"] = "0: fine\n3: not fine"
    swath.attrs.clear()
    swath.encoding.clear()
    assert legend(plot_swath(swath, "quality_status")) == ["0: fine", "3: not fine"]


def test_a_masked_dataset_is_not_judged_twice(swath):
    ax = plot_swath(mask_quality(swath, keep=[0, 1]), "cloud_water_path")
    assert "only quality_status 0, 1" in ax.get_title()
    assert "20.0%" not in ax.get_title(), "the share may be of what this was cut from"
    assert drawn_pixels(ax) == 40 * 357


def test_a_variable_that_no_flag_judges_is_left_alone(swath):
    swath["surface_elevation"] = swath["cloud_top_height"] * 0 + 300.0
    ax = plot_swath(swath, "surface_elevation")
    assert drawn_pixels(ax) == 60 * 357
    assert "left out" not in ax.get_title()
