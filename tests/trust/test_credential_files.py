"""Files with a token as editors and shells write them, and computers without a home."""

import os
import re
from pathlib import Path

import pytest

import earthcare_tutorial as ect
from maap_replay.service.tokens import CLIENT_SECRET
from tests.earthcare_tutorial.conftest import jwt
from tests.trust.known import OFFLINE
from tests.trust.renderers import renderings

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
