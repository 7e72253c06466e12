"""What no test notices: the helpers' code is changed in one place at a time, and the tests run.

`make mutants` draws places by a seed and writes `mutants.json`. Each change that no test noticed
wants a test, or one line there that says why it may be as it is. A change meets only the tests that
take its line, the fastest first; it is noticed when one fails, or does not end.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.trust.changes import Change, changes

FILE = Path(__file__).with_name("mutants.json")
HELPERS = Path(__file__).parents[2] / "earthcare_tutorial"
SEED, TRIED = int(os.environ.get("MUTANTS_SEED", "1")), int(os.environ.get("MUTANTS", "200"))
#: Modules whose changes are tried, as "assets" or "streaming.chunks".
WANTED = [
    "streaming.remote",
    "streaming.chunks",
    "streaming.headers",
    "streaming.variables",
    "streaming.downloading",
    "streaming.threads",
    "streaming.opening",
    "streaming.checksums",
    "auth",
    "_signing",
    "credentials",
    "assets",
    "granule",
    "_granule",
]
TESTS = [
    "earthcare_tutorial/test_access.py",
    "earthcare_tutorial/test_assets.py",
    "earthcare_tutorial/test_auth.py",
    "earthcare_tutorial/test_curtain.py",
    "earthcare_tutorial/test_download.py",
    "earthcare_tutorial/test_granule.py",
    "earthcare_tutorial/test_layouts.py",
    "earthcare_tutorial/test_odd_formats.py",
    "earthcare_tutorial/test_products_judged.py",
    "earthcare_tutorial/test_seldom_stored.py",
    "earthcare_tutorial/test_stream.py",
    "earthcare_tutorial/test_streaming_faults.py",
    "earthcare_tutorial/test_what_is_asked_for.py",
    "earthcare_tutorial/test_wrong_things.py",
    "trust/test_canary.py",
    "trust/test_credential_files.py",
    "trust/test_hanging_connections.py",
    "trust/test_misplaced.py",
    "trust/test_patience.py",
    "trust/test_properties.py",
    "trust/test_silence.py",
    "trust/test_true_causes.py",
    "trust/test_where_a_token_goes.py",
]
#: Looks at the text of the helpers, not at what they do.
ABOUT_TEXT = "test_no_helper_makes_a_session_of_its_own"
OPTIONS = ["-q", "-x", "-m", "not rare", "-p", "no:cacheprovider", "--tb=line", "--doctest-modules"]
OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # what it imports is there already
LONG = 60.0  # seconds of tests that one change meets, as these take without it
HANGS = 60.0  # seconds more, after which it hangs
#: What the tests import and no change touches: it is imported once.
SHARED = [
    "h5netcdf",
    "h5py",
    "hypothesis",
    "matplotlib.pyplot",
    "numcodecs",
    "numpy",
    "pandas",
    "pyfive",
    "pystac_client",
    "requests",
    "xarray",
    "maap_replay.service",
    "maap_replay.running",
    "maap_replay.launch",
    "earthcare_synthetic.products.table",
    "yaml",
]

Lines = dict[str, dict[int, list[str]]]


class Watch:
    """Notes which test takes which line, and how long each takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.measured = coverage.Coverage(data_file=None, source=[str(HELPERS)], config_file=False)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Measure a test with what sets it up."""
        self.measured.switch_context(item.nodeid)
        begun = time.monotonic()
        yield
        self.seconds[item.nodeid] = time.monotonic() - begun
        self.measured.switch_context("")


def watched() -> tuple[Lines, dict[str, float]]:
    """Return file -> line -> tests that take it, and the seconds that each test takes."""
    watch = Watch()
    files = [f"tests/{each}" for each in TESTS] + ["earthcare_tutorial/_granule.py"]  # examples
    watch.measured.start()
    failed = pytest.main([*OPTIONS, "-k", f"not {ABOUT_TEXT}", *files], plugins=[watch])
    watch.measured.stop()
    if failed:
        return {}, {}
    data = watch.measured.get_data()
    return {
        file: {n: [each for each in tests if each] for n, tests in by_line.items()}
        for file in data.measured_files()
        if (by_line := data.contexts_by_lineno(file))
    }, watch.seconds


def apart(call: Any, seconds: float) -> Any:
    """Return what a call returns in a process of its own; None if it does not end in time."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        try:
            with os.fdopen(writer, "w") as to:
                to.write(json.dumps(call()))
        finally:
            os._exit(0)
    os.close(writer)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    with os.fdopen(reader) as come:
        told = come.read()
    signal.setitimer(signal.ITIMER_REAL, 0)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)  # what its tests have left behind
    os.waitpid(child, 0)
    return json.loads(told) if told else None


