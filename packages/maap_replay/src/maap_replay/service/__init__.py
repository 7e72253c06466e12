"""ESA MAAP's catalogue, token service and data store as one aiohttp application."""

from maap_replay.service.app import make_app
from maap_replay.service.requests import REQUESTS, Served
from maap_replay.service.tokens import offline_token

__all__ = ["REQUESTS", "Served", "make_app", "offline_token"]
