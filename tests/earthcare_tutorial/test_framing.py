"""Panels of one frame: each drawn as what it is, all on the same profiles."""

import numpy as np
import pytest
import xarray as xr

from earthcare_tutorial import align, plot_frame

plt = pytest.importorskip("matplotlib.pyplot")
N = 60


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def place(step, count, **variables):
    """Make profiles southward along 10°E, `step` degrees apart."""
    latitude = 5 - step * np.arange(count)
    seconds = np.datetime64("2025-03-16T13:30") + (np.arange(count) * step * 16e9).astype("m8[ns]")
    base = {
        "latitude": ("n", latitude, {"units": "degree_north"}),
        "longitude": ("n", np.full(count, 10.0)),
        "time": ("n", seconds.astype("M8[ns]")),
    }
    return xr.Dataset({**base, **variables}, attrs={"synthetic": "SYNTHETIC: for a test"})


@pytest.fixture
def frame():
    """A step at 4.7°N in curtain, swath and fluxes, which have samplings of their own."""

    def stepped(step, count):
        return np.where(5 - step * np.arange(count) > 4.7, 1.0, 2.0)

    height = np.broadcast_to(np.arange(15e3, -500, -500), (N, 31))
    curtain = place(
        0.01,
        N,
        extinction=(("n", "z"), stepped(0.01, N)[:, None] * np.ones(31), {"units": "m-1"}),
        height=(("n", "z"), height, {"units": "m"}),
    )
    lines = {
        name: ("n", factor * stepped(0.02, 40), {"units": "W m-2", "long_name": name})
        for name, factor in (("solar", 100), ("thermal", 200))
    }
    fluxes = place(0.02, 40, **lines)
    latitude, longitude = np.meshgrid(
        5 - 0.005 * np.arange(150), 10 + 0.01 * (np.arange(20) - 8), indexing="ij"
    )
    both = ("n", "across_track")
    swath = place(0.005, 150).assign(
        latitude=(both, latitude),
        longitude=(both, longitude),
        cloud_top=(both, stepped(0.005, 150)[:, None] * np.ones(20), {"units": "m"}),
    )
    return align([curtain, swath, fluxes])


def test_a_step_lies_at_one_place_in_all_panels(frame):
    curtain, swath, fluxes = frame
    axes = plot_frame(
        [(swath, "cloud_top"), (curtain, "extinction"), (fluxes, ["solar", "thermal"])]
    )
    axes[0].figure.canvas.draw()
    ends = {ax.get_xlim() for ax in axes}
    assert ends == {(-0.5, curtain.sizes["along_track"] - 0.5)}
    step = int((curtain["latitude"] > 4.7).sum())  # profiles before it
    for ax in axes[:2]:
        mesh = ax.collections[0]
        drawn = np.ma.filled(mesh.get_array(), np.nan)
        drawn = drawn if drawn.shape[1] == curtain.sizes["along_track"] else drawn.T
        x = np.asarray(mesh.get_coordinates())[..., 0]
        x = np.unique(x.round(6))
        edge = x[1:-1][np.diff(np.nanmedian(drawn, axis=0)) != 0]
        assert edge == pytest.approx([step - 0.5], abs=1)
    (solar, thermal) = axes[2].lines
    assert np.flatnonzero(np.diff(solar.get_ydata())) == pytest.approx([step - 1], abs=1)
    assert thermal.get_ydata().max() == 400


def test_only_the_last_panel_tells_the_place_and_each_its_unit(frame):
    curtain, _, fluxes = frame
    upper, lower = plot_frame([(curtain, "extinction"), (fluxes, "solar")])
    assert upper.get_xlabel() == ""
    assert lower.get_xlabel() == "Latitude and time (UTC)"
    ticks = [text.get_text() for text in lower.get_xticklabels()]
    assert "4.8°N\n13:30:03" in ticks
    assert lower.get_ylabel() == "W m⁻²"
    for ax in (upper, lower):
        assert any(text.get_text() == "synthetic data" for text in ax.texts)


def test_what_does_not_belong_together_is_refused(frame):
    curtain, _, fluxes = frame
    with pytest.raises(ValueError, match="nothing to draw"):
        plot_frame([])
    with pytest.raises(ValueError, match=r"have 30, 20 profiles along the track: align\(\)"):
        plot_frame([(curtain, "extinction"), (fluxes.isel(along_track=slice(20)), "solar")])
    with pytest.raises(ValueError, match="solar, latitude differ in unit"):
        plot_frame([(fluxes, ["solar", "latitude"])])