def survives(path: Path, change: Change, tests: list[str]) -> bool:
    """Run tests on a changed helper; tell whether all of them pass."""
    get_code = SourceFileLoader.get_code

    def changed(self: SourceFileLoader, name: str) -> Any:
        here = Path(self.path) == path
        return compile(change.source, path, "exec") if here else get_code(self, name)

    SourceFileLoader.get_code = changed  # type: ignore[method-assign]
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    return not pytest.main([*OPTIONS, *tests])


def tried_alone(path: Path, change: Change, tests: list[str], seconds: dict[str, float]) -> bool:
    """Tell whether a change survives its tests, in a process of its own."""
    bound = HANGS + 3 * sum(seconds[each] for each in tests)
    return bool(apart(lambda: survives(path, change, tests), bound))


def those_of(change: Change, by_line: dict[int, list[str]], seconds: dict[str, float]) -> list[str]:
    """Return the tests that take the lines of a change, the fastest first.

    Of lines that an import takes, such as constants and decorators: all tests of the module.
    """
    imported = any(by_line.get(line) == [] for line in change.lines)
    lines = by_line if imported else change.lines
    tests = {test for line in lines for test in by_line.get(line, ())}
    chosen, left = [], LONG
    for test in sorted(tests, key=seconds.__getitem__):
        left -= seconds[test]
        if left < 0 and chosen:
            break
        chosen.append(test)
    return chosen


def main() -> None:
    """Try some changes of the modules asked for, and write what came of them."""
    told: dict[str, Any] = json.loads(FILE.read_text()) if FILE.exists() else {}
    known = {(each["place"], each["change"]): each["why"] for each in told.get("unnoticed", [])}
    modules = os.environ.get("MUTANTS_OF", "").split() or WANTED
    paths = {name: HELPERS / f"{name.replace('.', '/')}.py" for name in modules}
    there = [(name, each) for name in modules for each in changes(paths[name].read_text())]
    chosen = sorted(random.Random(SEED).sample(range(len(there)), min(TRIED, len(there))))  # noqa: S311
    for name in SHARED:
        importlib.import_module(name)
    lines, seconds = apart(watched, 3600.0) or ({}, {})
    if not lines:
        raise SystemExit("The tests fail without any change: mend them first.")
    counts = {name: {"all": 0, "tried": 0, "noticed": 0} for name in modules}
    left = []
    for name, _ in there:
        counts[name]["all"] += 1
    for n in chosen:
        name, change = there[n]
        by_line = {int(line): each for line, each in lines.get(str(paths[name]), {}).items()}
        tests = those_of(change, by_line, seconds)
        same = not tests or tried_alone(paths[name], change, tests, seconds)
        counts[name]["tried"] += 1
        counts[name]["noticed"] += not same
        place = f"{name}.{change.place}".rstrip(".")
        print(f"{'UNNOTICED' if same else 'noticed'} of {len(tests)} tests: {place}")  # noqa: T201
        if same:
            print(change.shown, flush=True)  # noqa: T201
            why = known.get((place, change.shown), "")
            left.append({"place": place, "change": change.shown, "why": why})
    write(told, counts, left)


def write(told: dict[str, Any], counts: dict[str, Any], left: list[dict[str, str]]) -> None:
    """Write what came of the modules tried, and keep what was told of others."""
    others = {name: each for name, each in told.get("modules", {}).items() if name not in counts}
    modules = others | counts
    kept = [each for each in told.get("unnoticed", []) if _module(each["place"], modules) in others]
    result = {
        "made": datetime.now(UTC).date().isoformat(),
        "seed": SEED,
        "modules": modules,
        "all": sum(each["all"] for each in modules.values()),
        "tried": sum(each["tried"] for each in modules.values()),
        "noticed": sum(each["noticed"] for each in modules.values()),
        "unnoticed": kept + left,
    }
    FILE.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


def _module(place: str, modules: dict[str, Any]) -> str:
    return next((name for name in modules if f"{place}.".startswith(f"{name}.")), "")


if __name__ == "__main__":
    main()
