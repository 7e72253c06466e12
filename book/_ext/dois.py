"""Check of links: a DOI is asked of the registry of DOIs, which has it or has it not.

Its page lies with a publisher, and most of them answer a program with status 403.
"""

from sphinx.application import Sphinx

DOI = "https://doi.org/"


def registry(app: Sphinx, address: str) -> str | None:
    """Address at which the registry tells what it knows of a DOI; None for another address."""
    if not address.startswith(f"{DOI}10."):
        return None
    return f"{DOI}api/handles/{address.removeprefix(DOI)}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx's check of links."""
    app.connect("linkcheck-process-uri", registry)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
