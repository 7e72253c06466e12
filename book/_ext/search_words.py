"""Search that ranks: how often a page says a word, and numbers are words.

Sphinx's search knows which pages have a word, not how often, and drops numbers. The weights of all
words are written here when the book is built (BM25, Robertson and Zaragoza, 2009,
doi:10.1561/1500000019); `search_rank.js` adds them to the score of a page, by Sphinx's own
`html_search_scorer`.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

from sphinx.errors import ExtensionError
from sphinx.search.en import SearchEnglish

from earthcare_products.products import PRODUCTS

#: What is changed in Sphinx's search: it leaves numbers out of a question, and what it shows of a
#: page begins with the list of contents and the buttons.
_CHANGES = {
    " ||\n        queryTerm.match(/^\\d+$/)": "",
    "querySelector('[role=\"main\"]')": "querySelector('article.bd-article')",
    '[".headerlink",': '[".headerlink", ".needs", ".run-facts", ".take-along", "button",',
}
#: Usual constants of BM25: how soon repetition stops to count, and how much length does.
_SATURATION, _LENGTH = 1.2, 0.75
#: Words in a title or a heading count as many times.
_IN_HEADING = 8
#: A pair of words counts once a page has it so often.
_REPEATED = 3
#: Weight of the table of products for the name of a product.
_ITS_TABLE = 20.0


class _Words(HTMLParser):
    """Counts the words of a page's article; those of headings and of what it explains more."""

    HEADINGS = frozenset({"h1", "h2", "h3", "dt", "caption"})

    def __init__(self, stem: Any) -> None:
        super().__init__()
        self.stem = stem
        self.counts, self.pairs = Counter[str](), Counter[str]()
        self.inside, self.heading = False, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = self.inside or tag == "article"
        self.heading += tag in self.HEADINGS

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "article"
        self.heading -= tag in self.HEADINGS

    def handle_data(self, data: str) -> None:
        if self.inside:
            times = _IN_HEADING if self.heading else 1
            words = [self.stem(word) for word in re.findall(r"\w+", data.lower())]
            codes = re.findall(r"\w+(?:-\w+)+", data.lower())  # M-COP is one word, and two
            for word in [*words, *codes]:
                self.counts[word] += times
            for pair in pairwise(words):
                self.pairs[" ".join(pair)] += times

    def all(self) -> Counter[str]:
        """Words, and the pairs of words that the page repeats."""
        often = {pair: times for pair, times in self.pairs.items() if times >= _REPEATED}
        return self.counts + Counter(often)


def weights(counts: dict[str, Counter[str]]) -> dict[str, dict[str, float]]:
    """Weight of each word for each page, by BM25.

    Examples
    --------
    >>> pages = {"a": Counter(cloud=3, rain=1), "b": Counter(cloud=1), "c": Counter(dust=9)}
    >>> found = weights(pages)["cloud"]
    >>> found["a"] > found["b"], "c" in found
    (True, False)
    """
    length = {page: count.total() for page, count in counts.items()}
    mean = sum(length.values()) / len(length)
    on: Counter[str] = Counter(word for count in counts.values() for word in count)
    result: dict[str, dict[str, float]] = {}
    for page, count in counts.items():
        long = _SATURATION * (1 - _LENGTH + _LENGTH * length[page] / mean)
        for word, times in count.items():
            rare = math.log(1 + (len(counts) - on[word] + 0.5) / (on[word] + 0.5))
            weight = rare * times * (_SATURATION + 1) / (times + long)
            result.setdefault(word, {})[page] = round(weight, 2)
    return result


def write_weights(app: Any, exception: Exception | None) -> None:
    """Write the weights beside the search, and let it ask for numbers."""
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    counts = {}
    for page in sorted(app.env.found_docs):
        words = _Words(SearchEnglish({}).stem)
        words.feed((site / f"{page}.html").read_text(encoding="utf-8"))
        counts[page] = words.all()
    found = weights(counts)
    for code, product in PRODUCTS.items():  # the table tells what a product is, and its lessons
        for name in {code.lower(), product.short_name.lower()} - {""}:
            found.setdefault(name, {})["book/products"] = _ITS_TABLE
    data = json.dumps(found, sort_keys=True, separators=(",", ":"))
    (site / "_static" / "search_weights.js").write_text(f"const WEIGHTS={data};", encoding="utf-8")
    tools = site / "_static" / "searchtools.js"
    text = tools.read_text(encoding="utf-8")
    changes = {} if "article.bd-article" in text else _CHANGES  # changed in an earlier build
    for old, new in changes.items():
        if old not in text:
            raise ExtensionError(f"Sphinx's search no longer has {old!r}; see search_words.py.")
        text = text.replace(old, new)
    tools.write_text(text, encoding="utf-8")
    page = site / "search.html"
    text = page.read_text(encoding="utf-8")
    if "search_weights.js" not in text:
        script = '<script src="_static/search_weights.js"></script>'
        page.write_text(text.replace("</head>", f"{script}</head>", 1), encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("build-finished", write_weights)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
