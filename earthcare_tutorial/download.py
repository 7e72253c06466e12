"""Download whole granules, for those who must."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pystac

from earthcare_tutorial._progress import progress
from earthcare_tutorial._ranges import RemoteRanges
from earthcare_tutorial.access import SIGNATURE
from earthcare_tutorial.assets import h5_url
from earthcare_tutorial.products import identify

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from earthcare_tutorial.auth import Token

PIECE = 4 << 20  # bytes of a request; several are under way at a time
MANIFEST = "manifest.csv"
_COLUMNS = ["file", "url", "size", "sha256", "baseline"]


def download(
    items: pystac.Item | str | Iterable[pystac.Item | str],
    folder: str | os.PathLike[str],
    token: Token | str,
) -> list[Path]:
    """Download the .h5 files of granules, going on where an earlier attempt stopped.

    Prefer :func:`open_granule`: two variables are a tenth of a granule, or less.

    Parameters
    ----------
    items : pystac.Item or str, or iterable of these
        Granules from :func:`search`, or links of .h5 files.
    folder : path
        Where to put them; it is made if need be. A file is under its name only when it is
        complete. ``manifest.csv`` lists their links, sizes (bytes), SHA-256 and baselines, and
        what it lists is not fetched again.
    token : Token or str
        From :func:`login`.

    Returns
    -------
    list of Path
        The files, in the order of the granules.

    Raises
    ------
    PermissionError, FileNotFoundError, ConnectionError, ValueError
        As :func:`open_granule`. What was fetched stays, to go on from.
    OSError
        When the disk has no room for a file.
    """
    several = [items] if isinstance(items, pystac.Item | str) else list(items)
    links = [each if isinstance(each, str) else h5_url(each) for each in several]
    from_item = [not isinstance(each, str) for each in several]
    folder = Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    known = _read_manifest(folder)
    for url, listed in zip(links, from_item, strict=True):
        path = folder / url.rpartition("/")[2]
        row = known.get(path.name)
        if row is None or not path.exists() or path.stat().st_size != int(row["size"]):
            known[path.name] = _download_one(url, path, token, from_item=listed)
            _write_manifest(folder, known)
    return [folder / url.rpartition("/")[2] for url in links]


def _download_one(url: str, path: Path, token: Token | str, *, from_item: bool) -> dict[str, Any]:
    """Download a file under another name, check it, and give it its name."""
    remote = RemoteRanges(url, token, len(SIGNATURE), from_item=from_item)
    # What an earlier attempt left is gone on from only if it is of the same version.
    part = path.with_name(f"{path.name}.{crc32(remote.version.encode()):08x}.part")
    for other in path.parent.glob(f"{path.name}.*.part"):
        if other != part:
            other.unlink()
    if path.exists():  # of unknown origin, or cut off
        path.replace(part)
    there = part.stat().st_size if part.exists() else 0
    if there > remote.size:
        part.unlink()
        there = 0
    if remote.size - there > shutil.disk_usage(path.parent).free:
        raise OSError(f"{path.parent} has no room for {remote.name} ({remote.size / 1e6:.0f} MB).")
    digest = hashlib.sha256()
    with part.open("a+b") as file, progress(remote.size, remote.name) as done:
        file.seek(0)
        while piece := file.read(PIECE):
            digest.update(piece)
            done(len(piece))
        starts = range(there, remote.size, PIECE)
        for piece in remote.fetch_all((at, min(at + PIECE, remote.size)) for at in starts):
            file.write(piece)
            digest.update(piece)
            done(len(piece))
        file.seek(0)
        signature = file.read(len(SIGNATURE))
    if part.stat().st_size != remote.size or signature != SIGNATURE:
        part.unlink()
        raise ConnectionError(f"{remote.name} came out damaged: download it again.")
    part.replace(path)
    baseline = identify(path.stem).baseline if path.stem.startswith("ECA_") else ""
    values = [path.name, url, remote.size, digest.hexdigest(), baseline]
    return dict(zip(_COLUMNS, values, strict=True))


def _read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    path = folder / MANIFEST
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def _write_manifest(folder: Path, rows: dict[str, dict[str, Any]]) -> None:
    partial = folder / f"{MANIFEST}.part"
    with partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, _COLUMNS)
        table.writeheader()
        table.writerows(rows.values())
    partial.replace(folder / MANIFEST)
