"""Many granules: on threads and on workers of their own, disturbed and not, and what is kept."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pystac
import pytest
import xarray as xr
from distributed import Client

import earthcare_tutorial as ect
from earthcare_tutorial import scaling
from tests.earthcare_tutorial.conftest import made_item, write_granule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maap_replay.pytest_plugin import EsaMaap

NAMES = ["cloud_water_path", "quality_status"]


def sums(ds: xr.Dataset) -> xr.Dataset:
    """Sums and counts along the track: what a mean of many granules is made of."""
    water = ds["cloud_water_path"].astype("f8")
    both = {"sum": water.sum("along_track"), "count": water.count("along_track")}
    return xr.Dataset(both).assign_attrs(of=ds.attrs["granule_id"])


def as_dict(ds: xr.Dataset) -> dict[str, Any]:
    return {"mean": float(ds["cloud_water_path"].mean()), "lines": ds.sizes["along_track"]}


def as_table(ds: xr.Dataset) -> pd.DataFrame:
    return pd.DataFrame({"quality": ds["quality_status"].values[::20, 100].astype("i1")})


@pytest.fixture
def items(esa_maap: EsaMaap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[pystac.Item]:
    """Give six granules of different lengths, each with numbers of its own."""
    monkeypatch.setattr(scaling, "PAUSES", (0.1, 0.1))
    made = [made_item(orbit=f"{7820 + n:05d}E") for n in range(6)]
    esa_maap.serve(made, token_seconds=3000)
    for n, each in enumerate(made):
        body = write_granule(tmp_path / "a.h5", lines=60 + 7 * n)
        esa_maap.put(each["assets"]["enclosure_h5"]["href"], body)
    return [pystac.Item.from_dict(each) for each in made]


@pytest.fixture
def token(esa_maap: EsaMaap) -> ect.Token:
    return ect.login(esa_maap.credentials_file)


def total(parts: dict[str, xr.Dataset]) -> xr.Dataset:
    """Return the sum over all granules, in one order: bit by bit the same each time."""
    ordered = [parts[name] for name in sorted(parts)]
    return xr.concat(ordered, "granule", combine_attrs="drop").sum("granule")


class Cluster:
    """A scheduler and workers, each a process started by command line, and what they print."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "scheduler.json"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start("scheduler", "--port", "0", "--dashboard-address", "127.0.0.1:0")

    def start(self, what: str, *words: str, python: tuple[str, ...] = ("-m", "dask")) -> None:
        """Start one more process."""
        log = self.folder / f"{what}-{len(self.processes)}.log"
        words = (what, "--scheduler-file", str(self.file), "--host", "127.0.0.1", *words)
        with log.open("wb") as to:
            command = [sys.executable, *python, *words]
            started = subprocess.Popen(command, stdout=to, stderr=to, cwd=self.folder)
        self.processes.append(started)

    def worker(self) -> None:
        """Start a worker, and the nanny that starts it again when it dies."""
        place = str(self.folder / "space")
        words = ("--nthreads", "1", "--local-directory", place, "--dashboard-address", ":0")
        self.start("worker", *words)

    def printed(self) -> str:
        """Return what all of them logged."""
        return "".join(path.read_text() for path in self.folder.glob("*.log"))

    def stop(self) -> None:
        """End all of them."""
        for each in reversed(self.processes):
            each.terminate()
        for each in self.processes:
            try:
                each.wait(60)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()


