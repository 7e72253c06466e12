"""How fast the replay serves a granule, side by side with nginx: same file, same client, both TLS.

``python benchmarks/range_throughput.py`` starts both on loopback, lets one client process read the
file from each in turn, as a whole and in ranges, and prints the best throughput of either and the
replay's memory. nginx must be installed; the replay itself needs none of it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPSConnection
from pathlib import Path

import psutil
import trustme

from maap_replay.archive.observed import observed
from maap_replay.launch import Service, serve
from maap_replay.recordings import load
from maap_replay.service import make_app
from maap_replay.service.tokens import ISSUED

HOST = "catalog.maap.eo.esa.int"
MIB = 1 << 20
SIZE = 136 * MIB  # that of a MSI_COP_2A file
#: Name -> size of a request, and number of requests in a reading.
READINGS = {
    "whole file": (SIZE, 1),
    "8 MiB ranges": (8 * MIB, 16),
    "64 KiB ranges": (MIB // 16, 400),
}
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem; root {folder};
  }}
}}
"""


def main() -> int:
    """Run both servers and the client; return 0, also where nginx is absent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--client", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.client:
        sys.stdout.write(json.dumps(read(**json.loads(given.client))))
        return 0
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        sys.stdout.write("skipped: nginx is not installed, so there is nothing to compare with.\n")
        return 0
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "granule.h5")
        with file.open("wb") as stream:
            for number in range(SIZE // MIB):
                stream.write(number.to_bytes(4, "little") * (MIB // 4))
        began = time.perf_counter()
        recordings = load()
        app = make_app(recordings, lambda product, suffix: file)
        app[ISSUED]["benchmark"] = float("inf")
        item = observed()[0]
        href = next(a["href"] for a in item["assets"].values() if a["href"].endswith(".h5"))
        with serve(app) as replay, nginx(program, Path(name)) as port, peak_memory() as peak:
            sys.stdout.write(
                f"start, after imports: {time.perf_counter() - began:.2f} s, with nginx\n"
            )
            targets = {
                "replay": {"port": replay.port, "path": href.partition(HOST)[2]},
                "nginx": {"port": port, "path": f"/{file.name}"},
            }
            report(measure(targets), peak)
            report_searches(replay)
    return 0


@contextmanager
def nginx(program: str, folder: Path) -> Iterator[int]:
    """Run nginx with a certificate of its own; its port."""
    certificate = trustme.CA().issue_cert(HOST)
    certificate.private_key_pem.write_to_path(str(folder / "key.pem"))
    for number, pem in enumerate(certificate.cert_chain_pems):
        pem.write_to_path(str(folder / "cert.pem"), append=bool(number))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port))
    folder.chmod(0o755)  # its worker has another user, where it is started by root
    process = subprocess.Popen([program, "-p", str(folder), "-c", str(settings)])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def measure(targets: dict[str, dict[str, object]]) -> dict[str, dict[str, float]]:
    """MB/s of the best of five readings in turn: kind of reading -> server -> throughput."""
    best: dict[str, dict[str, float]] = {}
    for kind, (size, count) in READINGS.items():
        best[kind] = dict.fromkeys(targets, 0.0)
        for _ in range(5):
            for server, target in targets.items():
                order = json.dumps({**target, "size": size, "count": count})
                client = [sys.executable, __file__, "--client", order]
                done = subprocess.run(client, stdout=subprocess.PIPE, check=True)
                best[kind][server] = max(best[kind][server], json.loads(done.stdout))
    return best


def read(port: int, path: str, size: int, count: int) -> float:
    """Read ranges one after the other over one connection; MB/s."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # loopback only
    connection = HTTPSConnection("127.0.0.1", port, context=context)
    connection.connect()
    buffer = memoryview(bytearray(MIB))
    total, began = 0, time.perf_counter()
    for number in range(count):
        first = number * size % (SIZE - size + 1)
        headers = {
            "Host": HOST,
            "Authorization": "Bearer benchmark",
            "Range": f"bytes={first}-{first + size - 1}",
        }
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        if answer.status != 206:
            raise RuntimeError(f"Status {answer.status} for {path}")
        while part := answer.readinto(buffer):
            total += part
    return total / (time.perf_counter() - began) / 1e6


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """Sample this process's resident memory: [at the start, highest so far] in MB."""
    process, done = psutil.Process(), threading.Event()
    start = process.memory_info().rss / 1e6
    peak = [start, start]

    def watch() -> None:
        while not done.wait(0.01):
            peak[1] = max(peak[1], process.memory_info().rss / 1e6)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def report(best: dict[str, dict[str, float]], peak: list[float]) -> None:
    """Print one line for each kind of reading, and one for the memory."""
    for kind, speed in best.items():
        ratio = speed["nginx"] / speed["replay"]
        sys.stdout.write(
            f"{kind:14s} replay {speed['replay']:6.0f} MB/s, nginx {speed['nginx']:6.0f} MB/s: "
            f"nginx is {ratio:.1f} times as fast\n"
        )
    sys.stdout.write(f"memory of the replay: {peak[0]:.0f} MB before, {peak[1]:.0f} MB at most\n")


def report_searches(replay: Service) -> None:
    """Print how long searches take over one connection, and how many items there are."""
    context = ssl.create_default_context(cafile=str(replay.ca_file))
    context.check_hostname = False  # the connection goes to an address
    connection = HTTPSConnection("127.0.0.1", replay.port, context=context)
    lesson = (
        "collections=EarthCAREL2Validated_MAAP&bbox=0,-20,10,-10"
        "&datetime=2025-03-05T00:00:00Z/2025-03-18T23:59:59Z"
        "&filter=productType%20=%20%27MSI_COP_2A%27%20and%20frame%20=%20%27E%27"
    )
    for label, query in (
        ("a page of all", ""),
        ("that of the lesson", lesson),
        ("a filter over all", "filter=productType%20=%20%27MSI_COP_2A%27"),
        ("a box over all", "bbox=0,-20,10,-10"),
        ("1500 items on one page", "limit=1500"),
    ):
        times = []
        for _ in range(7):
            began = time.perf_counter()
            connection.request("GET", f"/catalogue/search?{query}", headers={"Host": HOST})
            body = connection.getresponse().read()
            times.append(time.perf_counter() - began)
        page = json.loads(body)
        sys.stdout.write(
            f"search, {label}: {sorted(times)[3] * 1e3:.0f} ms "
            f"({page['numberReturned']} of {page['numberMatched']} items)\n"
        )


if __name__ == "__main__":
    sys.exit(main())
