"""A server that keeps silent: for readers who wait, and for one who presses stop."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import pytest

from tests.trust.cells import HELPERS, SERVICES, World, judge
from tests.trust.test_faults_by_helper import world as world

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE = os.environ.get("TRUST") == "whole"
LONGEST = 120.0  # seconds to an error on a silent server, as the house promises
PROMPT = 2.0  # seconds from Ctrl-C to the prompt; a busy computer gets ten times as many
SILENT = [(name, service) for name, helper in HELPERS.items() for service in helper.answers]


def after_a_request(world: World, act: Callable[[], None]) -> threading.Thread:
    """Do something soon after the service has taken a request."""
    world.maap.log.clear()

    def watch() -> None:
        ends = time.monotonic() + 60
        while not world.maap.log and time.monotonic() < ends:
            time.sleep(0.01)
        time.sleep(0.3)
        act()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


@pytest.mark.skipif(os.name != "posix", reason="signals of Unix")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("helper", "service"), SILENT)
def test_ctrl_c_gets_through(world: World, helper: str, service: str) -> None:
    _, before, act = HELPERS[helper]
    if before:
        before(world)
    world.maap.fail("black hole", path=SERVICES[service])
    if service == "token":
        world.token._renew_at = world.token._ends_at = 0.0
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    thread = after_a_request(world, press)
    with pytest.raises(KeyboardInterrupt):
        act(world)
    assert time.monotonic() - pressed[0] < 10 * PROMPT
    thread.join()
    ends = pressed[0] + 10 * PROMPT
    while left := [each.name for each in threading.enumerate() if "earthcare" in each.name]:
        assert time.monotonic() < ends, f"{left} are left"
        time.sleep(0.01)
    assert not list(world.folder.glob("*.h5"))


@pytest.mark.skipif(not WHOLE, reason="it waits for minutes: `make trust` does")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("fault", ["black hole", "drip", "stall"])
def test_the_longest_time_to_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """All helpers wait at the same time, each with its whole patience."""
    plt.close("all")
    HELPERS["lazy read"].before(world)  # type: ignore[misc]
    options = {"seconds": 3600.0} if fault == "stall" else {}
    world.maap.fail(fault, path=".", times=None, **options)
    took: dict[str, tuple[float, str]] = {}

    def wait(name: str) -> None:
        begun = time.monotonic()
        try:
            word = repr(HELPERS[name].act(world))
        except Exception as error:
            word = ": ".join(judge(error))
        took[name] = time.monotonic() - begun, word

    threads = [threading.Thread(target=wait, args=[name], daemon=True) for name in HELPERS]
    for thread in threads:
        thread.start()
    ends = time.monotonic() + 2 * LONGEST
    for thread in threads:
        thread.join(max(0.0, ends - time.monotonic()))
    assert took.keys() == HELPERS.keys(), f"{HELPERS.keys() - took.keys()} hang"
    assert not [(name, each) for name, each in took.items() if each[0] > LONGEST], took
    refused = [name for name, (_, word) in took.items() if word.startswith("sentence")]
    assert {*refused, "check_access"} >= HELPERS.keys() - {"login"} or fault == "drip", took
