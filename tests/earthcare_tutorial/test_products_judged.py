"""Quality, frames and swaths on whole granules of each product that the replay writes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh

import earthcare_tutorial as ect
from earthcare_products.products import PRODUCTS
from earthcare_products.quality import flag_of, flags
from earthcare_synthetic.products.table import FILE_TYPES

JUDGED = sorted(kind for kind in FILE_TYPES if flags(kind))
SWATHS = sorted(kind for kind in FILE_TYPES if PRODUCTS[kind].form == "swath")


@pytest.fixture(scope="module")
def token():
    return ect.login()


@pytest.mark.parametrize("file_type", JUDGED)
def test_only_what_a_flag_judges_changes(file_type, token):
    (item,) = ect.search(file_type, orbit_and_frame="04537E")
    group = PRODUCTS[file_type].groups[0]
    held = ect.describe(item, token).loc[group]
    judged = {flag.name: held.index[held["judged_by"] == flag.name][0] for flag in flags(file_type)}
    beside = {"surface_elevation", "elevation", "cloud_fraction", "simple_classification"}
    beside = sorted(beside & set(held.index))
    ds = ect.open_granule(item, token, [*judged, *judged.values(), *beside], group=group)
    clean = ect.mask_quality(ds)
    for name in [*judged, *beside]:
        assert clean[name].identical(ds[name]), f"{name} is judged by nobody"
    for flag in flags(file_type):
        name = judged[flag.name]
        kept = ds[flag.name].isin(flag.keep)
        np.testing.assert_array_equal(clean[name], ds[name].where(kept))
        assert clean[name].attrs["quality_kept"].startswith(flag.name)
        lost = float(clean[name].attrs["left_out"].partition("%")[0].removeprefix("under "))
        assert 0 <= lost < 80, f"{clean[name].attrs['left_out']}: hardly what retrievals are like"


def test_neighbouring_frames_meet_and_count_nothing_twice(token):
    (first,), (second,) = (
        ect.search("AC__TC__2B", orbit_and_frame=frame) for frame in ("04537D", "04537E")
    )
    files = [ect.open_granule(item, token, ["time", "latitude"]) for item in (first, second)]
    cut = [ect.trim_to_frame(ds) for ds in files]

    def seam(above, below):
        return (below["time"].values[0] - above["time"].values[-1]) / np.timedelta64(1, "s")

    assert seam(*files) < -20, "both files hold the profiles about the limit"
    assert abs(seam(*cut)) < 2, "as close as the replay's track follows the names of the files"
    assert cut[0]["latitude"].values[-1] >= 22.5 > cut[1]["latitude"].values[0]


@pytest.mark.parametrize("file_type", SWATHS)
def test_each_variable_of_a_swath_is_drawn_with_all_its_pixels(file_type, token):
    (item,) = ect.search(file_type, orbit_and_frame="04537E")
    held = ect.describe(item, token).loc["ScienceData"]
    part = {"along_track": slice(2400, 2500)}
    ds = ect.open_granule(item, token, list(held.index), isel=part)
    ds = ds.isel(band=5) if "band" in ds.dims else ds
    drawn = [name for name in ds.data_vars if "across_track" in ds[name].dims]
    drawn = [name for name in drawn if ds[name].ndim == 2 and name not in ("latitude", "longitude")]
    assert len(drawn) > 3
    placed = ds["latitude"].notnull() & ds["longitude"].notnull()
    for name in drawn:
        flag = flag_of(file_type, name)
        there = placed & ds[name].notnull() & ~ds[name].isin([-127, -32767])
        there = there & ds[flag.name].isin(flag.keep) if flag else there
        ax = ect.plot_swath(ds, name, view="track")
        (mesh,) = (child for child in ax.collections if isinstance(child, QuadMesh))
        assert (~np.ma.getmaskarray(mesh.get_array())).sum() == int(there.sum()), name
        assert "not drawn" not in ax.get_title(), name
        plt.close("all")
