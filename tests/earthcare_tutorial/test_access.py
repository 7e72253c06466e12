"""The third cell: which rung on the way to a granule broke, and where the token goes."""

from urllib.parse import urlsplit

import pystac
import pytest

from earthcare_tutorial import auth, check_access, login

SECRET = "offline-token-of-somebody"
GRANULE = b"\x89HDF\r\n\x1a\n" + bytes(5000)
RUNGS = ["address", "network", "offline token", "access token", "account", "data"]


@pytest.fixture
def link(esa_maap):
    return esa_maap.put("a.h5", GRANULE)


def broken(table):
    """Return the rung that failed; those before it are ok, those after it not tried."""
    results = list(table["result"])
    assert list(table.index) == RUNGS
    place = results.index("failed")
    assert results == ["ok"] * place + ["failed"] + ["not tried"] * (len(RUNGS) - place - 1)
    assert [bool(cure) for cure in table["cure"]] == [result == "failed" for result in results]
    assert table["cure"].str.len().max() <= 50, "pandas would cut it in a notebook"
    return table.index[place]


def test_all_is_well_with_eight_bytes(esa_maap, raw_item, link, capsys):
    item = pystac.Item.from_dict(raw_item())
    item.assets["enclosure_h5"].href = link
    token = login(offline_token=SECRET)
    esa_maap.log.clear()
    assert set(check_access(item, token)["result"]) == {"ok"}
    exchange, read = esa_maap.log
    assert (exchange.method, exchange.path) == ("POST", urlsplit(auth.TOKEN_URL).path)
    assert (read.method, read.path, read.range) == ("GET", "/data/a.h5", "bytes=0-7")
    assert capsys.readouterr().out == ""


def test_an_access_token_alone(esa_maap, link, capsys):
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
        ("login page", "account", "a web page in place of a.h5"),
        (404, "address", "no file a.h5"),
        ("short body", "data", "does not begin as HDF5"),
        (400, "data", "does not begin as HDF5"),
    ],
)
def test_the_rung_that_broke_is_named(esa_maap, link, capsys, fault, rung, sentence):
    token = login(offline_token=SECRET)
    first = [None, 401, None, 401] if fault == 401 else [None, *[fault] * 9]  # an exchange is well
    esa_maap.fail_next(*first)
    assert broken(check_access(link, token)) == rung
    assert sentence in capsys.readouterr().out


def test_offline_token_that_ended_since(esa_maap, link, capsys):
    token = login(offline_token=SECRET)
    esa_maap.fail("offline token ended")
    assert broken(check_access(link, token)) == "offline token"
    assert "Token is not active" in capsys.readouterr().out


def test_no_network(esa_maap, link, capsys):
    token = login(offline_token=SECRET)
    esa_maap.fail("503 burst", path="^/data/", times=9)
    assert broken(check_access(link, token)) == "network"
    esa_maap.stop()
    assert broken(check_access(link, token)) == "network"
    assert broken(check_access(link, "an-access-token")) == "network"
    told = capsys.readouterr().out
    assert "No answer from iam.maap.eo.esa.int" in told
    assert "No answer from catalog.maap.eo.esa.int" in told


def test_the_token_goes_to_no_other_address(esa_maap, link, capsys):
    token = login(offline_token=SECRET)
    esa_maap.log.clear()
    for url, why in [
        (f"{link}.HDR", "a.h5.HDR is no .h5 file, so the token was not sent"),
        ("a.h5", "'a.h5' is no link: take an item of search()"),
        ("https://example.org/a.h5", "The token was not sent to https://example.org, which is"),
    ]:
        assert broken(check_access(url, token)) == "address"
        assert why in capsys.readouterr().out
    assert not esa_maap.log


def test_the_check_shows_no_secret(esa_maap, link, capsys, caplog):
    caplog.set_level("DEBUG")
    token = login(offline_token=SECRET)
    shown = check_access(link, token).to_string()
    esa_maap.revoke()
    shown += check_access(link, token).to_string() + check_access(link, SECRET).to_string()
    shown += capsys.readouterr().out + caplog.text
    assert SECRET not in shown
    assert not [token for token in esa_maap.access_tokens if token in shown]
