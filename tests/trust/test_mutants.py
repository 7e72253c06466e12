"""What `make mutants` found: each change that no test noticed has its reason."""

from __future__ import annotations

import json

from tests.trust.mutants import FILE


def test_what_no_test_notices_is_explained() -> None:
    told = json.loads(FILE.read_text())
    left = [f"{each['place']}\n{each['change']}" for each in told["unnoticed"] if not each["why"]]
    assert not left, "\n".join(["write a test, or why none is needed, in mutants.json:", *left])
    assert told["noticed"] + len(told["unnoticed"]) == told["tried"] > 0
