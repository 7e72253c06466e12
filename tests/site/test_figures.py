"""Figures by day and in the dark: clear paper, true colours, text that can be read, own numbers."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image
from playwright.sync_api import Browser

from book._ext.light_pictures import lighten, near
from earthcare_tutorial import plot_classes, plot_curtain
from tests.earthcare_tutorial.test_curtain import curtain
from tests.site.built import HTML, LESSONS, PAGES, PATIENCE, ROOT

mpl.use("agg")
PAPERS = re.findall(r"--paper: (#\w+);", (ROOT / "book/_assets/book.css").read_text())


def drawn(path: Path, inches: tuple[int, int]) -> np.ndarray:
    """Draw a figure whose axes hold white among colours; return its pixels, before and after."""
    values = np.random.default_rng(1).random((300, 400))
    values[100:200, :] = np.nan  # nothing is drawn there: clear sky
    fig, ax = plt.subplots(dpi=100, figsize=inches)
    ax.imshow(values, aspect="auto")
    ax.set_title("o a b d e g 0 6 8 9", fontsize="medium")
    fig.savefig(path)
    inside = ax.get_window_extent()
    plt.close(fig)
    with Image.open(path) as opened:
        before = np.asarray(opened.convert("RGB"))
    for _ in range(2):  # a second build changes nothing
        lighten(path)
    with Image.open(path) as opened:
        after = np.asarray(opened.convert("RGBA"))
    axes = np.zeros(before.shape[:2], bool)
    height = len(before)
    left, right = int(inside.x0) + 2, int(inside.x1) - 2  # without the frame
    axes[height - int(inside.y1) + 2 : height - int(inside.y0) - 2, left:right] = True
    return np.dstack([before, after, axes])


@pytest.mark.parametrize("inches", [(2, 2), (9, 6)], ids=["small", "large"])
def test_paper_becomes_clear_and_what_lies_in_axes_does_not(
    tmp_path: Path, inches: tuple[int, int]
) -> None:
    pixels = drawn(tmp_path / "figure.png", inches)
    before, after = pixels[..., :3].astype(int), pixels[..., 3:7].astype(int)
    axes, white = pixels[..., 7] > 0, (before == 255).all(axis=-1)
    assert (after[axes, 3] == 255).all(), "white in axes is clear sky, and stays white"
    assert (white & axes).sum() > 1000
    off = np.abs(after[..., :3] - before).max(axis=-1)[after[..., 3] == 255]
    assert np.percentile(off, 99) <= (20 if inches[0] > 2 else 0)
    paper_left = white & ~near(axes, 6) & (after[..., 3] == 255)
    assert paper_left.mean() < 0.001, "also inside letters"


def test_figures_have_clear_paper() -> None:
    figures = list((HTML / "_images").glob("*.png"))
    assert len(figures) > 50
    for path in figures:
        with Image.open(path) as figure:
            assert figure.convert("RGBA").getpixel((0, 0))[3] == 0, path  # type: ignore[index]


STYLE = """all => all.map(each => {
  const style = getComputedStyle(each);
  return [style.filter, style.backgroundColor];
})"""


@pytest.mark.parametrize(("scheme", "paper"), [*zip(["light", "dark"], PAPERS, strict=True)])
def test_in_the_dark_the_paper_is_dimmed_and_nothing_else(
    browser: Browser, site: str, scheme: str, paper: str
) -> None:
    with browser.new_context(color_scheme="dark" if scheme == "dark" else "light") as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{site}/notebooks/plot_a_curtain.html", wait_until="load")
        looks = page.eval_on_selector_all("main .cell_output img", STYLE)
        red, green, blue = (round(255 * part) for part in to_rgb(paper))
        assert {tuple(each) for each in looks} == {("none", f"rgb({red}, {green}, {blue})")}
        assert (sum((red, green, blue)) < 3 * 230) == (scheme == "dark")


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)
        ]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    dim, bright = sorted([luminance(one), luminance(other)])
    return (bright + 0.05) / (dim + 0.05)


def test_text_in_figures_can_be_read_on_both_papers() -> None:
    assert len(PAPERS) == 2
    values = curtain(np.arange(40.0).reshape(8, 5), "lidar_ratio_355nm", "sr", "ATL_EBD_2A")
    classes = curtain(np.resize([-1, 1, 3, 10], (8, 5)), "classification", "1", "ATL_TC__2A")
    for ds in (values, classes):
        ds.attrs["synthetic"] = True
    for ax in (plot_curtain(values, "lidar_ratio_355nm"), plot_classes(classes, "classification")):
        texts = [t for t in ax.figure.findobj(Text) if t.get_text() and t.get_visible()]  # type: ignore[union-attr]
        assert any("synthetic" in t.get_text() for t in texts)
        for text in texts:
            for paper in PAPERS:
                assert contrast(text.get_color(), paper) >= 4.5, text  # type: ignore[arg-type]
        plt.close("all")


@pytest.mark.parametrize("page", PAGES)
def test_figures_are_numbered_on_each_page_from_one(page: str) -> None:
    numbers = re.findall(r'class="caption-number">Fig\. (\d+)', (HTML / page).read_text())
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)]
    assert numbers or page not in {"book/gallery.html", *LESSONS[:2]}
