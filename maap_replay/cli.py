"""The command `maap-replay`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="maap-replay",
        description="ESA MAAP's EarthCARE catalogue, tokens and data on loopback, from recordings.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    run = verbs.add_parser(
        "run",
        help="run a command against the replay: maap-replay run -- COMMAND ...",
        usage="maap-replay run [-h] [--strict] [--token-seconds N] -- COMMAND [ARGUMENT ...]",
        description="Start the replay, run COMMAND with only environment variables changed, and "
        "return its exit status. In COMMAND and its children both ESA hosts are served from "
        "recordings, and every other host is refused.",
    )
    run.add_argument("--strict", action="store_true", help="answer 503 to /catalogue, as seen live")
    run.add_argument(
        "--token-seconds", type=float, metavar="N", help="lifetime of access tokens (default 300)"
    )
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    cache = verbs.add_parser("cache", help="show where written granules lie, or remove them")
    cache.add_argument("--clear", action="store_true", help="remove every granule written so far")
    given = parser.parse_args(arguments)
    return _cache(clear=given.clear) if given.verb == "cache" else _run(given, run)


def _run(given: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from maap_replay.launch import run
    from maap_replay.service import make_app

    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    if not command:
        parser.error("no COMMAND given, for example: maap-replay run -- jupyter lab")
    settings = {} if given.token_seconds is None else {"token_seconds": given.token_seconds}
    sys.stderr.write("maap-replay: ESA MAAP on loopback, from recordings and synthetic granules\n")
    return run(command, make_app(strict=given.strict, **settings))


def _cache(*, clear: bool) -> int:
    from maap_replay.granules import cache_folder, cache_size, clear_cache

    size = cache_size() / 1e6
    sys.stdout.write(f"{cache_folder()}: {size:.0f} MB of synthetic granules\n")
    if clear:
        clear_cache()
        sys.stdout.write("removed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
