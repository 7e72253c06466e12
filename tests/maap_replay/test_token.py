"""The token service: the exchange, and each way in which it fails."""

import base64
import json
import time

import pytest

from maap_replay.service import offline_token
from maap_replay.service.app import CATALOGUE_HOST as CATALOGUE
from maap_replay.service.tokens import HOST as IAM
from maap_replay.service.tokens import ISSUED, TOKEN_PATH

H5 = (
    "/data/earthcare-pdgs-01/EarthCARE/MSI_COP_2A/BA/2025/03/16/"
    + "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E/" * 2
    + "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E.h5"
)


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def test_exchange_answers_as_keycloak_does(replay):
    answer = replay.exchange(scope="offline_access openid")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"], body["refresh_expires_in"]) == (
        "Bearer",
        300,
        0,
    )
    assert set(body) >= {"refresh_token", "not-before-policy", "session_state", "scope"}
    assert body["access_token"] != replay.exchange().json()["access_token"]
    offline = claims(body["refresh_token"])
    assert offline["typ"] == "Offline" and offline["exp"] > time.time() + 89 * 86400
    assert (
        "not a real token" in offline["note"]
        and "not a real" in claims(body["access_token"])["note"]
    )


@pytest.mark.parametrize(
    ("form", "status", "error", "description"),
    [
        ({"client_secret": None}, 401, "unauthorized_client", "Invalid client"),
        ({"client_secret": "wrong"}, 401, "unauthorized_client", "Invalid client"),
        ({"client_id": "me"}, 401, "unauthorized_client", "Invalid client"),
        ({"grant_type": None}, 400, "invalid_request", "grant_type"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "Unsupported"),
        ({"refresh_token": None}, 400, "invalid_request", "No refresh token"),
        ({"refresh_token": offline_token(-1)}, 400, "invalid_grant", "Token is not active"),
        ({"refresh_token": f'"{offline_token()}"'}, 400, "invalid_grant", "Invalid refresh token"),
        ({"refresh_token": f"Bearer {offline_token()}"}, 400, "invalid_grant", "Invalid refresh"),
        ({"refresh_token": f"{offline_token()}\n"}, 400, "invalid_grant", "Invalid refresh token"),
        ({"refresh_token": "\ufeff" + offline_token()}, 400, "invalid_grant", "Invalid refresh"),
        ({"refresh_token": "a.b.c"}, 400, "invalid_grant", "Invalid refresh token"),
        ({"refresh_token": "e30.e30.x"}, 400, "invalid_grant", "Invalid refresh token"),
    ],
)
def test_failures(replay, form, status, error, description):
    answer = replay.exchange(**form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert description in answer.json()["error_description"]


def test_an_access_token_is_no_offline_token(replay):
    access = replay.exchange().json()["access_token"]
    answer = replay.exchange(refresh_token=access)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_only_post_and_only_at_its_own_host(replay):
    assert replay.ask(TOKEN_PATH, IAM).status_code == 405
    assert replay.ask(TOKEN_PATH, CATALOGUE, method="POST").status_code == 404
    assert replay.ask("/catalogue/", IAM).status_code == 404


def test_an_access_token_expires(start):
    service = start(token_seconds=600)
    headers = service.access()
    assert service.ask(H5, headers=headers).status_code == 200
    for token in service.app[ISSUED]:  # ten minutes go by
        service.app[ISSUED][token] -= 600
    assert service.ask(H5, headers=headers).status_code == 401
    assert service.ask(H5, headers=service.access()).status_code == 200


def test_lifetime_from_the_environment(start, monkeypatch):
    monkeypatch.setenv("MAAP_REPLAY_TOKEN_SECONDS", "77")
    assert start().exchange().json()["expires_in"] == 77


def test_the_log_holds_no_token(replay):
    headers = replay.access()
    replay.ask(H5, headers=headers)
    assert headers["Authorization"].split()[1] not in repr(replay.log)
