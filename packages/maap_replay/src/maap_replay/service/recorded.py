"""Files that a recording holds, whole or in parts, and the sentence for those it does not."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from maap_replay import byte_ranges
from maap_replay.service.responses import FileResponse


def answer(
    request: web.Request, files: Path, media_types: dict[str, str]
) -> web.StreamResponse | None:
    """Answer from a recording.

    Parameters
    ----------
    request : aiohttp.web.Request
        Of an address below ``/data/``.
    files : Path
        Folder of the recording.
    media_types : dict
        Media types by suffix.

    Returns
    -------
    aiohttp.web.StreamResponse or None
        None when nothing of that product was recorded, so that synthetic files may stand in.
    """
    path = files / request.path.lstrip("/")
    if not path.resolve().is_relative_to(files.resolve()):
        return None
    media_type = media_types.get(path.suffix, "application/octet-stream")
    if path.is_file():
        return FileResponse(path, media_type)
    size = byte_ranges.size_of(path)
    if size is not None:
        return _part(request, path, size, media_type)
    if "/public/" not in request.path and has_data(path.parent):
        return not_recorded(f"{path.name} was not recorded, only other files beside it")
    return None


def has_data(folder: Path) -> bool:
    """Whether a recording holds anything of the data files of a product."""
    return folder.is_dir() and any(entry.is_file() for entry in folder.iterdir())


def not_recorded(sentence: str) -> web.Response:
    """Refusal of something that exists on the service but not in the recording.

    Status 409: no client takes it for the end of a file (416), an absent one (404) or a busy
    service (503) that it should ask again. The reason says the sentence, for most clients show it.
    """
    body = {"code": "NotRecorded", "description": f"{sentence}."}
    return web.json_response(body, status=409, reason=f"Not recorded: {sentence}")


def _part(request: web.Request, path: Path, size: int, media_type: str) -> web.Response:
    headers = {"Content-Type": media_type, "Accept-Ranges": "bytes"}
    if request.method == "HEAD":
        return web.Response(headers=headers | {"Content-Length": str(size)})
    try:
        first, stop, _ = request.http_range.indices(size)
    except ValueError:
        first, stop = size, size
    if first >= stop:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    data = byte_ranges.read(path, first, stop)
    if data is None:
        return not_recorded(f"bytes {first}-{stop - 1} of {path.name}, only other parts of it")
    if "Range" in request.headers:
        headers["Content-Range"] = f"bytes {first}-{stop - 1}/{size}"
        return web.Response(status=206, body=data, headers=headers)
    return web.Response(body=data, headers=headers)
