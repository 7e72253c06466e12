"""A printed page: white whatever the screen was, all unfolded, no buttons. Figures open alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext

from book._ext.whole import WHOLE, place
from tests.site.built import HTML, PAGES, PATIENCE

LESSON = "notebooks/plot_a_curtain.html"


def printed(browser: Browser, address: str, scheme: str) -> bytes:
    """PDF of a page as a reader saves it, without what tells when."""
    with browser.new_context(color_scheme="dark" if scheme == "dark" else "light") as context:
        page = context.new_page()
        page.goto(address)
        page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
        page.wait_for_function("[...document.images].every(i => i.complete)")
        assert page.locator("html").get_attribute("data-theme") == scheme
        data = page.pdf()
        assert page.locator("html").get_attribute("data-theme") == scheme
    return re.sub(rb"/(?:CreationDate|ModDate) \(.*?\)|/ID \[.*?\]", b"", data)


def test_paper_from_dark_is_paper_from_light(browser: Browser, site: str) -> None:
    light = printed(browser, f"{site}/{LESSON}", "light")
    assert len(light) > 50_000
    assert light == printed(browser, f"{site}/{LESSON}", "dark")


def test_the_pictures_further_down_come_by_themselves_but_on_a_phone(
    browser: Browser, site: str
) -> None:
    all_there = "[...document.images].every(each => each.complete && each.naturalWidth)"
    for width, waits in {1280: False, 390: True}.items():
        with browser.new_context(viewport={"width": width, "height": 844}) as context:
            page = context.new_page()
            page.clock.install()
            page.goto(f"{site}/{LESSON}", wait_until="load")
            page.clock.run_for(3000)
            if not waits:
                page.wait_for_function(all_there)
            assert page.locator("img[loading=lazy]").count() == 0 or waits
            assert page.evaluate(all_there) != waits


def test_what_is_folded_is_printed_and_folded_again(reader: BrowserContext, site: str) -> None:
    page = reader.new_page()
    page.goto(f"{site}/{LESSON}")
    closed = "document.querySelectorAll('article details:not([open])').length"
    folded = page.evaluate(closed)
    assert folded
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate(closed) == 0
    assert not any(button.is_visible() for button in page.locator("article button").all())
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(closed) == folded


def test_each_figure_opens_full_size(reader: BrowserContext, site: str) -> None:
    page = reader.new_page()
    page.goto(f"{site}/{LESSON}")
    figures = page.locator("article .cell_output img")
    assert figures.count() > 2
    for figure in figures.all():
        address = figure.locator("xpath=ancestor::a[1]").get_attribute("href")
        assert page.request.get(f"{site}/notebooks/{address}").ok


def test_all_tabs_are_printed(reader: BrowserContext, site: str) -> None:
    page = reader.new_page()
    page.goto(f"{site}/book/run_it.html")
    tabs = page.locator(".sd-tab-content").all()
    assert sum(tab.is_visible() for tab in tabs) < len(tabs)
    page.emulate_media(media="print")
    assert all(tab.is_visible() for tab in tabs)


def test_the_whole_book_is_one_file_that_needs_no_other(
    reader: BrowserContext, tmp_path: Path
) -> None:
    file = tmp_path / WHOLE
    shutil.copy(HTML / WHOLE, file)
    page = reader.new_page()
    page.set_default_timeout(10 * PATIENCE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    assert [each for each in asked if not each.startswith("data:")] == [file.as_uri()]
    articles = page.eval_on_selector_all("main > article", "all => all.map(a => a.id)")
    assert sorted(articles) == sorted(place(name.removesuffix(".html")) for name in PAGES)
    assert articles[0] == "book--welcome"
    ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
    assert len(set(ids)) == len(ids)
    links = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
    inside = {link[1:] for link in links if link.startswith("#")}
    assert inside - set(ids) == set()
    assert all(link.startswith(("#", "https://", "mailto:")) for link in links)
    broken = "all => all.filter(i => !i.complete || !i.naturalWidth).length"
    page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    page.wait_for_function("[...document.images].every(i => i.complete)")
    assert page.locator("img").count() > 50
    assert page.eval_on_selector_all("img", broken) == 0
