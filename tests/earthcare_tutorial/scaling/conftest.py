"""Six granules, a token, and a cluster of processes started by command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pystac
import pytest

import earthcare_tutorial as ect
from earthcare_tutorial import scaling
from tests.earthcare_tutorial.conftest import made_item, write_granule
from tests.earthcare_tutorial.scaling.many import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maap_replay.pytest_plugin import EsaMaap


@pytest.fixture
def items(esa_maap: EsaMaap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[pystac.Item]:
    """Give six granules of different lengths, each with numbers of its own."""
    monkeypatch.setattr(scaling, "PAUSES", (0.1, 0.1))
    # A worker that was killed starts again; on a busy computer that may take long.
    monkeypatch.setattr(scaling, "LONG", 3600.0)
    made = [made_item(orbit=f"{7820 + n:05d}E") for n in range(6)]
    esa_maap.serve(made, token_seconds=3000)
    for n, each in enumerate(made):
        body = write_granule(tmp_path / "a.h5", lines=60 + 7 * n)
        esa_maap.put(each["assets"]["enclosure_h5"]["href"], body)
    return [pystac.Item.from_dict(each) for each in made]


@pytest.fixture
def token(esa_maap: EsaMaap) -> ect.Token:
    return ect.login(esa_maap.credentials_file)


@pytest.fixture
def cluster(esa_maap: EsaMaap, tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    started = Cluster(folder)
    yield started
    started.stop()
