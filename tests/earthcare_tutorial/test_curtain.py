"""Curtains: each value at its height, honest means, what is missing, and what is asked wrongly."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from earthcare_tutorial import class_fractions, classes, plot_classes, plot_curtain, plot_profile

mpl.use("agg")
CURTAIN = ("along_track", "JSG_height")
IDS = "ECA_EXBA_{}_20250316T133058Z_20250912T203558Z_04537E"


@pytest.fixture(autouse=True)
def _close() -> Any:
    yield
    plt.close("all")


def curtain(
    values: Any, name: str, unit: str, kind: str = "", profiles: int = 0, **attrs: Any
) -> xr.Dataset:
    """Make profiles from 20 N to 20 S at bins of 1 km, which sink by 0.1 km a profile."""
    values = np.asarray(values)
    if profiles:
        values = np.resize(values, (profiles, values.shape[-1]))
    n, m = values.shape
    height = 1000.0 * np.arange(m, 0, -1)[None, :] - 100.0 * (np.arange(n) % 5)[:, None]
    start = np.datetime64("2025-03-16T13:31:00", "ns")
    ds = xr.Dataset(
        {
            name: (CURTAIN, values, {"units": unit, **attrs}),
            "height": (CURTAIN, height, {"units": "m"}),
            "latitude": ("along_track", np.linspace(20, -20, n)),
            "time": ("along_track", start + np.arange(n) * np.timedelta64(690_000 // n, "ms")),
        }
    )
    if kind:
        ds.attrs["granule_id"] = IDS.format(kind)
    return ds


def mesh(ax: Any) -> Any:
    return ax.collections[0]


def entries(ax: Any) -> list[str]:
    legend = ax.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


def test_values_lie_at_the_height_of_their_own_profile_and_in_the_direction_of_flight() -> None:
    ds = curtain(np.arange(12.0).reshape(4, 3), "lidar_ratio_355nm", "sr", "ATL_EBD_2A")
    ax = plot_curtain(ds, "lidar_ratio_355nm")
    corners = mesh(ax).get_coordinates()
    assert corners.shape == (5, 4, 2)
    middle = (corners[1:3, :-1, 1] + corners[1:3, 1:, 1]) / 2
    assert np.allclose(middle.mean(axis=0), [2.9, 1.9, 0.9])  # of the second profile
    assert corners[0, 0, 1] - corners[-1, 0, 1] == pytest.approx(0.4)
    assert ax.get_xlim() == (20, -20)
    assert ax.get_ylabel() == "Height above\nellipsoid (km)"
    assert ax.get_title() == "ATL_EBD_2A 04537E, 2025-03-16"
    assert ax.xaxis.get_major_formatter()(0.0).split("\n")[0] == "0°"
    assert ax.xaxis.get_major_formatter()(-20.0) == "20°S\n13:39"


def test_long_frames_are_averaged_as_powers_and_no_profile_is_left_out() -> None:
    values = np.full((3000, 2), -20.0)
    values[1::2] = 0.0  # a mean of decibels would be -10
    ds = curtain(values, "reflectivity_corrected", "dBZ", "CPR_FMR_2A")
    drawn = mesh(plot_curtain(ds, "reflectivity_corrected")).get_array()
    assert drawn.shape == (1500, 2)
    assert np.allclose(drawn, 10 * np.log10((1 + 0.01) / 2))
    jaxa = curtain(10 ** (values / 10), "radarReflectivityFactor", "mm6 m-3", "CPR_NOM_1B")
    assert np.allclose(mesh(plot_curtain(jaxa, "radarReflectivityFactor")).get_array(), drawn)
    codes = curtain(np.tile([[1], [3], [3]], (1500, 2)), "classification", "1", "ATL_TC__2A")
    drawn = mesh(plot_curtain(codes, "classification")).get_array()
    assert set(np.unique(drawn)) == {1}  # most are ice, which is the second of the two


def test_what_has_no_value_is_not_drawn_and_named() -> None:
    values = np.array([[1e-5, np.nan, 9.969209968386869e36], [1e-5, 1e-5, 0.0]])
    ds = curtain(values, "ice_water_content", "kg m-3", "ACM_CAP_2B")
    ax = plot_curtain(ds, "ice_water_content")
    assert mesh(ax).get_array().mask.tolist() == [[False, True, True], [False, False, True]]
    assert entries(ax) == ["no value"]
    assert "(g m⁻³)" in ax.child_axes[0].get_ylabel()
    assert mesh(ax).norm.vmin == 1e-4


def test_attenuated_bins_clutter_ground_and_tropopause_are_marked() -> None:
    ds = curtain(np.full((4, 3), -10.0), "reflectivity_corrected", "dBZ", "CPR_FMR_2A")
    ds["detection_status"] = (CURTAIN, np.array([[8, 2, 9]] * 4, dtype="i1"))
    ds["surface_elevation"] = ("along_track", np.full(4, 300.0))
    ds["tropopause_height"] = ("along_track", np.full(4, 2500.0))
    ax = plot_curtain(ds, "reflectivity_corrected", top_km=5)
    assert entries(ax) == ["attenuated", "clutter", "tropopause"]
    assert ax.lines[0].get_ydata()[0] == 2.5
    assert max(path.vertices[:, 1].max() for path in ax.collections[-1].get_paths()) == 0.3
    part = plot_curtain(ds, "reflectivity_corrected", top_km=5, between=(20, 5))
    assert entries(part) == ["attenuated", "clutter", "tropopause"]
    assert len(part.lines[0].get_ydata()) == 2


def test_clear_air_is_told_from_what_has_no_value() -> None:
    name, low = "particle_extinction_coefficient_355nm", 1e-6
    ds = curtain([[0.0, np.nan, -low], [0.0, 1e-4, np.nan]], name, "m-1", "ATL_EBD_2A")
    ax = plot_curtain(ds, name)
    assert entries(ax) == ["0", "no value"]
    assert mesh(ax).get_array().mask.tolist() == [[True, True, False], [True, False, True]]
    assert ax.collections[1].get_array().mask.tolist() == [[False, True, True], [False, True, True]]
    ds["simple_classification"] = (CURTAIN, np.array([[0, 0, 3], [0, 3, -1]], dtype="i1"))
    ax = plot_curtain(ds, name)
    assert entries(ax) == ["clear", "attenuated"]
    assert ax.collections[1].get_array().mask.tolist() == [
        [False, False, True],
        [False, True, True],
    ]


def test_bad_values_are_left_out_and_told() -> None:
    name = "particle_extinction_coefficient_355nm"
    ds = curtain(np.full((2, 2), 1e-4), name, "m-1", "ATL_EBD_2A")
    ds["quality_status"] = (CURTAIN, np.array([[0, 3], [0, 0]], dtype="i1"))
    ax = plot_curtain(ds, name)
    assert mesh(ax).get_array().mask.sum() == 1
    assert "25.0% of the retrieved values left out: quality_status 3" in ax.get_title()


def test_nothing_is_said_where_no_value_is_bad() -> None:
    name = "particle_extinction_coefficient_355nm"
    ds = curtain(np.full((2, 2), 1e-4), name, "m-1", "ATL_EBD_2A")
    ds["quality_status"] = (CURTAIN, np.zeros((2, 2), dtype="i1"))
    assert plot_curtain(ds, name).get_title() == "ATL_EBD_2A 04537E, 2025-03-16"


@pytest.mark.parametrize(
    ("attrs", "shown"),
    [({}, "My own quantity (K)"), ({"long_name": "what it is"}, "What it is (K)")],
)
def test_what_no_table_knows_is_called_as_its_file_says(attrs: dict[str, str], shown: str) -> None:
    ds = curtain(np.ones((2, 2)), "my_own_quantity", "K", **attrs)
    bar = mesh(plot_curtain(ds, "my_own_quantity")).colorbar
    assert bar.ax.get_ylabel().split() == shown.split()


def test_zoom_by_latitude_and_time_and_the_pole_that_is_passed_twice() -> None:
    ds = curtain(np.ones((41, 2)), "lidar_ratio_355nm", "sr")
    assert mesh(plot_curtain(ds, "lidar_ratio_355nm", between=(5, -5))).get_array().shape == (11, 2)
    times = ("2025-03-16T13:31:00Z", "2025-03-16T13:33:00Z")
    ax = plot_curtain(ds, "lidar_ratio_355nm", along="time", between=times)
    assert mesh(ax).get_array().shape == (8, 2)
    assert ax.get_xlabel() == "Time (UTC) and latitude"
    whole = plot_curtain(ds, "lidar_ratio_355nm", along="time")
    shown = [tick for tick in whole.get_xticks() if tick <= whole.get_xlim()[1]]
    assert 4 <= len(shown) <= 9
    with pytest.raises(ValueError, match="latitudes run from -20"):
        plot_curtain(ds, "lidar_ratio_355nm", between=(50, 60))
    pole = ds.assign(latitude=("along_track", 82 - np.abs(np.linspace(-14, 14, 41))))
    assert plot_curtain(pole, "lidar_ratio_355nm").get_xlabel() == "Time (UTC) and latitude"
    with pytest.raises(ValueError, match="crosses 70 and 75 2 times, near a pole"):
        plot_curtain(pole, "lidar_ratio_355nm", between=(70, 75))


def test_two_instruments_share_one_axis() -> None:
    _, axes = plt.subplots(2, sharex=True)
    one = curtain(np.ones((50, 2)), "lidar_ratio_355nm", "sr")
    two = curtain(np.ones((40, 3)), "reflectivity_corrected", "dBZ", synthetic="yes")
    two.attrs["synthetic"] = "yes"
    plot_curtain(one, "lidar_ratio_355nm", axes[0])
    plot_curtain(two, "reflectivity_corrected", axes[1])
    assert axes[0].get_xlim() == axes[1].get_xlim() == (20, -20)
    assert [text.get_text() for text in axes[1].texts] == ["synthetic data"]
    assert not axes[0].texts
    assert [ax.get_xlabel() for ax in axes] == ["", "Latitude and time (UTC)"]


def test_a_height_that_is_missing_costs_its_own_bin_alone() -> None:
    ds = curtain(np.ones((6, 3)), "lidar_ratio_355nm", "sr")
    ds["height"][2, 1] = np.nan
    drawn = mesh(plot_curtain(ds, "lidar_ratio_355nm"))
    assert np.isfinite(drawn.get_coordinates()).all()
    assert drawn.get_array().mask.sum() == 1


def test_what_cannot_be_drawn_is_one_sentence() -> None:
    ds = curtain(np.ones((4, 3)), "lidar_ratio_355nm", "sr")
    with pytest.raises(ValueError, match="ask open_granule for 'lidar_ratio_355nm', 'height'"):
        plot_curtain(ds.drop_vars("height"), "lidar_ratio_355nm")
    with pytest.raises(ValueError, match="All values of height are missing"):
        plot_curtain(ds.assign(height=ds["height"] * np.nan), "lidar_ratio_355nm")
    with pytest.raises(ValueError, match="There is no 'lidar', only lidar_ratio_355nm, height"):
        plot_curtain(ds, "lidar")
    with pytest.raises(TypeError, match="plot_curtain draws on the axes that ax= names"):
        plot_curtain(ds, "lidar_ratio_355nm", axes="map")
    with pytest.raises(ValueError, match="one value for each profile, so plot it"):
        plot_curtain(ds, "time")
    swath = ds.assign(latitude=(CURTAIN, np.ones((4, 3))))
    with pytest.raises(ValueError, match="this is a swath, plot_swath draws it"):
        plot_curtain(swath, "lidar_ratio_355nm")
    with pytest.raises(ValueError, match="cut them together"):
        plot_curtain(ds.assign(cut=(("along_track", "other"), np.ones((4, 2)))), "cut")
    with pytest.raises(ValueError, match="has no profiles: the cut before this left nothing"):
        plot_curtain(ds.isel(along_track=slice(0)), "lidar_ratio_355nm")
    lost = ds.copy(deep=True)
    lost["height"][0] = np.nan
    assert "1 profiles without heights" in plot_curtain(lost, "lidar_ratio_355nm").get_title()


def test_classes_have_their_names_and_colours_and_strange_codes_are_seen() -> None:
    codes = np.array([[-1, 21, 8], [1, 42, 8]], dtype="i1")
    legend = "-1: unknown\n1: clear\n8: not available\n21: all other ice\n50: new class"
    colours = "#c5c9c7 #ffffff #ffff85 #7bc8f6 #123456"
    name = "synergetic_target_classification"
    ds = curtain(codes, name, "1", "AC__TC__2B", definition=legend, plot_colors=colours)
    ax = plot_classes(ds, name)
    told = ["clear", "Liquid cloud", "all other ice", "unknown 42", "no value"]
    assert entries(ax) == told, "what the file says, and the table where it says nothing"
    assert classes(ds[name].assign_attrs(definition="")).loc[21, "name"] == "Ice cloud"
    table = classes(ds[name])
    assert table.loc[50, "name"] == "new class" and table.loc[50, "colour"] == "#123456"
    assert table.loc[8, "colour"] == "#ffff85", "the file's own colour"
    assert table.loc[42, "count"] == 1 and table.loc[-1, "role"] == "missing"
    with pytest.raises(ValueError, match="holds no classes, but a quantity in 'm'"):
        classes(ds["height"])
    with pytest.raises(ValueError, match="holds no classes"):
        plot_classes(ds, "height")


def test_products_that_use_one_name_for_different_classes_are_told_apart() -> None:
    masks = xr.DataArray(np.array([0, 40], dtype="i1"), name="cloud_mask")
    assert classes(masks, "C-CLP").loc[40, "name"] == "Strong echo"
    assert classes(masks, "M-CM").loc[40, "name"] == "unknown 40"


def test_shares_of_classes_count_what_was_seen() -> None:
    codes = np.array([[3, -1, -2], [0, 3, -2], [0, -3, 10]], dtype="i1")
    ds = curtain(codes, "classification", "1", "ATL_TC__2A")
    ds["height"] = (CURTAIN, np.tile([2500.0, 1500.0, 500.0], (3, 1)), {"units": "m"})
    table = class_fractions(ds, "classification", width=1)
    assert table.index.tolist() == [0.5, 1.5, 2.5]
    assert table.loc[1.5].to_dict() == {"Attenuated": 0.5, "Clear": 0, "Ice cloud": 0.5, "Dust": 0}
    assert table.attrs["left_out"] == "11.1% missing, 22.2% surface"
    seen = class_fractions(ds, "classification", width=1, attenuated=False)
    assert seen.loc[1.5, "Ice cloud"] == 1 and "Attenuated" not in seen
    bands = class_fractions(ds, "classification", "latitude", width=10)
    assert bands.loc[25.0, "Ice cloud"] == 0.5
    assert np.allclose(bands.sum(axis=1), 1)
    with pytest.raises(ValueError, match="neither 'height' nor"):
        class_fractions(ds, "classification", by="depth")  # type: ignore[arg-type]


def test_a_mean_profile_is_of_powers_in_layers_of_height() -> None:
    values = np.array([[-20.0, np.nan], [0.0, np.nan]])
    ds = curtain(values, "reflectivity_corrected", "dBZ", "CPR_FMR_2A")
    ds["height"] = (CURTAIN, np.array([[2000.0, 900.0], [2050.0, 900.0]]), {"units": "m"})
    (line,) = plot_profile(ds, "reflectivity_corrected").lines
    assert line.get_ydata().tolist() == pytest.approx([2.1])
    assert line.get_xdata().tolist() == pytest.approx([10 * np.log10(0.505)])
    with pytest.raises(ValueError, match="of which there is no mean"):
        plot_profile(curtain([[1, 3]], "classification", "1", "ATL_TC__2A"), "classification")
