"""Where a token may go, what may be seen of it, and how long a login waits: never too much."""

import contextlib
import os
import re
import signal
import socket
import ssl
import threading
import time
import traceback
import warnings
from pathlib import Path

import pystac
import pytest
import requests
import trustme
from IPython.core.ultratb import VerboseTB

import earthcare_tutorial as ect
from earthcare_tutorial import _http, auth
from earthcare_tutorial.auth import auth_for
from earthcare_tutorial.credentials import Secret
from maap_replay.service.tokens import CLIENT_SECRET
from tests.earthcare_tutorial.conftest import jwt

OFFLINE = jwt(typ="Offline", sub="canary-of-the-offline-token")
ACCESS = jwt(typ="Bearer", sub="canary-of-the-access-token")
TEXT = "canary-access-token-as-text"
CANARIES = [OFFLINE, ACCESS, TEXT, "access-token-1"]
ANSWER = b'{"access_token": "access-token-1", "expires_in": 300}'
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "


def whole(body):
    return JSON + str(len(body)).encode() + b"\r\n\r\n" + body


class Listener:
    """A server that answers the n-th connection with the n-th answer; None keeps silent."""

    def __init__(self, answers, context=None):
        self.answers, self.asked, self.kept = list(answers), [], []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.listening.getsockname()[1]}"
        self.context = context
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        """Answer, until the server is closed."""
        while True:
            try:
                connection = self.listening.accept()[0]
            except OSError:
                return
            self.kept.append(connection)
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                self.asked.append(connection.recv(65536))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is not None:
                    connection.sendall(answer)
                    connection.close()
            except OSError:
                pass


@pytest.fixture
def listen():
    """Make servers, and close them."""
    made = []

    def make(*answers, context=None):
        made.append(Listener(answers, context))
        return made[-1]

    yield make
    for each in made:
        each.listening.shutdown(socket.SHUT_RDWR)
        for connection in each.kept:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        each.thread.join(10)
        for connection in (each.listening, *each.kept):
            connection.close()


@pytest.fixture
def token_server(listen, monkeypatch, esa_maap):
    """Make a token service that answers as told."""

    def make(*answers, **more):
        server = listen(*answers, **more)
        monkeypatch.setattr(auth, "TOKEN_URL", f"http://{server.host}/token")
        return server

    return make


# -- B1: a token in a form that cannot stand in a header -------------------------------------------

VERBS = {
    "open": lambda url, token: ect.open_granule(url, token, "time"),
    "download": lambda url, token: ect.download(url, Path.home() / "files", token),
    "check": ect.check_access,
}


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


# -- B1, A6: tracebacks that show the variables ----------------------------------------------------


def inside(frame):
    return Path(frame.f_code.co_filename).is_relative_to(Path(ect.__file__).parent)


def renderings(error):
    """Show an error as Python, IPython and pytest do when they show variables, too.

    From the first frame of the package on: a test has the secrets in its own.
    """
    while error.__traceback__ and not inside(error.__traceback__.tb_frame):
        error.__traceback__ = error.__traceback__.tb_next
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    yield "".join(told.format())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shown = VerboseTB(theme_name="nocolor").structured_traceback(
            type(error), error, error.__traceback__
        )
    yield "\n".join(map(str, shown))
    yield str(pytest.ExceptionInfo.from_exception(error).getrepr(showlocals=True, style="long"))
    yield repr(error) + repr(error.args) + repr(error.__context__) + repr(error.__cause__)


