"""Where an application keeps what its handlers share."""

from __future__ import annotations

from aiohttp import web

from maap_replay.recordings import Recordings

RECORDINGS: web.AppKey[Recordings] = web.AppKey("recordings", Recordings)
#: Whether to be as awkward as the live service has been seen to be.
STRICT: web.AppKey[bool] = web.AppKey("strict", bool)
