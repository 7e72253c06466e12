"""What a cluster of dask.distributed needs of us: our package, and the token in memory."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import cloudpickle
from distributed import WorkerPlugin, get_worker

from earthcare_tutorial._one_granule import (
    GONE,
    PACKAGE,
    helpers_version,
    name_of,
    stream_and_apply,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from distributed import Client

    from earthcare_tutorial._one_granule import Outcome, Submit
    from earthcare_tutorial.auth import Token


class TokenPlugin(WorkerPlugin):
    """Holds the token in the memory of each worker, also of those that join or start again.

    It goes there beside the tasks, not in them: a task graph is shown, logged and kept.
    """

    def __init__(self, token: Token | str) -> None:
        self.token = token


@contextmanager
def workers(client: Client, token: Token | str) -> Iterator[Submit]:
    """Work on a cluster, which holds the token as long."""
    plugin = f"earthcare-token-{time.time_ns()}"
    client.register_plugin(TokenPlugin(token), name=plugin)
    executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
    try:
        yield partial(executor.submit, with_token, plugin)
    except Exception:
        if client.status != "running":
            raise ConnectionError(GONE) from None
        raise
    finally:
        if client.status == "running":
            with suppress(OSError):  # of a cluster that is gone
                executor.shutdown(wait=False)
                client.unregister_worker_plugin(plugin)  # type: ignore[no-untyped-call]


def with_token(plugin: str, *asked: Any) -> Outcome:
    """Do the work for a granule with the token that lies on this worker, and say where that was."""
    worker = get_worker()
    held: Any = worker.plugins[plugin]
    done = stream_and_apply(held.token, *asked)
    done.worker = worker.address
    return done


def check(client: Client, function: Callable[..., Any]) -> None:
    """Refuse a function that cannot be sent, and workers without this version of our package."""
    try:
        cloudpickle.dumps(function)
    except Exception as error:
        raise TypeError(
            f"{name_of(function)} cannot be sent to a worker"
            f" ({type(error).__name__}: {error}): let it hold no open file, lock or connection."
        ) from None
    here = helpers_version()
    # A function of the standard library: it arrives also where ours is missing.
    found: dict[str, Any] = client.run(version, PACKAGE, on_error="return")
    for worker, there in found.items():
        if there != here:
            gone = isinstance(there, PackageNotFoundError)
            what = f"no {PACKAGE}" if gone else f"{PACKAGE} {there}"
            raise (ModuleNotFoundError if gone else RuntimeError)(
                f"The worker {worker} has {what}, and you have {here}: install the same version on"
                " both sides, and start the workers again."
            )
