"""The built book, served on loopback."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.site.built import HTML


class BelowAFolder(http.server.SimpleHTTPRequestHandler):
    """Serves the book below a folder of its host, as Pages does, and keeps quiet."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def translate_path(self, path: str) -> str:
        """Find the file of an address."""
        return super().translate_path(path.removeprefix("/earthcare"))


@contextmanager
def served(kind: type[BelowAFolder] = BelowAFolder) -> Iterator[str]:
    """Address of the book while a server answers there."""
    handler = functools.partial(kind, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/earthcare"
        server.shutdown()
