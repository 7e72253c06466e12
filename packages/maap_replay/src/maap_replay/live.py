"""The few requests that recording and comparing make of ESA MAAP, the live one or a replay."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from maap_replay.recordings.patch import Json
from maap_replay.service.tokens import CLIENT_ID, CLIENT_SECRET, HOST, TOKEN_PATH

CATALOGUE = "https://catalog.maap.eo.esa.int/catalogue"
TIMEOUT = (15.0, 120.0)
PAGE = 500


def session() -> requests.Session:
    """Session that asks again when the gateway is busy."""
    retry = Retry(
        total=4,
        connect=1,
        backoff_factor=1.0,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods={"GET", "HEAD", "POST"},
        raise_on_status=False,
    )
    patient = requests.Session()
    patient.mount("https://", HTTPAdapter(max_retries=retry))
    return patient


def get(http: requests.Session, address: str, **parameters: str) -> Json:
    """JSON document at an address of the catalogue.

    Raises
    ------
    ConnectionError
        When the service does not answer with JSON, in one sentence.
    """
    try:
        answer = http.get(address, params=parameters or None, timeout=TIMEOUT)
        answer.raise_for_status()
        document = answer.json()
    except requests.RequestException as error:
        raise ConnectionError(f"{address} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise ConnectionError(f"{address} answers with something else than a JSON object.")
    return document


def search(http: requests.Session, limit: int, **parameters: str) -> Iterator[Json]:
    """Items of a search in the service's order, each once, no more than `limit`."""
    address: str | None = f"{CATALOGUE}/search"
    given = {**parameters, "limit": str(min(limit, PAGE))}
    seen: set[tuple[str, str]] = set()
    while address and len(seen) < limit:
        page = get(http, address, **given)
        given = {}  # the link to the next page has them all
        address = next((x["href"] for x in page["links"] if x["rel"] == "next"), None)
        for item in page["features"]:
            key = item["collection"], item["id"]
            if key not in seen and len(seen) < limit:
                seen.add(key)
                yield item


@dataclass
class Access:
    """An offline token, and the access token made of it last. It shows neither."""

    credentials: Mapping[str, str] = field(repr=False)
    http: requests.Session = field(repr=False)
    token: str = field(default="", repr=False)
    ends: float = 0.0

    def exchange(self) -> Json:
        """Answer of the token service; the error names the reason and never the token."""
        form = {
            "client_id": self.credentials.get("CLIENT_ID") or CLIENT_ID,
            "client_secret": self.credentials.get("CLIENT_SECRET") or CLIENT_SECRET,
            "grant_type": "refresh_token",
            "refresh_token": self.credentials["OFFLINE_TOKEN"],
            "scope": "offline_access openid",
        }
        answer = self.http.post(f"https://{HOST}{TOKEN_PATH}", data=form, timeout=TIMEOUT)
        try:
            told: Json = answer.json()
        except requests.JSONDecodeError:
            told = {}
        if not answer.ok or not told.get("access_token"):
            reason = str(told.get("error_description") or told.get("error") or "no reason given")
            raise PermissionError(f"{HOST} refuses the token ({answer.status_code}, {reason}).")
        self.token, self.ends = told["access_token"], time.time() + float(told.get("expires_in", 0))
        return told

    def headers(self) -> dict[str, str]:
        """Authorization header that is valid for a while."""
        if time.time() > self.ends - 30:
            self.exchange()
        return {"Authorization": f"Bearer {self.token}"}


def credentials(file: Path | None) -> dict[str, str] | None:
    """Values of a credentials file; None when there is neither a file nor MAAP_TOKEN.

    Parameters
    ----------
    file : Path or None
        With lines CLIENT_ID=..., CLIENT_SECRET=... and OFFLINE_TOKEN=..., or a bare token. By
        default MAAP_TOKEN, the file that MAAP_CREDENTIALS_FILE names, ``~/credentials.txt``.
    """
    if file is None:
        if token := os.environ.get("MAAP_TOKEN"):
            return {"OFFLINE_TOKEN": token.strip()}
        file = Path(os.environ.get("MAAP_CREDENTIALS_FILE", "~/credentials.txt")).expanduser()
        if not file.exists():
            return None
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    pairs = [re.match(r"\s*([A-Za-z_]+)\s*=\s*(.+?)\s*$", line) for line in lines]
    values: dict[str, Any] = {pair[1].upper(): pair[2].strip("'\"") for pair in pairs if pair}
    if not values:
        values = {"OFFLINE_TOKEN": "".join(lines).strip().removeprefix("Bearer ")}
    if not values.get("OFFLINE_TOKEN"):
        raise ValueError(f"{file} has no line OFFLINE_TOKEN=...")
    return values
