"""The check of links, on a server of our own: it sees what is gone; DOIs are looked up."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from sphinx.application import Sphinx

from book._ext.dois import registry
from tests import links

ROOT = Path(__file__).parent.parent
SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]
#: Our settings but for what leaves out loopback, where this test has its server.
CONFIG = {
    name: value
    for name, value in SETTINGS.items()
    if name.startswith("linkcheck_") and name != "linkcheck_ignore"
}


class Pages(http.server.BaseHTTPRequestHandler):
    """Has one page, which tells nothing but that it is there."""

    def do_HEAD(self) -> None:
        """Answer what Sphinx asks first, and all that it asks of a page without an anchor."""
        self.send_response(200 if self.path == "/there" else 404)
        self.end_headers()

    def do_GET(self) -> None:
        """Answer what it asks when HEAD failed."""
        self.do_HEAD()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_a_page_that_is_gone_is_broken_and_one_that_is_there_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        site = f"http://127.0.0.1:{server.server_port}"
        (tmp_path / "conf.py").write_text(f"globals().update({CONFIG!r})")
        (tmp_path / "index.rst").write_text(f"Title\n=====\n\n{site}/there {site}/gone\n")
        out = tmp_path / "out"
        command = [sys.executable, "-m", "sphinx", "-q", "-b", "linkcheck", str(tmp_path), str(out)]
        done = subprocess.run(command, capture_output=True, text=True)
        server.shutdown()
    assert done.returncode == 1
    monkeypatch.setattr(links, "OUT", out)
    assert [each["uri"] for each in links.broken()] == [f"{site}/gone"]
    told = [json.loads(line) for line in (out / "output.json").read_text().splitlines()]
    assert {each["uri"]: each["status"] for each in told}[f"{site}/there"] == "working"


def test_the_registry_is_asked_for_a_doi_and_for_nothing_else() -> None:
    app = cast(Sphinx, None)
    asked = registry(app, "https://doi.org/10.5194/amt-16-3631-2023")
    assert asked == "https://doi.org/api/handles/10.5194/amt-16-3631-2023"
    assert registry(app, "https://doi.org/the-foundation/") is None
    assert registry(app, "https://example.org/10.5194") is None
