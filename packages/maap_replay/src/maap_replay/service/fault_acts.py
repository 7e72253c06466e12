"""What each fault does: a function of a request that may go on, change the answer, or replace it.

``await proceed()`` is the answer of the service, or that of a fault that was switched on later.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from maap_replay.service import chunks
from maap_replay.service.responses import PendingResponse, Proceed, simple
from maap_replay.service.tokens import ISSUED, revoke


async def gateway_page(_: web.Request, __: Proceed, *, status: float) -> PendingResponse:
    """Answer with the page of the load balancer."""
    return _nginx(int(status))


async def retry_after(
    _: web.Request, __: Proceed, *, status: float, seconds: float
) -> PendingResponse:
    """Answer that there are too many requests, and when to come again."""
    answer = _nginx(int(status))
    answer.headers["Retry-After"] = f"{seconds:.0f}"
    return answer


async def no_answer(_: web.Request, __: Proceed, *, seconds: float) -> PendingResponse:
    """Be silent, then answer as the gateway does that has waited in vain."""
    await asyncio.sleep(seconds)
    return _nginx(504)


async def black_hole(_: web.Request, proceed: Proceed, *, seconds: float) -> PendingResponse:
    """Take the request, and never answer."""
    await asyncio.sleep(seconds)
    return await dropped(_, proceed)


async def slow_first_byte(_: web.Request, proceed: Proceed, *, seconds: float) -> PendingResponse:
    """Be silent, then answer."""
    await asyncio.sleep(seconds)
    return await proceed()


async def slow_line(
    _: web.Request, proceed: Proceed, *, latency: float, megabytes_per_second: float
) -> PendingResponse:
    """Answer late and slowly."""
    await asyncio.sleep(latency)
    answer = await proceed()
    answer.chunks = chunks.paced(answer.chunks, megabytes_per_second * 1e6)
    return answer


async def cut(_: web.Request, proceed: Proceed, *, part: float) -> PendingResponse:
    """Reset the connection in the middle of a body."""
    answer = await proceed()
    answer.chunks, answer.ending = _part(answer, part), "abort"
    return answer


async def stall(
    _: web.Request, proceed: Proceed, *, part: float, seconds: float
) -> PendingResponse:
    """Fall silent in the middle of a body, then reset the connection."""
    answer = await proceed()
    answer.chunks, answer.ending = chunks.stalled(_part(answer, part), seconds), "abort"
    return answer


async def short(_: web.Request, proceed: Proceed, *, part: float) -> PendingResponse:
    """Send a part, and say that it is all."""
    answer = await proceed()
    answer.chunks = _part(answer, part)
    if answer.length is not None:
        answer.length = int(answer.length * part)  # Content-Range, if any, still promises all
    return answer


async def short_and_open(_: web.Request, proceed: Proceed, *, part: float) -> PendingResponse:
    """Send a part, say that it is all, and close the connection in order."""
    answer = await proceed()
    answer.chunks, answer.ending = _part(answer, part), "close"
    return answer


async def wrong_length(_: web.Request, proceed: Proceed, *, factor: float) -> PendingResponse:
    """Announce another length."""
    answer = await proceed()
    if answer.length is not None:
        answer.length, answer.ending = int(answer.length * factor), "close"
    return answer


async def login_page(_: web.Request, __: Proceed) -> PendingResponse:
    """Answer with the page of the login service."""
    page = (
        "<!DOCTYPE html>\n<html><head><title>Sign in to esa-maap</title></head><body>"
        '<form id="kc-form-login" method="post">Sign in to your account</form></body></html>\n'
    )
    return simple(200, page, "text/html")


async def unauthorized(_: web.Request, __: Proceed) -> PendingResponse:
    """Refuse the access token."""
    body = {"code": "Unauthorized", "description": "The access token is not accepted."}
    return simple(
        401, json.dumps(body), "application/json", WWW_Authenticate='Bearer realm="esa-maap"'
    )


async def rotation(request: web.Request, proceed: Proceed) -> PendingResponse:
    """Let all access tokens end."""
    revoke(request.app[ISSUED])
    return await proceed()


async def no_matches(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Find nothing."""
    return await _edited_page(proceed, lambda page: page | {"numberMatched": 0, "features": []})


async def huge_answer(_: web.Request, proceed: Proceed, *, more_than: float) -> PendingResponse:
    """Answer as the gateway does when the catalogue takes too long over too many items."""
    answer = await proceed()
    body = b"".join([piece async for piece in answer.chunks])
    answer.chunks = chunks.of_bytes(body)
    if answer.status == 200 and json.loads(body).get("numberMatched", 0) > more_than:
        return _nginx(504)
    return answer


