"""Many granules on workers of their own, disturbed and not."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xarray as xr

import earthcare_tutorial as ect
from earthcare_tutorial import scaling
from tests.earthcare_tutorial.conftest import write_granule
from tests.earthcare_tutorial.scaling.many import NAMES, connected, sums, total


def test_a_cluster_gives_the_same_and_shows_no_token(esa_maap, items, token, cluster, tmp_path):
    esa_maap.serve(esa_maap.items, token_seconds=8)
    for n, each in enumerate(items):
        body = write_granule(tmp_path / "a.h5", lines=60 + 7 * n)
        esa_maap.put(each.assets["enclosure_h5"].href, body)
    expected = dict(ect.map_granules(sums, items, token, variables=NAMES))
    cluster.worker()
    cluster.worker()
    seen = []
    esa_maap.fail("slow line", path="^/data/", latency=1.5, megabytes_per_second=50)
    with connected(cluster, 2) as client:
        place = tmp_path / "parts"
        run = ect.map_granules(sums, items, token, variables=NAMES, store=place, client=client)
        here = os.getpid()
        issued = len(esa_maap.access_tokens)
        for _ in run:
            state = client.run_on_scheduler(
                lambda dask_scheduler: (
                    repr([(t, t.run_spec, t.group) for t in dask_scheduler.tasks.values()])
                    + repr([pickle.dumps(t.run_spec) for t in dask_scheduler.tasks.values()])
                )
            )
            seen.append(state)
        assert here not in client.run(os.getpid).values()
        plugins = client.run_on_scheduler(lambda dask_scheduler: [*dask_scheduler.worker_plugins])
        assert not [name for name in plugins if "token" in name]
    assert run.failures.empty, run.failures.to_dict("records")
    assert len(set(run.log["worker"])) == 2
    assert len(esa_maap.access_tokens) > issued, "the workers renewed it themselves"
    again = dict(ect.map_granules(sums, items, token, variables=NAMES, store=place))
    xr.testing.assert_equal(total(again), total(expected))
    offline = esa_maap.credentials_file.read_text().split("OFFLINE_TOKEN=")[1].strip()
    cluster.stop()
    kept = [each.read_bytes().decode("latin-1") for each in place.rglob("*") if each.is_file()]
    for text in [*seen, *kept, cluster.printed(), repr(run), repr(run.log), repr(vars(run))]:
        for secret in (offline, *esa_maap.access_tokens):
            assert secret not in text
            assert secret[-40:] not in text
    assert "with_token" in seen[0], "the graph was looked at"


def test_a_killed_worker_and_a_cut_service_lose_nothing(esa_maap, items, token, cluster, tmp_path):
    expected = dict(ect.map_granules(sums, items, token, variables=NAMES))
    cluster.worker()
    cluster.worker()
    esa_maap.fail("slow line", path="^/data/", latency=0.4, megabytes_per_second=50)
    place = tmp_path / "parts"
    found, killed = {}, []
    with connected(cluster, 2) as client:
        run = ect.map_granules(sums, items, token, variables=NAMES, store=place, client=client)
        for name, value in run:
            found[name] = value
            if not killed:
                killed = [*client.run(os.getpid).values()][:1]
                os.kill(killed[0], signal.SIGKILL)
                esa_maap.fail("503 burst", path="^/data/", times=25)
        assert killed[0] not in client.run(os.getpid).values()
    assert run.failures.empty
    xr.testing.assert_identical(total(found), total(expected))
    for name, value in expected.items():
        assert value["sum"].values.tobytes() == found[name]["sum"].values.tobytes()


def lethal(ds: xr.Dataset) -> dict[str, Any]:
    """End the worker with one of the granules, as one that needs too much memory does."""
    if ds.sizes["along_track"] == 60:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"lines": ds.sizes["along_track"]}


def test_a_granule_that_kills_its_workers_stops_no_other(items, token, cluster):
    cluster.worker()
    with connected(cluster, 1) as client:
        run = ect.map_granules(lethal, items[:3], token, variables=NAMES, client=client)
        assert {value["lines"] for _, value in run} == {67, 74}
    (failed,) = run.failures.to_dict("records")
    assert failed["granule_id"] == items[0].id
    assert "KilledWorker" in failed["reason"]


def test_the_cluster_goes_away(items, token, cluster):
    cluster.worker()
    with connected(cluster, 1) as client:
        run = iter(ect.map_granules(sums, items, token, variables=NAMES, client=client))
        next(run)
        client.shutdown()
        with pytest.raises(ConnectionError, match="The cluster is gone"):
            list(run)


def test_a_cluster_without_workers_says_so_and_goes_on_when_they_come(
    items, token, cluster, monkeypatch
):
    monkeypatch.setattr(scaling, "LONG", 0.2)
    with connected(cluster, 0) as client:
        run = iter(ect.map_granules(sums, items[:2], token, variables=NAMES, client=client))
        come = threading.Timer(1.0, cluster.worker)
        come.start()
        with pytest.warns(UserWarning, match="has no workers, so nothing happens: start some"):
            names = {name for name, _ in run}
        come.join()
    assert names == {each.id for each in items[:2]}


@pytest.mark.parametrize("there", ["another version", "nothing"])
def test_a_cluster_with_another_package_is_refused(items, token, cluster, tmp_path, there, request):
    start = "import sys; sys.argv[:2] = ['dask-worker']; from distributed.cli.dask_worker import"
    start += " main; main()"
    shown = tmp_path / "shown"
    if there == "nothing":
        shown.mkdir()
        for each in Path(pd.__file__).parents[1].iterdir():
            if not each.name.startswith(("earthcare", "_earthcare", "__editable__")):
                (shown / each.name).symlink_to(each)
        start, options = f"import sys; sys.path.insert(0, {str(shown)!r}); {start}", ("-S", "-c")
    else:
        about = shown / "earthcare_tutorial-99.0.dist-info" / "METADATA"
        about.parent.mkdir(parents=True)
        about.write_text("Metadata-Version: 2.1\nName: earthcare-tutorial\nVersion: 99.0\n")
        start, options = f"import sys; sys.path.insert(0, {str(shown)!r}); {start}", ("-c",)
    cluster.start("worker", "--no-nanny", "--no-dashboard", python=(*options, start))
    sentence = "install the same version" if there == "another version" else "has no earthcare-tut"
    with (
        connected(cluster, 1) as client,
        pytest.raises((RuntimeError, ModuleNotFoundError), match=sentence),
    ):
        ect.map_granules(sums, items, token, variables=NAMES, client=client)


def test_what_cannot_be_sent_is_refused_before_anything_is_sent(items, token, cluster):
    lock = threading.Lock()

    def locked(ds: xr.Dataset) -> dict[str, Any]:
        with lock:
            return {"lines": ds.sizes["along_track"]}

    with (
        connected(cluster, 0) as client,
        pytest.raises(TypeError, match=r"locked cannot be sent to a worker .*lock"),
    ):
        ect.map_granules(locked, items, token, variables=NAMES, client=client)
    assert len(dict(ect.map_granules(locked, items, token, variables=NAMES))) == len(items)
