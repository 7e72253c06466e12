"""The page of helpers: an example of each that runs as pasted, its lesson, and links to it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from book._ext.helpers import HELPERS
from tests import granule_cache
from tests.site.built import HTML, LESSONS, ROOT

API = "book/api.html"
#: What names or unfolds a part of a page is no prose.
NO_PROSE = ["summary", "pre", "h1", "h2", "h3", "h4"]


def entries() -> dict[str, Tag]:
    """Name of each entry -> its part of the page."""
    page = BeautifulSoup((HTML / API).read_text(), "html.parser")
    found = page.select("article dl.py.function, article dl.py.class")
    return {str(entry.dt["id"]): entry for entry in found if entry.dt}


def pasted(examples: dict[str, str]) -> dict[str, str]:
    """What goes otherwise than examples say, on the replay, by name."""
    run: list[str | Path] = [sys.executable, "-m", "tests.site.pasted"]
    environment = {"MAAP_REPLAY_CACHE": str(granule_cache.folder())} | os.environ
    if "MAAP_REPLAY_PORT" not in os.environ:
        run = [Path(sys.executable).parent / "maap-replay", "run", "--", *run]
    done = subprocess.run(
        run,
        input=json.dumps(examples),
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment | {"MPLBACKEND": "agg"},
        check=True,
    )
    differences: dict[str, str] = json.loads(done.stdout)
    return differences


def test_each_helper_has_an_example_that_runs_as_pasted() -> None:
    examples = {
        name: "\n\n".join(block.get_text() for block in entry.select("dd div.doctest pre"))
        for name, entry in entries().items()
    }
    assert {name.rpartition(".")[2] for name in examples} >= HELPERS
    assert [name for name, text in examples.items() if ">>> " not in text] == []
    assert pasted(examples) == {}


def test_an_example_without_its_import_is_seen() -> None:
    told = pasted({"no import": ">>> ect.file_type('M-COP')\n'MSI_COP_2A'\n", "fine": ">>> 1\n1\n"})
    assert list(told) == ["no import"]
    assert "NameError" in told["no import"]


def test_each_helper_names_the_lesson_that_teaches_it() -> None:
    for name, entry in entries().items():
        (line,) = (each for each in entry.select("dd p") if each.get_text().startswith("Taught in"))
        (link,) = line.select("a")
        lesson = str(link["href"]).removeprefix("../")
        assert lesson in LESSONS, name
        short = name.rpartition(".")[2]
        if short in HELPERS - {"Token", "StreamStats"}:
            assert short in (HTML / lesson).read_text()


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_mention_of_a_helper_leads_to_its_entry(lesson: str) -> None:
    page = BeautifulSoup((HTML / lesson).read_text(), "html.parser")
    article = page.select_one("article")
    assert article
    mentions = [
        (named[1], code)
        for code in article.select("code")
        if not code.find_parent(NO_PROSE)
        and not code.find_parent("div", class_="needs")
        and (named := re.match(r"(?:ect\.)?(\w+)(?:\(|$)", code.get_text()))
        and named[1] in HELPERS
    ]
    # In code each name follows the package.
    mentions += [
        (name.get_text(), name)
        for package in article.select("div.cell_input span.n")
        if package.get_text() == "ect"
        for name in [package.find_next("span", class_="n")]
        if name and name.get_text() in HELPERS
    ]
    assert mentions
    for helper, place in mentions:
        link = place.find_parent("a")
        assert link, f"{helper} is not linked: {place.parent}"
        assert link["href"] == f"../{API}#earthcare_tutorial.{helper}"
