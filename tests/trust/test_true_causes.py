"""A sentence names the true cause, and what asking again can mend is asked for again."""

import ssl

import pytest
import trustme

import earthcare_tutorial as ect
from earthcare_tutorial import auth
from tests.trust.known import ANSWER, OFFLINE
from tests.trust.listener import whole


@pytest.mark.parametrize("half", [ANSWER[:20], b"<html>sign in</html>", b""])
def test_login_asks_again_after_half_an_answer_or_a_page(token_server, half):
    server = token_server(whole(half), whole(ANSWER))
    assert ect.login(offline_token=OFFLINE).bearer() == "access-token-1"
    assert len(server.asked) == 2


def test_half_an_answer_is_no_web_page(token_server):
    token_server(whole(ANSWER[:20]))
    with pytest.raises(ConnectionError, match=r"200 without an access token, but with half an ans"):
        ect.login(offline_token=OFFLINE)


@pytest.mark.parametrize("fault", ["login page", "short body", "cut", "dropped connection", 503])
def test_check_access_asks_again(esa_maap, granule, fault):
    esa_maap.fail_next(None, fault)
    assert set(ect.check_access(granule, ect.login(offline_token=OFFLINE))["result"]) == {"ok"}


def test_a_wrong_certificate_is_not_the_network(token_server, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = token_server(b"", context=context)
    monkeypatch.setattr(auth, "TOKEN_URL", f"https://{server.host}/token")
    with pytest.raises(ConnectionError, match="its certificate is not trusted here") as caught:
        ect.login(offline_token=OFFLINE)
    assert "check the network" not in str(caught.value)
    assert len(server.kept) == 1, "it stays wrong"


def test_a_proxy_that_lets_nothing_through(esa_maap, monkeypatch, listen):
    proxy = listen(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.host}")
    monkeypatch.setattr(auth, "TOKEN_URL", "https://iam.example.org/token")
    with pytest.raises(ConnectionError, match=r"proxy does not let it through\): check HTTPS_PRO"):
        ect.login(offline_token=OFFLINE)
    assert proxy.asked[0].startswith(b"CONNECT iam.example.org:443 ")


def test_a_host_that_is_not_there(esa_maap):
    esa_maap.stop()
    with pytest.raises(ConnectionError, match=r"cannot be reached\): check the network"):
        ect.login(offline_token=OFFLINE)
