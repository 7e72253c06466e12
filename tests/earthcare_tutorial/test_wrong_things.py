"""Something else than what a helper needs: one sentence that says what to give."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import requests.auth
import xarray as xr

import earthcare_tutorial as ect

DS = xr.Dataset(
    {
        "latitude": ("along_track", [1.0, 2.0]),
        "longitude": ("along_track", [1.0, 2.0]),
        "ice_water_content": (("along_track", "JSG_height"), np.ones((2, 3))),
        "height": (("along_track", "JSG_height"), np.ones((2, 3))),
        "quality_status": (("along_track", "JSG_height"), np.zeros((2, 3), dtype="i1")),
    },
    attrs={"granule_id": "ECA_EXBA_ATL_ICE_2A_20250316T133058Z_20250912T203604Z_04537E"},
)


class Token(requests.auth.AuthBase):
    """Stands for what login() returns; nothing is asked."""


WRONG = {
    "a list for a granule": (
        lambda token: ect.open_granule([], token),
        "A granule is needed, an item of search.*not a list: of several, take one",
    ),
    "token and item swapped": (
        lambda token: ect.describe(token, "text"),
        "A granule is needed, an item of search.*not a Token",
    ),
    "a variable for a curtain": (
        lambda token: ect.plot_curtain(DS["ice_water_content"], "ice_water_content"),
        "A dataset of open_granule is needed.*not a DataArray",
    ),
    "a variable for a swath": (
        lambda token: ect.plot_swath(DS["ice_water_content"], "ice_water_content"),
        "A dataset of open_granule is needed.*not a DataArray",
    ),
    "a height below the ground": (
        lambda token: ect.plot_curtain(DS, "ice_water_content", top_km=-1),
        "top_km=-1 is no height above the ground",
    ),
    "one dataset to align": (lambda token: ect.align(DS), "Several datasets are needed, as a list"),
    "panels without variables": (
        lambda token: ect.plot_frame([DS]),
        r"Each panel is a pair: \(dataset, variable\)",
    ),
    "a word for values of a flag": (
        lambda token: ect.mask_quality(DS, keep="good"),
        "keep='good' is no list of values to keep; quality_status has 0",
    ),
    "a dataset for its granule": (
        lambda token: ect.save_figure(plt.figure(), "a.png", DS),
        "A granule is needed.*not a Dataset",
    ),
    "folder and token swapped": (
        lambda token: ect.download([], "granules", token),
        "The folder comes last, after the token: not Token",
    ),
    "a token for pictures": (
        lambda token: ect.show_gallery(["a"], token),
        "takes a number of columns after the items, and no token",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_to_give_is_said(name):
    call, sentence = WRONG[name]
    with pytest.raises((TypeError, ValueError), match=sentence):
        call(Token())
