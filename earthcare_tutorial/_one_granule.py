"""The work for one granule of many, wherever it is done."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import pystac

from earthcare_tutorial._signing import claims
from earthcare_tutorial.auth import Token
from earthcare_tutorial.streaming.opening import open_granule
from earthcare_tutorial.streaming.stats import stream_stats

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    import xarray as xr

    Submit = Callable[..., Future["Outcome"]]

PACKAGE = "earthcare-tutorial"
GONE = "The cluster is gone, or was told to stop: start it again, and call again."
Value = Any  # xarray.Dataset, pandas.DataFrame or dict
NOT_THERE = re.compile(r"No variable named '?(\w+)|'Dataset' object has no attribute '(\w+)")


@dataclass
class Outcome:
    """What became of a granule, and what it took."""

    worker: str
    begun: float  # seconds since 1970
    streaming: float = 0.0  # seconds
    function: float = 0.0  # seconds
    requests: int = 0
    MB: float = 0.0  # 10⁶ bytes that came
    value: Value = None
    trouble: str = ""  # "again", "failed"; "token" and "mistake" end the run
    reason: str = ""


def helpers_version() -> str:
    """Return the version of this package."""
    try:
        return version(PACKAGE)
    except PackageNotFoundError:  # a checkout that is not installed
        return "0.0.0"


def sentence(error: BaseException) -> str:
    """Return the kind and the first line of an error."""
    first = (str(error).splitlines() or ["no reason given"])[0]
    return f"{type(error).__name__}: {first[:400]}"


def name_of(function: Any) -> str:
    """Return how a function is called."""
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def stream_and_apply(
    token: Token | str,
    function: Callable[[xr.Dataset], Value],
    variables: list[str],
    group: str | None,
    item: dict[str, Any] | str,
) -> Outcome:
    """Stream a granule and apply the function; what goes wrong is told and not raised.

    A cluster logs what is raised, with all arguments.
    """
    done = Outcome(threading.current_thread().name, time.time())
    source = item if isinstance(item, str) else pystac.Item.from_dict(item)
    then = time.perf_counter()
    try:
        with stream_stats() as stats:
            ds = open_granule(source, token, variables, group)
    except PermissionError as error:
        over = _why_over(token)
        done.trouble, done.reason = ("token", over) if over else ("failed", sentence(error))
        return done
    except Exception as error:
        passes = isinstance(error, ConnectionError | TimeoutError)
        done.trouble, done.reason = "again" if passes else "failed", sentence(error)
        return done
    now = time.perf_counter()
    mine = [row for row in stats.ranges if row[0].partition(".")[0] == ds.attrs["granule_id"]]
    done.requests, done.MB = len(mine), sum(row[2] - row[1] for row in mine) / 1e6
    done.value, done.trouble, done.reason = _apply(function, ds, variables)
    done.streaming, done.function = now - then, time.perf_counter() - now
    return done


def _apply(
    function: Callable[[xr.Dataset], Value], ds: xr.Dataset, variables: list[str]
) -> tuple[Value, str, str]:
    """Return the function's value, or what went wrong: for all granules a mistake, or for this."""
    import pandas as pd
    import xarray as xr

    name = name_of(function)
    try:
        value = function(ds)
        if isinstance(value, xr.Dataset):
            value.load()
    except Exception as error:
        absent = isinstance(error, KeyError | AttributeError) and NOT_THERE.search(str(error))
        if not absent:
            return None, "failed", f"{name} raised {sentence(error)}"
        needs = f"{name} needs {absent[1] or absent[2]!r}, which was not asked for"
        return None, "mistake", f"{needs}: add it to variables={variables}."
    if isinstance(value, xr.Dataset | pd.DataFrame | dict):
        return value, "", ""
    cure = "let it return an xarray.Dataset, a pandas.DataFrame or a dict"
    return None, "mistake", f"{name} returned {type(value).__name__}: {cure}."


def _why_over(token: Token | str) -> str:
    """Return why a token is at its end; nothing while it is valid or can be renewed."""
    try:
        if isinstance(token, Token):
            token.bearer()
        elif (end := claims(token)[1]) and end.timestamp() < time.time():
            return "an access token given as text is not renewed"
    except PermissionError as error:
        return str(error)
    except ConnectionError:  # the login service may answer later
        pass
    return ""
