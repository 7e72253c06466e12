"""Each page tells who wrote it: all of us, or those whom its front matter names."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from book._ext.credits import authors

ROOT = Path(__file__).parent.parent
CONFIG = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_nb", "credits"]
html_theme = "sphinx_book_theme"
html_context = {{"author": "as the configuration says"}}
html_theme_options = {{"footer_content_items": ["author.html"]}}
nb_execution_mode = "off"
"""
KERNEL = "kernelspec:\n  name: python3\n  display_name: Python 3\n"
NOTEBOOK = "jupytext:\n  text_representation:\n    extension: .md\n    format_name: myst\n" + KERNEL
#: Page -> its front matter, and who wrote it.
PAGES = {
    "index": ("", authors()),
    "plain": ("author: Ada Lovelace", ["Ada Lovelace"]),
    "lesson": (f"{NOTEBOOK}author: Ada Lovelace, Boole & Sons", ["Ada Lovelace", "Boole & Sons"]),
}


def test_a_page_names_its_authors_in_head_and_foot(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(CONFIG)
    for page, (front, _) in PAGES.items():
        cell = "```{code-cell}\n1\n```\n" if "jupytext" in front else ""
        (tmp_path / f"{page}.md").write_text(f"---\n{front}\n---\n\n# {page}\n\n{cell}")
    command = [sys.executable, "-m", "sphinx", "-q", str(tmp_path), str(tmp_path / "html")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for page, (_, names) in PAGES.items():
        html = (tmp_path / "html" / f"{page}.html").read_text()
        html = html.replace("&amp;", "&")
        assert re.findall('<meta name="author" content="([^"]+)"', html) == names
        assert re.search(rf"By\s+{re.escape(', '.join(names))}\s", html)
