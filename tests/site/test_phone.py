"""On narrow screens: nothing scrolls sideways but what says so, and each figure opens whole."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.site.built import PAGES, PATIENCE

OTHERS = ["search.html", "genindex.html", "404.html"]
UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true })"
#: What is wider than its place, and does not say so by a fading edge; all code that is too wide.
SILENT = """() => [...document.querySelectorAll('main *')].filter(e => {
  const scrolls = ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
  return scrolls && e.clientWidth && e.scrollWidth > e.clientWidth + 1
    && !getComputedStyle(e).maskImage.includes('gradient');
}).map(e => e.outerHTML.slice(0, 120))"""
TOO_WIDE = """() => [...document.querySelectorAll('.cell_input pre')]
  .filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent.slice(0, 80))"""


@pytest.mark.parametrize("width", [390, 320])
def test_no_page_scrolls_sideways_and_what_does_says_so(
    browser: Browser, site: str, width: int
) -> None:
    with browser.new_context(viewport={"width": width, "height": 844}) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        found = {}
        for name in PAGES + OTHERS:
            page.goto(f"{site}/{name}", wait_until="load")
            page.evaluate(UNFOLD)
            page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide != width or page.evaluate(SILENT):
                found[name] = wide, page.evaluate(SILENT)
        assert not found


def test_what_fades_is_whole_at_its_end(browser: Browser, site: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(f"{site}/notebooks/plot_a_swath.html", wait_until="load")
        box = page.locator(".cell_input pre.more-after").first
        box.evaluate("box => { window.box = box; box.scrollLeft = box.scrollWidth }")
        page.wait_for_function("box.matches('.more-before') && !box.matches('.more-after')")


def test_code_fits_beside_the_side_bars_of_a_small_screen(browser: Browser, site: str) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        found = {}
        for name in PAGES:
            page.goto(f"{site}/{name}", wait_until="load")
            page.evaluate(UNFOLD)
            if wide := page.evaluate(TOO_WIDE):
                found[name] = wide
        assert not found


def test_each_figure_opens_whole(browser: Browser, site: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        for name in PAGES:
            page.goto(f"{site}/{name}", wait_until="load")
            alone = "all => all.filter(e => !e.closest('a')).map(e => e.src)"
            assert page.eval_on_selector_all("main img", alone) == [], name
        page.goto(f"{site}/notebooks/plot_a_swath.html", wait_until="load")
        page.locator("figure img").first.click()
        page.wait_for_url("**/_images/*.png")
        # A large picture: the browser shows it whole, or as wide as it was drawn.
        assert page.evaluate("document.images[0].naturalWidth") > 390
