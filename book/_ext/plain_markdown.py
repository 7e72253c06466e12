"""A lesson's text in plain Markdown, for notebooks that open where nothing knows MyST.

The page reads directives and labels. Jupyter shows them as they stand, so the notebook that one
takes along has admonitions as quotes, folded parts as HTML, code in place of a pointer to it, and
links that lead to the site.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

_FENCE = re.compile(r"^(?P<fence>:{3,}|`{3,})\{(?P<name>[\w-]+)\}[ ]*(?P<title>.*)$")
_OPTION = re.compile(r"^:(?P<key>[\w-]+):[ ]*(?P<value>.*)$")
_LINK = re.compile(r"\[(?P<text>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^()\s]+)\)")
#: Target in a lesson -> address and title.
Resolve = Callable[[str], tuple[str, str]]


def plain(text: str, folder: Path, resolve: Resolve) -> str:
    """Markdown without MyST's own syntax.

    Parameters
    ----------
    text : str
        A cell's text in MyST.
    folder : Path
        Folder that the paths in it start from.
    resolve : callable
        Tells the address and the title of a link's target.

    Raises
    ------
    ValueError
        For a directive that is not known here.
    """
    lines = _directives(text.splitlines(), folder)
    lines = [line for line in lines if not re.fullmatch(r"\([\w-]+\)=", line)]
    return _links("\n".join(lines), resolve)


def _directives(lines: list[str], folder: Path) -> list[str]:
    done: list[str] = []
    rest = iter(lines)
    for line in rest:
        start = _FENCE.match(line)
        if not start:
            done.append(line)
            if re.match(r"^```", line):  # code: taken as it stands
                for inner in rest:
                    done.append(inner)
                    if inner.startswith("```"):
                        break
            continue
        body: list[str] = []
        for inner in rest:
            if inner.strip() == start["fence"]:
                break
            body.append(inner)
        options = {}
        while body and (option := _OPTION.match(body[0])):
            options[option["key"]] = option["value"]
            body.pop(0)
        done += _plain_directive(start["name"], start["title"], options, body, folder)
    return done


def _plain_directive(
    name: str, title: str, options: dict[str, str], body: list[str], folder: Path
) -> list[str]:
    if name == "literalinclude":
        source = (folder / title).read_text(encoding="utf-8")
        return ["```python", *_object(source, options["pyobject"]).splitlines(), "```"]
    if name == "include":
        included = (folder / title).read_text(encoding="utf-8")
        return _directives(included.splitlines(), folder)
    if name == "figure":
        return [f"![{options['alt']}]({title})", "", *_directives(body, folder)]
    inner = _directives(body, folder)
    if name == "dropdown":
        return ["<details>", f"<summary>{title}</summary>", "", *inner, "", "</details>"]
    if name in {"admonition", "note", "tip", "important", "warning"}:
        heading = title or name.capitalize()
        return [f"> **{heading}**", ">", *(f"> {line}".rstrip() for line in inner)]
    raise ValueError(f"The directive {name} has no plain form in book/_ext/plain_markdown.py.")


def _object(source: str, name: str) -> str:
    """Source of a function, a class or a method of a module, with its decorators."""
    inside: list[ast.stmt] = ast.parse(source).body
    for part in name.split("."):
        named = [each for each in inside if isinstance(each, (ast.FunctionDef, ast.ClassDef))]
        found = next((each for each in named if each.name == part), None)
        if found is None:
            raise ValueError(f"The module has no {name}.")
        inside = found.body
    first = min([found.lineno, *(each.lineno for each in found.decorator_list)])
    lines = source.splitlines()[first - 1 : found.end_lineno]
    return textwrap.dedent("\n".join(lines))


def _links(text: str, resolve: Resolve) -> str:
    def one(found: re.Match[str]) -> str:
        if re.match(r"[a-z]+:", found["target"]):
            return found[0]
        address, title = resolve(found["target"])
        return f"[{found['text'] or title}]({address})"

    code = [m.span() for m in re.finditer(r"^```.*?^```$", text, re.M | re.S)]
    return _LINK.sub(lambda m: m[0] if any(a <= m.start() < b for a, b in code) else one(m), text)
