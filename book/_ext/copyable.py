"""What a cell of a lesson needs of the cells above it, read from its code, and said below it.

The compiler knows which names a cell uses before it makes them. The cells above that make or
change those names are what has to be copied with it. `tests/test_copied_cells.py` runs each cell
with these and no others. The page links to them, and copies them together when a button is pushed.
"""

from __future__ import annotations

import ast
import builtins
import dis
from collections.abc import Iterator, Sequence
from types import CodeType
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx

LONG = 12  # lines of a cell that a keyboard can skip


class Names(NamedTuple):
    """Global names of a cell: used before it makes them, made, and changed in place."""

    used: frozenset[str]
    made: frozenset[str]
    changed: frozenset[str]


def names_of(source: str) -> Names:
    """Names that a cell uses, makes and changes.

    Examples
    --------
    >>> names_of("table['depth'] = [f(z) for z in levels]; total = table.sum()")
    Names(used=frozenset({...}), made=frozenset({'total'}), changed=frozenset({'table'}))
    """
    used: set[str] = set()
    made: set[str] = set()
    later: set[str] = set()  # what functions use, when the whole cell has run
    for step in dis.get_instructions(compile(source, "cell", "exec")):
        if step.opname == "STORE_NAME":
            made.add(step.argval)
        elif step.opname == "LOAD_NAME":
            used |= {step.argval} - made
        elif isinstance(step.argval, CodeType):
            inside = set(_globals_of(step.argval))
            if step.argval.co_name.endswith(("comp>", "genexpr>")):
                used |= inside - made
            else:
                later |= inside
    used = (used | later - made) - set(dir(builtins))
    return Names(frozenset(used), frozenset(made), frozenset(_changed(source)))


def _globals_of(code: CodeType) -> Iterator[str]:
    """Global names that a function or comprehension uses, and those inside it."""
    for step in dis.get_instructions(code):
        if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}:
            yield step.argval
        elif isinstance(step.argval, CodeType):
            yield from _globals_of(step.argval)


def _changed(source: str) -> Iterator[str]:
    """Names whose items or attributes a cell sets."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            inner: ast.expr = node
            while isinstance(inner, (ast.Subscript, ast.Attribute)):
                inner = inner.value
            if isinstance(inner, ast.Name):
                yield inner.id


def makers(cells: Sequence[str]) -> list[dict[str, list[int]]]:
    """For each cell: the names it uses, and the cells above that make and change each.

    Parameters
    ----------
    cells : sequence of str
        Code cells of a lesson in order. The first holds the imports, which every cell may use.

    Returns
    -------
    list of dict
        One a cell: name to places in ``cells``; the imports, place 0, are left out.

    Raises
    ------
    ValueError
        When a cell uses a name that no cell above it makes.

    Examples
    --------
    >>> makers(["import os", "a = 1", "b = a + 1", "print(os.sep, a, b)"])
    [{}, {}, {'a': [1]}, {'a': [1], 'b': [2]}]
    """
    found: list[dict[str, list[int]]] = []
    made_by: dict[str, list[int]] = {}
    for place, source in enumerate(cells):
        names = names_of(source)
        unknown = sorted(names.used - set(made_by))
        if unknown:
            raise ValueError(
                f"No cell above makes {', '.join(unknown)}, which this one uses: {source[:60]!r}"
            )
        found.append({name: made_by[name] for name in sorted(names.used) if made_by[name] != [0]})
        for name in names.changed & set(made_by) - names.made:
            made_by[name] = [*made_by[name], place]
        made_by |= {name: [place] for name in names.made}
    return found


def needed(cells: Sequence[str]) -> list[list[int]]:
    """For each cell: all cells to run before it, in order, beside the imports.

    Examples
    --------
    >>> needed(["import os", "a = 1", "b = a + 1", "print(b)"])
    [[], [], [1], [1, 2]]
    """
    closed: list[list[int]] = []
    for uses in makers(cells):
        direct = {place for places in uses.values() for place in places} - {0}
        closed.append(sorted(direct.union(*(closed[place] for place in direct))))
    return closed


def _say_what_cells_need(app: Sphinx, document: nodes.document) -> None:
    """Put a line with links below each code cell that needs more than the imports."""
    if not app.env.docname.startswith("notebooks/"):
        return
    cells = [
        node
        for node in document.findall(nodes.container)
        if node.get("nb_element") == "cell_code" and node.children
    ]
    sources = [next(iter(cell.findall(nodes.literal_block))).astext() for cell in cells]
    every = zip(cells, makers(sources), needed(sources), strict=True)
    for place, (cell, uses, others) in enumerate(every):
        cell["ids"].append(f"cell-{place}")
        if uses:
            cell.insert(1, _line(uses, [0, *others, place]))
        lines = sources[place].count("\n") + 1
        if lines >= LONG and not cell.get("hide_mode"):  # a fold is skipped as it is
            below = f"below-cell-{place}"
            skip = f'<a class="skip-cell" href="#{below}">Skip {lines} lines of code</a>'
            cell.insert(1, nodes.raw("", f'<div id="{below}" tabindex="-1"></div>', format="html"))
            cell.insert(0, nodes.raw("", skip, format="html"))


def _line(uses: dict[str, list[int]], wanted: list[int]) -> nodes.container:
    text = nodes.paragraph("", "Needs ")
    for name, places in uses.items():
        link = nodes.reference("", "", nodes.literal("", name), refid=f"cell-{places[0]}")
        text += [link, nodes.Text(", ")]
    text[-1] = nodes.Text(" from above.")
    button = (
        f'<button type="button" class="copy-needed" data-cells="{" ".join(map(str, wanted))}" '
        f"hidden>Copy with these, {len(wanted)} cells</button>"
    )
    return nodes.container("", text, nodes.raw("", button, format="html"), classes=["needs"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("doctree-read", _say_what_cells_need)
    app.add_js_file("copyable.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
