"""What a reader takes along: each lesson as a notebook, all lessons, and our wheels.

A notebook is the run that the page shows: same cells, same outputs. It begins with a PEP 723 block,
so that ``juv run NAME.ipynb`` installs what it needs and opens it. The block names the wheel that
lies beside the notebook; `site.js` writes the site's own address in its place when a page saves the
notebook, because only the browser knows it.
"""

from __future__ import annotations

import base64
import functools
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from jupyter_cache.executors import utils
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

from book._ext.plain_markdown import plain

LESSONS_ZIP = "lessons.zip"
#: Folders of our distributions; the helpers first.
DISTRIBUTIONS = (".", "packages/earthcare_synthetic", "packages/maap_replay")
#: A note beside the lessons in their archive.
README = """\
The lessons of EarthCARE on ESA MAAP, as they ran for the site, and the wheels that they need.

With uv:      uvx juv run start_with_a_curtain.ipynb
Without:      pip install "./{wheel}[scale]" jupyterlab
              jupyter lab
Offline, without an account, on a replay of ESA MAAP with synthetic granules:
              pip install {wheels} jupyterlab
              maap-replay run -- jupyter lab
"""


def build_wheels(root: Path, folder: Path) -> list[Path]:
    """Build the wheels of our distributions, the helpers' first; same source, same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    built = []
    for each in DISTRIBUTIONS:
        known = set(folder.glob("*.whl"))
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        subprocess.run(command, cwd=root / each, check=True, capture_output=True)
        built += set(folder.glob("*.whl")) - known
    return built


def pep_723(wheel: str, code: str) -> str:
    """Lines that tell ``uv`` and ``juv`` what a notebook needs: the wheel that lies beside it."""
    scale = r"^(?:from|import) (?:dask|distributed|flox|zarr)\b"
    extra = "[scale]" if re.search(scale, code, re.M) else ""
    return "\n".join(
        [
            "# /// script",
            '# requires-python = ">=3.11"',
            f'# dependencies = ["earthcare-tutorial{extra}"]',
            "# [tool.uv.sources]",
            f'# earthcare-tutorial = {{ path = "{wheel}" }}',
            "# ///",
        ]
    )


def notebook_to_take(
    run: nbformat.NotebookNode, wheel: str, folder: Path, resolve: Any
) -> nbformat.NotebookNode:
    """Notebook of a run with what it needs in its first cell, and text that Jupyter shows."""
    kernel = run.metadata["kernelspec"]
    taken = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
    hidden = {"jupyter": {"source_hidden": True}}
    code = "\n".join(cell.source for cell in run.cells if cell.cell_type == "code")
    taken.cells = [nbformat.v4.new_code_cell(pep_723(wheel, code), metadata=hidden), *run.cells]
    for place, cell in enumerate(taken.cells):
        cell.id = f"cell-{place}"
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source, folder, resolve)
            for picture in sorted((folder / "../book/_assets").glob("*.svg")):
                address = f"../book/_assets/{picture.name}"
                if address in cell.source:  # it travels inside the notebook
                    cell.source = cell.source.replace(address, f"attachment:{picture.name}")
                    data = base64.b64encode(picture.read_bytes()).decode()
                    cell["attachments"] = {picture.name: {"image/svg+xml": data}}
    nbformat.validate(taken)
    return taken


def resolver(app: Sphinx, page: str) -> Any:
    """Make what finds the address and title of a link on a page: a lesson, a page, or a label."""
    labels = app.env.get_domain("std").data

    def resolve(target: str) -> tuple[str, str]:
        path, _, label = target.partition("#")
        if path.endswith((".svg", ".png")):
            return target, ""
        if label and not path:
            if label in labels["labels"]:
                name, anchor, title = labels["labels"][label]
            else:
                name, anchor = labels["anonlabels"][label]
                title = label
        else:
            name = path.removesuffix(".md")
            name = name[1:] if name.startswith("/") else str(Path("notebooks", name))
            anchor, title = label, app.env.titles[name].astext()
        if name == page:
            return f"#{title.replace(' ', '-')}", title
        if name.startswith("notebooks/"):
            return f"{Path(name).name}.ipynb", title
        return f"{app.config.html_baseurl or '../'}{name}.html" + f"#{anchor}" * bool(anchor), title

    return resolve


def write_all(app: Sphinx, exception: Exception | None) -> None:
    """Write wheels, notebooks and their archive into the site."""
    if exception is not None or app.builder.format != "html":
        return
    root, site = Path(app.srcdir), Path(app.outdir)
    for old in site.glob("*.whl"):
        old.unlink()
    wheels = build_wheels(root, site)
    with zipfile.ZipFile(site / LESSONS_ZIP, "w") as archive:

        def add(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(f"lessons/{name}"), data, zipfile.ZIP_DEFLATED)

        for page in sorted(app.env.found_docs):
            ran = Path(app.outdir).parent / "jupyter_execute" / f"{page}.ipynb"
            if not page.startswith("notebooks/"):
                continue
            run = nbformat.read(ran, as_version=4)
            taken = notebook_to_take(run, wheels[0].name, root / "notebooks", resolver(app, page))
            text = nbformat.writes(taken) + "\n"
            (site / f"{page}.ipynb").write_text(text, encoding="utf-8")
            add(f"{Path(page).name}.ipynb", text.encode())
        for wheel in wheels:
            add(wheel.name, wheel.read_bytes())
        every = " ".join([f'"./{wheels[0].name}[scale]"', *(f"./{w.name}" for w in wheels[1:])])
        add("README.txt", README.format(wheel=wheels[0].name, wheels=every).encode())


def offer_notebook(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Put the notebook first under the download button of a lesson."""
    for button in context.get("header_buttons", []):
        if button.get("label") == "download-buttons" and page.startswith("notebooks/"):
            # The theme's own, which it adds beside launch buttons, is the bare run.
            others = [each for each in button["buttons"] if each["text"] != ".ipynb"]
            button["buttons"] = [
                {
                    "type": "link",
                    "url": f"{Path(page).name}.ipynb",
                    "text": ".ipynb",
                    "icon": "fas fa-code",
                    "tooltip": "Download this lesson as a notebook",
                    "label": "download-notebook-button",
                },
                *others,
            ]


