"""The blocks of the lesson on references for icechunk, in what the page tells to install.

It needs a network for the packages, so it stands outside the replay: `make test-install`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import xarray as xr

from benchmarks.measure import Server
from benchmarks.references import LESSON, of_lesson
from tests.earthcare_tutorial.conftest import made_item, write_odd_granule

NAMES = ["time", "latitude", "cloud_water_path", "several"]


def blocks() -> tuple[str, str]:
    """Return the blocks of the lesson for icechunk: to write a store, and to open it."""
    first, second = re.findall(r"^```python\n(.*?)^```$", LESSON.read_text(), re.S | re.M)
    return first, second


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install what the page says, for a newer Python."""
    found = sorted(Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python3"))
    found += [Path(at) for n in (12, 13, 14) if (at := shutil.which(f"python3.{n}"))]
    runs = [
        at for at in found if subprocess.run([at, "-c", ""], capture_output=True).returncode == 0
    ]
    if not runs:
        pytest.skip("there is no Python 3.12 or newer")
    place = tmp_path_factory.mktemp("newer")
    line = re.search(r"^pip install (.*)$", LESSON.read_text(), re.M)
    assert line
    wanted = [each.strip('"') for each in line[1].split()]
    subprocess.run([runs[-1], "-m", "venv", place], check=True)
    python = place / "bin" / "python"
    uv = Path(sys.executable).with_name("uv")
    pip = [uv, "pip", "install", "-q", "--python", python]
    if not uv.exists():
        pip = [python, "-m", "pip", "install", "-q"]
    subprocess.run([*pip, *wanted], check=True)
    return python


@pytest.mark.rare
@pytest.mark.skipif("MAAP_REPLAY_PORT" in os.environ, reason="needs PyPI: run `make test-install`")
def test_icechunk_as_installed_takes_the_references_and_keeps_no_token(
    newer: Path, tmp_path: Path
) -> None:
    """The blocks as they stand, for a server of plain HTTP that wants a token.

    Rust asks for itself, so that the replay cannot lead it to loopback.
    """
    archive, kept = tmp_path / "archive", tmp_path / "references"
    archive.mkdir()
    kept.mkdir()
    secret = "a-token-nobody-may-keep"
    server = Server(archive, 0, 1000)
    try:
        own = of_lesson(
            SimpleNamespace(headers=lambda: {"Authorization": f"Bearer {secret}"}),
            "127.0.0.1",
            "http",
        )
        own["ect"] = SimpleNamespace(h5_url=lambda item: f"{server.url}/{item.id}.h5")
        ids = [made_item(orbit=f"{7820 + n:05d}E")["id"] for n in range(2)]
        for n, name in enumerate(ids):
            write_odd_granule(archive / f"{name}.h5", 60 + 7 * n)
            own["keep_references"](SimpleNamespace(id=name), NAMES, kept)
        told = [
            'print(float(whole["latitude"].sum()), int(whole["several"].notnull().sum()))',
            "print(repr(icechunk.Repository.fetch_config(storage)))",
        ]
        code = "\n".join([*blocks(), *told])
        code = code.replace("https://catalog.maap.eo.esa.int/", f"{server.url}/")
        code = code.replace("http_store(", 'http_store({"allow_http": "true"}, ')
        done = subprocess.run(
            [newer, "-c", code],
            cwd=tmp_path,
            env=os.environ | {"ACCESS_TOKEN": secret},
            capture_output=True,
            text=True,
        )
    finally:
        server.stop()
    assert done.returncode == 0, done.stderr[-3000:]
    numbers, config = done.stdout.split("\n", 1)
    parts = [xr.load_dataset(archive / f"{name}.h5", group="ScienceData") for name in ids]
    latitude = sum(float(part["latitude"].sum()) for part in parts)
    assert float(numbers.split()[0]) == pytest.approx(latitude)
    assert int(numbers.split()[1]) == 2 * 2400
    assert "VirtualChunkContainer" in config
    assert secret not in config, "the header is in the store"
    files = [path for path in (tmp_path / "references.icechunk").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 20_000 * len(ids)