FAILURES = {
    "refused": lambda maap: maap.fail("tokens repeated", times=None),
    "client": lambda maap: maap.fail("unknown client"),
    "busy": lambda maap: maap.fail_next(*[503] * 90),
    "drop": lambda maap: maap.fail_next(*["dropped connection"] * 90),
    "page": lambda maap: maap.fail_next(*["login page"] * 90),
    "cut": lambda maap: maap.fail_next(None, *["cut"] * 90),
    "forbidden": lambda maap: maap.fail_next(None, None, *[403] * 90),
    "nowhere": lambda maap: maap.stop(),
}
ACTS = {
    "login": lambda url: ect.login(offline_token=OFFLINE),
    "open": lambda url: ect.open_granule(url, ect.login(offline_token=OFFLINE), "time"),
    "text": lambda url: ect.open_granule(url, TEXT, "time"),
    "letter": lambda url: ect.open_granule(url, f"{TEXT}é", "time"),
    "download": lambda url: ect.download(url, Path.home(), TEXT),
    "get": lambda url: requests.get(
        f"{url}/none", auth=ect.login(offline_token=OFFLINE), timeout=60
    ).raise_for_status(),
    "foreign": lambda url: requests.get(
        "https://example.org", auth=ect.login(offline_token=OFFLINE), timeout=60
    ),
    "save": lambda url: ect.save_credentials(f"{OFFLINE} and more é"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_no_traceback_shows_a_secret(esa_maap, granule, capsys, caplog, failure):
    caplog.set_level("DEBUG")
    FAILURES[failure](esa_maap)
    failed = 0
    for name, act in ACTS.items():
        try:
            act(granule)
        except (OSError, ValueError) as error:
            failed += 1
            for shown in (*renderings(error), caplog.text, *capsys.readouterr()):
                canaries = [*CANARIES, *esa_maap.access_tokens[1:]]  # the first is "good"
                assert not [canary for canary in canaries if canary in shown], name
    assert failed >= len(ACTS) - 2


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


def test_a_secret_cut_short_stays_hidden():
    """The library rich, and reprlib, cut a text before they show it."""
    assert repr(Secret(OFFLINE)[:80]) == repr(Secret(OFFLINE)) == "'<hidden>'"


def test_a_traceback_would_show_what_is_no_secret(esa_maap):
    """The test above can fail."""
    with pytest.raises(ValueError, match="no link") as caught:
        ect.download("canary", Path.home(), TEXT)
    assert all("canary" in text for text in list(renderings(caught.value))[:3])


# -- B3: where a token may go ----------------------------------------------------------------------

DATA = "https://catalog.maap.eo.esa.int/data/a.h5"


@pytest.fixture
def token(esa_maap):
    return ect.login(offline_token=OFFLINE)


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


# -- B4: nobody reads ~/.netrc ---------------------------------------------------------------------


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
            docstrings = ["requests.get("] * 2 * (path.name == "auth.py")
            assert calls == docstrings, path


# -- B2, B6: files as editors and shells write them ------------------------------------------------

LINES = f"CLIENT_ID=offline-token\r\nCLIENT_SECRET={CLIENT_SECRET}\r\nOFFLINE_TOKEN={OFFLINE}\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        LINES.encode("utf-16"),
        LINES.encode("utf-16-be").join([b"\xfe\xff", b""]),
        OFFLINE.encode("utf-16"),
        LINES.encode("utf-8-sig"),
        b"# la cl\xe9 de Fran\xe7ois\n" + LINES.encode(),
        LINES.replace(OFFLINE, f"{OFFLINE[:20]}\r\n{OFFLINE[20:70]}\r\n{OFFLINE[70:]}").encode(),
        (LINES.replace(OFFLINE, f'"{OFFLINE[:20]}\r\n{OFFLINE[20:]}"') + "# the end").encode(),
        f"{OFFLINE[:20]}\n{OFFLINE[20:]}\n".encode(),
        re.sub("^", "set ", LINES.strip(), flags=re.M).encode(),
        re.sub("^", "SET ", LINES.strip(), flags=re.M).encode(),
        re.sub("^", "export ", LINES.strip(), flags=re.M).encode(),
    ],
)
def test_files_of_any_encoding_line_end_and_shell(esa_maap, raw):
    file = Path.home() / "credentials.txt"
    file.write_bytes(raw)
    file.chmod(0o600)
    ect.login()
    assert esa_maap.exchanges[0]["refresh_token"] == OFFLINE


def test_a_letter_in_the_token_is_a_sentence(esa_maap):
    file = Path.home() / "credentials.txt"
    file.write_bytes(LINES.encode().replace(b".", b"\xe9", 1))
    file.chmod(0o600)
    with pytest.raises(ValueError, match=r"credentials\.txt holds more than a token") as caught:
        ect.login()
    assert not [text for text in renderings(caught.value) if OFFLINE[:20] in text]


