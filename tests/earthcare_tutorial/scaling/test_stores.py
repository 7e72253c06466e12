"""What is kept of many granules: whole parts, of one function, once."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import earthcare_tutorial as ect
from tests.earthcare_tutorial.scaling.many import NAMES, as_dict, as_table, sums, total


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
        "from functools import partial; from tests.earthcare_tutorial.scaling import many as m\n"
        "from tests.earthcare_tutorial.scaling import test_stores as t\n"
        "from earthcare_tutorial._parts import code_of\n"
        "where = lambda ds: {'a', 'b', 'c'} | {ds} if ds in {'x', 'y', 'z'} else t\n"
        "print(code_of(m.sums), code_of(partial(t.scaled, factor=2.0)), code_of(where))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[3],
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
