"""What tests of several rooms start from: the products of one frame, written once."""

from __future__ import annotations

import signal
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from earthcare_synthetic.products.table import FILE_TYPES
from maap_replay import granules
from maap_replay.recordings import load
from maap_replay.service.search import find
from tests import granule_cache

ROOT = Path(__file__).parent.parent
#: Down over the Gulf of Guinea at noon; it has a product of each type, JAXA's included.
FRAME = "04537E"


def pytest_configure() -> None:
    """Listen to Ctrl-C in a background job too, for which a shell switches it off."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def products() -> dict[str, Path]:
    """File type -> the newest product of the frame, for each type that can be written.

    Two writers at a time fill the cache that `make book` uses too. Each product lies in a folder of
    its own, beside the scenes of the frame.
    """
    items = find(load(), filter=f"orbitNumber = {int(FRAME[:5])} and frame = '{FRAME[5]}'")
    versions = sorted((item["properties"]["version"], item["id"]) for item in items)
    newest = {name[9:19]: name for _, name in versions}
    newest = {kind: name for kind, name in newest.items() if kind in FILE_TYPES}
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setenv(granules.FOLDER_VARIABLE, str(granule_cache.folder()))
        files = pool.map(lambda name: granules.granule_file(name, ".h5"), newest.values())
        return dict(zip(newest, files, strict=True))


@pytest.fixture(scope="session")
def scenes(products: dict[str, Path]) -> Path:
    """Folder of the scenes that the products of the frame share."""
    return products["MSI_COP_2A"].parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy what the repository holds, and nothing of this environment."""
    from book._ext.archive import files  # what `make test-versions` installs builds no book

    packed = tmp_path / "checkout.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in files(ROOT):
            archive.write(file, file.relative_to(ROOT))
    place = tmp_path / "checkout"
    subprocess.run([sys.executable, "-m", "zipfile", "-e", packed, place], check=True)
    # That these may be executed is what it does not unpack.
    for script in [*place.glob("jobs/*/*.sh"), place / ".binder" / "start"]:
        script.chmod(0o755)
    return place
