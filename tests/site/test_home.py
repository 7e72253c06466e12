"""One setting brings the buttons that need a repository; without it there are none."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.imports import imports, modules
from tests.site.built import HTML, ROOT

HOME = "https://github.com/nobody/clouds"
LESSON = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
# A lesson

```{code-cell}
1 + 1
```
"""
CONFIG = """\
extensions = ["myst_nb", "book._ext.home", "book._ext.house"]
html_theme = "sphinx_book_theme"
html_theme_options = {"repository_url": HOME, "repository_branch": "main"}
nb_execution_mode = "off"
root_doc = "index"
"""


def built(folder: Path, home: str) -> str:
    """HTML of a lesson of a small book that has a home, or none."""
    (folder / "notebooks").mkdir(parents=True)
    (folder / "notebooks" / "lesson.md").write_text(LESSON)
    (folder / "index.md").write_text("# Book\n\n```{toctree}\nnotebooks/lesson\n```\n")
    (folder / "conf.py").write_text(CONFIG.replace("HOME", repr(home)))
    build = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "-b",
        "html",
        folder,
        folder / "_build/html",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(build, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    return (folder / "_build/html/notebooks/lesson.html").read_text()


def test_the_address_of_the_repository_brings_the_buttons(tmp_path: Path) -> None:
    with_home = built(tmp_path / "with", HOME)
    for wanted in [
        f'href="{HOME}"',
        f"{HOME}/issues/new?title=",
        f"{HOME}/edit/main/notebooks/lesson.md",
        "https://mybinder.org/v2/gh/nobody/clouds/main?urlpath=lab/tree/notebooks/lesson",
        'href="https://codespaces.new/nobody/clouds"',
        '<link rel="canonical" href="https://nobody.github.io/clouds/notebooks/lesson.html"',
    ]:
        assert wanted in with_home, wanted
    without = built(tmp_path / "without", "")
    assert not re.search(r"issues/new|/edit/|mybinder|codespaces|rel=\"canonical\"", without)


def test_the_site_has_a_home_in_one_place_or_none_at_all() -> None:
    url = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
    for page in HTML.rglob("*.html"):
        text = re.sub(r"\bbase64,[^\"]*", "", page.read_text())  # pictures, with words by chance
        assert ("codespaces" in text) <= bool(url), page
        assert not re.search(r"OWNER|ADDRESS-OF|YOUR-|TODO|executablebooks", text), page


def test_the_dev_container_is_made_by_what_there_is() -> None:
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    make, target = container["onCreateCommand"].split()
    assert make == "make"
    assert re.search(rf"^{re.escape(target)}:", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.rare
@pytest.mark.skipif("MAAP_REPLAY_PORT" in os.environ, reason="needs PyPI: run `make test-install`")
def test_binder_builds_and_runs_a_lesson_on_the_replay(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    environment = {k: v for k, v in os.environ.items() if k not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    environment["PATH"] = f"{tmp_path / 'venv' / 'bin'}:{environment['PATH']}"
    lessons = [module for module in modules().values() if module.room == "notebooks"]
    needed = {source.partition(".")[0] for each in lessons for source, _ in imports(each)}
    for command in (
        [".binder/postBuild"],
        ["python", "-c", f"import {', '.join(sorted(needed))}"],
        [
            ".binder/start",
            "jupyter",
            "execute",
            "--timeout=1800",
            "notebooks/start_with_a_curtain.ipynb",
        ],
    ):
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
