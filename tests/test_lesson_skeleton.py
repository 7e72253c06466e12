"""Every lesson has the same parts in the same order, and tells what each figure shows."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import nbformat
import pytest

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "notebooks").glob("*.md"))
#: What a new lesson starts from; it keeps the same rules, and runs.
TEMPLATE = Path(__file__).parent / "lesson_template.md"
each_source = pytest.mark.parametrize("source", [*LESSONS, TEMPLATE], ids=lambda path: path.stem)
each_lesson = pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)
CELL = re.compile(r"^```\{code-cell\}(.*?)^```$", re.S | re.M)
SECTIONS = ["Imports", "Exercise", "Summary", "What's next", "References"]


def section(text: str, title: str) -> str:
    """Text of a section of the second level, with its cells."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    assert found, f"no section {title!r}"
    return found[1]


@each_source
def test_a_lesson_has_all_parts_in_order(source: Path) -> None:
    text = source.read_text()
    prose = CELL.sub("", text)
    assert len(re.findall(r"^# ", prose, re.M)) == 1
    headings = re.findall(r"^## (.*)$", prose, re.M)
    assert [heading for heading in headings if heading in SECTIONS] == SECTIONS
    assert headings[-4:] == SECTIONS[-4:]
    assert not re.search(r"\b(simply|just)\b", prose, re.I)
    before = prose.split("## Imports")[0]
    assert ":::{admonition} After this lesson you can" in before


@each_source
def test_a_lesson_says_what_it_takes(source: Path) -> None:
    text = source.read_text()
    run = r"((one|half a|under a) minute|\w+ minutes) to run"
    assert re.search(rf"^\| time \| \d+ minutes to read, {run}(;.*)? \|$", text, re.M)
    assert re.search(r"^\| an account \| .+ \|$", text, re.M)


@each_source
def test_a_lesson_ends_with_a_solved_exercise_and_ways_on(source: Path) -> None:
    text = source.read_text()
    solution = CELL.findall(section(text, "Exercise"))
    assert solution
    assert all("hide-cell" in cell for cell in solution), "the solution is folded"
    assert "](/book/api)" in section(text, "What's next"), "no link to the helpers' page"
    assert "```{literalinclude} ../earthcare_tutorial/" in text, "no helper shows its source"
    assert "](https://doi.org/10." in section(text, "References")


@each_source
def test_the_cells_of_a_lesson_are_short_and_plain(source: Path) -> None:
    for cell in CELL.findall(source.read_text()):
        code = [line for line in cell.splitlines() if line and not line.startswith((":", "-"))]
        assert len(code) <= 25, f"a cell of {len(code)} lines: {code[:3]}"


@each_source
def test_a_lesson_explains_more_than_it_types(source: Path) -> None:
    """Five words for a line of code, and never more than three cells without one between them."""
    text = re.sub(r"\A---\n.*?^---\n", "", source.read_text(), flags=re.S | re.M)
    cells = [cell.source for cell in jupytext.read(source).cells if cell.cell_type == "code"]
    lines = sum(bool(line.strip()) for cell in cells for line in cell.splitlines())
    prose = re.sub(r"^```\{(?!code-cell).*?^```$", "", text, flags=re.S | re.M)
    between = [re.findall(r"\w+", words) for words in CELL.split(prose)[::2]]
    assert sum(map(len, between)) >= 5 * lines
    assert len(between) == len(cells) + 1
    assert not any(not any(between[at : at + 3]) for at in range(1, len(between) - 3))


@each_lesson
def test_each_figure_is_described_and_read(source: Path) -> None:
    """Alt text, caption and name stand with the cell; the text after it says what to notice."""
    text = source.read_text()
    notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    for cell in notebook.cells:
        shown = [output.get("data", {}) for output in cell.get("outputs", [])]
        if any("<Figure" in data.get("text/plain", "") for data in shown):
            about = cell.metadata.get("mystnb", {})
            assert len(about["image"]["alt"]) > 30, cell.source
            assert about["figure"]["name"].startswith("fig-"), cell.source
            assert about["figure"]["caption"], cell.source
    blocks = re.finditer(r"^```\{(?:code-cell|figure)\}.*?^```$", text, re.S | re.M)
    for block in blocks:
        if "name: fig-" in block[0]:
            after = re.split(r"^(?:```\{code-cell|#)", text[block.end() :], flags=re.M)[0]
            assert re.search(r"\bnotice\b", after, re.I), block[0]


def test_no_two_figures_of_the_book_have_one_name() -> None:
    names = [
        name
        for source in LESSONS
        for name in re.findall(r"^ *:?name: (fig-\S+)$", source.read_text(), re.M)
    ]
    assert len(names) > len(LESSONS)
    assert sorted(set(names)) == sorted(names)
