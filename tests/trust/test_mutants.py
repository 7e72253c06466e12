"""What `make mutants` found: each change that no test noticed has its reason."""

from __future__ import annotations

import json

import pytest

from tests.trust.changes import changes
from tests.trust.mutants import FILE, HELPERS, WANTED

SOURCE = '''
def grüße(of: "list[int]", sep: str = ",") -> "str":
    """Return a text."""
    if len(of) > 1 and not sep:
        raise ValueError("There is no separator.")
    return join(of, by=sep, last=True)
'''
SHOWN = [
    'def grüße(of: "list[int]", sep: str = "XX,") -> "str":',
    "    if len(of) >= 1 and not sep:",
    "    if len(of) > 2 and not sep:",
    "    if len(of) > 1 or not sep:",
    "    if len(of) > 1 and sep:",
    "    if not (len(of) > 1 and not sep):",
    "        pass",
    "    return None",
    "    return join(of,  last=True)",
    "    return join(of, by=sep, )",
    "    return join(of, by=sep, last=False)",
]


def test_what_no_test_notices_is_explained() -> None:
    told = json.loads(FILE.read_text())
    left = [f"{each['place']}\n{each['change']}" for each in told["unnoticed"] if not each["why"]]
    assert not left, "\n".join(["write a test, or why none is needed, in mutants.json:", *left])
    assert told["noticed"] + len(told["unnoticed"]) == told["tried"] > 0
    assert told["modules"].keys() == {*WANTED}


def test_the_changes_of_a_function() -> None:
    made = list(changes(SOURCE))
    assert sorted(each.shown.split("\n+")[1] for each in made) == sorted(SHOWN)
    assert {each.place for each in made} == {"grüße"}


@pytest.mark.parametrize("name", WANTED)
def test_each_change_of_a_helper_can_be_read_by_python(name: str) -> None:
    source = (HELPERS / f"{name.replace('.', '/')}.py").read_text()
    for each in changes(source):
        assert each.source != source
        compile(each.source, name, "exec")
