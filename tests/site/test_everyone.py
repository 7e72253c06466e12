"""For everyone: no finding of axe (WCAG A and AA), and no sideways scrolling."""

from __future__ import annotations

from importlib.resources import files

import pytest
from playwright.sync_api import Browser

from tests.site.built import PAGES, PATIENCE

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
FINDINGS = """() => axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})
  .then(r => r.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)]))"""


#: One page of each kind; all of them take minutes, so `make site` and `make test-all` see to those.
KINDS = ["book/welcome.html", "book/api.html", "book/run_it.html", "notebooks/plot_a_curtain.html"]


@pytest.mark.parametrize(
    "names", [KINDS, pytest.param(PAGES, marks=pytest.mark.rare)], ids=["kinds", "all"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_an_unfolded_page(
    browser: Browser, site: str, scheme: str, names: list[str]
) -> None:
    with browser.new_context(color_scheme="dark" if scheme == "dark" else "light") as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        found = {}
        for name in names:
            page.goto(f"{site}/{name}", wait_until="load")
            # What unfolds fades in: half way its contrast is low.
            page.add_style_tag(content="* { animation: none !important }")
            page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
            page.evaluate(AXE)
            if findings := page.evaluate(FINDINGS):
                found[name] = findings
        assert not found
