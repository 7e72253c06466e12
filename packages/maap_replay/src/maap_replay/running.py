"""An application that answers on a loopback socket while a block runs."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web


@contextmanager
def running(
    app: web.Application, context: ssl.SSLContext | None = None, patience: float = 1.0
) -> Iterator[int]:
    """Run an application in a thread, on a free port of loopback.

    Parameters
    ----------
    app : aiohttp.web.Application
        What answers.
    context : ssl.SSLContext, optional
        With it the socket speaks TLS.
    patience : float
        Seconds that answers under way may still take at the end.

    Yields
    ------
    int
        The port.
    """
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=patience)

    async def start() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        return int(runner.addresses[0][1])

    async def stop() -> None:
        assert runner.server is not None
        connections = [handler.transport for handler in runner.server.connections]
        await runner.cleanup()
        for connection in connections:  # a client may keep one open, and TLS would wait for it
            if connection is not None:
                connection.abort()
        await asyncio.sleep(0.01)  # what was aborted is closed in the next rounds of the loop

    thread = threading.Thread(target=loop.run_forever, name="maap-replay", daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(start(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