async def short_listing(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Leave out every second feature."""
    return await _edited_page(proceed, lambda page: page | {"features": page["features"][::2]})


async def dropped(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Reset the connection in place of an answer."""
    answer = await proceed()
    answer.ending = "drop"
    return answer


async def no_rights(_: web.Request, __: Proceed) -> PendingResponse:
    """Refuse the file as the S3 layer does."""
    page = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>'
    return simple(403, page, "application/xml")


async def moved(request: web.Request, proceed: Proceed, *, status: float) -> PendingResponse:
    """Send the client to another host: this service under the name localhost."""
    if request.host.startswith("localhost"):
        return await proceed()
    port = request.transport.get_extra_info("sockname")[1] if request.transport else 443
    place = f"https://localhost:{port}{request.path_qs}"
    return simple(int(status), "", "text/html", Location=place)


async def offline_token_ended(_: web.Request, __: Proceed) -> PendingResponse:
    """Refuse an offline token that has ended or was withdrawn."""
    return _refused_exchange(400, "invalid_grant", "Token is not active")


async def unknown_client(_: web.Request, __: Proceed) -> PendingResponse:
    """Refuse the client."""
    return _refused_exchange(
        401, "unauthorized_client", "Invalid client or Invalid client credentials"
    )


async def odd_lifetime(_: web.Request, proceed: Proceed, *, which: float) -> PendingResponse:
    """Say in an odd way how long an access token lasts."""
    odd = ("soon", None, -5, float("nan"))[int(which)]
    return await _edited(proceed, lambda answer: answer | {"expires_in": odd})


async def no_token(_: web.Request, __: Proceed) -> PendingResponse:
    """Grant an exchange, and forget the access token."""
    return simple(200, json.dumps({"scope": "openid"}), "application/json")


async def tokens_repeated(request: web.Request, _: Proceed) -> PendingResponse:
    """Refuse an exchange in a sentence that repeats the secrets it was sent."""
    form = await request.post()
    secrets = [str(form.get("refresh_token")), *request.app[ISSUED]]
    return _refused_exchange(400, "invalid_grant", f"bad {' '.join(secrets)}")


async def no_sorting(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Say on the landing page that searches cannot be sorted."""

    def without(page: dict[str, Any]) -> dict[str, Any]:
        kept = [one for one in page.get("conformsTo", []) if not one.endswith("#sort")]
        return page | {"conformsTo": kept}

    return await _edited(proceed, without)


async def no_frames(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Leave the frame out of the names that filters may use."""
    return await _without_names(proceed, {"frame"})


async def old_names(_: web.Request, proceed: Proceed) -> PendingResponse:
    """Leave out the names that came in February 2026: only those of before are listed."""
    return await _without_names(
        proceed, {"product:type", "version", "sat:absolute_orbit", "sat:orbit_state", "instruments"}
    )


async def _without_names(proceed: Proceed, names: set[str]) -> PendingResponse:
    def without(page: dict[str, Any]) -> dict[str, Any]:
        known = page.get("properties", {})
        return page | {"properties": {name: known[name] for name in known if name not in names}}

    return await _edited(proceed, without)


def _refused_exchange(status: int, error: str, description: str) -> PendingResponse:
    body = {"error": error, "error_description": description}
    return simple(status, json.dumps(body), "application/json")


async def asks_for_a_next_page(request: web.Request) -> bool:
    """Whether a search continues another: in its address, or in its body."""
    if parse_qs(request.query_string).get("startRecord", ["1"]) != ["1"]:
        return True
    return request.method == "POST" and '"startRecord"' in await request.text()


async def _edited_page(
    proceed: Proceed, edit: Callable[[dict[str, Any]], dict[str, Any]]
) -> PendingResponse:
    """Edit a page of features, so that its counts and links agree with what is left."""

    def agreeing(page: dict[str, Any]) -> dict[str, Any]:
        if "features" not in page:
            return page  # the landing page, for one
        page = edit(page)
        last = not page["features"]
        links = [link for link in page["links"] if not (last and link["rel"] == "next")]
        return page | {"numberReturned": len(page["features"]), "links": links}

    return await _edited(proceed, agreeing)


async def _edited(
    proceed: Proceed, edit: Callable[[dict[str, Any]], dict[str, Any]]
) -> PendingResponse:
    """Edit a document of JSON, unless it is a refusal."""
    answer = await proceed()
    if answer.status != 200:
        return answer
    body = json.dumps(edit(json.loads(b"".join([chunk async for chunk in answer.chunks])))).encode()
    answer.chunks, answer.length = chunks.of_bytes(body), len(body)
    return answer


def _nginx(status: int) -> PendingResponse:
    line = f"{status} {_REASONS.get(status) or HTTPStatus(status).phrase}"
    page = (
        f"<html>\r\n<head><title>{line}</title></head>\r\n<body>\r\n<center><h1>{line}</h1>"
        "</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return simple(status, page, "text/html")


#: As nginx words them, where it differs from the standard.
_REASONS = {503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


def _part(answer: PendingResponse, part: float) -> AsyncIterator[bytes]:
    """First part of a body; of one without a length, one chunk."""
    count = chunks.CHUNK if answer.length is None else int(answer.length * part)
    return chunks.first(answer.chunks, count)
