"""Apply a function to many granules: on threads here, or on a cluster of dask.distributed."""

from __future__ import annotations

import re
import time
from concurrent import futures
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from inspect import GEN_CLOSED, getgeneratorstate
from itertools import islice
from pathlib import PurePosixPath
from reprlib import repr as short
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pystac

from earthcare_tutorial import _parts
from earthcare_tutorial._notes import warn
from earthcare_tutorial._one_granule import (
    GONE,
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
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pandas as pd
    import xarray as xr
    from distributed import Client

    from earthcare_tutorial._one_granule import Submit
    from earthcare_tutorial.auth import Token

    Items = dict[str, pystac.Item | str]  # by the granule's id

PER_GRANULE = 6  # requests that open_granule has under way at a time, at most
PAUSES = (5.0, 30.0)  # seconds before what failed for a reason that passes is tried again
LONG = 30.0  # seconds without a granule after which it is asked whether anybody works
NO_WORKERS = (
    "The cluster has no workers, so nothing happens: start some, and the run goes on when they are"
    " there."
)


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
    _items: Items = field(repr=False)
    _work: Callable[[Items], Generator[tuple[str, Outcome], None, None]] = field(repr=False)
    _folder: Path | None = field(repr=False)
    _label: dict[str, Any] = field(repr=False)
    _failed: dict[str, tuple[str, int]] = field(default_factory=dict, repr=False)
    _log: dict[str, Outcome] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._pairs = self._run()

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        if getgeneratorstate(self._pairs) == GEN_CLOSED:
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

    def _run(self) -> Generator[tuple[str, Value], None, None]:
        """Yield what the store has, then the others as they are done; try again what may pass."""
        there = _parts.find(self._folder) if self._folder else {}
        missing = {name: each for name, each in self._items.items() if name not in there}
        with progress(self.total, "granules", "granule") as tick:
            for name in [name for name in self._items if name in there]:
                tick(1)
                yield name, _parts.read(there[name])
            for attempt, pause in enumerate((*PAUSES, 0.0), 1):
                again = {}
                with closing(self._work(missing)) as work:
                    for name, outcome in work:
                        if outcome.trouble == "again" and attempt <= len(PAUSES):
                            again[name] = missing[name]
                            continue
                        tick(1)
                        self._end_if_hopeless(outcome)
                        if outcome.trouble:
                            self._failed[name] = outcome.reason, attempt
                        else:
                            yield name, self._keep(name, outcome)
                if not (missing := again):
                    break
                time.sleep(pause)

    def _end_if_hopeless(self, outcome: Outcome) -> None:
        """Raise what would go wrong with all other granules, too."""
        if outcome.trouble == "token":
            stored = "the same call" if self._folder else "with a store the same call"
            raise PermissionError(
                f"The token ended after {len(self._log)} of {self.total} granules and cannot be"
                f" renewed ({outcome.reason.rstrip('.')}). login() again: {stored} does the rest."
            )
        if outcome.trouble == "mistake":
            raise TypeError(outcome.reason)

    def _keep(self, name: str, outcome: Outcome) -> Value:
        """Put a value into the store, if there is one; return it as it is there."""
        value, outcome.value = outcome.value, None  # or the log would keep all of them
        self._log[name] = outcome
        if self._folder is None:
            return value
        try:
            part = _parts.write(self._folder, name, value, _notes(name, outcome, self._label))
        except OSError as error:
            done = len(_parts.find(self._folder))
            raise OSError(
                f"The part of {name} cannot be written to {self._folder}"
                f" ({error.strerror or error}). {done} parts are there: when it can be, the same"
                " call does the rest."
            ) from None
        return _parts.read(part)


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
    at_a_time = requests // PER_GRANULE
    if client:
        from earthcare_tutorial import _cluster

        _cluster.check(client, function)
        place = partial(_cluster.workers, client, token)
    else:
        place = partial(_threads, token, at_a_time)

    folder = _parts.open_store(store, label) if store else None
    work = partial(_each, place, (function, wanted, group), at_a_time, client)
    return GranuleRun(len(by_name), by_name, work, folder, label)


@contextmanager
def _threads(token: Token | str, at_a_time: int) -> Iterator[Submit]:
    """Work on threads of this process."""
    pool = futures.ThreadPoolExecutor(at_a_time, "earthcare-granule")
    try:
        yield lambda *asked: pool.submit(stream_and_apply, token, *asked)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _each(
    place: Callable[[], AbstractContextManager[Submit]],
    asked: Any,
    at_a_time: int,
    client: Client | None,
    items: Items,
) -> Generator[tuple[str, Outcome], None, None]:
    """Work on some granules at a time, and yield what became of each."""
    waiting = iter(items.items())
    pending: dict[futures.Future[Outcome], str] = {}
    with place() as submit:

        def begin(more: int) -> None:
            for name, item in islice(waiting, more):
                link = item if isinstance(item, str) else item.to_dict(False, transform_hrefs=False)
                pending[submit(*asked, link)] = name

        # No more than these are under way, so that all workers together are polite.
        begin(at_a_time)
        while pending:
            done = futures.wait(pending, LONG, futures.FIRST_COMPLETED).done
            if not done and client and not client.nthreads():  # type: ignore[no-untyped-call]
                warn(NO_WORKERS)
            for future in done:
                name = pending.pop(future)
                begin(1)
                yield name, _outcome(future)


def _outcome(future: futures.Future[Outcome]) -> Outcome:
    """Return what a worker tells, or what is known of a worker that tells nothing any more."""
    try:
        return future.result()
    except futures.CancelledError:
        raise ConnectionError(GONE) from None
    except Exception as error:  # the worker died of it, several times; or what it made does not fit
        reason = f"its worker gave it up: {sentence(error)}"
        return Outcome("", time.time(), trouble="failed", reason=reason)


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
        raise ValueError(f"{short(name)} is no id of a granule: take items of search(), or links.")
    return name
