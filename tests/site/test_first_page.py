"""The first page: what its first screen shows, what leads on, and how long the start takes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from book._ext.reference import listed_lessons
from earthcare_products.products import PRODUCTS
from tests.site.built import HTML, PATIENCE

FIRST = "book/welcome.html"
START = "notebooks/start_with_a_curtain.html"


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_first_screen_shows_the_curtain_and_one_way_on(
    browser: Browser, site: str, width: int, height: int
) -> None:
    with browser.new_context(viewport={"width": width, "height": height}) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{site}/{FIRST}", wait_until="load")
        assert page.locator("main .btn-primary, main .sd-btn-primary").count() == 1
        for part in ("figure.hero img", "main .sd-btn-primary"):
            box = page.locator(part).bounding_box()
            assert box is not None
            assert box["y"] >= 0, part
            assert box["y"] + box["height"] <= height, (part, box)
        page.locator("main .sd-btn-primary").click()
        page.wait_for_url(f"**/{START}")


def test_each_lesson_and_each_drawn_product_has_a_picture_that_is_there() -> None:
    first, gallery = ((HTML / page).read_text() for page in (FIRST, "book/gallery.html"))
    for lesson in listed_lessons():
        picture = re.search(rf"_images/(lesson-{lesson.stem}\.\w+)", first)
        assert picture and (HTML / "_images" / picture[1]).exists(), lesson
    pictures = first[first.index('<ul class="pictures">') :]
    pictures = pictures[: pictures.index("</ul>")]
    shown = re.findall(
        r'href="gallery\.html#([\w-]+)"><img[^>]*alt="([^"]+)"[^>]*>([\w-]+)', pictures
    )
    drawn = re.findall(r'<figure[^>]*id="(fig-gallery-[\w-]+)"', gallery)
    assert [name for name, _, _ in shown] == drawn and len(drawn) > 20
    codes = {product.short_name for product in PRODUCTS.values()}
    for name, alt, label in shown:
        assert (HTML / "_images" / f"{name}.webp").exists()
        assert label in codes
        figure = gallery[gallery.index(f'id="{name}"') :].split("</figure>")[0]
        assert f'alt="{alt}"' in figure, "the gallery's own words"


def words(html: str) -> int:
    """Words of a part of a page that a reader sees without unfolding anything."""
    seen = re.sub(r"<details.*?</details>|<script.*?</script>", " ", html, flags=re.S)
    return len(re.findall(r"[A-Za-z][\w'-]+", re.sub(r"<[^>]+>", "", seen)))


def test_the_start_takes_five_minutes_with_reading() -> None:
    """At 200 words a minute: code and all until a curtain is there, or the whole lesson's prose."""
    page = (HTML / START).read_text()
    lesson = page[page.index("<article") : page.index('id="exercise"')]
    ran = re.search(r'class="run-facts">.*? in (?:(\d+) min )?(\d+) s', page, re.S)
    assert ran
    minutes = int(ran[1] or 0) + int(ran[2]) / 60
    to_curtain = words(lesson[: lesson.index("<figure")])
    prose = words(re.sub(r"<pre>.*?</pre>", " ", lesson, flags=re.S))
    assert min(to_curtain, prose) > 300, "there is something to read"
    assert to_curtain / 200 + minutes <= 5
    assert prose / 200 + minutes <= 5
