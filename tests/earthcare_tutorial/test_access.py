"""The third cell: which rung on the way to a granule broke, and where the token goes."""

import pystac
import pytest

from earthcare_tutorial import check_access, login

SECRET = "offline-token-of-somebody"
GRANULE = (b"\x89HDF\r\n\x1a\n" + bytes(5000), "application/x-hdf5")
RUNGS = ["address", "network", "offline token", "access token", "account", "data"]


@pytest.fixture
def link(maap):
    maap.files["/data/a.h5"] = (GRANULE[1], GRANULE[0])
    return f"{maap.url}/data/a.h5"


def broken(table):
    """Return the rung that failed; those before it are ok, those after it not tried."""
    results = list(table["result"])
    assert list(table.index) == RUNGS
    place = results.index("failed")
    assert results == ["ok"] * place + ["failed"] + ["not tried"] * (len(RUNGS) - place - 1)
    assert [bool(cure) for cure in table["cure"]] == [result == "failed" for result in results]
    assert table["cure"].str.len().max() <= 50, "pandas would cut it in a notebook"
    return table.index[place]


def test_all_is_well_with_eight_bytes(maap, raw_item, link, capsys):
    item = pystac.Item.from_dict(raw_item(base=maap.url))
    item.assets["enclosure_h5"].href = link
    token = login(offline_token=SECRET)
    del maap.log[:]
    assert set(check_access(item, token)["result"]) == {"ok"}
    assert [entry[:2] for entry in maap.log] == [("POST", "/token"), ("GET", "/data/a.h5")]
    assert capsys.readouterr().out == ""


def test_an_access_token_alone(maap, link, capsys):
    bearer = login(offline_token=SECRET).bearer()
    assert (
        list(check_access(link, str(bearer))["result"]) == ["ok"] * 2 + ["not tried"] + ["ok"] * 3
    )
    table = check_access(link, "ended")
    assert table["result"]["access token"] == "failed"
    assert table["result"]["offline token"] == "not tried"
    assert "(401)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fault", "rung", "sentence"),
    [
        (401, "access token", "does not accept the access token"),
        (403, "account", "has no right to this collection, or there is no such file"),
        ("html", "account", "a web page in place of a.h5"),
        (404, "address", "no file a.h5"),
        ("short", "data", "does not begin as HDF5"),
        (400, "data", "does not begin as HDF5"),
    ],
)
def test_the_rung_that_broke_is_named(maap, link, capsys, fault, rung, sentence):
    token = login(offline_token=SECRET)
    maap.faults = [0, 401, 0, 401] if fault == 401 else [0, *[fault] * 9]  # 0: the exchange
    assert broken(check_access(link, token)) == rung
    assert sentence in capsys.readouterr().out


def test_offline_token_that_ended_since(maap, link, capsys):
    token = login(offline_token=SECRET)
    maap.token_answer = (400, '{"error_description": "Token is not active"}')
    assert broken(check_access(link, token)) == "offline token"
    assert "Token is not active" in capsys.readouterr().out


def test_no_network(maap, link, monkeypatch, nowhere, capsys):
    token = login(offline_token=SECRET)
    maap.faults = [0, *[503] * 9]
    assert broken(check_access(link, token)) == "network"
    maap.faults = []
    monkeypatch.setattr("earthcare_tutorial.auth.DATA_ORIGINS", (nowhere,))
    assert broken(check_access(f"{nowhere}/data/a.h5", token)) == "network"
    monkeypatch.setattr("earthcare_tutorial.auth.DATA_ORIGINS", (maap.url,))
    monkeypatch.setattr("earthcare_tutorial.auth.TOKEN_URL", f"{nowhere}/token")
    assert broken(check_access(link, token)) == "network"
    assert capsys.readouterr().out.count("No answer from 127.0.0.1") == 2


def test_the_token_goes_to_no_other_address(maap, link, capsys):
    token = login(offline_token=SECRET)
    del maap.log[:]
    for url, why in [
        (f"{link}.HDR", "a.h5.HDR is no .h5 file, so the token was not sent"),
        ("a.h5", "a.h5 is no link: take an item of search()"),
        ("https://example.org/a.h5", "The token was not sent to https://example.org, which is"),
    ]:
        assert broken(check_access(url, token)) == "address"
        assert why in capsys.readouterr().out
    assert not maap.log


def test_the_check_shows_no_secret(maap, link, capsys, caplog):
    caplog.set_level("DEBUG")
    token = login(offline_token=SECRET)
    shown = check_access(link, token).to_string()
    maap.valid.clear()
    shown += check_access(link, token).to_string() + check_access(link, SECRET).to_string()
    shown += capsys.readouterr().out + caplog.text
    assert SECRET not in shown
    assert "access-token-" not in shown
