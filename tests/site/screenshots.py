"""Pictures of each page for whoever reviews a change: light, dark, and on a phone.

``python -m tests.site.screenshots FOLDER`` writes ``NAME-light.png`` and so on, each page whole: a
page that is longer than what Chromium draws goes on in ``NAME-light-2.png``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import FloatRect, ViewportSize, sync_playwright

from tests.site.built import ARGUMENTS, CHROMIUM, PAGES, PATIENCE
from tests.site.serving import served

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LOOKS = {"light": ("light", WIDE), "dark": ("dark", WIDE), "phone": ("light", PHONE)}
#: What Chromium draws at most.
LONGEST = 16_000
#: Pages that are no part of the contents.
OTHERS = ["404.html", "search.html"]
ALL_PICTURES = """() => {
  document.querySelectorAll('img').forEach(each => { each.loading = 'eager' });
  return Promise.all([...document.images].map(each => each.decode()));
}"""


def take(folder: Path) -> list[Path]:
    """Take the pictures, and tell their files."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with served() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for look, (scheme, size) in LOOKS.items():
            context = browser.new_context(
                viewport=size,
                color_scheme="dark" if scheme == "dark" else "light",
                reduced_motion="reduce",
            )
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            for name in [*PAGES, *OTHERS]:
                page.goto(f"{site}/{name}", wait_until="load")
                page.evaluate(ALL_PICTURES)
                height = page.evaluate("document.documentElement.scrollHeight")
                for part, top in enumerate(range(0, height, LONGEST), 1):
                    number = f"-{part}" if part > 1 else ""
                    path = folder / f"{Path(name).stem}-{look}{number}.png"
                    clip: FloatRect = {"x": 0, "y": top, "width": size["width"], "height": 0}
                    clip["height"] = min(height - top, LONGEST)
                    page.screenshot(path=path, full_page=True, clip=clip)
                    taken.append(path)
            context.close()
        browser.close()
    return taken


if __name__ == "__main__":
    take(Path(sys.argv[1]))
