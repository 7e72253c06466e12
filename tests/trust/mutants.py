"""What no test notices: the helpers' code is changed in one place at a time, and the tests run.

`make mutants` draws places by a seed and writes `mutants.json`. Each change that no test noticed
wants a test, or one line there that says why it may be as it is.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("mutants.json")
MADE = Path("mutants")  # where mutmut writes them
SEED, TRIED = int(os.environ.get("MUTANTS_SEED", "1")), int(os.environ.get("MUTANTS", "200"))
ONLY = os.environ.get("MUTANTS_OF", "").split()  # modules, as "assets" or "streaming.chunks"
UNNOTICED = (None, 0, 5, 33)  # as mutmut tells it: not tried, survived, no test of it


def mutmut(*words: str) -> str:
    """Run mutmut, and return what it prints."""
    code = "from mutmut.__main__ import cli; cli()"
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def outcomes() -> dict[str, int | None]:
    """Mutant -> what the tests said of it; None if it was not tried."""
    told: dict[str, int | None] = {}
    for path in sorted(MADE.rglob("*.meta")):
        told |= json.loads(path.read_text())["exit_code_by_key"]
    return told


def place(name: str) -> tuple[str, str]:
    """Return module and function of a mutant."""
    told = re.fullmatch(r"earthcare_tutorial\.(.+)\.x[_ǁ](.+)__mutmut_\d+", name)
    assert told, name
    return told[1], told[2].replace("ǁ", ".")


def change(name: str) -> str:
    """Return what was changed, as the lines of a difference."""
    lines = mutmut("show", name).splitlines()
    return "\n".join(each for each in lines if each[:1] in "+-" and each[:3] not in ("+++", "---"))


def explained() -> dict[tuple[str, str], str]:
    """Place and change -> why no test notices, as written by hand."""
    told = json.loads(FILE.read_text())["unnoticed"] if FILE.exists() else []
    return {(each["place"], each["change"]): each["why"] for each in told}


def main() -> None:
    """Try some mutants, and write what came of them."""
    mutmut("run", "earthcare_tutorial.assets.x_listed__mutmut_1")  # makes all, and tries one
    there = [name for name in sorted(outcomes()) if not ONLY or place(name)[0] in ONLY]
    chosen = random.Random(SEED).sample(there, TRIED)  # noqa: S311 - no secret
    told = outcomes()  # of an earlier run too, where the code is the same
    if again := [name for name in chosen if told[name] in UNNOTICED]:
        mutmut("run", "--max-children", "2", *again)
    told, known = outcomes(), explained()
    left = [name for name in sorted(chosen) if told[name] in UNNOTICED]
    unnoticed = [{"place": ".".join(place(name)), "change": change(name)} for name in left]
    for each in unnoticed:
        each["why"] = known.get((each["place"], each["change"]), "")
    result: dict[str, Any] = {
        "made": datetime.now(UTC).date().isoformat(),
        "seed": SEED,
        "modules": sorted({place(name)[0] for name in there}),
        "all": len(there),
        "tried": TRIED,
        "noticed": TRIED - len(left),
        "unnoticed": unnoticed,
    }
    FILE.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
