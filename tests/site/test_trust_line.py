"""Below each lesson's title: when it ran, against what, how long, with which versions and data."""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from book._ext.run_facts import COMPARED, compared, locked
from tests.site.built import HTML, LESSONS, ROOT


def test_each_lesson_says_so_on_the_first_screen_of_a_phone(browser: Browser, site: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(f"{site}/book/status.html")
        heads = page.locator("table.run-status thead th").all_inner_texts()
        told = {}
        for row in page.locator("table.run-status tbody tr").all():
            address = str(row.locator("a").get_attribute("href")).removeprefix("../")
            told[address] = dict(zip(heads[1:], row.locator("td").all_inner_texts(), strict=True))
        assert told.keys() == set(LESSONS)
        for lesson in LESSONS:
            page.goto(f"{site}/{lesson}", wait_until="domcontentloaded")
            line = page.locator("p.run-facts")
            box = line.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < 844, lesson
            text, status = line.inner_text(), told[lesson]
            for fact in (status["On"], status["Against"], status["Took"], status["Data"]):
                assert fact in text, lesson
            assert status["Outcome"] == "ran to its end"
            assert re.search(r"Run on \d+ \w+ 20\d\d against", text)
            assert f"xarray {version('xarray')}" in text


def test_the_status_page_names_the_locked_environment() -> None:
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()[:12]
    assert digest in locked(ROOT)
    assert locked(ROOT) in (HTML / "book" / "status.html").read_text()


@pytest.mark.parametrize(("status", "outcome"), [(0, "They agreed."), (1, "They differed")])
def test_the_weekly_comparison_is_told(tmp_path: Path, status: int, outcome: str) -> None:
    assert "no comparison" in compared(tmp_path)
    (tmp_path / COMPARED).parent.mkdir()
    (tmp_path / COMPARED).write_text(f'{{"date": "2026-11-23T05:23:00+00:00", "status": {status}}}')
    assert f"on 23 November 2026. {outcome}" in compared(tmp_path)
