"""What each page tells a search engine, and what answers an address that is not there."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser

from book._ext.moved import ADDRESSES, read, redirect, wrong
from tests.site.built import HTML, LESSONS, PAGES, ROOT
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


def test_pages_without_a_text_and_the_bare_address_tell_what_they_are() -> None:
    first = (HTML / "book" / "welcome.html").read_text()
    tag = re.compile(r'<meta name="description" content="([^"]+)"')
    assert tag.findall((HTML / "index.html").read_text()) == tag.findall(first)
    for page in ["genindex.html", "search.html", *(HTML / "_modules").rglob("*.html")]:
        (description,) = tag.findall((HTML / page).read_text())
        assert len(description) > 30, page


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


def test_each_page_names_the_icon_also_as_png(browser: Browser) -> None:
    for page in PAGES:
        head = (HTML / page).read_text().partition("</head>")[0]
        icons = re.findall(r'<link rel="(?:apple-touch-)?icon"[^>]*href="([^"]+)"', head)
        assert {Path(icon).name for icon in icons} == {"logo.svg", "icon.png"}
        assert all(((HTML / page).parent / icon).exists() for icon in icons)
    logo = (ROOT / "book" / "_assets" / "logo.svg").read_text()
    style = "<style>* { margin: 0 } svg { display: block; width: 180px }</style>"
    with browser.new_context(viewport={"width": 180, "height": 180}) as context:
        page_of_logo = context.new_page()
        page_of_logo.set_content(style + logo)
        drawn = Image.open(io.BytesIO(page_of_logo.screenshot(omit_background=True)))
    with Image.open(HTML / "_static" / "icon.png") as icon:
        difference = ImageChops.difference(icon.convert("RGBA"), drawn.convert("RGBA"))
    assert max(ImageStat.Stat(difference).mean) < 2, "draw icon.png from logo.svg anew"


def test_every_address_there_ever_was_answers() -> None:
    addresses = read(ADDRESSES.read_text())
    pages = {page.removesuffix(".html") for page in PAGES}
    assert wrong(addresses, pages) == []
    assert all((HTML / f"{address}.html").exists() for address in addresses)


def test_a_renamed_page_leads_on_to_the_place_that_was_asked_for(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "new.html").write_text("<h1>Here</h1><h2 id='part'>Part</h2>")
    redirect(tmp_path, "book/deep/old", "notebooks/new", "Read & draw")
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((tmp_path / "book" / "deep" / "old.html").as_uri() + "#part")
        page.wait_for_url((tmp_path / "notebooks" / "new.html").as_uri() + "#part")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto((tmp_path / "book" / "deep" / "old.html").as_uri())
        page.wait_for_url((tmp_path / "notebooks" / "new.html").as_uri())


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
