"""The page on troubleshooting tells what the helpers really print when something goes wrong."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest
import yaml

import earthcare_tutorial as ect
from earthcare_tutorial import _http
from maap_replay import faults

BOOK = Path(__file__).parent.parent / "book"
TROUBLES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (BOOK / "troubleshooting.yaml").read_text()
)
mpl.use("agg")


def test_the_page_has_every_section() -> None:
    page = (BOOK / "troubleshooting.md").read_text()
    assert re.findall(r"^```\{troubles\} (\w+)$", page, re.M) == list(TROUBLES)


@pytest.mark.parametrize(
    "trouble",
    [pytest.param(each, id=each["says"][:50]) for section in TROUBLES.values() for each in section],
)
def test_a_trouble_says_what_the_page_tells(
    trouble: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_http, "LONGEST_PAUSE", 0.0)  # the helpers are patient, the test is not
    known = {
        "ect": ect,
        "Path": Path,
        "item": ect.search("MSI_COP_2A", orbit_and_frame="04537E")[0],
    }
    capsys.readouterr()
    said = ""
    if "fault" in trouble:
        faults.inject(**trouble["fault"])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            exec(trouble["code"], known)  # noqa: S102
        except (OSError, ValueError, LookupError) as error:
            said = str(error)
        finally:
            faults.clear()
    said = "\n".join([said, *(str(each.message) for each in told), capsys.readouterr().out])
    sentence = ".*".join(re.escape(part) for part in trouble["says"].split("..."))
    assert re.search(sentence, said, re.S), said
