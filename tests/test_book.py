"""The built book, as a reader opens it: a real browser, light and dark, and no other host.

`make book` builds it. Without it, or without Chromium, these tests are skipped, and say so; CI has
both.
"""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Route, sync_playwright

from book._ext.copyable import needed

HTML = Path(__file__).parent.parent / "_build" / "html"
NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: Chromium must not reach out by itself, and needs no sandbox in a container.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
ARGUMENTS += ["--disable-component-update", "--disable-sync", "--disable-quic"]
#: Milliseconds until something hangs; a page takes a second.
PATIENCE = 300_000
#: The theme says this on the first page that it opens in a fresh browser.
KNOWN_NOISE = "Got invalid theme mode"
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.rglob("*.html")
    if path.relative_to(HTML).parts[0] in {"book", "notebooks"}
)

pytestmark = pytest.mark.skipif(not PAGES, reason="the book is not built: run `make book` first")


class _Resources(HTMLParser):
    """Collects what a page loads, and its pictures' alternative texts."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.alternatives: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.alternatives.append(given.get("alt", ""))
        if tag in {"script", "img", "iframe", "source", "video"} and "src" in given:
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") in {"stylesheet", "preload", "icon", "modulepreload"}:
            self.loaded.append(given["href"])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_nothing_from_another_host_and_describes_its_pictures(page: str) -> None:
    parser = _Resources()
    parser.feed((HTML / page).read_text())
    assert parser.loaded
    assert not [address for address in parser.loaded if "//" in address]
    for text in parser.alternatives:
        assert len(text) > 10, f"a picture without alternative text: {text!r}"
        assert not text.endswith((".png", ".jpg", ".jpeg", ".svg"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_light_enough(page: str) -> None:
    sources = _Resources()
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


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


def watch(page: Page, site: str) -> list[str]:
    """Collect the errors on a page's console, and requests to any host but the site's."""
    findings: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and KNOWN_NOISE not in message.text:
            findings.append(message.text)

    def on_request(route: Route) -> None:
        if route.request.url.startswith((site, "data:", "blob:")):
            route.continue_()
        else:
            findings.append(f"request to {route.request.url}")
            route.abort()

    page.on("console", on_console)
    page.on("pageerror", lambda error: findings.append(str(error)))
    page.route("**/*", on_request)
    return findings


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
            broken = "els => els.filter(e => !e.naturalWidth).map(e => e.src)"
            assert page.eval_on_selector_all("main img", broken) == []
            assert findings == [], name
            page.close()


def test_no_page_scrolls_sideways_on_a_phone(browser: Browser, site: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        for name in PAGES:
            page.goto(f"{site}/{name}", wait_until="load")
            assert page.evaluate("document.documentElement.scrollWidth") == 390, name


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
