"""Every page as a reader opens it: light and dark, on a phone, and no other host."""

from __future__ import annotations

import re

import nbformat
import pytest
from playwright.sync_api import Browser, Locator

from book._ext.copyable import needed
from tests.site.built import HTML, PAGES, PATIENCE, ROOT, Resources, watch

NOTEBOOKS = ROOT / "notebooks"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_nothing_from_another_host_and_describes_its_pictures(page: str) -> None:
    parser = Resources()
    parser.feed((HTML / page).read_text())
    assert parser.loaded
    assert not [address for address in parser.loaded if "//" in address]
    for text in parser.alternatives:
        assert len(text) > 10, f"a picture without alternative text: {text!r}"
        assert not text.endswith((".png", ".jpg", ".jpeg", ".svg"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_light_enough(page: str) -> None:
    sources = Resources()
    sources.feed((HTML / page).read_text())
    pictures = {
        (HTML / page).parent / address for address in sources.loaded if "_images" in address
    }
    size = (HTML / page).stat().st_size + sum(picture.stat().st_size for picture in pictures)
    assert size < 1.5e6


def test_the_first_page_begins_with_the_curtain_that_its_lesson_drew() -> None:
    first, lesson = (
        (HTML / page).read_text()
        for page in ("book/welcome.html", "notebooks/start_with_a_curtain.html")
    )
    hero = first[first.index('<figure class="hero') : first.index("</figure>")]
    picture = re.search(r"_images/\w+\.png", hero)
    assert picture and picture[0] in lesson, "the picture of the same build"
    assert "Synthetic data" in hero and 'href="../notebooks/start_with_a_curtain.html"' in hero
    assert 0 < first.index(hero) < first.index("<h2>Choose your way")


def copied_by(button: Locator) -> str:
    """Push a button that copies, and return what is on the clipboard then."""
    button.page.evaluate("navigator.clipboard.writeText('')")
    button.click()
    read = "() => navigator.clipboard.readText()"
    button.page.wait_for_function(read)
    return str(button.page.evaluate(read))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_opens_clean_in_a_browser(browser: Browser, site: str, scheme: str) -> None:
    with browser.new_context(color_scheme="light" if scheme == "light" else "dark") as context:
        context.set_default_timeout(PATIENCE)
        for name in PAGES:
            page = context.new_page()
            findings = watch(page, site)
            answer = page.goto(f"{site}/{name}", wait_until="load")
            assert answer is not None
            assert answer.ok
            assert page.locator("html").get_attribute("data-theme") == scheme
            assert page.locator(".bd-article h1").count() == 1
            page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
            page.wait_for_function("[...document.images].every(i => i.complete)")
            broken = "els => els.filter(e => !e.naturalWidth).map(e => e.src)"
            assert page.eval_on_selector_all("main img", broken) == []
            assert findings == [], name
            page.close()


def test_the_reader_finds_a_helper_by_search_and_copies_a_cell(browser: Browser, site: str) -> None:
    with browser.new_context() as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{site}/search.html?q=quicklook")
        page.wait_for_selector("#search-results li a")
        page.goto(f"{site}/notebooks/access_and_visualize.html")
        page.locator("div.cell_input div.highlight").first.hover()
        button = page.locator("div.cell_input button.copybtn").first
        assert copied_by(button).startswith("import ")


def test_a_cell_is_copied_with_the_cells_it_needs(browser: Browser, site: str) -> None:
    """What the button below a cell copies is what tests/test_copied_cells.py runs."""
    notebook = nbformat.read(NOTEBOOKS / "plot_a_swath.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    place, others = next((n, each) for n, each in enumerate(needed(cells)) if len(each) > 2)
    with browser.new_context() as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{site}/notebooks/plot_a_swath.html")
        copied = copied_by(page.locator(f"#cell-{place} .needs button"))
        assert copied.split("\n\n\n")[0] == cells[0]
        assert copied == "\n\n\n".join(cells[each] for each in [0, *others, place]) + "\n"
        target = page.locator(f"#cell-{place} .needs a").first.get_attribute("href")
        assert target in {f"#cell-{each}" for each in others}