@pytest.fixture
def cluster(esa_maap: EsaMaap, tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    started = Cluster(folder)
    yield started
    started.stop()


@contextmanager
def connected(cluster: Cluster, workers: int) -> Iterator[Client]:
    # Not the default: dask would ask for it in later tests, once a test has shut it down.
    shared = {"scheduler_file": str(cluster.file), "set_as_default": False}
    with Client(**shared, timeout=300) as client:
        if workers:
            client.wait_for_workers(workers, timeout=300)
        yield client


def test_pairs_come_as_they_finish_and_are_right(items, token):
    run = ect.map_granules(sums, items, token, variables=NAMES)
    found = dict(run)
    assert set(found) == {each.id for each in items}
    for each in items:
        alone = sums(ect.open_granule(each, token, NAMES))
        xr.testing.assert_identical(found[each.id], alone)
    assert run.failures.empty
    log = run.log.set_index("granule_id")
    assert set(log.index) == set(found)
    assert (log[["requests", "MB", "streaming"]] > 0).all().all()


def test_pairs_are_given_once_and_a_second_time_is_no_silence(items, token):
    run = ect.map_granules(as_dict, items, token, variables=NAMES)
    for _ in run:
        break
    assert len(list(run)) == len(items) - 1, "it goes on after a break"
    with pytest.raises(RuntimeError, match="This run is over"):
        list(run)


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
    assert "stream_and_apply" in seen[0], "the graph was looked at"


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


def test_what_fails_is_told_and_stops_nothing(esa_maap, items, token):
    gone = esa_maap.put("gone.h5", b"no HDF5 at all" * 1000)
    esa_maap.fail("no rights", path=items[1].id, times=None)
    run = ect.map_granules(as_dict, [*items, gone], token, variables=NAMES)
    assert len(dict(run)) == len(items) - 1
    told = run.failures.set_index("granule_id")
    assert set(told.index) == {"gone", items[1].id}
    assert "PermissionError" in told.loc[items[1].id, "reason"]
    assert (told["tries"] == 1).all(), "asked once: neither passes"


def test_what_passes_is_tried_again(esa_maap, items, token):
    esa_maap.fail("503 burst", path=items[2].id, times=12)
    run = ect.map_granules(as_dict, items, token, variables=NAMES)
    assert len(dict(run)) == len(items)
    esa_maap.fail("503 burst", path=items[2].id, times=None)
    run = ect.map_granules(as_dict, items, token, variables=NAMES)
    assert len(dict(run)) == len(items) - 1
    assert run.failures.to_dict("records")[0]["tries"] == 3
    assert "503" in run.failures.to_dict("records")[0]["reason"]


def failing(ds: xr.Dataset) -> dict[str, Any]:
    return {"share": 1 // (ds.sizes["along_track"] - 60)}


def test_an_error_of_the_function_is_a_failure_of_its_granule(items, token):
    run = ect.map_granules(failing, items, token, variables=NAMES)
    assert len(dict(run)) == len(items) - 1
    assert run.failures["reason"].item().startswith("failing raised ZeroDivisionError")


@pytest.mark.parametrize("function", [sums, as_dict, as_table])
def test_a_second_run_does_only_what_is_missing(esa_maap, items, token, tmp_path, function):
    place = tmp_path / "parts"
    first = dict(ect.map_granules(function, items[:4], token, variables=NAMES, store=place))
    asked = len(esa_maap.log)
    run = ect.map_granules(function, items[:4], token, variables=NAMES, store=place)
    second = dict(run)
    assert len(esa_maap.log) == asked, "nothing was asked for"
    assert list(second) == [each.id for each in items[:4]]
    for name, value in first.items():
        plain = function(ect.open_granule(next(i for i in items if i.id == name), token, NAMES))
        assert type(value) is type(plain)
        for each in (second[name], plain):
            if isinstance(value, xr.Dataset):
                xr.testing.assert_equal(value, each)
            elif isinstance(value, pd.DataFrame):
                pd.testing.assert_frame_equal(value, each)
            else:
                assert value == each
    third = ect.map_granules(function, items, token, variables=NAMES, store=place)
    assert len(dict(third)) == len(items)
    assert set(third.log["granule_id"]) == {each.id for each in items[4:]}


def test_a_part_says_what_it_is_of(items, token, tmp_path):
    for n, (function, of) in enumerate([(sums, "attrs"), (as_table, "attrs")]):
        place = tmp_path / str(n)
        run = ect.map_granules(function, items[:1], token, variables=NAMES, store=place)
        ((name, value),) = run
        told = getattr(value, of)
        assert told["granule_id"] == name == items[0].id
        assert told["baseline"] == "BA"
        assert told["processed"] == "2025-10-13T16:24:07+00:00"
        assert told["function"] == function.__name__
        assert list(told["variables"]) == NAMES
        assert told["bytes_read"] == round(run.log["MB"].item() * 1e6)


def test_a_run_that_is_broken_off_leaves_whole_parts(items, token, tmp_path):
    place = tmp_path / "parts"
    run = ect.map_granules(sums, items, token, variables=NAMES, store=place)
    for done, _ in enumerate(run, 1):
        if done == 2:
            break
    parts = sorted(path.name for path in place.glob("*.zarr"))
    assert len(parts) == 2
    assert sorted(path.name for path in place.iterdir()) == [*parts, "parts.json"]


def test_a_process_that_is_killed_leaves_no_half_part(items, token, tmp_path):
    """Kill one that writes parts over and over; each part that has its name can be read."""
    place = tmp_path / "parts"
    code = (
        "import numpy as np, xarray as xr; from earthcare_tutorial import _parts; import pathlib\n"
        "ds = xr.Dataset({f'v{n}': ('x', np.arange(1e5)) for n in range(9)})\n"
        f"store = _parts.open_store({str(place)!r}, {{'function': 'f'}})\n"
        "print('go', flush=True)\n"
        "for n in range(10**6): _parts.write(store, f'p{n}', ds, {})\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        while not list(place.glob("*.zarr")):
            time.sleep(0.01)
        time.sleep(0.05)
        writer.kill()
    from earthcare_tutorial import _parts

    whole = xr.Dataset({f"v{n}": ("x", np.arange(1e5)) for n in range(9)})
    for part in _parts.find(place).values():
        xr.testing.assert_equal(_parts.read(part), whole)
    left = list(place.glob(".unfinished-*"))
    for each in left:
        os.utime(each, (0, 0))
    _parts.open_store(place, {"function": "f"})
    assert not list(place.glob(".unfinished-*")), "what a killed run left is taken away later"


def scaled(ds: xr.Dataset, factor: float) -> dict[str, Any]:
    return {"mean": factor * float(ds["cloud_water_path"].mean())}


def test_a_store_is_never_mixed(items, token, tmp_path):
    place = tmp_path / "parts"
    double = partial(scaled, factor=2.0)
    list(ect.map_granules(double, items[:1], token, variables=NAMES, store=place))
    list(
        ect.map_granules(
            partial(scaled, factor=2.0), items[:1], token, variables=NAMES, store=place
        )
    )
    others = [
        (partial(scaled, factor=3.0), NAMES, None),
        (sums, NAMES, None),
        (double, NAMES[:1], None),
        (double, NAMES, "ScienceData"),
    ]
    for function, variables, group in others:
        with pytest.raises(ValueError, match=r"were made otherwise .*take another folder"):
            ect.map_granules(
                function, items[:1], token, variables=variables, group=group, store=place
            )
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(ValueError, match=r"is no store, it holds 'thesis.tex'"):
        ect.map_granules(sums, items, token, variables=NAMES, store=tmp_path / "mine")


def test_a_store_knows_its_function_in_another_process(tmp_path):
    code = (
        "from tests.earthcare_tutorial import test_scaling as t; from functools import partial\n"
        "from earthcare_tutorial._parts import code_of\n"
        "where = lambda ds: {'a', 'b', 'c'} | {ds} if ds in {'x', 'y', 'z'} else t\n"
        "print(code_of(t.sums), code_of(partial(t.scaled, factor=2.0)), code_of(where))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert len(set(runs[0].split())) == 3


def test_a_full_disk_is_one_sentence(items, token, tmp_path):
    place = tmp_path / "parts"
    run = iter(ect.map_granules(sums, items, token, variables=NAMES, store=place))
    next(run)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
        with pytest.raises(OSError, match=r"cannot be written to .*parts .*the same call does"):
            list(run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    again = dict(ect.map_granules(sums, items, token, variables=NAMES, store=place))
    plain = dict(ect.map_granules(sums, items, token, variables=NAMES))
    xr.testing.assert_equal(total(again), total(plain))


def test_a_token_that_ends_stops_the_run_with_a_sentence(esa_maap, items, token, tmp_path):
    place = tmp_path / "parts"
    run = iter(ect.map_granules(sums, items, token, variables=NAMES, store=place, requests=6))
    next(run)
    esa_maap.fail("offline token ended")
    esa_maap.revoke()
    token._renew_at = token._ends_at = 0.0  # as after its time
    with pytest.raises(PermissionError, match=r"cannot be renewed .*login") as told:
        list(run)
    assert "after 1 of 6" in str(told.value) or "after 2 of 6" in str(told.value)
    esa_maap.heal()
    again = ect.login(esa_maap.credentials_file)
    assert len(dict(ect.map_granules(sums, items, again, variables=NAMES, store=place))) == 6


def test_a_text_that_ended_stops_the_run(items, jwt):
    run = ect.map_granules(sums, items, jwt(typ="Bearer", exp=1.7e9), variables=NAMES)
    with pytest.raises(PermissionError, match="given as text is not renewed"):
        list(run)


def uses_latitude(ds: xr.Dataset) -> dict[str, Any]:
    return {"north": float(ds["latitude"].max())}


def uses_attribute(ds: xr.Dataset) -> dict[str, Any]:
    return {"north": float(ds.latitude.max())}


def a_number(ds: xr.Dataset) -> Any:
    return float(ds["cloud_water_path"].mean())


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (uses_latitude, "uses_latitude needs 'latitude', which was not asked for"),
        (uses_attribute, "uses_attribute needs 'latitude', which was not asked for"),
        (a_number, "a_number returned float: let it return"),
    ],
)
def test_a_mistake_in_the_function_ends_the_run_at_once(items, token, function, sentence):
    with pytest.raises(TypeError, match=sentence):
        list(ect.map_granules(function, items, token, variables=NAMES, requests=6))


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


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"items": []}, "There are no granules"),
        ({"items": iter([])}, "There are no granules"),
        ({"variables": []}, "variables is empty"),
        ({"requests": 5}, "requests is at least 6"),
        ({"items": ["https://catalog.maap.eo.esa.int/data/..h5"]}, "is no id of a granule"),
    ],
)
def test_bad_input_is_one_sentence(items, token, change, sentence):
    given = {"items": items, "variables": NAMES} | change
    with pytest.raises(ValueError, match=sentence):
        ect.map_granules(sums, given.pop("items"), token, **given)


def test_requests_to_the_host_are_bounded(esa_maap, items, token, monkeypatch):
    """No more are under way at a time than were allowed, all granules together."""
    esa_maap.fail("slow line", path="^/data/", latency=0.05, megabytes_per_second=50)
    most = {}
    for requests in (6, 12):
        with ect.stream_stats() as stats:
            list(ect.map_granules(sums, items, token, variables=NAMES, requests=requests))
        rows = stats.requests()
        begun, done = rows["begun"].to_numpy(), rows["done"].to_numpy()
        most[requests] = max(int(((begun <= t) & (done > t)).sum()) for t in begun)
        assert most[requests] <= requests
    assert most[12] > most[6] - 1
