"""Record what ESA MAAP answers into a folder from which `maap-replay run` replays it.

Never kept: a token, a header, anything the token service says.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import requests
from tqdm import tqdm

from maap_replay import live, recording_proxy
from maap_replay.launch import run
from maap_replay.recordings import load
from maap_replay.recordings.patch import Json
from maap_replay.recordings.save import save_collection, save_items, save_queryables

CHUNK = 1 << 20


@dataclass(frozen=True)
class Wish:
    """What to record.

    Parameters
    ----------
    search : dict
        Parameters of a search as the service takes them; empty for none.
    limit : int
        How many items at most.
    pictures : bool
        Whether the pictures of the items are wanted.
    whole_files : bool
        Whether their data files are wanted, whole; it needs a token.
    command : sequence of str
        Command whose searches and byte ranges are wanted; empty for none.
    """

    search: dict[str, str] = field(default_factory=dict)
    limit: int = 100
    pictures: bool = True
    whole_files: bool = False
    command: Sequence[str] = ()


def record(folder: Path, wish: Wish, token_file: Path | None = None) -> int:
    """Record into a folder, beside what it holds already, and tell what was recorded.

    Returns
    -------
    int
        Exit status of the command, or 0.

    Raises
    ------
    ValueError
        When nothing is asked for, or data without credentials.
    ConnectionError, PermissionError
        When the service does not answer, or refuses the token or a file.
    """
    if not wish.search and not wish.command:
        raise ValueError("Say what to record: --collection, --ids or another part of a search.")
    http, origin, status = live.session(), _origin(), 0
    found: dict[tuple[str, str], Json] = {}
    touched, complete = 0, False
    if wish.command:
        status, seen = _watch(folder, wish.command, origin, token_file)
        found, touched = seen.items, len(seen.files)
        found |= _items_of(http, seen)
    if wish.search:
        items = list(live.search(http, wish.limit, **wish.search))
        found |= {(item["collection"], item["id"]): item for item in items}
        complete = len(items) < wish.limit
    _save_catalogue(http, folder, list(found.values()), wish, origin)
    pictures = _pictures(http, folder, found.values()) if wish.pictures else 0
    files = _whole_files(http, folder, found.values(), token_file) if wish.whole_files else 0
    about: Json = {"origin": origin, "search": wish.search, "items": len(found)}
    about["complete"] = complete  # the replay has no items of its own for a search that is
    (folder / "recorded.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(
        f"{folder}: {len(found)} items, {pictures} pictures, {files} whole files,"
        f" ranges of {touched} files, {origin}\n"
    )
    return status


def _origin() -> str:
    # Under `maap-replay run` the service that answers is itself a replay.
    source = "a replay of " if os.environ.get("MAAP_REPLAY_PORT") else ""
    host = urlsplit(live.CATALOGUE).netloc
    return f"recorded from {source}{host} on {datetime.now(UTC):%Y-%m-%d}"


def _watch(
    folder: Path, command: Sequence[str], origin: str, token_file: Path | None
) -> tuple[int, recording_proxy.Seen]:
    folder.mkdir(parents=True, exist_ok=True)
    seen = recording_proxy.Seen(folder)
    own = {"MAAP_CREDENTIALS_FILE": str(token_file.resolve())} if token_file else {}
    status = run(command, recording_proxy.make_app(seen), own_credentials=own)
    seen.finish(origin)
    return status, seen


def _items_of(http: requests.Session, seen: recording_proxy.Seen) -> dict[tuple[str, str], Json]:
    """Items of the files that a command read without having searched for them."""
    known = {product_id for _, product_id in seen.items}
    names = {path.rpartition("/")[2].partition(".")[0] for path in seen.files} - known
    if not names:
        return {}
    items = live.search(http, 2 * len(names), ids=",".join(sorted(names)))
    return {(item["collection"], item["id"]): item for item in items}


def _save_catalogue(
    http: requests.Session, folder: Path, items: list[Json], wish: Wish, origin: str
) -> None:
    asked = wish.search.get("collections", "")
    names = sorted({item["collection"] for item in items} | set(filter(None, asked.split(","))))
    tiers = {name: one["tier"] for name, one in load().collections.items()}
    queryables = {}
    for name in names:
        address = f"{live.CATALOGUE}/collections/{name}"
        save_collection(folder, live.get(http, address), tiers.get(name, "public"), origin)
        queryables[name] = live.get(http, f"{address}/queryables")
    save_queryables(folder, queryables, origin)
    save_items(folder, items, origin)


def _pictures(http: requests.Session, folder: Path, items: Iterable[Json]) -> int:
    count = 0
    for href in sorted({href for item in items for href in _hrefs(item, "/public/")}):
        path = _place(folder, href)
        if path.exists():
            continue
        answer = http.get(href, timeout=live.TIMEOUT)
        if answer.ok and answer.headers.get("Content-Type", "").startswith("image/"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(answer.content)
            count += 1
        else:
            sys.stderr.write(f"maap-replay: no picture at {href} ({answer.status_code})\n")
    return count


def _whole_files(
    http: requests.Session, folder: Path, items: Iterable[Json], token_file: Path | None
) -> int:
    secrets = live.credentials(token_file)
    if secrets is None:
        raise ValueError("Data need a token: give --token-file, or set MAAP_CREDENTIALS_FILE.")
    access, count = live.Access(secrets, http), 0
    for href in sorted({href for item in items for href in _hrefs(item, ".h5", ".HDR")}):
        if not (path := _place(folder, href)).exists():
            _download(http, href, path, access)
            count += 1
    return count


def _download(http: requests.Session, href: str, path: Path, access: live.Access) -> None:
    name, size = path.name, 0
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{name}.part")
    with http.get(href, headers=access.headers(), stream=True, timeout=live.TIMEOUT) as answer:
        if not answer.ok or "html" in answer.headers.get("Content-Type", ""):
            raise PermissionError(f"{name} was refused ({answer.status_code}).")
        length = int(answer.headers["Content-Length"])
        with (
            unfinished.open("wb") as file,
            tqdm(total=length, unit="B", unit_scale=True, desc=name, disable=None) as bar,
        ):
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                size += len(chunk)
                bar.update(len(chunk))
    if size != length:
        raise ConnectionError(f"{name} broke off after {size} of {length} bytes.")
    unfinished.replace(path)


def _hrefs(item: Json, *parts: str) -> list[str]:
    hrefs = [asset["href"] for asset in item["assets"].values()]
    return [href for href in hrefs if "/data/" in href and any(part in href for part in parts)]


def _place(folder: Path, href: str) -> Path:
    """Where a file lies in a recording: at its own path, which may not lead out of it."""
    parts = [part for part in unquote(urlsplit(href).path).split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ValueError(f"{href} is no path of a file.")
    return folder.joinpath(*parts)
