"""What GitHub and programs that manage references read: forms, workflows, the citation file.

The formats are those that check-jsonschema carries; nothing is fetched.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
#: Format -> the files that have it.
FORMATS = {
    "github-issue-config": [path for path in FORMS if path.stem == "config"],
    "github-issue-forms": [path for path in FORMS if path.stem != "config"],
    "github-workflows": sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    "citation-file-format": [ROOT / "CITATION.cff"],
}


def checked(form: str, *files: Path) -> subprocess.CompletedProcess[str]:
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [checker, "--builtin-schema", f"vendor.{form}", *files]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_has_the_format_that_its_readers_expect(form: str) -> None:
    assert FORMATS[form]
    done = checked(form, *FORMATS[form])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_without_its_first_key_is_refused(form: str, tmp_path: Path) -> None:
    """The test above can fail."""
    lines = FORMATS[form][0].read_text().splitlines()
    planted = tmp_path / FORMATS[form][0].name
    planted.write_text("\n".join([f"planted_{lines[0]}", *lines[1:]]))
    assert checked(form, planted).returncode == 1
