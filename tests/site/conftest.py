"""The built book in a real browser.

`make book` builds it. Without it, or without Chromium, these tests are skipped, and say so; CI has
both.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.site.built import ARGUMENTS, CHROMIUM, PAGES, PATIENCE
from tests.site.serving import served


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests of this folder while there is no book."""
    if not PAGES:
        missing = pytest.mark.skip(reason="the book is not built: run `make book` first")
        for item in items:
            if "tests/site/" in item.path.as_posix():
                item.add_marker(missing)


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Address of the built book, served on loopback below a folder, as Pages does."""
    with served() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh reader, who may copy to and from the clipboard and save files."""
    with browser.new_context(accept_downloads=True) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.set_default_timeout(PATIENCE)
        yield context
