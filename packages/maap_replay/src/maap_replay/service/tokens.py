"""The token service: an offline token against a short-lived access token, as Keycloak does it.

Every token made here says in its payload that it is none: it is unsigned, and worth nothing outside
the replay.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import math
import re
import secrets
import time
import uuid
from typing import Any

from aiohttp import BasicAuth, web

HOST = "iam.maap.eo.esa.int"
ISSUER = f"https://{HOST}/realms/esa-maap"
TOKEN_PATH = "/realms/esa-maap/protocol/openid-connect/token"  # noqa: S105 - a path
#: The client that ESA publishes for everyone; not a secret in spite of its name.
CLIENT_ID, CLIENT_SECRET = "offline-token", "p1eL7uonXs6MDxtGbgKdPVRAmnGxHpVE"
NOTE = "maap-replay, not a real token"
#: What an answer with a token holds: Keycloak's standard, for none of ESA's is public.
ANSWER_FIELDS = frozenset(
    {"access_token", "expires_in", "refresh_expires_in", "refresh_token", "token_type"}
    | {"not-before-policy", "session_state", "scope"}
)

#: Access token -> the time (Unix seconds) at which it expires.
Issued = dict[str, float]
ISSUED: web.AppKey[Issued] = web.AppKey("issued", dict)
LIFETIME: web.AppKey[float] = web.AppKey("lifetime", float)
#: Offline tokens that are taken as they are, whatever they look like: for tests.
KNOWN: web.AppKey[set[str]] = web.AppKey("known", set)
#: The forms of exchanges that succeeded, kept in memory where tests have put a token into KNOWN.
FORMS: web.AppKey[list[dict[str, str]]] = web.AppKey("forms", list)

_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def offline_token(days: float = 90, **claims: Any) -> str:
    """Offline token for the replay: shaped like a real one, unsigned, and saying so.

    Parameters
    ----------
    days : float
        Time until it expires; negative for a token that has expired already.
    **claims
        What else its payload says.
    """
    expires = int(time.time() + days * 86400)
    return _token({"typ": "Offline", "exp": expires, "scope": "openid offline_access", **claims})


def is_valid(token: str, issued: Issued) -> bool:
    """Whether an access token was issued here and has not expired."""
    return issued.get(token, 0.0) > time.time()


def bearer(request: web.Request) -> str | None:
    """Access token of a request, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def number(request: web.Request) -> int | None:
    """Which access token a request carries: see `Served`."""
    if "Authorization" not in request.headers:
        return None
    issued = [*request.app[ISSUED]]
    token = bearer(request)
    return issued.index(token) + 1 if token in issued else 0


def revoke(issued: Issued) -> None:
    """Let no access token made so far be valid any more."""
    for token in issued:
        issued[token] = 0.0


async def exchange(request: web.Request) -> web.Response:
    """Answer ``POST .../token``."""
    form = await request.post()
    grant = form.get("grant_type")
    if not grant:
        return _failure(400, "invalid_request", "Missing form parameter: grant_type")
    if not _client_is_known(request, form):
        return _failure(401, "unauthorized_client", "Invalid client or Invalid client credentials")
    if grant != "refresh_token":
        return _failure(400, "unsupported_grant_type", "Unsupported grant_type")
    offline = form.get("refresh_token")
    if not isinstance(offline, str) or not offline:
        return _failure(400, "invalid_request", "No refresh token")
    payload: dict[str, Any] = {"typ": "Offline", "iss": ISSUER, "exp": math.inf}
    known = request.app[KNOWN]
    if offline in known or "*" in known:
        request.app[FORMS].append({key: str(value) for key, value in form.items()})
    else:
        payload = _payload(offline) or {}
    if payload.get("typ") != "Offline" or payload.get("iss") != ISSUER:
        return _failure(400, "invalid_grant", "Invalid refresh token")
    if payload.get("exp", 0) <= time.time():
        return _failure(400, "invalid_grant", "Token is not active")
    lifetime = request.app[LIFETIME]
    expires = time.time() + lifetime
    # Keycloak counts whole seconds; the exact time is kept beside the token.
    access = _token({"typ": "Bearer", "exp": int(expires), "jti": secrets.token_urlsafe(12)})
    request.app[ISSUED][access] = expires
    answer = {
        "access_token": access,
        "expires_in": math.ceil(lifetime),
        "refresh_expires_in": 0,
        "refresh_token": offline,
        "token_type": "Bearer",
        "not-before-policy": 0,
        "session_state": str(payload.get("sid", uuid.uuid4())),
        "scope": "openid offline_access",
    }
    return web.json_response(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


async def configuration(_: web.Request) -> web.Response:
    """Answer the realm's ``.well-known/openid-configuration``, as far as clients need it."""
    return web.json_response(
        {
            "issuer": ISSUER,
            "token_endpoint": f"https://{HOST}{TOKEN_PATH}",
            "grant_types_supported": ["refresh_token"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }
    )


def add_routes(router: web.UrlDispatcher) -> None:
    """Put the token service's addresses into an application."""
    router.add_post(TOKEN_PATH, exchange)
    router.add_get("/realms/esa-maap/.well-known/openid-configuration", configuration)


def _failure(status: int, error: str, description: str) -> web.Response:
    body = {"error": error, "error_description": description}
    return web.json_response(body, status=status)


def _client_is_known(request: web.Request, form: Any) -> bool:
    name, secret = form.get("client_id", ""), form.get("client_secret", "")
    if (header := request.headers.get("Authorization", "")).startswith("Basic "):
        try:
            name, secret, _ = BasicAuth.decode(header)
        except ValueError:
            return False
    expected = f"{CLIENT_ID}\n{CLIENT_SECRET}".encode()
    return hmac.compare_digest(f"{name}\n{secret}".encode(), expected)


def _token(claims: dict[str, Any]) -> str:
    common = {"iss": ISSUER, "azp": CLIENT_ID, "iat": int(time.time()), "sid": str(uuid.uuid4())}
    parts = [{"alg": "none", "typ": "JWT"}, {**common, **claims, "note": NOTE}]
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts]
    return ".".join([*coded, "not-a-signature"])


def _payload(token: str) -> dict[str, Any] | None:
    """Claims of a token, or None when it is not one (quotes, line ends, a Bearer prefix)."""
    if not _JWT.fullmatch(token):
        return None
    body = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
        return None
    return claims if isinstance(claims, dict) else None
