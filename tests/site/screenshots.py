"""Pictures of each page for whoever reviews a change: light, dark, and on a phone.

``python -m tests.site.screenshots FOLDER`` writes ``NAME-light.png`` and so on, each page whole.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

from tests.site.built import ARGUMENTS, CHROMIUM, PAGES, PATIENCE
from tests.site.serving import served

WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
LOOKS = {"light": ("light", WIDE), "dark": ("dark", WIDE), "phone": ("light", PHONE)}
#: What Chromium draws at most; a longer page is cut there.
LONGEST = 16_000
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
            for name in PAGES:
                page.goto(f"{site}/{name}", wait_until="load")
                page.evaluate(ALL_PICTURES)
                height = min(page.evaluate("document.documentElement.scrollHeight"), LONGEST)
                path = folder / f"{Path(name).stem}-{look}.png"
                clip = {"x": 0, "y": 0, "width": size["width"], "height": height}
                page.screenshot(path=path, full_page=True, clip=clip)  # type: ignore[arg-type]
                taken.append(path)
            context.close()
        browser.close()
    return taken


if __name__ == "__main__":
    take(Path(sys.argv[1]))
