"""When many granules are done: a schedule of workers with a bound on what the host is asked."""

from __future__ import annotations

import heapq
from collections.abc import Sequence


def makespan(
    granules: Sequence[tuple[float, float]], slots: int, at_a_time: int, cores: int | None = None
) -> float:
    """Return the seconds until the last granule is done.

    Parameters
    ----------
    granules : sequence of (float, float)
        Seconds of waiting for the network, and seconds of computing, of each granule, in order.
    slots : int
        Threads of all workers together; each works on one granule at a time.
    at_a_time : int
        Most granules under way, so that the host is asked politely.
    cores : int, optional
        Processor cores behind the slots, where they are fewer: computing shares them.

    Examples
    --------
    >>> makespan([(1.0, 1.0)] * 4, slots=1, at_a_time=4), makespan([(1.0, 1.0)] * 4, 4, 2)
    (8.0, 4.0)
    >>> makespan([(0.0, 1.0)] * 4, slots=4, at_a_time=4, cores=2)
    2.0
    """
    running = min(slots, at_a_time, len(granules))
    shared = max(1.0, running / cores) if cores else 1.0
    free = [0.0] * running
    for waiting, computing in granules:
        heapq.heapreplace(free, free[0] + waiting + computing * shared)
    return max(free)


def toward(
    streaming: float, function: float, granules: int, threads: int
) -> list[dict[str, float]]:
    """Simulate all granules of a product on ever more workers, politely and without a bound.

    Returns
    -------
    list of dict
        Per number of workers: hours with four granules at a time, hours with as many as there are
        threads, and the requests at a time of the latter, six of each granule.
    """
    work = [(streaming, function)] * granules
    return [
        {
            "workers": workers,
            "polite": makespan(work, workers * threads, 4) / 3600,
            "unbound": makespan(work, workers * threads, workers * threads) / 3600,
            "requests": 6 * workers * threads,
        }
        for workers in (1, 10, 100, 1000)
    ]
