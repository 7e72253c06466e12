"""Make the replay fail on purpose, from a notebook or a test that runs on it.

>>> from maap_replay import faults
>>> with faults.injected("503 burst", times=2, path="/catalogue/search"):  # doctest: +SKIP
...     found = search("MSI_COP_2A")  # succeeds at the third try

`table` lists the faults. They concern every process of the run, so clear them at the end:
`injected` does it by itself. The live service cannot be asked for any of this.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

CONTROL = "https://catalog.maap.eo.esa.int/replay/faults"
TIMEOUT = 10.0


def inject(fault: str, **settings: Any) -> None:
    """Switch a fault on.

    Parameters
    ----------
    fault : str
        A name of `table`, for example "503 burst".
    **settings
        ``times``: how many requests it spoils, None until it is cleared. ``after``: how many pass
        before it begins. ``path``: regular expression of the addresses it concerns, searched in
        path and query. The rest are the fault's own options, such as ``seconds``. What is left
        out is as in the table.

    Raises
    ------
    RuntimeError
        When this process does not run on a replay.
    ValueError
        When there is no such fault or option; the message lists what there is.
    """
    _control("POST", {"fault": fault, **settings})


def clear() -> None:
    """Switch every fault off."""
    _control("DELETE")


@contextmanager
def injected(fault: str, **settings: Any) -> Iterator[None]:
    """Switch a fault on for a block, and every fault off at its end, whatever happens in it.

    Takes what `inject` takes.
    """
    inject(fault, **settings)
    try:
        yield
    finally:
        clear()


def active() -> list[dict[str, Any]]:
    """List the faults that are on, with what is left of each."""
    return list(_control("GET")["on"])


def table() -> dict[str, str]:
    """List all faults: name and what a client sees. It needs no replay."""
    from maap_replay.service.fault_table import FAULTS

    return {name: fault.says for name, fault in FAULTS.items()}


def _control(method: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    if not os.environ.get("MAAP_REPLAY_PORT"):
        raise RuntimeError(
            "Faults need a replay, and none is running here: start with maap-replay run -- COMMAND."
        )
    answer = requests.request(method, CONTROL, json=body, timeout=TIMEOUT)
    if answer.status_code == 400:
        raise ValueError(answer.json()["description"])
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told
