"""What each page tells a search engine, and what answers an address that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.site.built import HTML, LESSONS, PAGES
from tests.site.serving import BelowAFolder, served


def test_each_page_has_a_title_and_a_description_of_its_own() -> None:
    told: dict[str, str] = {}
    for page in PAGES:
        head = (HTML / page).read_text().partition("</head>")[0]
        (description,) = re.findall(r'<meta name="description" content="([^"]+)"', head)
        (title,) = re.findall(r'<meta property="og:title" content="([^"]+)"', head)
        assert 30 < len(description) <= 165, (page, description)
        assert description not in told, (page, told[description])
        told[description] = page
        assert re.findall(r'<meta name="author" content="([^"]+)"', head), page
        assert title in re.sub(r"\s+", " ", head.partition("<title>")[2]).replace("&#34;", "&quot;")


def test_a_link_to_the_site_shows_the_curtain() -> None:
    with Image.open(HTML / "_static/card.png") as card:
        assert card.size == (1200, 630)
        assert len(card.getcolors(256) or []) > 16  # a picture, not an empty sheet


def test_each_lesson_has_a_picture_in_the_table(browser: Browser, site: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{site}/book/welcome.html")
        pictures = page.locator(".lesson-table .lesson-picture img")
        for picture in pictures.all():
            picture.scroll_into_view_if_needed()
        page.wait_for_function(
            "[...document.querySelectorAll('.lesson-picture img')].every(i => i.naturalWidth)"
        )
        linked = page.eval_on_selector_all(
            ".lesson-table .lesson-picture", "all => all.map(a => a.getAttribute('href'))"
        )
        assert {Path(each).name for each in linked} <= {Path(each).name for each in LESSONS}
        assert len(linked) >= len(LESSONS) - 1  # one lesson draws nothing


@pytest.fixture
def with_404() -> Iterator[str]:
    """Address of the site on a server that answers with its 404.html, as Pages does."""

    class Pages(BelowAFolder):
        def send_error(self, code: int, *_: object) -> None:
            body = (HTML / "404.html").read_bytes()
            self.send_response(code)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    with served(Pages) as address:
        yield address


@pytest.mark.parametrize("lost", ["gone.html", "notebooks/gone.html", "a/b/c/d"])
def test_a_lost_reader_gets_back_from_any_depth(browser: Browser, with_404: str, lost: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        answer = page.goto(f"{with_404}/{lost}")
        assert answer is not None
        assert answer.status == 404
        page.wait_for_selector('a[href="/earthcare/book/welcome.html"]')
        page.get_by_text("Welcome").click()
        page.wait_for_url(f"{with_404}/book/welcome.html")
        assert page.locator("h1").count() >= 1
