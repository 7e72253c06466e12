"""Secrets are found nowhere but in the pickle of a Token: 20 failures, shown in seven ways."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import requests

import earthcare_tutorial as ect
from earthcare_tutorial._signing import Secret
from tests.trust.known import CANARIES, OFFLINE, TEXT
from tests.trust.renderers import RENDERERS, renderings

WHOLE = os.environ.get("TRUST") == "whole"


def every(*fault, **settings):
    return lambda maap: maap.fail(*fault, times=None, **{"path": ".", **settings})


FAILURES = {
    "tokens repeated": every("tokens repeated", path="^/realms"),
    "tokens repeated later": every("tokens repeated", path="^/realms", after=1),
    "client": every("unknown client", path="^/realms"),
    "offline token ended": every("offline token ended", path="^/realms"),
    "no token": every("no token", path="^/realms"),
    "login elsewhere": every("moved", path="^/realms", status=307),
    "busy": every("503 burst"),
    "too many": every("retry after", seconds=0),
    "drop": every("dropped connection"),
    "page": every("login page"),
    "cut": every("cut", after=1),
    "short": every("short body", after=1),
    "forbidden": every("no rights", path="^/data"),
    "gone": every("503 burst", path="^/data", status=404),
    "token refused": every("401 mid-stream", path="^/data", after=0),
    "moved": every("moved", path="^/data"),
    "other bytes": every("range shifted", path="^/data"),
    "odd size": every("stated size", path="^/data"),
    "changed": every("changed file", path="^/data"),
    "damaged": every("corrupt", path="^/data"),
    "nowhere": lambda maap: maap.stop(),
}


def fail_to_renew(url):
    token = ect.login(offline_token=OFFLINE)
    token._renew_at = token._ends_at = 0.0
    return ect.open_granule(url, token, "time")


ACTS = {
    "login": lambda url: ect.login(offline_token=OFFLINE),
    "open": lambda url: ect.open_granule(url, ect.login(offline_token=OFFLINE), "time"),
    "renew": fail_to_renew,
    "text": lambda url: ect.open_granule(url, TEXT, "time"),
    "letter": lambda url: ect.open_granule(url, f"{TEXT}é", "time"),
    "download": lambda url: ect.download(url, TEXT, Path.home() / "there"),
    "get": lambda url: requests.get(
        f"{url}/none", auth=ect.login(offline_token=OFFLINE), timeout=60
    ).raise_for_status(),
    "foreign": lambda url: requests.get(
        "https://example.org", auth=ect.login(offline_token=OFFLINE), timeout=60
    ),
    "save": lambda url: ect.save_credentials(f"{OFFLINE} and more é"),
}


def hidden_in(text, maap):
    """Return the secrets of which 25 letters are in a text.

    The first access token is the fixture's own, "good", and none.
    """
    secrets = [*CANARIES, *maap.access_tokens[1:]]
    parts = (each[at : at + 25] for each in secrets for at in range(0, max(1, len(each) - 25), 25))
    return [part for part in parts if part in text]


@pytest.mark.parametrize("failure", FAILURES)
def test_no_failure_shows_a_secret(esa_maap, granule, capsys, caplog, failure):
    caplog.set_level("DEBUG")
    place, failed = list(FAILURES).index(failure), 0
    for number, (name, act) in enumerate(ACTS.items()):
        if not WHOLE and (number + place) % 3:
            continue
        esa_maap.heal()
        FAILURES[failure](esa_maap)
        try:
            act(granule)
        except (OSError, ValueError) as error:
            failed += 1
            for way, shown in zip(RENDERERS, renderings(error), strict=True):
                assert not hidden_in(shown, esa_maap), (name, way)
        shown = caplog.text + "".join(capsys.readouterr())
        assert not hidden_in(shown, esa_maap), name
    assert failed


def test_the_renderers_would_show_what_is_no_secret(esa_maap):
    """The test above can fail."""
    with pytest.raises(ValueError, match="no link") as caught:
        ect.download("canary", TEXT, Path.home())
    assert all("canary" in shown for shown in renderings(caught.value))


def test_a_secret_cut_short_stays_hidden():
    """The library rich, and reprlib, cut a text before they show it."""
    assert repr(Secret(OFFLINE)[:80]) == repr(Secret(OFFLINE)) == "'<hidden>'"


# -- what is left after a success ------------------------------------------------------------------


def shown_of(thing):
    """Show an object as a reader's tools do."""
    yield f"{thing!r} {thing!s}"
    yield getattr(thing, "_repr_html_", lambda: "")() or ""
    yield repr(getattr(thing, "__dict__", ""))
    yield repr(getattr(thing, "attrs", "")) + repr(getattr(thing, "encoding", ""))


def test_no_result_shows_or_carries_a_secret(esa_maap, granule, item, token):
    ds = ect.open_granule(granule, token, ["time", "latitude"])
    lazy = ect.open_granule(granule, token)
    with ect.stream_stats() as stats:
        loaded = lazy["cloud_water_path"].load()
    results = [ds, loaded, stats, stats.table(), token.status(), ect.check_access(granule, token)]
    results += [ect.describe(item(), token), ect.credential_places()]
    for each in results:
        carried = pickle.dumps(each).decode("latin-1")
        assert not hidden_in("".join([carried, *shown_of(each)]), esa_maap), type(each)
    for each in (token, lazy, lazy.variables["time"]._data, lazy.chunk()):
        assert not hidden_in("".join(shown_of(each)), esa_maap), type(each)
    assert OFFLINE in pickle.dumps(token).decode("latin-1")  # so that a worker can go on
    assert OFFLINE in pickle.dumps(lazy).decode("latin-1")  # it takes its Token along


def test_no_dask_graph_shows_a_secret(esa_maap, granule, token):
    for given in (token, TEXT):
        esa_maap.accept(access_token=TEXT)
        lazy = ect.open_granule(granule, given)
        graph = lazy.chunk({"along_track": 20})["cloud_water_path"].mean().__dask_graph__()
        shown = repr(graph) + str(list(graph.keys())) + repr(dict(graph)) + graph._repr_html_()
        assert not hidden_in(shown, esa_maap)


def test_no_file_is_left_with_a_secret(esa_maap, granule, item, token, tmp_path):
    import matplotlib.pyplot as plt

    ds = ect.open_granule(granule, token)
    ax = ect.plot_swath(ds, "cloud_water_path")
    ect.save_figure(ax.figure, tmp_path / "figure.png", item())
    plt.close("all")
    ds[["time"]].load().to_netcdf(tmp_path / "saved.nc")
    ect.download(f"{granule}?token={TEXT}", token, tmp_path / "there")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in files:
        assert not hidden_in(path.read_bytes().decode("latin-1"), esa_maap), path


def test_a_notebook_keeps_no_secret(esa_maap, granule, capsys):
    """Cells end in a token, its state, an error shown with variables."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_line_magic("xmode", "Verbose")
    shell.user_ns.update(ect=ect, url=granule)
    credentials = Path.home() / "credentials.txt"
    credentials.write_text(OFFLINE)
    credentials.chmod(0o600)
    for code in (
        "token = ect.login()",
        "token",
        "token.status()",
        "vars(token)",
        "token.headers()",
        "ect.open_granule(url, token)",
        "ect.open_granule(url, token, 'nothing')",
        "ect.open_granule(url + '/none', token)",
    ):
        shell.run_cell(code)
    shown = "".join(capsys.readouterr())
    assert "has no nothing" in shown and "<hidden>" in shown
    assert not hidden_in(shown, esa_maap)
