"""Write the archive of this collection that the site carries, before the pages are read.

It holds what the repository holds, so that a reader needs no other address than that of the site:
all lessons as notebooks, the helpers, which pip installs, and the replay.
"""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

from sphinx.application import Sphinx

NAME = "earthcare-on-maap"


def write_archive(app: Sphinx) -> None:
    """Write all files of the repository into ``_build/earthcare-on-maap.zip``."""
    root = Path(app.srcdir)
    target = root / "_build" / f"{NAME}.zip"
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files(root):
            # The same files make the same archive: no times, no modes.
            name = f"{NAME}/{file.relative_to(root).as_posix()}"
            archive.writestr(zipfile.ZipInfo(name), file.read_bytes(), zipfile.ZIP_DEFLATED)


def files(root: Path) -> list[Path]:
    """Files of the collection: those that git knows, or all that is not made or hidden."""
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"],  # noqa: S607
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
        known = [root / name for name in listed.stdout.split("\0") if name]
    else:  # somebody unpacked the archive
        known = [path for path in root.rglob("*") if not _is_made(path.relative_to(root))]
    return sorted(path for path in known if path.is_file())


def _is_made(path: Path) -> bool:
    return any(part.startswith((".", "_build", "_generated", "__pycache__")) for part in path.parts)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the extension to Sphinx."""
    app.connect("builder-inited", write_archive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
