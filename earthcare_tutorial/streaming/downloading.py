"""Download whole granules, for those who must."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import shutil
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pystac
from filelock import FileLock

from earthcare_products.granule_ids import parse_granule_id
from earthcare_tutorial._progress import progress
from earthcare_tutorial._signing import hidden
from earthcare_tutorial.streaming.remote import CONNECTIONS, GranuleError, RemoteFile, plain_url
from earthcare_tutorial.streaming.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from earthcare_tutorial.auth import Token

PIECE = 4 << 20  # bytes of a request; several are under way at a time
MANIFEST = "manifest.csv"
LOCK = ".earthcare-download.lock"
_COLUMNS = ["file", "url", "size", "sha256", "baseline"]
_name = re.compile(r"[A-Za-z0-9_-][\w.-]*\.h5", re.ASCII)

Rows = dict[str, dict[str, Any]]


def download(
    items: pystac.Item | str | Iterable[pystac.Item | str],
    token: Token | str,
    folder: str | os.PathLike[str],
    *,
    verify: bool = False,
) -> list[Path]:
    """Download the .h5 files of granules, going on where an earlier attempt stopped.

    Prefer :func:`open_granule`: two variables are a tenth of a granule, or less. Several processes
    and threads may share a folder: each file is fetched once.

    Parameters
    ----------
    items : pystac.Item or str, or iterable of these
        Granules from :func:`search`, or links of .h5 files.
    token : Token or str
        From :func:`login`.
    folder : path
        Where to put them; it is made if need be. A file is under its name only when it is complete
        and HDF5 has read all its chunks. ``manifest.csv`` lists links, sizes (bytes), SHA-256 and
        baselines, and what it lists is not fetched again. A file that it does not list is fetched
        and replaced. Another link with the name of a file there gets a name of its own.
    verify : bool, optional
        Read again what the manifest lists of these granules, and fetch anew what has changed.

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

    Examples
    --------
    >>> import tempfile
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-CTH", orbit_and_frame="04537E", baseline="BA")
    >>> (path,) = ect.download(item, ect.login(), tempfile.mkdtemp())
    >>> path.name
    'ECA_EXBA_ATL_CTH_2A_20250316T133058Z_20250912T203618Z_04537E.h5'
    """
    if not isinstance(folder, str | os.PathLike):
        raise TypeError(f"The folder comes last, after the token: not {type(folder).__name__}.")
    token = hidden(token)
    several = [items] if isinstance(items, pystac.Item | str) else list(items)
    folder = Path(folder).expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for each in several:
        with FileLock(folder / LOCK):
            paths.append(_have(each, folder, token, verify=verify))
    return paths


def _have(item: pystac.Item | str, folder: Path, token: Token | str, *, verify: bool) -> Path:
    """Return the path of a granule that is in the folder, now if not before."""
    remote = RemoteFile(item, token, connect=False)
    link, rows = plain_url(remote.url), _read_manifest(folder)
    path = folder / _choose_name(remote.name, link, rows)
    if path.is_symlink():
        raise GranuleError(f"{path} is a symbolic link: remove it, or take another folder.")
    row = rows.get(path.name)
    whole = row and path.is_file() and path.stat().st_size == row["size"]
    if row and whole and (not verify or _digest(path) == row["sha256"]):
        return path
    remote.connect(blocks=1)
    digest = _fetch(remote, link, path)
    baseline = ""
    with suppress(ValueError):
        baseline = parse_granule_id(path.stem).baseline
    values = [path.name, link, remote.size, digest, baseline]
    _write_manifest(folder, rows | {path.name: dict(zip(_COLUMNS, values, strict=True))})
    return path


def _choose_name(name: str, link: str, rows: Rows) -> str:
    """Return the name of the link, and something of its own if another link has this name."""
    if not _name.fullmatch(name):
        raise GranuleError(f"{short(name or link)} is no name of an .h5 file to download.")
    if rows.get(name, {}).get("url", link) == link:
        return name
    return f"{name.removesuffix('.h5')}-{crc32(link.encode()):08x}.h5"


def _fetch(remote: RemoteFile, link: str, path: Path) -> str:
    """Download a file under another name, check it, give it its name, and return its SHA-256."""
    # Only what came from the same link, and is of the same version, is gone on from.
    source = hashlib.sha256(f"{link} {remote.version}".encode()).hexdigest()[:16]
    part = path.with_name(f"{path.name}.{source}.part")
    for other in path.parent.iterdir():
        ours = other.name.startswith(f"{path.name}.") and other.name.endswith(".part")
        if ours and (other != part or other.is_symlink()):
            other.unlink()
    there = part.stat().st_size if part.exists() else 0
    if there > remote.size:
        there = 0
    if remote.size - there > shutil.disk_usage(path.parent).free:
        raise OSError(f"{path.parent} has no room for {remote.name} ({remote.size / 1e6:.0f} MB).")
    edges = [*range(there, remote.size, PIECE), remote.size]
    spans = list(pairwise(edges))
    with part.open("r+b" if there else "wb") as file, progress(remote.size, remote.name) as done:
        file.seek(there)
        done(there)
        for first in range(0, len(spans), CONNECTIONS):
            together = spans[first : first + CONNECTIONS]
            for body in in_threads(lambda span: remote.fetch(*span), together, CONNECTIONS):
                file.write(body)
                done(len(body))
        file.flush()
        os.fsync(file.fileno())
    if trouble := _trouble(part, remote.size):
        part.unlink()
        raise ConnectionError(f"{remote.name} came out damaged ({trouble}): download it again.")
    digest = _digest(part)
    part.replace(path)
    return digest


def _trouble(path: Path, size: int) -> str:
    """Return what is wrong with a file: HDF5 must be able to read each chunk; empty if nothing."""
    import h5py

    if path.stat().st_size != size:
        return "its size is wrong"
    found: list[str] = []

    def read(name: str, each: Any) -> None:
        if isinstance(each, h5py.Dataset) and (each.external or each.is_virtual):
            found.append("it refers to another file")
        elif isinstance(each, h5py.Dataset) and each.chunks:
            for chunk in each.iter_chunks():
                each[chunk]

    try:
        with h5py.File(path) as file:
            file.visititems(read)
    except (OSError, RuntimeError, ValueError, KeyError):
        found.append("HDF5 cannot read it")
    return found[0] if found else ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(folder: Path) -> Rows:
    """Read the rows of the manifest; those that somebody has spoilt are left out."""
    path, rows = folder / MANIFEST, Rows()
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if None not in row.values() and str(row.get("size")).isdecimal():
                    rows[row["file"]] = row | {"size": int(row["size"])}
    return rows


def _write_manifest(folder: Path, rows: Rows) -> None:
    partial = folder / f"{MANIFEST}.part"
    with partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, _COLUMNS, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows.values())
    partial.replace(folder / MANIFEST)
