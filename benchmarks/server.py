"""A web server with the latency and the bandwidth of a network, on loopback.

Each answer comes one latency late, each first answer of a connection two more (TCP and TLS take a
round trip each), counted from the connection on, so that opening one early pays as it does in
reality. The body is sent in pieces at the pace of the connection. What no answer waits for: slow
start, loss, and the encryption itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import mmap
import re
import time
from pathlib import Path

PIECE = 32 << 10


class Link:
    """The pace of a connection."""

    def __init__(self, rate: float) -> None:
        self.rate, self.free_at = rate, 0.0

    async def wait_for(self, size: int) -> None:
        """Wait until so many bytes have gone through, and make up for having waited too long."""
        now = time.perf_counter()
        self.free_at = max(now - 0.05, self.free_at) + size / self.rate
        if self.free_at > now + 0.001:
            await asyncio.sleep(self.free_at - now)


class Shaped:
    """The server, what it serves, and what it was asked for."""

    def __init__(self, folder: Path, latency: float, rate: float) -> None:
        self.folder, self.latency, self.rate = folder, latency, rate
        self.maps: dict[str, mmap.mmap] = {}
        self.asked: list[tuple[int, int]] = []
        self.connections = 0

    def file(self, name: str) -> mmap.mmap:
        """Map a file into memory; copies of one file are named NAME/N."""
        name = name.split("/")[0]
        if name not in self.maps:
            with (self.folder / name).open("rb") as opened:
                self.maps[name] = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        return self.maps[name]

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        ready, link = time.perf_counter() + 2 * self.latency, Link(self.rate)
        counted = False
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, path, _ = head.split(" ", 2)
                if path.startswith("/__log"):
                    told = {"asked": self.asked, "connections": self.connections}
                    self.asked, self.connections = [], 0
                    body = json.dumps(told).encode()
                    size = f"Content-Length: {len(body)}\r\n\r\n".encode()
                    writer.write(b"HTTP/1.1 200 OK\r\n" + size + body)
                    continue
                self.connections += not counted
                counted = True
                await asyncio.sleep(max(0.0, ready - time.perf_counter()) + self.latency)
                if "authorization: bearer " not in head.lower():
                    writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
                    continue
                await self.answer(method, path.lstrip("/"), head, writer, link)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(
        self, method: str, name: str, head: str, writer: asyncio.StreamWriter, link: Link
    ) -> None:
        """Send a file or a range of it."""
        data = self.file(name)
        wanted = re.search(r"(?im)^range: bytes=(\d*)-(\d*)", head)
        start, end = 0, len(data)
        if wanted and wanted[1]:
            start, end = int(wanted[1]), min(int(wanted[2] or end) + 1, end)
        elif wanted:
            start = len(data) - int(wanted[2])
        lines = [
            "HTTP/1.1 206 Partial Content" if wanted else "HTTP/1.1 200 OK",
            f"Content-Length: {end - start}",
            "Accept-Ranges: bytes",
            'ETag: "one"',
            "Content-Type: application/x-hdf5",
        ]
        if wanted:
            lines.append(f"Content-Range: bytes {start}-{end - 1}/{len(data)}")
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        sent, link.free_at = start, time.perf_counter()  # an idle link saves nothing up
        try:
            while method == "GET" and sent < end:
                piece = data[sent : min(sent + PIECE, end)]
                await link.wait_for(len(piece))
                writer.write(piece)
                sent += len(piece)
                await writer.drain()
        finally:
            self.asked.append((start, sent))


async def serve(arguments: argparse.Namespace) -> None:
    """Serve until killed."""
    shaped = Shaped(arguments.folder, arguments.ms / 1e3, arguments.rate * 1e6)
    server = await asyncio.start_server(shaped.connection, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ms", type=float, default=30, help="latency, there and back")
    parser.add_argument("--rate", type=float, default=20, help="MB/s of each connection")
    asyncio.run(serve(parser.parse_args()))
