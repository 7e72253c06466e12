"""What a reader takes from a page: a notebook of the same run, wheels, and commands that work."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import BrowserContext, Page

from book._ext.take_along import build_wheels, wheel_name
from tests.site.built import HTML, LESSONS, ROOT

WHEEL = wheel_name(ROOT)
#: Outputs of each cell of a page: their kind, and their text as it was written.
SHOWN = """() => [...document.querySelectorAll('.cell')].filter(c => c.querySelector('.cell_input'))
  .map(c => [...c.querySelectorAll('.cell_output > .output')].map(o => {
    const text = o.cloneNode(true);
    text.querySelectorAll('button.copybtn, caption.visually-hidden').forEach(b => b.remove());
    const kinds = ['text_html', 'stream', 'text_plain'];
    return [kinds.find(k => o.classList.contains(k)) || 'other', text.textContent];
  }))"""


def saved(page: Page, selector: str) -> nbformat.NotebookNode:
    """Notebook that a link saves."""
    with page.expect_download() as download:
        page.locator(selector).first.click()
    assert download.value.suggested_filename.endswith(".ipynb")
    return nbformat.reads(Path(download.value.path()).read_text(), as_version=4)


def words(text: str) -> str:
    """Text without what HTML does to white space."""
    return " ".join(text.split())


def shown_by(output: Any, page: Page) -> str | None:
    """Text that an output of a notebook has on a page; None for a picture."""
    if output.output_type == "stream":
        return words(output.text)
    if any(kind.startswith("image/") for kind in output.data):
        return None
    if "text/html" in output.data:
        parse = "h => new DOMParser().parseFromString(h, 'text/html').body.textContent"
        html = re.sub(r"<style.*?</style>", "", output.data["text/html"], flags=re.S)
        return words(page.evaluate(parse, html))
    return words(output.data["text/plain"])


def test_a_saved_notebook_has_the_outputs_of_its_page(reader: BrowserContext, site: str) -> None:
    page = reader.new_page()
    compared = 0
    for lesson in LESSONS:
        page.goto(f"{site}/{lesson}", wait_until="domcontentloaded")
        notebook = saved(page, ".take-along a.btn")
        nbformat.validate(notebook)
        first, *cells = (cell for cell in notebook.cells if cell.cell_type == "code")
        assert f'url = "{site}/{WHEEL}"' in first.source
        on_page = page.evaluate(SHOWN)
        assert len(on_page) == len(cells)
        for cell, shown in zip(cells, on_page, strict=True):
            expected = [text for each in cell.outputs if (text := shown_by(each, page)) is not None]
            seen = [words(text) for kind, text in shown if kind != "other"]
            assert seen == expected, (lesson, cell.source)
            compared += len(seen)
        check_text(notebook, site)
    assert compared > len(LESSONS)


def check_text(notebook: nbformat.NotebookNode, site: str) -> None:
    """Plain Markdown, whose links have a text and lead somewhere."""
    for text in (cell.source for cell in notebook.cells if cell.cell_type == "markdown"):
        prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.M | re.S)
        assert not re.search(r"^:::|^```\{|^\([\w-]+\)=$|\{[a-z-]+\}`", prose, re.M), prose[:300]
        for label, target in re.findall(r"\[([^\[\]]*)\]\(([^()\s]+)\)", prose):
            assert label or "`" in text, f"a link to {target} without text"
            if target.startswith(site):
                path, _, anchor = target.removeprefix(f"{site}/").partition("#")
                assert not anchor or f'id="{anchor}"' in (HTML / path).read_text(), target
            elif target.endswith(".ipynb"):
                assert (HTML / "notebooks" / target).exists(), target
            else:
                assert target.startswith(("https://", "#", "attachment:")), target


def test_the_site_has_wheels_that_the_same_source_makes_again(tmp_path: Path) -> None:
    for wheel in build_wheels(ROOT, tmp_path):
        ours = hashlib.sha256(wheel.read_bytes()).hexdigest()
        assert hashlib.sha256((HTML / wheel.name).read_bytes()).hexdigest() == ours
    assert {path.name for path in HTML.glob("*.whl")} == {p.name for p in tmp_path.glob("*.whl")}


def test_a_page_shows_a_command_with_the_address_of_the_site(
    reader: BrowserContext, site: str
) -> None:
    page = reader.new_page()
    page.goto(f"{site}/book/run_it.html")
    command = page.locator(".from-site pre").inner_text().strip()
    assert command == f"python3 -m pip install {site}/{WHEEL}"
    page.locator(".from-site .highlight").hover()
    page.locator(".from-site button.copybtn").click()
    page.wait_for_function("() => navigator.clipboard.readText()")
    assert page.evaluate("navigator.clipboard.readText()").strip() == command
    assert page.request.get(command.split()[-1]).ok


def test_the_archive_of_all_lessons_has_what_they_need() -> None:
    with zipfile.ZipFile(HTML / "lessons.zip") as archive:
        names = {name.removeprefix("lessons/") for name in archive.namelist()}
        assert {Path(page).stem for page in LESSONS} == {
            name.removesuffix(".ipynb") for name in names if name.endswith(".ipynb")
        }
        for page in LESSONS:
            lesson = Path(page).with_suffix(".ipynb")
            assert archive.read(f"lessons/{lesson.name}") == (HTML / lesson).read_bytes()
            cell = nbformat.read(io.StringIO((HTML / lesson).read_text()), 4).cells[0].source
            block = re.sub(r"^# ?", "", "\n".join(cell.splitlines()[1:-1]), flags=re.M)
            source = tomllib.loads(block)["tool"]["uv"]["sources"]["earthcare-tutorial"]
            assert source["path"] in names
        readme = archive.read("lessons/README.txt").decode()
        assert set(re.findall(r"\./([\w.-]+\.whl)", readme)) <= names


def test_a_platform_stays_chosen(reader: BrowserContext, site: str) -> None:
    page = reader.new_page()
    page.goto(f"{site}/book/run_it.html")
    assert page.locator("#install-own").is_visible()
    page.locator("label.sd-tab-label", has_text="PAL").click()
    assert page.locator("#install-pal").is_visible()
    assert not page.locator("#install-own").is_visible()
    page.goto(f"{site}/book/welcome.html")
    page.goto(f"{site}/book/run_it.html")
    assert page.locator("#install-pal").is_visible()
    page.goto(f"{site}/book/run_it.html#run-nasa")  # a link to a platform opens it
    assert page.locator("#install-nasa").is_visible()


@pytest.mark.rare
@pytest.mark.skipif("MAAP_REPLAY_PORT" in os.environ, reason="needs PyPI: run `make test-install`")
def test_juv_runs_a_lesson_of_the_archive_on_the_replay(tmp_path: Path) -> None:
    with zipfile.ZipFile(HTML / "lessons.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "lessons"
    lesson = nbformat.read(folder / "start_with_a_curtain.ipynb", as_version=4)
    lesson.cells = lesson.cells[:1]
    nbformat.write(lesson, folder / "needs.ipynb")
    tools = Path(sys.executable).parent
    juv: list[str | Path] = [tools / "uv", "tool", "run", "juv", "exec"]
    replay: list[str | Path] = [tools / "maap-replay", "run", "--"]
    environment = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    environment["MPLBACKEND"] = "agg"
    offline = environment | {"UV_OFFLINE": "1"}  # what it needs was fetched by the first
    for command, settings in [
        ([*juv, "needs.ipynb"], environment),
        ([*replay, *juv, "start_with_a_curtain.ipynb"], offline),
    ]:
        done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
    assert "granule" in done.stdout.lower()
