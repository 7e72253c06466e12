"""Helpers that tell how far they are work where nobody listens: a service, pythonw, `2>&-`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys

import earthcare_tutorial as ect

assert sys.stderr is None
(item,) = ect.search("MSI_COP_2A", orbit_and_frame="04537E")
token = ect.login()
some = {"along_track": slice(0, 100)}
print(ect.open_granule(item, token, ["cloud_water_path"], isel=some).sizes["along_track"])
print(ect.open_granule(item, token)["latitude"].isel(some).load().sizes["along_track"])
print(len(ect.download([item], token, "granules")))
ect.show_quicklook(item)
"""


@pytest.mark.skipif(
    "MAAP_REPLAY_PORT" not in os.environ, reason="needs the replay: run `make test`"
)
def test_the_way_to_a_granule_needs_no_console(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        ["bash", "-c", 'exec "$0" script.py 2>&-', sys.executable],
        cwd=tmp_path,
        env=os.environ | {"MPLBACKEND": "agg"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert (done.returncode, done.stdout.endswith("\n100\n100\n1\n")) == (0, True)
