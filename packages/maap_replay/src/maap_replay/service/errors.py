"""The refusals of the catalogue, and how they look on the wire."""

from __future__ import annotations

from aiohttp import web


class RefusalError(Exception):
    """A request that cannot be answered; becomes JSON with `code` and `description`.

    ESA MAAP's own error bodies are not public; this is the form of OGC API.
    """

    def __init__(self, description: str, status: int = 400, code: str = "InvalidParameterValue"):
        super().__init__(description)
        self.description, self.status, self.code = description, status, code

    def response(self) -> web.Response:
        """Answer to send."""
        body = {"code": self.code, "description": self.description}
        return web.json_response(body, status=self.status)


def not_found(what: str) -> RefusalError:
    """RefusalError of something that is not recorded."""
    return RefusalError(f"{what} is not in this catalogue.", 404, "NotFound")
