"""31 questions of readers: the page that answers is among the first two."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext

TROUBLE, TOKEN = "book/troubleshooting", "notebooks/get_a_token"
#: Question -> pages that answer it, any of which will do.
QUESTIONS = {
    "401": {TROUBLE},
    "403": {TROUBLE},
    "503": {TROUBLE},
    "token expired": {TROUBLE, TOKEN},
    "KeyError group": {TROUBLE},
    "SSL certificate": {TROUBLE},
    "CERTIFICATE_VERIFY_FAILED": {TROUBLE},
    "out of memory": {TROUBLE},
    "invalid_grant": {TROUBLE},
    "curtain": {"notebooks/plot_a_curtain", "notebooks/start_with_a_curtain"},
    "Doppler": {
        "notebooks/read_target_classes",
        "notebooks/plot_a_curtain",
        "notebooks/four_instruments_one_frame",
        "book/products",
        "book/glossary",
    },
    "M-COP": {"book/products", "notebooks/plot_a_swath", "notebooks/access_and_visualize"},
    "download": {"notebooks/stream_a_granule", "book/run_it", "book/api"},
    "leap second": {"notebooks/know_your_file", "book/troubleshooting", "book/glossary"},
    "swath": {"notebooks/plot_a_swath"},
    "baseline": {"notebooks/search_the_catalogue", "book/glossary", "book/products"},
    "JAXA": {"book/products", "book/glossary", "book/cite"},
    "orbit": {"notebooks/search_the_catalogue", "notebooks/over_your_site", "book/glossary"},
    "cloud top height": {"notebooks/four_instruments_one_frame", "book/products"},
    "ATLID": {
        "notebooks/plot_a_curtain",
        "notebooks/start_with_a_curtain",
        "book/products",
        "notebooks/read_target_classes",
    },
    "proxy": {TROUBLE, "book/run_it", "notebooks/access_and_visualize"},
    "offline": {"book/run_it", TOKEN},
    "PAL": {"book/run_it", "book/run_as_a_job"},
    "overpass": {"notebooks/over_your_site"},
    "quality": {"notebooks/plot_a_swath", "notebooks/plot_a_curtain", "notebooks/know_your_file"},
    "classes": {"notebooks/read_target_classes"},
    "cite": {"book/cite"},
    "memory": {TROUBLE, "notebooks/stream_a_granule", "book/toward_the_archive"},
    "dask": {"notebooks/scale_to_a_month", "notebooks/keep_references"},
    "references": {"notebooks/keep_references"},
    "job": {"book/run_as_a_job"},
}


def test_the_right_page_is_among_the_first_two(reader: BrowserContext, site: str) -> None:
    page = reader.new_page()
    missed = {}
    for question, wanted in QUESTIONS.items():
        page.goto(f"{site}/search.html?q={question.replace(' ', '+')}")
        page.wait_for_selector("#search-results li a, #search-results .search-summary:text('not')")
        links = page.locator("#search-results li > a")
        found = [
            re.sub(r"\.html.*", "", str(link.get_attribute("href"))) for link in links.all()[:20]
        ]
        first = list(dict.fromkeys(found))[:2]
        if not wanted & set(first):
            missed[question] = first
    assert not missed


def test_a_sentence_that_was_printed_leads_to_its_cure(reader: BrowserContext, site: str) -> None:
    page = reader.new_page()
    page.goto(f"{site}/search.html?q=the+access+token+has+expired")
    first = page.locator("#search-results li > a").first
    assert str(first.get_attribute("href")).startswith(TROUBLE)


def test_what_is_found_reads_as_text(reader: BrowserContext, site: str) -> None:
    page = reader.new_page()
    page.goto(f"{site}/search.html?q=curtain")
    page.wait_for_selector("#search-results li p.context")
    text = page.locator("#search-results").inner_text()
    assert not re.search(r"\.md\b|\bContents\b", text)
