"""Who imports whom among our modules, read from their text; nothing is imported for it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: Our rooms with Python in them, and where the modules of each lie.
ROOMS = {
    "notebooks": ROOT / "notebooks",
    "book": ROOT / "book",
    "earthcare_tutorial": ROOT / "earthcare_tutorial",
    "earthcare_products": ROOT / "earthcare_products",
    "maap_replay": ROOT / "packages" / "maap_replay" / "src" / "maap_replay",
    "earthcare_synthetic": ROOT
    / "packages"
    / "earthcare_synthetic"
    / "src"
    / "earthcare_synthetic",
    "tests": ROOT / "tests",
    "benchmarks": ROOT / "benchmarks",
    "tools": ROOT / "tools",
    "jobs": ROOT / "jobs",
}
PACKAGES = ("earthcare_tutorial", "earthcare_products", "maap_replay", "earthcare_synthetic")


@dataclass(frozen=True)
class Module:
    """One source: its dotted name, its file, and its text as Python."""

    name: str
    path: Path
    text: str

    @property
    def room(self) -> str:
        """Name of the room it stands in."""
        return self.name.partition(".")[0]

    @property
    def lines(self) -> int:
        """Lines of its file, with docstrings and comments."""
        return len(self.text.splitlines())


def read(name: str, path: Path) -> Module:
    """Read a Python file, or the code cells of a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        options = r"(?:---\n(?s:.*?)\n---\n)?(?::.*\n)*"
        cells = re.findall(rf"```\{{code-cell\}}.*\n{options}((?s:.*?))^```", text, re.MULTILINE)
        text = "\n".join(line for line in "".join(cells).splitlines() if line[:1] not in "%!")
    return Module(name, path, text)


@cache
def modules() -> dict[str, Module]:
    """All modules of our rooms, by dotted name; a package has the name of its folder."""
    found = {}
    for room, folder in ROOMS.items():
        for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.md")]):
            parts = path.relative_to(folder).with_suffix("").parts
            if any(part.startswith((".", "_build")) for part in parts):
                continue
            kept = parts[:-1] if parts[-1] == "__init__" else parts
            name = ".".join([room, *kept])
            found[name] = read(name, path)
    return found


@cache
def imports(module: Module) -> tuple[tuple[str, str], ...]:
    """Module and name of each import of a module, also of those inside functions.

    The name is empty for ``import a.b``. Imports for type checkers alone are left out: they do not
    run.
    """
    found: list[tuple[str, str]] = []
    for node in _running(ast.parse(module.text)):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.module, alias.name) for alias in node.names]
    return tuple(found)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield child
            yield from _running(child)


def targets(module: Module, known: dict[str, Module]) -> set[str]:
    """Names of our modules that a module imports."""
    found = set()
    for source, name in imports(module):
        inner = f"{source}.{name}"
        found |= {inner} if inner in known else {source} & known.keys()
    return found - {module.name}


def closure(start: str, known: dict[str, Module]) -> set[str]:
    """A module and all of ours that it needs, by name."""
    seen, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += targets(known[name], known)
    return seen


def public(package: Module) -> dict[str, str]:
    """Name in ``__all__`` of a package -> module that it is imported from."""
    if "__all__" not in package.text:
        return {}
    origin = {name: source for source, name in imports(package)}
    for node in ast.parse(package.text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return {name: origin[name] for name in ast.literal_eval(node.value) if name in origin}
    return {}
