"""The built book: where it lies, its pages, and what watches a page in a browser."""

from __future__ import annotations

import shutil
from html.parser import HTMLParser
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, Route

ROOT = Path(__file__).parent.parent.parent

HTML = ROOT / "_build" / "html"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: Chromium must not reach out by itself, and needs no sandbox in a container.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
ARGUMENTS += ["--disable-component-update", "--disable-sync", "--disable-quic"]
#: Milliseconds until something hangs; a page takes a second.
PATIENCE = 30_000
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.rglob("*.html")
    if path.relative_to(HTML).parts[0] in {"book", "notebooks"}
)
LESSONS = [page for page in PAGES if page.startswith("notebooks/")]


class Resources(HTMLParser):
    """Collects what a page loads, and its pictures' alternative texts."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.alternatives: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag loads."""
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.alternatives.append(given.get("alt", ""))
        if tag in {"script", "img", "iframe", "source", "video"} and "src" in given:
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") in {"stylesheet", "preload", "icon", "modulepreload"}:
            self.loaded.append(given["href"])


def watch(page: Page, site: str) -> list[str]:
    """Collect the errors on a page's console, and requests to any host but the site's."""
    findings: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
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
