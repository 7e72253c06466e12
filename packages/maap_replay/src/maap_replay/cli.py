"""The command `maap-replay`: reads the command line, and leaves the work to a module per verb."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    if sys.stderr is None:  # a service, pythonw, `2>&-`
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    parser = argparse.ArgumentParser(
        prog="maap-replay",
        description="ESA MAAP's EarthCARE catalogue, tokens and data on loopback, from recordings.",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for add in (_add_run, _add_record, _add_compare, _add_cache):
        add(verbs)
    given = parser.parse_args(arguments)
    try:
        return int(given.act(given))
    except (ValueError, OSError) as error:  # among them ConnectionError and PermissionError
        sys.stderr.write(f"maap-replay: {error}\n")
        return 2


Verbs = argparse._SubParsersAction  # the class has no public name


def _add_run(verbs: Verbs[argparse.ArgumentParser]) -> None:
    run = verbs.add_parser(
        "run",
        help="run a command against the replay: maap-replay run -- COMMAND ...",
        usage="maap-replay run [-h] [--strict] [--token-seconds N] [--recordings FOLDER]"
        " -- COMMAND [ARGUMENT ...]",
        description="Start the replay, run COMMAND with only environment variables changed, and "
        "return its exit status. In COMMAND and its children both ESA hosts are served from "
        "recordings, and every other host is refused.",
    )
    run.add_argument(
        "--strict", action="store_true", help="behave as awkwardly as the live service was seen to"
    )
    run.add_argument(
        "--token-seconds", type=float, metavar="N", help="lifetime of access tokens (default 300)"
    )
    run.add_argument(
        "--recordings", type=Path, metavar="FOLDER", help="replay what `record` wrote there"
    )
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    run.set_defaults(act=_run, parser=run)


def _run(given: argparse.Namespace) -> int:
    from maap_replay.launch import run
    from maap_replay.recordings import load, with_archive
    from maap_replay.service import make_app

    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    if not command:
        given.parser.error("no COMMAND given, for example: maap-replay run -- jupyter lab")
    recordings = with_archive(load(given.recordings)) if given.recordings else None
    settings = {} if given.token_seconds is None else {"token_seconds": given.token_seconds}
    sys.stderr.write("maap-replay: ESA MAAP on loopback, from recordings and synthetic granules\n")
    return run(command, make_app(recordings, strict=given.strict, **settings))


def _add_record(verbs: Verbs[argparse.ArgumentParser]) -> None:
    record = verbs.add_parser(
        "record",
        help="record a search, pictures and data of the live service into a folder",
        description="Write what ESA MAAP answers into FOLDER, from which `run --recordings FOLDER` "
        "replays it. Tokens, headers and the answers of the token service are never kept.",
    )
    record.add_argument("folder", type=Path, metavar="FOLDER")
    record.add_argument("--collection", action="append", default=[], metavar="ID")
    record.add_argument(
        "--filter", metavar="CQL2", help="for example \"productType = 'MSI_COP_2A'\""
    )
    record.add_argument("--bbox", metavar="W,S,E,N")
    record.add_argument("--datetime", metavar="FROM/TO")
    record.add_argument("--ids", metavar="ID,ID")
    record.add_argument("--limit", type=int, default=100, help="items at most (default 100)")
    record.add_argument("--no-pictures", action="store_true", help="leave the quicklooks out")
    record.add_argument("--whole-files", action="store_true", help="download .h5 and .HDR files")
    record.add_argument(
        "--ranges-of",
        metavar="COMMAND",
        help="run COMMAND, keep what it reads",
    )
    record.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="credentials (default MAAP_CREDENTIALS_FILE)",
    )
    record.set_defaults(act=_record)


def _record(given: argparse.Namespace) -> int:
    from maap_replay.record import Wish, record

    search = {
        "collections": ",".join(given.collection),
        "filter": given.filter,
        "bbox": given.bbox,
        "datetime": given.datetime,
        "ids": given.ids,
    }
    wish = Wish(
        search={name: value for name, value in search.items() if value},
        limit=given.limit,
        pictures=not given.no_pictures,
        whole_files=given.whole_files,
        command=shlex.split(given.ranges_of or ""),
    )
    return record(given.folder, wish, given.token_file)


def _add_compare(verbs: Verbs[argparse.ArgumentParser]) -> None:
    compare = verbs.add_parser(
        "compare",
        help="compare the live service with the recordings; status 1 on a difference",
        description="Print a table of what differs between the service and recordings of it. "
        "Exit status 0: nothing, 1: something, 2: the service does not answer.",
    )
    compare.add_argument("--recordings", type=Path, metavar="FOLDER", help="by default our own")
    compare.add_argument("--collection", action="append", metavar="ID", help="only these")
    compare.add_argument("--token-file", type=Path, metavar="FILE", help="to compare tokens too")
    compare.set_defaults(act=_compare)


def _compare(given: argparse.Namespace) -> int:
    from maap_replay.compare import compare

    return compare(given.recordings, given.collection, given.token_file)


def _add_cache(verbs: Verbs[argparse.ArgumentParser]) -> None:
    cache = verbs.add_parser("cache", help="show where written granules lie, or remove them")
    cache.add_argument("--clear", action="store_true", help="remove every granule written so far")
    cache.set_defaults(act=_cache)


def _cache(given: argparse.Namespace) -> int:
    from maap_replay.granules import tell_cache

    return tell_cache(clear=given.clear)


if __name__ == "__main__":
    sys.exit(main())
