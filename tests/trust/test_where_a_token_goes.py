"""Where a token may go: to the one host that it is for, and nowhere else."""

import re
from pathlib import Path

import pystac
import pytest
import requests

import earthcare_tutorial as ect
from earthcare_tutorial import _http
from earthcare_tutorial._signing import auth_for
from tests.earthcare_tutorial.conftest import jwt
from tests.trust.known import ANSWER, OFFLINE, TEXT, VERBS
from tests.trust.listener import whole


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("given", [f"{TEXT}\n", f"“{TEXT}”", f"Bearer {TEXT}\r\n", f"\ufeff{TEXT}"])
def test_what_is_copied_along_with_an_access_token_is_removed(esa_maap, granule, verb, given):
    esa_maap.accept(access_token=TEXT)
    VERBS[verb](granule, given)
    assert {one.token for one in esa_maap.log} == {1 + esa_maap.access_tokens.index(TEXT)}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("given", "why"),
    [
        (f"{TEXT}é", "token is no access token: pass what login"),
        (f"{TEXT}\x00", "token is no access token: pass what login"),
        ("", "token is no access token: pass what login"),
        (OFFLINE, "token is an offline token: pass what login"),
        (jwt(exp=1735689600), "This access token ended on 2025-01-01 at 00:00 UTC: login"),
    ],
)
def test_what_is_no_access_token_is_never_sent(esa_maap, granule, capsys, verb, given, why):
    try:
        VERBS[verb](granule, given)
    except (ValueError, PermissionError) as error:
        said = str(error)
    else:
        said = capsys.readouterr().out
    assert why in said
    assert not given or given not in said
    assert not esa_maap.log


def test_something_else_as_token(granule):
    with pytest.raises(TypeError, match=r"token is what login\(\) returns, or text, not NoneType"):
        ect.open_granule(granule, None, "time")


@pytest.mark.parametrize("verb", VERBS)
def test_a_password_in_a_link_is_neither_sent_nor_printed(esa_maap, granule, capsys, caplog, verb):
    caplog.set_level("DEBUG")
    try:
        VERBS[verb](granule.replace("//", "//somebody:pass-canary@"), TEXT)
    except ValueError as error:
        said = str(error)
    else:
        said = capsys.readouterr().out
    assert f"The link to {esa_maap.url} holds a user name or password: leave it out" in said
    assert "pass-canary" not in said + caplog.text
    assert not [one for one in esa_maap.log if one.token is not None]


DATA = "https://catalog.maap.eo.esa.int/data/a.h5"


@pytest.mark.parametrize("kind", ["Token", "text"])
@pytest.mark.parametrize("from_item", [True, False])
@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        (DATA, "Token text, item link"),
        ("https://CATALOG.maap.eo.esa.int:443/data/a.h5", "Token text, item link"),
        ("http://catalog.maap.eo.esa.int/data/a.h5", ""),
        ("https://catalog.maap.eo.esa.int:8443/data/a.h5", "text, link"),
        ("https://catalog.maap.eo.esa.int.example.org/a.h5", "text, link"),
        ("https://example.org/catalog.maap.eo.esa.int/a.h5", "text, link"),
        ("https://[2001:db8::1]/a.h5", "text, link"),
        ("http://example.org/a.h5", ""),
        ("http://127.0.0.1:8000/a.h5", "text, link"),
        ("http://localhost/a.h5", "text, link"),
        ("http://[::1]:8000/a.h5", "text, link"),
        ("http://127.0.0.1.example.org/a.h5", ""),
        ("ftp://catalog.maap.eo.esa.int/a.h5", ""),
        ("https://somebody:pass@catalog.maap.eo.esa.int/a.h5", ""),
        ("https://catalog.maap.eo.esa.int@example.org/a.h5", ""),
        ("ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E", ""),
        ("https://[broken/a.h5", ""),
    ],
)
def test_where_a_token_may_go(token, kind, from_item, url, allowed):
    given = token if kind == "Token" else TEXT
    if kind in allowed and ("item" if from_item else "link") in allowed:
        request = requests.Request("GET", url, auth=auth_for(given, url, from_item=from_item))
        assert request.prepare().headers["Authorization"].startswith("Bearer ")
        return
    with pytest.raises(ValueError, match=r"was not sent|is no link|leave it out") as caught:
        auth_for(given, url, from_item=from_item)
    assert "pass@" not in str(caught.value) and TEXT not in str(caught.value)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("given", ["Token", "text"])
