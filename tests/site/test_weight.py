"""Everything that a browser loads for a page, compressed as a server does; and the first paint."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response

from book._ext.icons import icon_style
from book._ext.light_pages import mend
from tests.site.built import HTML, PAGES, PATIENCE, watch

FIGURES = (".png", ".svg", ".webp", ".jpg")
#: Bytes with gzip: all but figures, and all of it when a reader has seen the whole page.
WITHOUT_FIGURES, WITH_FIGURES = 300_000, 1_200_000
MOST_REQUESTS = 25


@pytest.mark.parametrize("page_name", ["book/welcome.html", "notebooks/plot_a_swath.html"])
def test_all_that_a_page_loads_is_light(browser: Browser, site: str, page_name: str) -> None:
    answers: list[Response] = []
    loaded: list[int] = []
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("response", lambda answer: answers.append(answer))
        # Counted at the event itself: pictures further down come two seconds after it.
        page.on("load", lambda _: loaded.append(len(answers)))
        page.goto(f"{site}/{page_name}", wait_until="load")
        page.wait_for_function("document.readyState === 'complete'")
        at_first = loaded[0]
        page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
        page.wait_for_function("[...document.images].every(i => i.complete)")
        weights = {
            answer.url: len(gzip.compress(answer.body()))
            for answer in answers
            if answer.url.startswith(site)
        }
    pages = {url: size for url, size in weights.items() if not url.endswith(FIGURES)}
    heaviest = sorted(pages.items(), key=lambda each: -each[1])[:5]
    assert sum(pages.values()) < WITHOUT_FIGURES, heaviest
    assert sum(weights.values()) < WITH_FIGURES
    assert at_first <= MOST_REQUESTS, [answer.url for answer in answers[:at_first]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_paint_has_the_right_colours(browser: Browser, site: str, scheme: str) -> None:
    """Without any script file: as long as a slow line has not brought them, and after."""
    with browser.new_context(color_scheme="dark" if scheme == "dark" else "light") as context:
        page = context.new_page()
        page.route("**/*.js*", lambda route: route.abort())
        page.goto(f"{site}/notebooks/plot_a_curtain.html", wait_until="domcontentloaded")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        parts = [int(part) for part in re.findall(r"\d+", ground)[:3]]
        assert (sum(parts) < 3 * 64) == (scheme == "dark"), ground
        logos = page.locator(".bd-sidebar-primary .logo__image")
        assert sum(logo.is_visible() for logo in logos.all()) <= 1


def test_a_choice_of_colours_outlasts_the_page(browser: Browser, site: str) -> None:
    with browser.new_context(color_scheme="light") as context:
        page = context.new_page()
        findings = watch(page, site)
        page.goto(f"{site}/book/welcome.html")
        for _ in range(3):
            if page.locator("html").get_attribute("data-theme") == "dark":
                break
            page.locator("button.theme-switch-button:visible").first.click()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.goto(f"{site}/book/glossary.html")
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert not findings


def test_every_icon_of_a_page_is_there() -> None:
    style = (HTML / "_static" / "icons.css").read_text()
    for page in PAGES:
        text = (HTML / page).read_text()
        for name in re.findall(r'<i class="[^"]*\bfa[sb]?(?:-solid|-brands)?\s+fa-([a-z-]+)', text):
            assert f".fa-{name} {{" in style, (page, name)


def test_a_theme_that_writes_something_else_is_refused() -> None:
    with pytest.raises(Exception, match="no icon 'unicorn'"):
        icon_style('{sun:[512,512,[],"f185","M0 0"]', {"unicorn"})
    with pytest.raises(Exception, match="The theme's page has no"):
        mend("<html><article></article></html>", 0, {})


def test_no_table_has_an_empty_head() -> None:
    for page in HTML.rglob("*.html"):
        if "_static" not in Path(page).parts:
            assert not re.search(r"<th[^>]*>\s*</th>", page.read_text()), page
