"""Apply a function to many granules: on threads here, or on a cluster of dask.distributed."""

from __future__ import annotations

import re
import time
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Future,
    ThreadPoolExecutor,
    wait,
)
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pystac

from earthcare_tutorial import _parts
from earthcare_tutorial._one_granule import (
    Outcome,
    Value,
    helpers_version,
    name_of,
    sentence,
    stream_and_apply,
)
from earthcare_tutorial._progress import progress
from earthcare_tutorial._signing import hidden
from earthcare_tutorial.products import identify

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    import pandas as pd
    import xarray as xr
    from distributed import Client

    from earthcare_tutorial.auth import Token

PER_GRANULE = 6  # requests that open_granule has under way at a time, at most
PAUSES = (5.0, 30.0)  # seconds before what failed for a reason that passes is tried again
GONE = "The cluster is gone, or was told to stop: start it again, and call again."


@dataclass
class GranuleRun:
    """Granules under way: iterate for pairs (granule id, value), in the order in which they end.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> items = ect.search("A-TC", orbit_and_frame=["04400E", "04537E"])
    >>> run = ect.map_granules(lambda ds: dict(ds.sizes), items, ect.login(), variables="latitude")
    >>> sorted(granule_id[-6:] for granule_id, _ in run)
    ['04400E', '04537E']
    >>> run.failures.empty
    True
    """

    total: int
    _pairs: Iterator[tuple[str, Value]] = field(init=False, repr=False)
    _over: bool = field(default=False, repr=False)
    _failed: dict[str, tuple[str, int]] = field(default_factory=dict, repr=False)
    _log: dict[str, Outcome] = field(default_factory=dict, repr=False)

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        if self._over:
            raise RuntimeError(
                "This run is over, and its pairs were given out: call map_granules again; with a"
                " store it reads them from there."
            )
        return self._pairs

    @property
    def failures(self) -> pd.DataFrame:
        """A row for each granule that failed, with its reason and how often it was tried."""
        import pandas as pd

        rows = [(name, *told) for name, told in self._failed.items()]
        return pd.DataFrame(rows, columns=["granule_id", "reason", "tries"])

    @property
    def log(self) -> pd.DataFrame:
        """A row for each granule that this run streamed, with worker, seconds, requests and MB."""
        import pandas as pd

        columns = ["worker", "begun", "streaming", "function", "requests", "MB"]
        rows = [{"granule_id": name} | vars(done) for name, done in self._log.items()]
        return pd.DataFrame(rows, columns=["granule_id", *columns])


def map_granules(
    function: Callable[[xr.Dataset], Value],
    items: Iterable[pystac.Item | str],
    token: Token | str,
    *,
    variables: str | Sequence[str],
    group: str | None = None,
    store: str | os.PathLike[str] | None = None,
    client: Client | None = None,
    requests: int = 24,
) -> GranuleRun:
    """Stream variables of many granules, and apply a function to each where it was streamed.

    Parameters
    ----------
    function : callable
        Makes of the dataset of a granule a smaller one, a table (pandas.DataFrame) or a dict: sums
        and counts, for example. It should depend on nothing else.
    items : iterable of pystac.Item or str
        Granules from :func:`search`, or links of .h5 files; each is read once.
    token : Token or str
        From :func:`login`. Each worker holds a :class:`Token` in memory and renews it. It is in no
        task, but it does travel to scheduler and workers: take a cluster that you trust, over
        ``tls://`` where others share the network.
    variables : str or sequence of str
        What ``function`` needs, as for :func:`open_granule`.
    group : str, optional
        As for :func:`open_granule`.
    store : path, optional
        Folder on this computer that keeps what is made of each granule: a Zarr of a dataset, a
        Parquet file of a table or dict. It needs zarr or pyarrow. A second run reads what is there,
        and does only what is missing. A part is there when it is whole. The attributes of each say
        of which granule it is, and how it was made.
    client : distributed.Client, optional
        A cluster that does the work; without one, threads of this process do.
    requests : int, optional
        How many requests may be under way to the data host, all workers together. A granule has
        six at most, so 24 are four granules at a time.

    Returns
    -------
    GranuleRun
        Iterate over it for pairs of granule id and value: what the store has comes first, the
        others as they are done. Afterwards ``failures`` is a table of those that could not be
        read, with reasons. ``log`` has a row for each that was streamed: its worker, when it
        began (s since 1970), seconds of streaming and of the function, requests and MB (10⁶ bytes).
        A granule whose reason may pass is tried three times; one that fails stops no other.

    Raises
    ------
    ValueError, TypeError
        When there are no granules, the store is of something else, the function uses a variable
        that was not asked for, returns something else, or cannot be sent to a worker.
    ModuleNotFoundError, RuntimeError
        When a worker has no earthcare-tutorial, or another version of it.
    PermissionError
        While iterating, when the token has ended and cannot be renewed.
    OSError
        While iterating, when a part cannot be written, or the cluster is gone.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> items = ect.search("A-TC", orbit_and_frame=["04400E", "04537E"])
    >>> run = ect.map_granules(lambda ds: dict(ds.sizes), items, ect.login(), variables="latitude")
    >>> values = dict(run)
    >>> len(values), len(run.failures)
    (2, 0)
    """
    token = hidden(token)
    by_name = {_name(each): each for each in items}
    if not by_name:
        raise ValueError("There are no granules: the list of items is empty.")
    wanted = [variables] if isinstance(variables, str) else list(variables)
    if not wanted:
        raise ValueError("variables is empty: name those that the function needs.")
    if requests < PER_GRANULE:
        raise ValueError(f"requests is at least {PER_GRANULE}, those of one granule: {requests}.")
    label = {
        "function": name_of(function),
        "code": _parts.code_of(function),
        "variables": wanted,
        "group": group or "",
    }
    if client:
        from earthcare_tutorial import _cluster

        _cluster.check(client, function)
    folder = _parts.open_store(store, label) if store else None
    run = GranuleRun(len(by_name))

    def keep(name: str, outcome: Outcome) -> Value:
        """Put a value into the store, if there is one; return it as it is there."""
        value, outcome.value = outcome.value, None  # or the log would keep all of them
        run._log[name] = outcome
        if folder is None:
            return value
        try:
            part = _parts.write(folder, name, value, _notes(name, outcome, label))
        except OSError as error:
            done = len(_parts.find(folder))
            raise OSError(
                f"The part of {name} cannot be written to {folder} ({error.strerror or error})."
                f" {done} parts are there: when it can be, the same call does the rest."
            ) from None
        return _parts.read(part)

    def settle(name: str, outcome: Outcome, attempt: int) -> bool:
        """Note a granule that failed; tell whether there is a value. Some troubles end the run."""
        if outcome.trouble == "token":
            raise PermissionError(_ended(outcome.reason, run, folder is not None))
        if outcome.trouble == "mistake":
            raise TypeError(outcome.reason)
        if outcome.trouble:
            run._failed[name] = outcome.reason, attempt
        return not outcome.trouble

    def pairs() -> Iterator[tuple[str, Value]]:
        there = _parts.find(folder) if folder else {}
        missing = {name: each for name, each in by_name.items() if name not in there}
        with progress(len(by_name), "granules", "granule") as tick:
            for name in [name for name in by_name if name in there]:
                tick(1)
                yield name, _parts.read(there[name])
            for attempt, pause in enumerate((*PAUSES, 0.0), 1):
                again = {}
                work = _each(function, missing, token, wanted, group, client, requests)
                with closing(work):
                    for name, outcome in work:
                        if outcome.trouble == "again" and attempt <= len(PAUSES):
                            again[name] = missing[name]
                            continue
                        tick(1)
                        if settle(name, outcome, attempt):
                            yield name, keep(name, outcome)
                if not (missing := again):
                    break
                time.sleep(pause)
        run._over = True

    run._pairs = pairs()
    return run


