"""What the tests of trust start from; the service and small granules are those of the helpers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pystac
import pytest

import earthcare_tutorial as ect
from earthcare_tutorial import auth
from maap_replay.pytest_plugin import EsaMaap
from tests.earthcare_tutorial.conftest import (
    esa_maap,
    granule,
    jpeg,
    made_item,
    raw_item,
    write_granule,
)
from tests.earthcare_tutorial.conftest import item as item
from tests.trust import results
from tests.trust.known import OFFLINE
from tests.trust.listener import Listener

__all__ = ["esa_maap", "granule", "item", "jpeg", "raw_item"]


@pytest.fixture(scope="session")
def large_granule(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Give a granule that takes a stream some twenty requests."""
    path = tmp_path_factory.mktemp("large") / "a.h5"
    write_granule(path, lines=600)
    noise = np.random.default_rng(5).normal(280, 5, (600, 384)).astype("f4")
    with h5py.File(path, "a") as file:
        science = file["ScienceData"]
        made = science.create_dataset("noise", data=noise, compression="gzip", chunks=(50, 384))
        for n, dim in enumerate(("along_track", "across_track")):
            made.dims[n].attach_scale(science[dim])
    return path.read_bytes()


@pytest.fixture(scope="session")
def granules() -> list[dict[str, object]]:
    """Give the items of a small catalogue: frames E of eight orbits."""
    return [made_item(f"20251013T1{n}1444", f"0{7820 + n}E") for n in range(8)]


@pytest.fixture
def first_item(granules: list[dict[str, object]]) -> pystac.Item:
    return pystac.Item.from_dict(granules[0])


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Write what came out of the cells, where `make trust` wants it."""
    if not (wanted := os.environ.get("TRUST_RESULTS")) or hasattr(config, "workerinput"):
        return
    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    reports = [each for name in ("passed", "failed") for each in reporter.getreports(name)]
    told = [dict(each.user_properties) for each in reports if each.when == "call"]
    results.write(Path(wanted), [each["cell"] for each in told if "cell" in each])


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Make servers, and close them."""
    made: list[Listener] = []

    def make(*answers: bytes | None, **more: Any) -> Listener:
        made.append(Listener(answers, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def token_server(
    listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch, esa_maap: EsaMaap
) -> Callable[..., Listener]:
    """Make a token service that answers as told."""

    def make(*answers: bytes | None, **more: Any) -> Listener:
        server = listen(*answers, **more)
        monkeypatch.setattr(auth, "TOKEN_URL", f"http://{server.host}/token")
        return server

    return make


@pytest.fixture
def token(esa_maap: EsaMaap) -> ect.Token:
    return ect.login(offline_token=OFFLINE)
