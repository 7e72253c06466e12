"""Switch faults on and off in a running replay, and let them spoil requests.

``/replay/faults`` on the catalogue's host is the control: GET lists the table and what is on, POST
switches a fault on, DELETE switches all off. `maap_replay.faults` is the same from Python.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from maap_replay.service.errors import RefusalError
from maap_replay.service.fault_table import FAULTS
from maap_replay.service.requests import Handler
from maap_replay.service.responses import PendingResponse, Proceed, of_response, send

CONTROL = "/replay/faults"


@dataclass(eq=False)
class Active:
    """A fault that is on."""

    name: str
    path: re.Pattern[str]
    times: int | None
    after: int
    options: dict[str, float]

    def state(self) -> dict[str, Any]:
        """What is left of it, as JSON."""
        left: dict[str, Any] = {"fault": self.name, "path": self.path.pattern, "times": self.times}
        return {**left, "after": self.after, **self.options}


ACTIVE: web.AppKey[list[Active]] = web.AppKey("faults", list)


@web.middleware
async def spoil(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the faults that are on spoil a request; with none, requests pass as they are."""
    due = [] if request.path == CONTROL else await _due(request)
    if not due:
        return await handler(request)

    async def service() -> PendingResponse:
        return of_response(request, await handler(request))

    proceed: Proceed = service
    for fault in reversed(due):  # the one that was switched on first acts last
        proceed = _chained(request, fault, proceed)
    return await send(request, await proceed())


async def listing(request: web.Request) -> web.Response:
    """Answer the table of faults and those that are on."""
    table = {name: {"says": fault.says, **fault.options} for name, fault in FAULTS.items()}
    return web.json_response({"faults": table, "on": _states(request)})


async def switch_on(request: web.Request) -> web.Response:
    """Answer ``POST {"fault": name, "times": 2, "after": 0, "path": regex, option: value}``."""
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise RefusalError("The body must be JSON.") from None
    request.app[ACTIVE].append(read(body))
    return web.json_response({"on": _states(request)}, status=201)


async def switch_off(request: web.Request) -> web.Response:
    """Answer DELETE: no fault is on any more."""
    request.app[ACTIVE].clear()
    return web.json_response({"on": []})


def read(body: Any) -> Active:
    """Fault that a JSON body asks for.

    Raises
    ------
    RefusalError
        When there is no such fault, or it has no such option.
    """
    name = body.get("fault") if isinstance(body, dict) else None
    if name not in FAULTS:
        raise RefusalError(f"There is no fault {name!r}, only: {', '.join(FAULTS)}.")
    fault = FAULTS[name]
    options = {k: v for k, v in body.items() if k not in ("fault", "path", "times", "after")}
    if unknown := options.keys() - fault.options.keys():
        known = ", ".join(("path", "times", "after", *fault.options))
        raise RefusalError(f"{name!r} has no {', '.join(sorted(unknown))}, only {known}.")
    times, after = body.get("times", fault.times), body.get("after", fault.after)
    counts = isinstance(after, int) and after >= 0
    if not counts or not (times is None or (isinstance(times, int) and times > 0)):
        raise RefusalError("times is a number above 0 or null (until cleared), after 0 or above.")
    if not all(isinstance(value, int | float) and value >= 0 for value in options.values()):
        raise RefusalError(f"The options of {name!r} are numbers, 0 or above.")
    try:
        path = re.compile(body.get("path") or fault.path)
    except (re.error, TypeError):
        raise RefusalError("path must be a regular expression of addresses.") from None
    return Active(name, path, times, after, {**fault.options, **options})


def add_routes(router: web.UrlDispatcher) -> None:
    """Put the control address into an application."""
    router.add_get(CONTROL, listing)
    router.add_post(CONTROL, switch_on)
    router.add_delete(CONTROL, switch_off)


def _chained(request: web.Request, fault: Active, proceed: Proceed) -> Proceed:
    async def spoiled() -> PendingResponse:
        return await FAULTS[fault.name].act(request, proceed, **fault.options)

    return spoiled


async def _due(request: web.Request) -> list[Active]:
    """Faults that concern a request; counts it for them."""
    due = []
    for fault in [*request.app[ACTIVE]]:
        if not fault.path.search(request.path_qs):
            continue
        only = FAULTS[fault.name].only
        if only is not None and not await only(request):
            continue
        if fault.after:
            fault.after -= 1
            continue
        due.append(fault)
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                request.app[ACTIVE].remove(fault)
    return due


def _states(request: web.Request) -> list[dict[str, Any]]:
    return [fault.state() for fault in request.app[ACTIVE]]
