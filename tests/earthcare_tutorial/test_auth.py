"""Logging in: where credentials come from, what is wrong with them, and that they stay secret."""

import json
import os
import pickle
import threading
import time
import traceback
from pathlib import Path

import pytest

from earthcare_tutorial import Token, credential_places, login, save_credentials
from earthcare_tutorial.credentials import PLACES
from maap_replay.service.tokens import CLIENT_SECRET

SECRET = "offline-token-of-somebody"


def put(text, name="credentials.txt", mode=0o600):
    path = Path.home() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def three_lines(token=SECRET):
    return (
        f"# mine\n\nCLIENT_ID=offline-token\nCLIENT_SECRET={CLIENT_SECRET}\nOFFLINE_TOKEN={token}\n"
    )


def test_file_in_the_home_folder(esa_maap):
    put(three_lines())
    token = login()
    (issued,) = esa_maap.access_tokens
    assert token.bearer() == issued
    assert token.headers() == {"Authorization": f"Bearer {issued}"}
    assert esa_maap.exchanges == [
        {
            "client_id": "offline-token",
            "client_secret": CLIENT_SECRET,
            "grant_type": "refresh_token",
            "refresh_token": SECRET,
            "scope": "offline_access openid",
        }
    ]


def test_order_of_sources(esa_maap, monkeypatch):
    put(three_lines("from-home"))
    other = put(three_lines("from-named-file"), "other.txt")
    monkeypatch.setenv("MAAP_CREDENTIALS_FILE", str(other))
    login()
    monkeypatch.setenv("MAAP_OFFLINE_TOKEN", "from-environment")
    login()
    login(put("from-bare-file\n", "bare.txt"))
    login(offline_token="from-argument")
    assert [form["refresh_token"] for form in esa_maap.exchanges] == [
        "from-named-file",
        "from-environment",
        "from-bare-file",
        "from-argument",
    ]
    assert esa_maap.exchanges[-1]["client_secret"].startswith("p1eL7")


@pytest.mark.parametrize(
    ("raw", "cure"),
    [
        (f'"{SECRET}"', "quotes"),
        (f"Bearer {SECRET}", "'Bearer'"),
        (f"\ufeff'Bearer {SECRET}'", "byte order mark and quotes and 'Bearer'"),
        (f"{SECRET[:9]}\n{SECRET[9:]}", "line breaks"),
    ],
)
def test_what_is_copied_along_is_removed_and_named(esa_maap, raw, cure):
    token = login(offline_token=raw)
    assert esa_maap.exchanges[0]["refresh_token"] == SECRET
    assert f"{cure} removed" in repr(token)


def test_no_credentials_file(esa_maap, monkeypatch):
    put('{"username": "somebody", "password": "of OADS"}', ".csat2/earthcare_auth.json")
    with pytest.raises(FileNotFoundError, match=r"No credentials in ~/credentials\.txt") as caught:
        login(other_tools=True)
    for place in PLACES:
        assert (place.place in str(caught.value)) == place.place.startswith("~")
    assert "earthcare_auth.json of csat2 (holds no offline token)" in str(caught.value)
    assert "save_credentials()" in str(caught.value)
    monkeypatch.setenv("MAAP_CREDENTIALS_FILE", "~/gone.txt")
    put(three_lines())
    with pytest.raises(FileNotFoundError, match=r"in MAAP_CREDENTIALS_FILE \(~/gone\.txt\)\. save"):
        login()


def test_stores_of_other_tools_are_named_but_not_opened(esa_maap, monkeypatch):
    """As strace would see it: no file of theirs is read."""
    put(SECRET, ".config/esa_maap/tokens").chmod(0)
    monkeypatch.setenv("MAAP_TOKEN", SECRET)
    with pytest.raises(
        FileNotFoundError, match=r"in ~/credentials\.txt\. save.* look at"
    ) as caught:
        login()
    assert str(caught.value).endswith(
        "login(other_tools=True) would look at MAAP_TOKEN of earthcare-downloader,"
        " ~/.config/esa_maap/tokens of NASA MAAP pages."
    )
    assert not esa_maap.exchanges


FORMS = {
    "a file": three_lines(),
    "a TOML": f'platform = "maap"\nmaap_token = """{SECRET}"""\n',
    "a JSON": json.dumps({"OFFLINE_TOKEN": SECRET, "CLIENT_ID": "offline-token"}),
}