def _each(
    function: Callable[[xr.Dataset], Value],
    items: dict[str, pystac.Item | str],
    token: Token | str,
    variables: list[str],
    group: str | None,
    client: Client | None,
    requests: int,
) -> Generator[tuple[str, Outcome], None, None]:
    """Work on some granules at a time, and yield what became of each."""
    at_a_time = requests // PER_GRANULE
    waiting = iter(items.items())
    pending: dict[Future[Outcome], str] = {}
    plugin = ""
    if client:
        from earthcare_tutorial import _cluster

        plugin = f"earthcare-token-{time.time_ns()}"
        client.register_plugin(_cluster.TokenPlugin(token), name=plugin)
        executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
    else:
        executor = ThreadPoolExecutor(at_a_time, "earthcare-granule")

    def submit(name: str, item: pystac.Item | str) -> None:
        plain = item if isinstance(item, str) else item.to_dict(False, transform_hrefs=False)
        asked = (function, plain, variables, group)
        if client:
            future = executor.submit(_cluster.with_token, plugin, stream_and_apply, *asked)
        else:
            future = executor.submit(stream_and_apply, *asked, token)
        pending[future] = name

    try:
        # No more than these are with the cluster, so that its workers together are polite.
        for one in islice(waiting, at_a_time):
            submit(*one)
        while pending:
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                name = pending.pop(future)
                for one in islice(waiting, 1):
                    submit(*one)
                yield name, _outcome(future)
    except Exception:
        if client and client.status != "running":
            raise ConnectionError(GONE) from None
        raise
    finally:
        if not client or client.status == "running":
            for future in pending:
                future.cancel()
            executor.shutdown(wait=False)
        if client and client.status == "running":
            with suppress(OSError):  # of a cluster that is gone
                client.unregister_worker_plugin(plugin)  # type: ignore[no-untyped-call]


def _outcome(future: Future[Outcome]) -> Outcome:
    """Return what a worker tells, or what is known of a worker that tells nothing any more."""
    try:
        return future.result()
    except CancelledError:
        raise ConnectionError(GONE) from None
    except Exception as error:  # the worker died of it, several times; or what it made does not fit
        reason = f"its worker gave it up: {sentence(error)}"
        return Outcome("", time.time(), trouble="failed", reason=reason)


def _ended(reason: str, run: GranuleRun, stored: bool) -> str:
    rest = "the same call does the rest" if stored else "with a store the same call does the rest"
    return (
        f"The token ended after {len(run._log)} of {run.total} granules and cannot be renewed"
        f" ({reason.rstrip('.')}). login() again: {rest}."
    )


def _notes(name: str, outcome: Outcome, label: dict[str, Any]) -> dict[str, Any]:
    """Return what a part says of itself."""
    told = {
        "granule_id": name,
        "bytes_read": round(outcome.MB * 1e6),
        "earthcare_tutorial": helpers_version(),
    }
    with suppress(ValueError):  # the name of a link of somebody's own
        granule = identify(name)
        told["baseline"] = granule.baseline
        told["processed"] = granule.created.isoformat()
    return told | label


def _name(item: pystac.Item | str) -> str:
    """Return the id of a granule, which names its part."""
    name = PurePosixPath(urlsplit(item).path).stem if isinstance(item, str) else item.id
    if not re.fullmatch(r"\w[\w.-]*", name, re.ASCII):
        raise ValueError(f"{name!r} is no id of a granule: take items of search(), or links.")
    return name
