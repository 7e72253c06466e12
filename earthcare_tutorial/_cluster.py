"""What a cluster of dask.distributed needs of us: our package, and the token in memory."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import cloudpickle
from distributed import WorkerPlugin, get_worker

from earthcare_tutorial._one_granule import PACKAGE, helpers_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client

    from earthcare_tutorial.auth import Token


class TokenPlugin(WorkerPlugin):
    """Holds the token in the memory of each worker, also of those that join or start again.

    It goes there beside the tasks, not in them: a task graph is shown, logged and kept.
    """

    def __init__(self, token: Token | str) -> None:
        self.token = token


def with_token(plugin: str, work: Callable[..., Any], *args: Any) -> Any:
    """Call a function on a worker with the token that lies there, and say where that was."""
    worker = get_worker()
    held: Any = worker.plugins[plugin]
    done = work(*args, held.token)
    done.worker = worker.address
    return done


def check(client: Client, function: Callable[..., Any]) -> None:
    """Refuse a function that cannot be sent, and workers without this version of our package."""
    try:
        cloudpickle.dumps(function)
    except Exception as error:
        raise TypeError(
            f"{getattr(function, '__qualname__', function)} cannot be sent to a worker"
            f" ({type(error).__name__}: {error}): let it hold no open file, lock or connection."
        ) from None
    here = helpers_version()
    # A function of the standard library: it arrives also where ours is missing.
    found: dict[str, Any] = client.run(version, PACKAGE, on_error="return")
    for worker, there in found.items():
        if isinstance(there, PackageNotFoundError):
            raise ModuleNotFoundError(
                f"The worker {worker} has no {PACKAGE}: install version {here} in the environment"
                " of the workers, and start them again."
            )
        if there != here:
            raise RuntimeError(
                f"The worker {worker} has {PACKAGE} {there}, and you have {here}: install the same"
                " version on both sides, and start the workers again."
            )