@pytest.mark.parametrize(
    "place", [p for p in PLACES if p.tool != "this book"], ids=lambda p: p.tool
)
def test_other_tools_are_read_when_asked_for_and_named(esa_maap, monkeypatch, capsys, place):
    text, name = FORMS.get(place.format[:6], SECRET), place.place.removeprefix("~/")
    if name.startswith("$"):
        value = SECRET if place.format == "the token" else str(Path.home() / "elsewhere")
        monkeypatch.setenv(name[1:], value)
        text, name = SECRET, "elsewhere"
    put(text, name)
    token = login(other_tools=True)
    assert esa_maap.exchanges[0]["refresh_token"] == SECRET
    assert place.tool in token.source
    assert capsys.readouterr().out == f"Taking the offline token from {token.source}.\n"
    with pytest.raises(FileNotFoundError, match=place.tool):
        login()
    put(three_lines("mine"))  # goes before all others
    assert login(other_tools=True).source == "~/credentials.txt"


def test_broken_file_of_another_tool_does_not_stand_in_the_way(esa_maap):
    put("maap_token = [", ".config/earthcarekit/default_config.toml")
    put("[1]", ".csat2/earthcare_auth.json")
    put(SECRET, ".config/esa_maap/tokens")
    assert "esa_maap" in login(other_tools=True).source


def test_the_table_of_places_is_the_one_that_login_goes_by():
    assert list(credential_places()["place"]) == [place.place for place in PLACES]


def test_nobody_there_to_type(esa_maap, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _: (_ for _ in ()).throw(EOFError))
    with pytest.raises(FileNotFoundError, match="No credentials"):
        login()
    monkeypatch.setattr("getpass.getpass", lambda _: SECRET)
    assert "the prompt" in repr(login())


@pytest.mark.parametrize("key", ["CLIENT_ID", "CLIENT_SECRET", "OFFLINE_TOKEN"])
@pytest.mark.parametrize("empty", [True, False])
def test_missing_key_is_named(esa_maap, key, empty):
    lines = [line for line in three_lines().splitlines() if not line.startswith(key)]
    put("\n".join([*lines, f"{key}=" if empty else ""]))
    with pytest.raises(ValueError, match=rf"credentials\.txt has no {key}: ") as caught:
        login()
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "error", "sentence"),
    [
        ("JWT-Bearer", ValueError, "holds an access token"),
        ("JWT-old", PermissionError, r"expired on 2025-01-01: get a new one"),
        ("your_esamaap_offline_token_here", ValueError, "still holds the example text"),
        ('{"access_token": "x"}', ValueError, "holds more than a token"),
        ("", ValueError, "has no OFFLINE_TOKEN"),
    ],
)
def test_not_an_offline_token(esa_maap, jwt, raw, error, sentence):
    raw = raw.replace("JWT-Bearer", jwt(typ="Bearer", exp=2e9))
    raw = raw.replace("JWT-old", jwt(typ="Offline", exp=1735689600))
    with pytest.raises(error, match=sentence):
        login(offline_token=raw)
    assert not esa_maap.exchanges


@pytest.mark.skipif(os.name != "posix", reason="file modes")
@pytest.mark.parametrize("name", ["credentials.txt", ".maap/credentials.txt"])
def test_open_file_is_refused_with_the_cure(esa_maap, name):
    file = put(three_lines(), name, mode=0o640)
    with pytest.raises(PermissionError, match=rf"run chmod 600 ~/{name}, and try again"):
        login(other_tools=True)
    assert not esa_maap.exchanges
    file.chmod(0o400)
    assert login(other_tools=True).source.startswith(f"~/{name}")


@pytest.mark.parametrize("prompted", [True, False])
def test_saved_credentials_are_private_and_log_in(esa_maap, monkeypatch, capsys, prompted):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda _: f" '{SECRET}' ")
    old = os.umask(0)  # the laxest there is
    try:
        file = save_credentials(None if prompted else SECRET, "~/new/token.txt")
    finally:
        os.umask(old)
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700
    assert login(file).source == "~/new/token.txt"
    assert esa_maap.exchanges[0]["refresh_token"] == SECRET
    assert SECRET not in "".join(capsys.readouterr())
    assert [path.name for path in file.parent.iterdir()] == ["token.txt"]


def test_saving_keeps_what_is_there_unless_told(esa_maap, jwt):
    file = put(three_lines())
    with pytest.raises(
        FileExistsError, match=r"~/credentials\.txt is there already: overwrite=True"
    ):
        save_credentials("other")
    with pytest.raises(ValueError, match="offline_token holds an access token"):
        save_credentials(jwt(typ="Bearer"), overwrite=True)
    assert file.read_text() == three_lines()
    assert save_credentials("other", overwrite=True) == file
    login()
    assert esa_maap.exchanges[0]["refresh_token"] == "other"


def test_saving_nothing(esa_maap):
    with pytest.raises(ValueError, match="No token given"):
        save_credentials("  ")


