"""Each defect of the original page is absent: one test holds each, on the replay.

The page is "EarthCARE: Access and Visualize" of the MAAP documentation (October 2025). These tests
need `maap-replay run -- pytest`, as `make test` does.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pystac
import pytest
import requests

import earthcare_tutorial as ect

LESSON = Path(__file__).parent.parent / "notebooks" / "access_and_visualize.md"
NOTEBOOK = nbformat.read(LESSON.with_suffix(".ipynb"), as_version=4)
CODE = "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code")
GRANULE = "04537E"

pytestmark = pytest.mark.skipif(
    "MAAP_REPLAY_PORT" not in os.environ, reason="needs the replay: run `make test`"
)


@pytest.fixture(scope="module")
def item() -> pystac.Item:
    return ect.search("MSI_COP_2A", orbit_and_frame=GRANULE)[0]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[requests.PreparedRequest]]:
    """Every request that goes through requests while a test runs, with its arguments."""
    seen: list[requests.PreparedRequest] = []
    real = requests.Session.send

    def send(
        self: requests.Session, request: requests.PreparedRequest, **options: object
    ) -> object:
        seen.append(request)
        assert options.get("timeout") or "/catalogue/" in str(request.url), "no timeout"
        return real(self, request, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "send", send)
    yield seen


def test_links_go_by_file_ending_when_the_catalogue_swaps_them() -> None:
    (swapped,) = ect.search(
        "AC__CLP_2B", orbit_and_frame="05976E", collection="EarthCAREL2Validated"
    )
    assert swapped.assets["enclosure_h5"].href.endswith(".HDR"), "the recording is swapped"
    table = ect.asset_table([swapped])
    assert table.loc[0, "h5_url"].endswith(".h5")
    assert table.loc[0, "hdr_url"].endswith(".HDR")


def test_the_table_stands_on_items_without_quicklook_and_on_none_at_all() -> None:
    frames = ["04428E", "04490E", "04537E"]
    every = ect.search("MSI_COP_2A", orbit_and_frame=frames, baseline="all")
    table = ect.asset_table(every)
    assert table["quicklook_url"].isna().any(), "the archive holds an item without a quicklook"
    assert table["h5_url"].notna().all()
    assert list(ect.asset_table([]).columns) == list(table.columns)


def test_the_lesson_uses_no_name_that_it_does_not_define_and_none_in_vain() -> None:
    tree = ast.parse(CODE)
    imported = {
        (alias.asname or alias.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert imported <= used, "an import that nothing uses"
    assert "it" not in used
    assert "NameError" not in CODE


def test_a_search_asks_the_catalogue_once(sent: list[requests.PreparedRequest]) -> None:
    items = ect.search("MSI_COP_2A", orbit_and_frame=GRANULE)
    searches = [str(r.url) for r in sent if "/search" in str(r.url)]
    assert len(items) == 1
    assert len(searches) == 1


def test_a_row_of_the_table_is_the_item_at_the_same_position() -> None:
    items = ect.search("MSI_COP_2A", start_time="2025-03-01", end_time="2025-04-10", frame_id="E")
    table = ect.asset_table(items)
    assert table["start_time"].is_monotonic_increasing
    assert list(table.index) == list(range(len(items)))
    assert list(table["id"]) == [each.id for each in items]


def test_the_lesson_names_the_account_that_has_access() -> None:
    assert "EO Sign-In" in LESSON.read_text()


def test_every_request_of_login_has_a_timeout_and_the_token_renews(
    sent: list[requests.PreparedRequest],
) -> None:
    token = ect.login()
    first = token.bearer()
    token.renew()
    assert token.bearer() != first
    assert len(sent) == 2


def test_the_dataset_outlives_its_connection_and_is_drawn_as_data(item: pystac.Item) -> None:
    names = ["latitude", "longitude", "quality_status", "cloud_water_path"]
    granule = ect.open_granule(item, ect.login(), names)
    ax = ect.plot_swath(granule, "cloud_water_path")
    (mesh,) = [c for c in ax.collections if c.get_array() is not None]
    drawn = np.ma.masked_invalid(mesh.get_array()).compressed()
    assert drawn.size > 1000
    assert drawn.max() < 5e4, "a fill value was drawn, or the unit is not g m-2"
    assert "ongitude" in ax.get_xlabel() + ax.get_ylabel() or "°" in "".join(
        label.get_text() for label in ax.get_xticklabels()
    )
    labels = [a.get_ylabel() + a.get_xlabel() for a in ax.figure.findobj(plt.Axes)]
    assert any("g m" in label for label in labels), labels
    words = " ".join(text.get_text() for text in ax.figure.findobj(plt.Text))
    assert "synthetic" in words.lower()
    plt.close("all")


def test_the_lesson_does_not_tune_what_changes_nothing() -> None:
    assert "rdcc_nbytes" not in CODE
    assert re.search(r"rdcc_nbytes.*changes nothing", LESSON.read_text(), re.S)
