"""The cells of the table of faults: a fault, a helper, and which of its requests are spoilt."""

from __future__ import annotations

import re
import threading
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pystac
import xarray as xr
import yaml

import earthcare_tutorial as ect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from maap_replay.pytest_plugin import EsaMaap

TABLE = Path(__file__).with_name("faults.yaml")
#: Service -> the addresses of its answers.
SERVICES = {
    "catalogue": "^/catalogue/",
    "token": "^/realms/",
    "data": "^/data/(?!.*public/)",
    "picture": "^/data/.*public/",
}
#: Moment -> whether it is every answer from there on, and the number of the first one that is
#: spoilt, of so many; None where there is no such answer.
MOMENTS: dict[str, tuple[bool, Callable[[int], int | None]]] = {
    "first": (False, lambda of: 0),
    "second": (False, lambda of: 1 if of > 1 else None),
    "n-th": (False, lambda of: of // 2 if of > 3 else None),
    "last": (False, lambda of: of - 1 if of > 2 else None),
    "all": (True, lambda of: 0),
    "rest": (True, lambda of: (of + 1) // 2 if of > 1 else None),
}
BOUND = 120.0  # seconds; a call that takes longer hangs
SCIENCE = ["cloud_water_path", "noise"]


@dataclass
class World:
    """What a helper starts from."""

    maap: EsaMaap
    item: pystac.Item
    body: bytes
    folder: Path
    token: Any = None
    lazy: Any = None
    said: list[str] = field(default_factory=list)


def _log_in(world: World) -> str:
    return type(ect.login(offline_token="a.b.c").bearer()).__name__


def _read(world: World) -> dict[str, Any]:
    return _values(ect.open_granule(world.item, world.token, SCIENCE))


def _open(world: World) -> None:
    world.lazy = ect.open_granule(world.item, world.token)


def _read_lazily(world: World) -> dict[str, Any]:
    return _values(world.lazy[SCIENCE])


def _values(ds: xr.Dataset) -> dict[str, Any]:
    return {str(name): each.values.copy() for name, each in ds.variables.items()}


def _download(world: World) -> tuple[bytes, str]:
    (path,) = ect.download(world.item, world.token, world.folder)
    return path.read_bytes(), (world.folder / "manifest.csv").read_text()


def _search(world: World) -> list[str]:
    found = ect.search("MSI_COP_2A", frame_id="E", baseline="all")
    return [item.id for item in found]


class Helper(NamedTuple):
    """A helper that speaks HTTP: answers of its services, at least; what goes before; the call."""

    answers: dict[str, int]
    before: Callable[[World], None] | None
    act: Callable[[World], Any]


HELPERS = {
    "search": Helper({"catalogue": 5}, None, _search),
    "count": Helper({"catalogue": 3}, None, lambda world: ect.count("MSI_COP_2A", frame_id="E")),
    "show_quicklook": Helper(
        {"picture": 1},
        None,
        lambda world: np.asarray(ect.show_quicklook(world.item).images[0].get_array()),
    ),
    "login": Helper({"token": 1}, None, _log_in),
    "check_access": Helper(
        {"token": 1, "data": 1},
        None,
        lambda world: ect.check_access(world.item, world.token)["result"].to_dict(),
    ),
    "open_granule": Helper({"data": 10, "token": 1}, None, _read),
    "lazy read": Helper({"data": 5, "token": 1}, _open, _read_lazily),
    "download": Helper({"data": 20, "token": 1}, None, _download),
    "describe": Helper(
        {"data": 7, "token": 1}, None, lambda world: ect.describe(world.item, world.token).to_dict()
    ),
}


class Cell(NamedTuple):
    """One cell: a line of the table, a helper, one of its services, and a moment."""

    fault: str
    helper: str
    service: str
    moment: str

    @property
    def name(self) -> str:
        """Name of the test."""
        return "-".join(self).replace(" ", "_")


@cache
def table() -> dict[str, dict[str, Any]]:
    """Lines of the table, by name."""
    lines = yaml.safe_load(TABLE.read_text())
    return {line["name"]: line for line in lines}


def cells() -> Iterator[Cell]:
    """All cells that there are."""
    for name, line in table().items():
        for helper, (answers, _, _) in HELPERS.items():
            for service in sorted(answers.keys() & {*line["at"]}):
                for moment, (every, number) in MOMENTS.items():
                    there = ("always" if every else "once") in line
                    asked = number(answers[service]) is not None
                    if there and asked and moment in line.get("only", MOMENTS):
                        yield Cell(name, helper, service, moment)


def expected(cell: Cell) -> list[str]:
    """What may come out of a cell: "same", or regular expressions of a sentence."""
    told = table()[cell.fault]["always" if MOMENTS[cell.moment][0] else "once"]
    if isinstance(told, dict):
        told = told.get(cell.service, told.get("else"))
    return re.split(r"\|(?![^(]*\))", str(told))


def run(cell: Cell, world: World, right: Any) -> tuple[str, str]:
    """Return what came out of a cell, in a word, and what was seen.

    Words: same, sentence, believed; what must not be: wrong, unclear, hangs, leftover, not reached,
    does not recover.
    """
    line = table()[cell.fault]
    every, number = MOMENTS[cell.moment]
    answers, before, act = HELPERS[cell.helper]
    after = number(answers[cell.service])
    assert after is not None
    if before:
        before(world)
    if cell.service == "token" and world.token:  # let it end, so that it has to be renewed
        world.token._renew_at = world.token._ends_at = 0.0
    world.maap.log.clear()
    if line["fault"] == "nobody listens":
        world.maap.stop()
    else:
        times = None if every else 1
        told = {"path": SERVICES[cell.service], "after": after, "times": times}
        world.maap.fail(line["fault"], **told, **line.get("options", {}))
    word, seen = _call(act, world, right)
    if line["fault"] == "nobody listens":
        return word, seen
    pattern = re.compile(SERVICES[cell.service])
    asked = sum(1 for one in world.maap.log if pattern.search(one.path))
    if asked <= after:
        return "not reached", f"{cell.helper} asked {asked} times"
    if word == "sentence":
        for wrong in world.folder.glob("*.h5"):
            if wrong.read_bytes() != world.body:
                return "leftover", wrong.name
        world.maap.heal()
        again, then = _call(act, world, right)
        if again != "same":
            return "does not recover", f"{seen} Then {again}: {then}"
    return ("believed" if word == "wrong" and "believed" in expected(cell) else word), seen


def _call(act: Callable[[World], Any], world: World, right: Any) -> tuple[str, str]:
    """Call a helper, and tell what came of it."""
    got: list[Any] = []

    def call() -> None:
        try:
            got.append(act(world))
        except BaseException as error:
            got.append(error)

    thread = threading.Thread(target=call, daemon=True)
    world.said.clear()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        thread.start()
        thread.join(BOUND)
    if not got:
        return "hangs", f"after {BOUND:.0f} s"
    told = [str(each.message) for each in warned if issubclass(each.category, UserWarning)]
    if isinstance(got[0], BaseException):
        word, seen = judge(got[0])
    elif isinstance(got[0], dict) and got[0].get("data") in ("failed", "not tried"):
        word, seen = judge(ValueError(" ".join(world.said).strip()))
    elif equal(got[0], right):
        word, seen = "same", ""
    else:
        word, seen = judge(ValueError(" ".join(told))) if told else ("wrong", repr(got[0])[:300])
    ends = time.monotonic() + 10
    while left := [each.name for each in threading.enumerate() if "stream" in each.name]:
        if time.monotonic() > ends:
            return "leftover", f"threads {', '.join(left)}"
        time.sleep(0.01)
    return word, seen


#: What a sentence for readers never holds: parts of a traceback, of a repr, of a library's words.
UNCLEAR = r"\n|Traceback| at 0x|Errno|ConnectionPool|Max retries|<class|b'|KeyError|\?\w+=|canary"


def judge(error: BaseException) -> tuple[str, str]:
    """Tell whether an error is one sentence that a reader can use."""
    said = str(error)
    kinds = (OSError, ValueError, LookupError)
    clear = isinstance(error, kinds) and re.fullmatch(r"[\w.]+ .{20,500}[.]", said, re.S)
    if not clear or isinstance(error, KeyError) or re.search(UNCLEAR, said):
        return "unclear", f"{type(error).__name__}: {said}"
    return "sentence", said


def equal(one: Any, other: Any) -> bool:
    """Tell whether two results hold the same values, NaN equal to NaN."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, np.ndarray):
        with suppress(AssertionError):
            np.testing.assert_array_equal(one, other)
            return True
        return False
    return bool(one == other)