def test_an_items_file_on_another_host_gets_no_token(
    esa_maap, token, raw_item, capsys, listen, verb, given
):
    server = listen(b"")
    item = pystac.Item.from_dict(raw_item())
    for asset in item.assets.values():
        asset.href = asset.href.replace("https://catalog.maap.eo.esa.int", f"http://{server.host}")
    try:
        VERBS[verb](item, token if given == "Token" else TEXT)
    except ValueError as error:
        said = str(error)
    else:
        said = capsys.readouterr().out
    assert f"not sent to http://{server.host}, where this item's file lies: if you trust" in said
    assert not server.asked


def test_a_link_of_ones_own_gets_the_text_and_only_there(esa_maap, granule):
    """A redirect to another host loses the token."""
    esa_maap.accept(access_token=TEXT)
    assert len(ect.open_granule(granule, TEXT, "time")["time"])
    esa_maap.log.clear()
    esa_maap.fail("moved", times=None)
    for given in (ect.login(offline_token=OFFLINE), TEXT):
        with pytest.raises(FileNotFoundError, match="no file ECA_"):
            ect.open_granule(granule, given, "time")
    there = [one.token for one in esa_maap.log if one.host.startswith("localhost")]
    assert there and set(there) == {None}
    assert len(esa_maap.exchanges) == 1


def test_a_host_that_asks_for_a_token_after_a_redirect_gets_none(token, listen):
    server = listen(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    followed = {"hooks": {"response": token._ask_again}, "headers": {"Authorization": "Bearer a"}}
    assert requests.get(f"http://{server.host}/a", timeout=60, **followed).status_code == 401
    assert len(server.asked) == 1


def test_requests_takes_a_token_as_auth(esa_maap, granule, token):
    esa_maap.revoke()  # the first access token has ended before its time
    answer = requests.get(granule, auth=token, headers={"Range": "bytes=0-7"}, timeout=60)
    assert answer.content == b"\x89HDF\r\n\x1a\n"
    newest = len(esa_maap.access_tokens)
    assert [one.token for one in esa_maap.log[-3:]] == [newest - 1, None, newest]
    with pytest.raises(ValueError, match=r"not sent to https://example\.org, which is not ESA"):
        requests.get("https://example.org/a.h5", auth=token, timeout=60)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_offline_token_is_posted_to_no_other_address(token_server, listen, status):
    other = listen(whole(ANSWER))
    token_server(
        f"HTTP/1.1 {status} Moved\r\nLocation: http://{other.host}/token\r\nConnection: close\r\n"
        "Content-Length: 0\r\n\r\n".encode()
    )
    with pytest.raises(ConnectionError, match=rf"wants the offline token sent elsewhere.*{status}"):
        ect.login(offline_token=OFFLINE)
    assert not other.asked


def test_no_helper_reads_netrc(esa_maap, granule, item, raw_item, jpeg):
    """Not even when a redirect leads to another host."""
    (Path.home() / ".netrc").write_text("default login somebody password pass-canary\n")
    requests.get(f"{esa_maap.url}/none", timeout=60)
    assert esa_maap.log.pop().token == 0, "requests itself does; so the test can fail"
    ect.search("MSI_COP_2A", max_items=1)
    picture = ect.quicklook_url(item())
    esa_maap.put(picture, jpeg)
    ect.show_quicklook(item())
    esa_maap.fail("moved", path="moved", times=None)
    _http.fetch(f"{esa_maap.url}/data/public/moved.jpeg")
    ect.check_access(granule, ect.login(offline_token=OFFLINE))
    newest = len(esa_maap.access_tokens)
    assert {one.token for one in esa_maap.log} == {None, newest}
    there = [one.token for one in esa_maap.log if one.host.startswith("localhost")]
    assert there == [None]


def test_no_helper_makes_a_session_of_its_own():
    for path in Path(ect.__file__).parent.rglob("*.py"):
        if path.name != "_http.py":
            calls = re.findall(r"requests\.(?:get|post|head|Session|session)\(", path.read_text())
            docstrings = ["requests.get("] * 3 * (path.name == "auth.py")
            assert calls == docstrings, path
