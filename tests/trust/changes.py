"""Small mistakes that could slip into a helper: its source with one place changed."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What is written -> what stands there by mistake.
MISTAKEN = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.LShift: ("<<", ">>"),
    ast.BitOr: ("|", "&"),
    ast.BitAnd: ("&", "|"),
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Change(NamedTuple):
    """A module with one place changed: its function, its lines, the source, the difference."""

    place: str
    lines: range
    source: str
    shown: str


def changes(source: str) -> Iterator[Change]:
    r"""Yield every change of a module's source.

    Sentences stay as they are: other tests compare each with the page that lists it. So do types,
    docstrings and imports.

    >>> [each.shown.splitlines()[1] for each in changes("def f(a):\n    return not a < 1")]
    ['+    return None', '+    return a < 1', '+    return not a <= 1', '+    return not a < 2']
    """
    body = source.encode()
    begins = [0]
    for line in body.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))

    def between(first: tuple[int, int], last: tuple[int, int]) -> slice:
        return slice(begins[first[0] - 1] + first[1], begins[last[0] - 1] + last[1])

    for place, where, new in _edits(ast.parse(source), "", body, between):
        then = body[: where.start] + new + body[where.stop :]
        first, last = body.count(b"\n", 0, where.start), body.count(b"\n", 0, where.stop)
        behind = len(begins) - 2 - last  # lines below it, which stay
        old, now = body.decode().splitlines(), then.decode().splitlines()
        shown = [f"-{line}" for line in old[first : last + 1]]
        shown += [f"+{line}" for line in now[first : len(now) - behind]]
        yield Change(place, range(first + 1, last + 2), then.decode(), "\n".join(shown))


def _edits(tree: Any, place: str, body: bytes, between: Any) -> Iterator[tuple[str, slice, bytes]]:
    """Yield where something is replaced, and by what, for all that lies below a node."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = f"{place}.{node.name}".lstrip(".")
            held = ast.Module([*node.decorator_list, *_code(node)], [])
            if isinstance(node, ast.FunctionDef):
                held.body += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            yield from _edits(held, name, body, between)
        elif isinstance(node, ast.AnnAssign):
            yield from _edits(
                ast.Module([node.value] if node.value else [], []), place, body, between
            )
        elif not _stays(node):
            yield from ((place, where, new) for where, new in _of(node, body, between))
            yield from _edits(node, place, body, between)


def _code(node: Any) -> list[ast.stmt]:
    """Return what a function or class does, without its docstring."""
    told = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
    return node.body[1:] if told else node.body


def _stays(node: Any) -> bool:
    types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return types or text or isinstance(node, ast.Import | ast.ImportFrom | ast.JoinedStr)


def _of(node: Any, body: bytes, between: Any) -> Iterator[tuple[slice, bytes]]:
    """Yield the changes of one node."""

    def whole(part: Any) -> slice:
        return between((part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset))

    def text(part: Any) -> bytes:
        return body[whole(part)]

    def swap(left: Any, operator: ast.AST, right: Any) -> Iterator[tuple[slice, bytes]]:
        gap = between((left.end_lineno, left.end_col_offset), (right.lineno, right.col_offset))
        if found := MISTAKEN.get(type(operator)):
            old, new = (each.encode() for each in found)
            yield gap, body[gap].replace(old, new, 1)

    match node:
        case ast.Compare(ops=[operator]):
            yield from swap(node.left, operator, node.comparators[0])
        case ast.BinOp():
            yield from swap(node.left, node.op, node.right)
        case ast.BoolOp():
            yield from swap(node.values[0], node.op, node.values[1])
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield whole(node), text(node.operand)
        case ast.Constant(value=bool()):
            yield whole(node), str(not node.value).encode()
        case ast.Constant(value=int() | float()):
            yield whole(node), repr(node.value + 1).encode()
        case ast.Constant(value=str() | bytes()) if len(node.value.split()) == 1:
            more = text(node)
            quote = more.index(more[-1:])
            yield whole(node), more[: quote + 1] + b"XX" + more[quote + 1 :]
        case ast.If() | ast.While() | ast.IfExp():
            yield whole(node.test), b"not (" + text(node.test) + b")"
        case ast.Return(value=ast.expr()) if text(node) != b"return None":
            yield whole(node), b"return None"
        case ast.Continue():
            yield whole(node), b"break"
        case ast.Break():
            yield whole(node), b"continue"
        case ast.Raise() | ast.AugAssign() | ast.Expr(value=ast.Call()):
            yield whole(node), b"pass"
        case ast.Call():
            if isinstance(node.func, ast.Name) and node.func.id in NAMES:
                yield whole(node.func), NAMES[node.func.id].encode()
            for each in node.keywords:
                if each.arg:
                    there = whole(each)
                    comma = re.match(rb"\s*,", body[there.stop :])
                    yield slice(there.start, there.stop + (comma.end() if comma else 0)), b""
