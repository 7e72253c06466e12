"""No lesson, page or job hides what goes wrong: no silenced warning, no bare except, no magic."""

from __future__ import annotations

import ast
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [
    *sorted((ROOT / "notebooks").glob("*.md")),
    *(path for path in sorted((ROOT / "book").glob("*.md")) if "{code-cell}" in path.read_text()),
    ROOT / "tests" / "lesson_template.md",
    *sorted((ROOT / "jobs").glob("*.py")),
]
SILENT = {"filterwarnings", "simplefilter"}
EVERYTHING = {"Exception", "BaseException"}
#: Tags that keep an output, or what a cell warns of, from a page.
HIDING = {"remove-stderr", "remove-output", "raises-exception", "remove-cell", "skip-execution"}


def hidden(code: str) -> list[str]:
    """Lines of code that keep what goes wrong from whoever runs it."""
    return [ast.unparse(node) for node in ast.walk(ast.parse(code)) if hides(node)]


def hides(node: ast.AST) -> bool:
    """Whether a piece of code silences a warning, catches everything, or finds modules by path."""
    match node:
        case ast.ExceptHandler(type=None):
            return True
        case ast.ExceptHandler(body=[ast.Pass() | ast.Expr(value=ast.Constant())]):
            return True
        case ast.ExceptHandler(type=ast.Name(id=name)) if name in EVERYTHING:
            return not any(isinstance(each, ast.Raise) for each in ast.walk(node))
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            words = [ast.unparse(each) for each in [*node.args, *(k.value for k in node.keywords)]]
            silent = name in SILENT and "'ignore'" in words
            return silent or (name == "suppress" and bool({*words} & EVERYTHING))
        case ast.Attribute(value=ast.Name(id="sys"), attr="path"):
            return True
        case ast.Attribute(value=ast.Name(id="sys"), attr="stderr", ctx=ast.Store()):
            return True
    return False


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_nothing_that_goes_wrong_is_hidden(source: Path) -> None:
    notebook = jupytext.read(source) if source.suffix == ".md" else None
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"] if notebook else []
    code = "\n".join(cell.source for cell in cells) if notebook else source.read_text()
    assert code
    assert hidden(code) == []
    assert not HIDING & {tag for cell in cells for tag in cell.metadata.get("tags", [])}


FAULTS = [
    "import warnings\nwarnings.filterwarnings('ignore', 'x')",
    "import warnings as w\nw.simplefilter(action='ignore')",
    "from warnings import simplefilter\nsimplefilter('ignore')",
    "try:\n    x = 1\nexcept:\n    raise",
    "try:\n    x = 1\nexcept ValueError:\n    pass",
    "try:\n    x = 1\nexcept Exception as error:\n    print(error)",
    "with suppress(Exception):\n    x = 1",
    "import sys\nsys.path.insert(0, '..')",
    "import contextlib, sys\nsys.stderr = None",
]


@pytest.mark.parametrize("code", FAULTS)
def test_each_way_to_hide_it_is_seen(code: str) -> None:
    assert len(hidden(code)) == 1


def test_what_shows_more_is_no_fault() -> None:
    told = "warnings.simplefilter('always')\ntry:\n    x = 1\nexcept ValueError as e:\n    print(e)"
    assert hidden(f"import warnings\n{told}") == []