# -- C8, C12 ---------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="users of Unix")
def test_no_home_folder(esa_maap, monkeypatch, tmp_path):
    import pwd

    def unknown(_):
        raise KeyError

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    file = ect.save_credentials(OFFLINE, tmp_path / "c.txt")
    assert ect.login(file).source == str(file)
    monkeypatch.setenv("MAAP_CREDENTIALS_FILE", str(file))
    assert ect.login().source == "MAAP_CREDENTIALS_FILE"
    monkeypatch.delenv("MAAP_CREDENTIALS_FILE")
    with pytest.raises(FileNotFoundError, match=r"No credentials in ~/credentials\.txt"):
        ect.login()
    with pytest.raises(FileNotFoundError, match="There is no home folder here: path="):
        ect.save_credentials(OFFLINE)


@pytest.mark.parametrize("end", [1.9e12, "1900000000", None, 0, -1, True, [1], float("inf")])
def test_an_end_that_is_no_time_in_seconds_is_unknown(esa_maap, end):
    token = ect.login(offline_token=jwt(typ="Offline", exp=end))
    assert token.status()["status"]["offline token"] == "end unknown"
    esa_maap.accept(access_token=jwt(exp=end))
    assert "end unknown" in repr(token)


@pytest.mark.parametrize("which", [0, 1, 2, 3], ids=["word", "null", "negative", "nan"])
def test_a_lifetime_that_is_none_counts_as_five_minutes(esa_maap, which):
    esa_maap.serve(token_seconds=900)
    esa_maap.fail("odd lifetime", which=which)
    assert "access 5 min left" in repr(ect.login(offline_token=OFFLINE))


# -- A6, A8: the offline token, and the true cause -------------------------------------------------


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


# -- A4: nobody waits for ever ---------------------------------------------------------------------


def in_threads(number, call):
    """Call in so many threads at a time, and return what each returned or raised."""
    got = []

    def run():
        try:
            got.append(call())
        except OSError as error:
            got.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def expired(token):
    token._renew_at = token._ends_at = 0.0
    return token


def test_six_readers_share_one_failed_renewal(esa_maap, token):
    esa_maap.fail("offline token ended")
    got = in_threads(6, expired(token).bearer)
    got += in_threads(6, token.bearer)  # those who come just after it
    assert {type(each) for each in got} == {PermissionError}
    assert len({id(each) for each in got}) == 12
    assert len([one for one in esa_maap.log if one.path.endswith("/token")]) == 2
    esa_maap.heal()
    assert token.renew() == esa_maap.access_tokens[1]  # asked for by hand, it is tried at once


def test_a_silent_token_service_is_left_in_time(token_server, monkeypatch):
    monkeypatch.setattr(auth, "RENEWAL_PATIENCE", 0.3)
    server = token_server(None)
    with pytest.raises(ConnectionError, match=r"No answer from 127\.0\.0\.1 in 0 s: try later"):
        ect.login(offline_token=OFFLINE)
    token = auth.Token(OFFLINE, {"CLIENT_ID": "a", "CLIENT_SECRET": "b"}, "test")
    got = in_threads(6, token.bearer) + in_threads(2, token.bearer)
    assert {type(each) for each in got} == {ConnectionError}
    assert len(server.kept) == 2, "one request for all"


def test_a_good_token_outlives_an_outage(esa_maap, token, monkeypatch):
    token._renew_at = 0.0
    (first,) = esa_maap.access_tokens
    esa_maap.fail_next(*[503] * 6)
    assert token.bearer() == first
    assert token.bearer() == first
    assert not esa_maap.faults, "asked so often, and then left alone for a while"
    monkeypatch.setattr(auth, "_REMEMBERED", 0.0)
    assert token.bearer() == esa_maap.access_tokens[1]


@pytest.mark.skipif(os.name != "posix", reason="signals of Unix")
def test_ctrl_c_stops_a_login(token_server):
    server = token_server(None)

    def interrupt():
        while not server.asked:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt) as caught:
        ect.login(offline_token=OFFLINE)
    assert not [text for text in renderings(caught.value) if OFFLINE in text]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork of Unix")
def test_a_fork_while_a_thread_renews(token_server):
    server = token_server(None, whole(ANSWER))
    token = auth.Token(OFFLINE, {"CLIENT_ID": "a", "CLIENT_SECRET": "b"}, "test")
    _http.in_thread(token.bearer)
    while not server.asked:
        time.sleep(0.01)
    token._lock.acquire()  # the worst moment
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of a fork beside threads: rightly
        child = os.fork()
    if child == 0:
        signal.alarm(60)
        os._exit(0 if token.bearer() == "access-token-1" else 1)
    token._lock.release()
    assert os.waitpid(child, 0)[1] == 0
