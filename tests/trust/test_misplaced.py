"""A token given where something else belongs: the sentence does not show it."""

import inspect
import warnings

import matplotlib.pyplot as plt
import pytest

import earthcare_tutorial as ect
from tests.earthcare_tutorial.test_wrong_things import DS
from tests.trust.known import OFFLINE

VERBS = [name for name in ect.__all__ if inspect.isfunction(getattr(ect, name))]
#: Where a token belongs, what takes anything at all, and what Matplotlib reads.
ITS_PLACE = {"token", "offline_token", "kwargs", "conditions", "cmap", "norm"}


def arguments(item, token, folder):
    """Return what each parameter of any verb should be, by its name."""
    return {
        **dict.fromkeys(("item", "item_or_url"), item),
        **dict.fromkeys(("ds", "da"), DS),
        **{name: [item] for name in ("items", "granules")},
        **{name: [(DS, "ice_water_content")] for name in ("panels", "datasets")},
        "ax": plt.figure().subplots(),
        **dict.fromkeys(("latitude", "longitude", "radius_km"), 50.0),
        "token": token,
        "variable": "ice_water_content",
        "variables": ["time"],
        "name": "ATL_ICE_2A",
        "file_type": "ATL_ICE_2A",
        "products": ["ATL_ICE_2A"],
        "function": len,
        "figure": plt.figure(),
        "path": folder / "figure.png",
        "folder": folder,
        "start_time": "2025-03-16",
        "end_time": "2025-03-17",
    }


@pytest.mark.parametrize("verb", VERBS)
def test_a_token_in_another_place_is_not_shown(
    verb, esa_maap, item, token, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    function = getattr(ect, verb)
    parameters = inspect.signature(function).parameters
    right = arguments(item, token, tmp_path)
    needed = {
        name: right[name]
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty and name not in ("kwargs", "conditions")
    }
    for name in parameters.keys() - ITS_PLACE:
        for wrong in (OFFLINE, [OFFLINE]):
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                try:
                    function(**{**needed, name: wrong})
                except Exception as error:  # whatever it is, it is shown to the reader
                    told = f"{error!r} {error}"
                else:
                    told = ""
            told += "".join(str(each.message) for each in warned) + "".join(capsys.readouterr())
            assert OFFLINE[:40] not in told, (name, told)
    plt.close("all")
