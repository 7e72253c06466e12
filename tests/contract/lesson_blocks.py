"""The blocks of notebooks/hand_over.md that begin with another tool, run as a reader would.

A reader runs the cells of the lesson, in an environment that has the tool beside
`earthcare_tutorial`, and pastes a block. The text is that of the page.
"""

import re
from pathlib import Path

LESSON = Path(__file__).parents[2] / "notebooks" / "hand_over.md"
FENCE = re.compile(r"^```(\{code-cell\}|python)\n(.*?)^```$", re.S | re.M)
#: The settings of a cell, between two lines of dashes, are no Python.
SETTINGS = re.compile(r"^---\n.*?^---\n", re.S | re.M)


def run(tool: str) -> list[str]:
    """Run all cells, and the blocks that import the tool; return the blocks."""
    names: dict[str, object] = {"__name__": "__main__"}
    blocks = []
    for kind, code in FENCE.findall(LESSON.read_text()):
        if kind == "python" and not re.search(rf"^(import|from) {tool}\b", code, re.M):
            continue
        if kind == "python":
            blocks.append(code)
            # In a copy, so that the next cell sees no name of it.
            exec(compile(code, "block", "exec"), dict(names))  # noqa: S102
        else:
            exec(compile(SETTINGS.sub("", code), "cell", "exec"), names)  # noqa: S102
    return blocks
