"""A small ESA MAAP of our own on loopback: catalogue, token service, data and pictures."""

from __future__ import annotations

import base64
import json
import operator
import re
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

V2 = "EarthCAREL2Validated_MAAP"
OFFLINE = "offline-token-of-somebody"
NEW_NAMES = ("product:type", "sat:absolute_orbit", "frame", "version")
OLD_NAMES = ("productType", "orbitNumber", "frame", "productVersion")
COMPARE = {"=": operator.eq, "<": operator.lt, ">": operator.gt}


def jwt(**claims: Any) -> str:
    """Make a token that looks like one of Keycloak's."""
    parts = [{"alg": "RS256"}, claims, {"signature": "none"}]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join(text.rstrip("=") for text in texts)


def make_item(
    start: str = "20251013T131444",
    orbit: str = "07820E",
    *,
    kind: str = "MSI_COP_2A",
    baseline: str = "BA",
    created: str = "20251013T162407",
    bbox: tuple[float, ...] = (4.0, -22.0, 14.0, 22.0),
    base: str = "http://unused.invalid",
    assets: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Make an item as the catalogue sends it, with the asset keys of late 2025."""
    name = f"ECA_EX{baseline}_{kind}_{start}Z_{created}Z_{orbit}"
    when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.strptime(start, "%Y%m%dT%H%M%S"))
    west, south, east, north = bbox
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    files = {
        "thumbnail": {"href": f"{base}/p/{name}.BID_1.jpeg", "roles": ["thumbnail"]},
        "product": {"href": f"{base}/data/zipper/{name}/{name}", "type": "application/zip"},
        "enclosure_h5": {"href": f"{base}/data/{name}.h5", "file:size": 136301685},
        "quicklook": {"href": f"{base}/p/{name}.BID_1.jpeg", "roles": ["overview"]},
        "enclosure_hdr": {"href": f"{base}/data/{name}.HDR", "type": "image/vnd.radiance"},
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": name,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": list(bbox),
        "properties": {
            "datetime": when,
            "start_datetime": when,
            "end_datetime": when,
            "product:type": kind,
            "version": baseline,
            "sat:absolute_orbit": int(orbit[:5]),
            "grid:code": f"WRS-{int(orbit[:5])}-{orbit[5]}",
            "updated": "2025-10-17T13:51:49Z",
        },
        "links": [],
        "assets": files if assets is None else assets,
        "collection": V2,
    }


@dataclass
class Maap:
    """What the server answers with, and what it was asked."""

    url: str
    items: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # path: type, content
    names: tuple[str, ...] = NEW_NAMES
    types: list[str] = field(default_factory=lambda: ["MSI_COP_2A", "ATL_EBD_2A"])
    faults: list[int | str] = field(default_factory=list)  # for the next requests, one each
    token_answer: tuple[int, str] | None = None
    lifetime: int = 36000
    valid: set[str] = field(default_factory=set)  # access tokens that the data server takes
    exchanged: list[dict[str, str]] = field(default_factory=list)
    log: list[tuple[str, str, str | None]] = field(default_factory=list)  # method, path, token
    etag: str = '"one"'
    sorts: bool = True
    moved: dict[str, str] = field(default_factory=dict)  # path: where it is now
    hide: int = 0  # searches that are answered with nothing
    lose: int = 0  # granules that are counted but not sent

    def searches(self) -> list[dict[str, str]]:
        """Return the parameters of the searches so far."""
        return [
            {key: value[0] for key, value in parse_qs(urlsplit(path).query).items()}
            for _, path, _ in self.log
            if path.startswith("/catalogue/search")
        ]

    def landing(self) -> dict[str, Any]:
        """Return the root of the catalogue."""
        core = "https://api.stacspec.org/v1.0.0/"
        parts = ["core", "item-search", "item-search#filter", "collections", "ogcapi-features"]
        root = f"{self.url}/catalogue/"
        return {
            "type": "Catalog",
            "id": "fedeo",
            "stac_version": "1.1.0",
            "description": "test",
            "conformsTo": [core + part for part in [*parts, *["item-search#sort"] * self.sorts]],
            "links": [
                {"rel": "self", "href": root, "type": "application/json"},
                {"rel": "root", "href": root, "type": "application/json"},
                {"rel": "search", "href": f"{root}search", "type": "application/geo+json"},
                {"rel": "data", "href": f"{root}collections", "type": "application/json"},
            ],
        }

    def search(self, asked: dict[str, str]) -> dict[str, Any]:
        """Return one page of hits."""
        hits = [item for item in self.items if matches(item, asked, self.names)]
        if self.hide:
            self.hide -= 1
            hits = []
        if order := asked.get("sortby"):
            hits.sort(key=lambda item: item["properties"]["datetime"], reverse=order[0] == "-")
        limit, first = int(asked.get("limit", 10)), int(asked.get("startRecord", 1)) - 1
        links = []
        if first + limit < len(hits):
            more = urlencode({**asked, "startRecord": first + limit + 1})
            links = [{"rel": "next", "href": f"{self.url}/catalogue/search?{more}"}]
        page = hits[first : first + limit][self.lose :]
        return {
            "type": "FeatureCollection",
            "numberMatched": len(hits),
            "numberReturned": len(page),
            "features": page,
            "links": links,
        }


def matches(item: dict[str, Any], asked: dict[str, str], names: tuple[str, ...]) -> bool:
    """Apply collections, bbox, datetime and a filter of comparisons joined by "and"."""
    told = item["properties"]
    values = (told["product:type"], told["sat:absolute_orbit"], item["id"][-1], told["version"])
    known = dict(zip(names, values, strict=True))
    for part in re.split(r" and ", asked.get("filter", "")):
        if part:
            name, compare, value = part.split(" ")
            if not COMPARE[compare](str(known[name]).lower(), value.strip("'").lower()):
                return False
    if "bbox" in asked:
        west, south, east, north = (float(edge) for edge in asked["bbox"].split(","))
        box = item["bbox"]
        if box[0] > east or box[2] < west or box[1] > north or box[3] < south:
            return False
    first, last = asked.get("datetime", "../..").split("/")
    when = told["datetime"].replace(".000Z", "Z")
    return (
        (first == ".." or when >= first)
        and (last == ".." or when <= last)
        and (item["collection"] in asked["collections"].split(","))
    )


class Handler(BaseHTTPRequestHandler):
    """Answer from the Maap that the server carries."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms between its head and its body

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""

    def send(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        """Send one answer."""
        self.send_response(status)
        told = {"Content_Type": kind, "Content_Length": len(body), **headers}
        for name, value in told.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_json(self, told: Any, status: int = 200) -> None:
        """Send one answer as JSON."""
        self.send(status, "application/json", json.dumps(told).encode())

    def fault(self, maap: Maap) -> bool:
        """Play the next fault; tell whether there was one."""
        if not maap.faults:
            return False
        fault = maap.faults.pop(0)
        if fault == "drop":
            self.close_connection = True
            self.connection.shutdown(2)
        elif fault == "cut":
            self.send(206, "application/x-hdf5", b"cut", Content_Length="100000")
            self.connection.shutdown(2)
        elif fault == "short":
            self.send(206, "application/x-hdf5", b"short")
        elif fault == "whole":
            self.send(200, "application/x-hdf5", maap.files[urlsplit(self.path).path][1])
        elif fault == "html":
            self.send(200, "text/html", b"<html><title>Sign in</title></html>")
        elif fault:
            self.send(int(fault), "text/html", b"<html>gateway</html>")
        return bool(fault)

    def do_GET(self) -> None:
        """Answer the catalogue, data and pictures."""
        maap: Maap = self.server.maap  # type: ignore[attr-defined]
        path = urlsplit(self.path).path
        maap.log.append((self.command, self.path, self.headers.get("Authorization")))
        if self.fault(maap):
            return
        collection = re.fullmatch(r"/catalogue/collections/(\w+)(/queryables)?", path)
        if path == "/catalogue/":
            self.send_json(maap.landing())
        elif collection and collection[1] == V2 and collection[2]:
            enum = {"type": "string", "enum": maap.types}
            self.send_json(
                {"properties": {name: enum if not n else {} for n, name in enumerate(maap.names)}}
            )
        elif collection:
            self.send_json({"code": "NotFound"}, 404)
        elif path == "/catalogue/search":
            asked = {key: value[0] for key, value in parse_qs(urlsplit(self.path).query).items()}
            self.send_json(maap.search(asked))
        elif path in maap.moved:
            self.send(302, "text/html", b"", Location=maap.moved[path])
        elif path in maap.files:
            self.send_file(maap, path)
        else:
            self.send(404, "text/html", b"<html>no such file</html>")

    do_HEAD = do_GET  # noqa: N815

    def send_file(self, maap: Maap, path: str) -> None:
        """Send a file, or the range asked for."""
        kind, body = maap.files[path]
        if path.startswith("/data/"):
            told = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if told not in maap.valid:
                self.send(401, "text/html", b"<html>token</html>")
                return
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not wanted:
            self.send(200, kind, body, Accept_Ranges="bytes")
            return
        first, last = int(wanted[1]), min(int(wanted[2] or len(body)), len(body) - 1)
        if first > last:
            self.send(416, kind, b"", Content_Range=f"bytes */{len(body)}")
            return
        place = f"bytes {first}-{last}/{len(body)}"
        self.send(206, kind, body[first : last + 1], Content_Range=place, ETag=maap.etag)

    def do_POST(self) -> None:
        """Answer the token service."""
        maap: Maap = self.server.maap  # type: ignore[attr-defined]
        length = int(self.headers["Content-Length"])
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
        maap.log.append(("POST", self.path, self.headers.get("Authorization")))
        if self.fault(maap):
            return
        if maap.token_answer:
            status, body = maap.token_answer
            kind = "application/json" if body.startswith("{") else "text/html"
            self.send(status, kind, body.encode())
            return
        maap.exchanged.append(form)
        access = f"access-token-{len(maap.exchanged)}"
        maap.valid.add(access)
        self.send_json({"access_token": access, "expires_in": maap.lifetime})


class Server(ThreadingHTTPServer):
    """A server that does not mind clients that hang up."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Stay quiet."""