def wheel_name(root: Path) -> str:
    """File name of the helpers' wheel."""
    about = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{about['name'].replace('-', '_')}-{about['version']}-py3-none-any.whl"


class SiteFile(SphinxRole):
    """``site-file``: a link that saves a file of the site; WHEEL stands for the helpers' wheel."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Write the link, relative to the page."""
        name = wheel_name(Path(self.env.srcdir)) if self.text == "WHEEL" else self.text
        address = "../" * self.env.docname.count("/") + name
        html = f'<a class="reference download" href="{address}" download>{name}</a>'
        return [nodes.raw("", html, format="html")], []


class FromSite(SphinxDirective):
    """``from-site helpers``: the command that installs the helpers' wheel.

    It names the wheel beside the reader; `site.js` writes the site's address before it.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the block."""
        command = f"python3 -m pip install ./{wheel_name(Path(self.env.srcdir))}"
        block = nodes.literal_block(command, command, language="bash")
        return [nodes.container("", block, classes=["from-site"])]


def offer_below_title(app: Sphinx, document: nodes.document) -> None:
    """Say below a lesson's title how to take it along."""
    page = app.env.docname
    if page.startswith("notebooks/"):
        name = f"{Path(page).name}.ipynb"
        html = (
            '<p class="take-along"><a class="btn btn-sm btn-outline-primary" '
            f'href="{name}" download>Notebook</a> <span>then <code>uvx juv run {name}</code>, or '
            f'<a href="../book/run_it.html">run it elsewhere</a></span></p>'
        )
        title = next(iter(document.findall(nodes.title)))
        title.parent.insert(title.parent.index(title) + 1, nodes.raw("", html, format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    # What a cell prints in two breaths is one output, on the page as in the notebook.
    utils.executenb = functools.partial(utils.executenb, coalesce_streams=True)
    app.add_role("site-file", SiteFile())
    app.add_directive("from-site", FromSite)
    app.connect("doctree-read", offer_below_title)
    app.connect("html-page-context", offer_notebook, priority=900)
    app.connect("build-finished", write_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
