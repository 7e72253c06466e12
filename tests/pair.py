"""Write each lesson's `.ipynb` beside its `.md`, executed, with its text outputs and no images.

`make pair` runs this on the replay. The result is the same from run to run: cell ids come from the
cell's place and text, and nothing that varies by machine is kept.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import sys
import uuid
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def unexecuted(source: Path) -> nbformat.NotebookNode:
    """Notebook made from a MyST source, without outputs, with stable cell ids."""
    notebook = nbformat.from_dict(jupytext.read(source, fmt="md:myst"))
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for place, cell in enumerate(notebook.cells):
        cell.id = hashlib.sha256(f"{place}\n{cell.source}".encode()).hexdigest()[:8]
    return notebook


def without_images(output: dict[str, Any]) -> dict[str, Any]:
    """Keep the output's text: an image differs by machine, and belongs to the built book."""
    if "data" in output:
        output["data"] = {k: v for k, v in output["data"].items() if not k.startswith("image/")}
    return output


def with_steady_ids(html: str) -> str:
    """Number the identifiers that xarray gives to the parts of a table, so that a diff is quiet."""
    count = itertools.count()
    steady = dict.fromkeys(UUID.findall(html))
    for found in steady:
        html = html.replace(found, str(uuid.uuid5(uuid.NAMESPACE_OID, str(next(count)))))
    return html


def executed(source: Path) -> nbformat.NotebookNode:
    """Notebook made from a MyST source and run in its own folder."""
    notebook = unexecuted(source)
    resources = {"metadata": {"path": str(source.parent)}}
    client = NotebookClient(notebook, timeout=1800, kernel_name="python3", resources=resources)
    client.coalesce_streams = True  # else a pause between two lines makes two outputs
    client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [without_images(output) for output in cell.outputs]
            for output in cell.outputs:
                if "text/html" in output.get("data", {}):
                    output["data"]["text/html"] = with_steady_ids(output["data"]["text/html"])
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL})
    return notebook


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        nbformat.write(executed(path), path.with_suffix(".ipynb"))
        sys.stderr.write(f"{path.with_suffix('.ipynb')} written\n")
