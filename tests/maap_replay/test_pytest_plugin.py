"""The fixture `esa_maap` as another project has it: without the launcher, with its own content."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from maap_replay.items import make_item
from maap_replay.pytest_plugin import EsaMaap

ID = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E"
SEARCH = "https://catalog.maap.eo.esa.int/catalogue/search?collections=EarthCAREL2Validated_MAAP"
TOKEN = "https://iam.maap.eo.esa.int/realms/esa-maap/protocol/openid-connect/token"
#: A project that has the plugin installed, and nothing else of ours.
PROJECT = """
import os, pytest, requests, subprocess, sys

URL = "https://catalog.maap.eo.esa.int/catalogue/"

def test_real_addresses(esa_maap):
    assert requests.get(URL, timeout=10).json()["id"] == "fedeo"
    assert [one.path for one in esa_maap.log] == ["/catalogue/"]

def test_a_child_goes_the_same_way(esa_maap):
    code = f"import requests; print(requests.get({URL!r}, timeout=10).status_code)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout == "200\\n", told.stderr
    assert len(esa_maap.log) == 1

def test_every_other_host_is_refused(esa_maap):
    with pytest.raises(requests.ConnectionError, match="refuses every other host: example.org"):
        requests.get("https://example.org", timeout=10)

def test_nothing_is_left_of_it():
    assert "MAAP_REPLAY_PORT" not in os.environ
    assert "REQUESTS_CA_BUNDLE" not in os.environ
"""


def test_another_project_needs_no_launcher(tmp_path: Path) -> None:
    (tmp_path / "test_project.py").write_text(PROJECT)
    ours = ("MAAP_REPLAY", "PYTHONPATH", "REQUESTS_CA", "SSL_CERT", "CURL_CA", "PYTEST")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, env=plain, cwd=tmp_path, capture_output=True, text=True)
    assert "4 passed" in done.stdout, done.stdout + done.stderr


def exchange(offline_token: str) -> requests.Response:
    form = {"client_id": "offline-token", "client_secret": "p1eL7uonXs6MDxtGbgKdPVRAmnGxHpVE"}
    form |= {"grant_type": "refresh_token", "refresh_token": offline_token}
    return requests.post(TOKEN, data=form, timeout=10)


def test_items_and_files_of_ones_own(esa_maap: EsaMaap) -> None:
    item = make_item(ID, bbox=(0, 0, 10, 10), version="BA", updated=None)
    esa_maap.serve([item])
    (found,) = requests.get(SEARCH, timeout=10).json()["features"]
    assert found["id"] == ID
    assert found["bbox"] == [0, 0, 10, 10]
    assert "updated" not in found["properties"]
    url = found["assets"]["enclosure_h5"]["href"]
    assert esa_maap.put(url.removeprefix(esa_maap.url), b"0123456789") == url
    assert requests.get(url, timeout=10).status_code == 401
    esa_maap.accept(access_token="good")
    headers = {"Authorization": "Bearer good", "Range": "bytes=2-4"}
    assert requests.get(url, headers=headers, timeout=10).content == b"234"
    assert [one.token for one in esa_maap.log] == [None, None, 1]
    esa_maap.revoke()
    assert requests.get(url, headers=headers, timeout=10).status_code == 401
    assert requests.get(esa_maap.put("a.jpeg", b"x", public=True), timeout=10).content == b"x"


def test_tokens_that_the_replay_did_not_make(esa_maap: EsaMaap) -> None:
    assert exchange("mine").status_code == 400
    esa_maap.accept("mine")
    token = exchange("mine").json()["access_token"]
    assert esa_maap.access_tokens == [token]
    assert [form["refresh_token"] for form in esa_maap.exchanges] == ["mine"]


def test_a_new_start_forgets_all_and_keeps_the_address(esa_maap: EsaMaap) -> None:
    with requests.Session() as session:
        esa_maap.fail("503 burst", path="/catalogue/search")
        assert session.get(SEARCH, timeout=10).status_code == 503
        esa_maap.serve([])
        assert session.get(SEARCH, timeout=10).json()["numberMatched"] == 0
        assert len(esa_maap.log) == 1
        esa_maap.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(SEARCH, timeout=10)


def test_a_fault_that_does_not_exist_is_named(esa_maap: EsaMaap) -> None:
    with pytest.raises(ValueError, match="There is no fault 'rain', only: 503 burst"):
        esa_maap.fail("rain")
