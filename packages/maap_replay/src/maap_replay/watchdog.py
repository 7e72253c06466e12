"""End every process of one run once its launcher is gone, whatever it died of.

The launcher starts this module in a process of its own and holds the other end of its standard
input. When that closes (normal end, crash or SIGKILL alike) every process that still carries the
run's mark in its environment is ended: first asked, then, after some seconds, killed.
"""

from __future__ import annotations

import signal
import sys

import psutil

MARK = "MAAP_REPLAY_RUN"
PATIENCE = 5.0


def marked_processes(run: str) -> list[psutil.Process]:
    """Processes whose environment says that they belong to a run, or to a run inside it."""
    found = []
    for process in psutil.process_iter():
        try:
            if run in process.environ().get(MARK, "").split(":"):
                found.append(process)
        except (psutil.Error, OSError):  # gone meanwhile, or not ours to read: not of this run
            continue
    return found


def end_processes(run: str) -> int:
    """Ask the processes of a run to end, kill what does not, and return how many there were."""
    processes = marked_processes(run)
    for process in processes:
        _send(process, kill=False)
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
    for process in alive + marked_processes(run):
        _send(process, kill=True)
    return len(processes)


def _send(process: psutil.Process, *, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        return  # it ended by itself


if __name__ == "__main__":
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # a Ctrl-C is for the command, not for this one
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    sys.stdin.read()
    end_processes(sys.argv[1])