@pytest.mark.parametrize(
    ("fault", "error", "sentence"),
    [
        ("offline token ended", PermissionError, "offline token.*400.*Tok"),
        ("unknown client", PermissionError, "client.*401, Invalid client"),
        ("503 burst", ConnectionError, "answers 503"),
        ("login page", ConnectionError, "answers 200 without an access token"),
        ("no token", ConnectionError, "without an access token"),
    ],
)
def test_refusals_of_the_login_service(esa_maap, fault, error, sentence):
    esa_maap.fail(fault, path="/token$", times=None)
    with pytest.raises(error, match=sentence):
        login(offline_token=SECRET)


def test_busy_login_service_is_asked_again(esa_maap):
    esa_maap.fail_next(503, "dropped connection")
    assert login(offline_token=SECRET).bearer() == esa_maap.access_tokens[-1]


def test_no_network(esa_maap):
    esa_maap.stop()
    with pytest.raises(ConnectionError, match=r"No answer from iam\.maap\.eo\.esa\.int"):
        login(offline_token=SECRET)


def test_secrets_show_nowhere(esa_maap, caplog):
    caplog.set_level("DEBUG")
    token = login(offline_token=SECRET)
    shown = [repr(token), str(token), f"{token}", repr(vars(token)), token.status().to_string()]
    shown += [repr(token.headers())]
    esa_maap.fail("tokens repeated", times=None)
    for stop in (False, True):
        if stop:
            esa_maap.stop()
        with pytest.raises(OSError, match=r"refuses|No answer") as caught:
            token.renew()
        shown += traceback.format_exception(caught.value)
        assert caught.value.__context__ is None
    shown.append(caplog.text)
    assert not [text for text in shown if SECRET in text]
    assert not [text for text in shown[:6] if esa_maap.access_tokens[0] in text]


def test_repr_tells_what_is_left(esa_maap, jwt):
    esa_maap.serve(token_seconds=36000)
    token = login(offline_token=jwt(typ="Offline", exp=time.time() + 30.5 * 86400))
    assert repr(token) == (
        "Token(the argument offline_token; access 600 min left, offline token 30 days left)"
    )


def test_status_tells_the_end_and_warns_a_week_before(esa_maap, jwt, capsys):
    esa_maap.serve(token_seconds=36000)
    personal = {"preferred_username": "somebody", "email": "somebody@example.org"}
    token = login(offline_token=jwt(typ="Offline", exp=time.time() + 30.5 * 86400, **personal))
    table = token.status()["status"]
    assert table["source"] == "the argument offline_token"
    assert table["offline token"].endswith(", 30 days left")
    assert table["access token"] == "600 minutes left, renewed in time"
    assert "somebody" not in table.to_string()
    assert capsys.readouterr().out == ""
    later = time.time() + 36_001
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: later)
        assert token.status()["status"]["access token"] == "ended, renewed in time"
    login(offline_token=jwt(typ="Offline", exp=time.time() + 6.5 * 86400))
    assert "has 6 days left: renew it at https://portal" in capsys.readouterr().out
    assert login(offline_token=SECRET).status()["status"]["offline token"] == "end unknown"


@pytest.mark.parametrize(("lifetime", "kept"), [(300, 239), (20, 15)])
def test_renewal_before_the_end(esa_maap, monkeypatch, lifetime, kept):
    esa_maap.serve(token_seconds=lifetime)
    token = login(offline_token=SECRET)
    start = time.time()
    monkeypatch.setattr("time.time", lambda: start + kept)
    assert token.bearer() == esa_maap.access_tokens[0]
    monkeypatch.setattr("time.time", lambda: start + kept + 2)
    assert token.bearer() == esa_maap.access_tokens[1]


def test_many_threads_renew_once(esa_maap, monkeypatch):
    token = login(offline_token=SECRET)
    start = time.time()
    monkeypatch.setattr("time.time", lambda: start + 36001)
    got = []
    threads = [threading.Thread(target=lambda: got.append(token.bearer())) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _, second = esa_maap.access_tokens
    assert set(got) == {second}
    rejected = [threading.Thread(target=token.renew, args=(second,)) for _ in range(5)]
    for thread in rejected:
        thread.start()
    for thread in rejected:
        thread.join()
    assert len(esa_maap.exchanges) == 3


def test_pickle_goes_on_working(esa_maap):
    token = pickle.loads(pickle.dumps(login(offline_token=SECRET)))  # noqa: S301
    assert isinstance(token, Token)
    assert token.bearer() == esa_maap.access_tokens[0]
    assert token.renew() == esa_maap.access_tokens[1]
    assert SECRET not in repr(token)
