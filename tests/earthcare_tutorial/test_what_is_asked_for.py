"""Which bytes a stream asks for, how often, and when it stops asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from earthcare_tutorial import open_granule, stream_stats

if TYPE_CHECKING:
    from pathlib import Path

    from maap_replay.pytest_plugin import EsaMaap


def serve(maap: EsaMaap, folder: Path, **variables: dict[str, Any]) -> str:
    """Serve a file of these variables, and return its link."""
    maap.accept(access_token="good")
    with h5py.File(folder / "a.h5", "w") as file:
        science = file.create_group("ScienceData")
        for name, options in variables.items():
            science.create_dataset(name, **options)
    return maap.put("a.h5", (folder / "a.h5").read_bytes())


def asked_for(maap: EsaMaap, since: int) -> int:
    return len([one for one in maap.log[since:] if one.path.startswith("/data/")])


def test_of_what_is_not_chunked_only_the_lines_wanted(esa_maap: EsaMaap, tmp_path: Path) -> None:
    lines = np.arange(200_000, dtype="f4").reshape(5, 40_000)
    ds = open_granule(serve(esa_maap, tmp_path, wide={"data": lines}), "good")
    with stream_stats() as stats:
        np.testing.assert_array_equal(ds["wide"][3].values, lines[3])
    asked = stats.requests()
    assert (asked["end"] - asked["start"]).sum() == lines[3].nbytes


def test_chunks_side_by_side_come_in_few_requests(esa_maap: EsaMaap, tmp_path: Path) -> None:
    data = np.random.default_rng(1).random((600, 1000), "f4")  # chunks of 40 kB, 2.4 MB
    url = serve(esa_maap, tmp_path, noise={"data": data, "chunks": (10, 1000)})
    ds = open_granule(url, "good")
    with stream_stats() as stats:
        np.testing.assert_array_equal(ds["noise"].values, data)
    assert len(stats.requests()) <= 4


def test_an_open_file_outlives_four_broken_answers(esa_maap: EsaMaap, tmp_path: Path) -> None:
    url = serve(esa_maap, tmp_path, plain={"data": np.arange(100_000)})
    ds = open_granule(url, "good")
    esa_maap.fail("short body", path="^/data/", times=4)
    assert ds["plain"][40_000].item() == 40_000
    assert not esa_maap.faults


def test_no_pause_is_begun_that_ends_too_late(
    esa_maap: EsaMaap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve(esa_maap, tmp_path, plain={"data": np.arange(100_000)})
    ds = open_granule(url, "good")
    esa_maap.fail("retry after", path="^/data/", seconds=5, times=None)
    monkeypatch.setattr("earthcare_tutorial.streaming.remote.GIVE_UP", 4.0)
    before = len(esa_maap.log)
    with pytest.raises(ConnectionError, match=r"^The stream of a\.h5 broke: .* Try again later\.$"):
        ds["plain"].load()
    one_round = asked_for(esa_maap, before)
    assert one_round == 1, "the server asks for more than the patience that there is"


def test_a_refusal_on_the_way_says_what_it_may_mean(esa_maap: EsaMaap, tmp_path: Path) -> None:
    ds = open_granule(serve(esa_maap, tmp_path, plain={"data": np.arange(100_000)}), "good")
    esa_maap.fail("no rights", path="^/data/", times=None)
    with pytest.raises(ConnectionError, match=r"broke \(403\): The data server refuses a\.h5"):
        ds["plain"].load()
