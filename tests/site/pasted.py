"""Run examples as pasted, each alone in a session that has imported nothing.

Reads names and texts as JSON, and writes what went otherwise than the page says, by name.
"""

from __future__ import annotations

import doctest
import io
import json
import sys

import matplotlib.pyplot as plt


def report(name: str, text: str) -> str:
    """What goes otherwise than an example says; nothing when all is as it says."""
    parsed = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    said = io.StringIO()
    doctest.DocTestRunner(verbose=False).run(parsed, out=said.write)
    plt.close("all")
    return said.getvalue()


if __name__ == "__main__":
    told = {name: report(name, text) for name, text in json.load(sys.stdin).items()}
    json.dump({name: text for name, text in told.items() if text}, sys.stdout)
