"""HTML as its standard has it: valid, and with tables that a screen reader can name and walk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.site.built import HTML, LESSONS, PAGES

#: The last that runs on the Node of long-term distributions.
VALIDATOR = "html-validate@9"


@pytest.mark.parametrize("page", PAGES)
def test_each_table_has_a_caption_and_its_heads_say_of_what(page: str) -> None:
    article = BeautifulSoup((HTML / page).read_text(), "html.parser").select_one("article")
    assert article
    captions = []
    for table in article.select("table"):
        assert table.caption, table
        captions.append(table.caption.get_text())
        for head in table.select("th"):
            assert head.get("scope") in {"col", "row"}, head
            assert (head["scope"] == "col") == bool(head.find_parent("thead")), head
    assert len(set(captions)) == len(captions)
    assert all(captions)


@pytest.mark.parametrize("page", LESSONS)
def test_a_solution_is_folded_whole_and_says_what_it_is(page: str) -> None:
    article = BeautifulSoup((HTML / page).read_text(), "html.parser").select_one("article")
    assert article
    solutions = article.select(".cell.tag_hide-cell")
    assert solutions
    for cell in solutions:
        (fold,) = cell.find_all(recursive=False)
        assert fold.name == "details"
        assert fold.select(".cell_input"), "the code is folded too"
        assert fold.select_one("summary .collapsed").get_text().startswith("Show a solution")


@pytest.mark.rare
@pytest.mark.skipif("MAAP_REPLAY_PORT" in os.environ, reason="needs npm: run `make test-install`")
def test_html_validate_finds_nothing(tmp_path: Path) -> None:
    if not shutil.which("npx"):
        pytest.skip("no npx on this machine: install Node.js")
    others = shutil.ignore_patterns(
        "_static", "_images", "_sources", "_downloads", "*.whl", "*.zip"
    )
    shutil.copytree(HTML, tmp_path / "site", ignore=others)
    settings = {"extends": ["html-validate:standard"], "root": True}
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(settings))
    (tmp_path / "site" / "planted.html").write_text("<!DOCTYPE html><p><div></div></p>")
    pages = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html"))
    command = ["npx", "--yes", VALIDATOR, "--formatter", "json", *pages]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout, done.stderr
    found = {
        Path(each["filePath"]).name: [message["message"] for message in each["messages"]]
        for each in json.loads(done.stdout)
    }
    assert found.pop("planted.html"), "the validator sees a fault that is planted"
    assert {name: messages for name, messages in found.items() if messages} == {}
