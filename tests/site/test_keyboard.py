"""By keyboard and by ear: each stop shows, focus stays, copying is said, long cells are skipped."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page

from book._ext.copyable import LONG
from tests.site.built import LESSONS, PATIENCE

PAGES_TRIED = [
    "book/welcome.html",
    "book/run_it.html",
    "book/api.html",
    "notebooks/plot_a_swath.html",
    "search.html",
]
STILL = """* { transition: none !important; animation: none !important;
  scroll-behavior: auto !important; caret-color: transparent !important }"""
FOCUS = """() => {
  const e = document.activeElement, r = e.getBoundingClientRect();
  const kind = e.tagName + '.' + [...e.classList].sort().join('.');
  const place = e.closest('nav, header, main, footer, aside, [class*=sidebar]');
  const box = [r.x, r.y, r.width, r.height];
  return {tag: e.tagName, kind: `${kind} in ${place?.className}`, box};
}"""
MOST_STOPS = 1000


def changes(page: Page, box: list[float]) -> int:
    """Pixels around the focused element that clearly look different without the focus."""
    view = page.viewport_size
    assert view is not None
    x, y = max(0, box[0] - 6), max(0, box[1] - 6)
    clip = {"x": x, "y": y}
    clip["width"] = min(box[0] + box[2] + 6, view["width"]) - x
    clip["height"] = min(box[1] + box[3] + 6, view["height"]) - y
    if min(clip["width"], clip["height"]) <= 0:
        return 0
    looks = []
    for act in ("window.held = document.activeElement", "held.blur()"):
        page.evaluate(act)
        shot = page.screenshot(clip=clip)  # type: ignore[arg-type]
        looks.append(Image.open(io.BytesIO(shot)).convert("L"))
    page.evaluate("held.focus({preventScroll: true})")
    return sum(ImageChops.difference(*looks).histogram()[50:])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_kind_of_stop_looks_different_when_it_has_the_focus(
    browser: Browser, site: str, scheme: str
) -> None:
    with browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": 1280, "height": 900},
    ) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        seen: set[str] = set()
        hidden = []
        for name in PAGES_TRIED:
            page.goto(f"{site}/{name}", wait_until="load")
            page.add_style_tag(content=STILL)
            for stop in range(MOST_STOPS):
                page.keyboard.press("Tab")
                focus = page.evaluate(FOCUS)
                if focus["tag"] == "BODY":
                    break  # the end of the page
                if focus["kind"] not in seen:
                    seen.add(focus["kind"])
                    if changes(page, focus["box"]) < 20:
                        hidden.append((name, stop, focus))
            assert stop > 20
        assert not hidden


@pytest.mark.parametrize("button", [".theme-switch-button", ".copybtn", ".copy-needed"])
def test_a_button_that_was_pushed_keeps_the_focus(browser: Browser, site: str, button: str) -> None:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(f"{site}/notebooks/plot_a_swath.html", wait_until="load")
        pushed = page.locator(f"{button}:visible").first
        pushed.focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)  # longer than the site takes to notice
        assert pushed.evaluate("button => button === document.activeElement")
        if "cop" in button:
            page.wait_for_function(
                "document.querySelector('[role=status]').textContent == 'Copied'"
            )


def test_a_long_cell_can_be_skipped(browser: Browser, site: str) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        long = 0
        for name in LESSONS:
            page.goto(f"{site}/{name}", wait_until="load")
            for cell in page.locator(".cell[id^=cell-]").all():
                lines = cell.locator(".cell_input pre").first.inner_text().strip().count("\n") + 1
                assert cell.locator(".skip-cell").count() == (lines >= LONG), (name, lines)
                long += lines >= LONG
        assert long > 10
        page.goto(f"{site}/notebooks/plot_a_swath.html", wait_until="load")
        skip = page.locator(".skip-cell").first
        skip.focus()
        assert skip.bounding_box()["height"] > 10, "it shows when it has the focus"  # type: ignore[index]
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        after = """skip => skip.parentElement.querySelector('.cell_input')
          .compareDocumentPosition(document.activeElement)"""
        assert skip.evaluate(after) == 4, "what follows the code, and is not in it"
