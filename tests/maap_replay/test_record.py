"""Recording and comparing, each between two replays in processes of their own."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from maap_replay import byte_ranges
from maap_replay.archive.observed import observed
from maap_replay.launch import run
from maap_replay.recordings import load, with_archive
from maap_replay.recordings.save import line_of, redacted, save_items
from maap_replay.service import make_app, offline_token
from maap_replay.service.search import find, read
from maap_replay.service.search import run as run_search

CLI = [sys.executable, "-m", "maap_replay.cli"]
OPEN, CLOSED = "EarthCAREL2Validated_MAAP", "EarthCAREL2InstChecked_MAAP"
SEARCH = {"collections": OPEN, "filter": "productType = 'MSI_COP_2A' and frame = 'E'"}

#: What a client does: the searches, a picture, a few parts of a file. Its results go into a file.
CLIENT = """
import hashlib, json, os, sys
import requests

catalogue = "https://catalog.maap.eo.esa.int/catalogue"
lines = open(os.environ["MAAP_CREDENTIALS_FILE"]).read().splitlines()
keys = dict(line.split("=", 1) for line in lines if "=" in line)
form = {"client_id": keys["CLIENT_ID"], "client_secret": keys["CLIENT_SECRET"],
        "grant_type": "refresh_token", "refresh_token": keys["OFFLINE_TOKEN"]}
token = requests.post("https://iam.maap.eo.esa.int/realms/esa-maap/protocol/openid-connect/token",
                      data=form, timeout=300).json()["access_token"]
bearer = {"Authorization": f"Bearer {token}"}
page = requests.get(f"{catalogue}/search", params=SEARCH | {"limit": 5}, timeout=300).json()
assets = page["features"][0]["assets"]
told = {"items": page["features"]}
told["picture"] = hashlib.sha256(requests.get(assets["thumbnail"]["href"], timeout=300).content
                                 ).hexdigest()
h5 = next(a["href"] for a in assets.values() if a["href"].endswith(".h5"))
spans = sys.argv[2:]
answers = [requests.get(h5, headers=bearer | {"Range": f"bytes={s}"}, timeout=300) for s in spans]
told["parts"] = [(a.status_code, a.reason, a.headers.get("Content-Range"), a.content.hex())
                 for a in answers]
told["size"] = requests.head(h5, headers=bearer, timeout=300).headers["Content-Length"]
told["without"] = requests.get(h5, headers={"Range": "bytes=0-0"}, timeout=300).status_code
told["zip"] = requests.get(assets["product"]["href"], headers=bearer, timeout=300).reason
names = ["collections/COLLECTION", "collections/COLLECTION/queryables"]
told["documents"] = [requests.get(f"{catalogue}/{n}", timeout=300).json() for n in names]
json.dump(told, open(sys.argv[1], "w"))
""".replace("SEARCH", repr(SEARCH)).replace("COLLECTION", OPEN)
TOUCHED = ["0-7", "100-199", "150-299", "5000-5009"]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    path = tmp_path_factory.mktemp("client") / "client.py"
    path.write_text(CLIENT)
    return [sys.executable, str(path)]


@pytest.fixture(scope="module")
def recording(tmp_path_factory, granule_file, client):
    """Folder recorded from a replay, and what the client saw while it was."""
    folder = tmp_path_factory.mktemp("recording")
    seen = folder.parent / "seen.json"
    command = " ".join([*client, str(seen), *TOUCHED])
    search = ["--collection", OPEN, "--filter", SEARCH["filter"], "--limit", "30"]
    arguments = ["record", str(folder), *search, "--ranges-of", command]
    assert run([*CLI, *arguments], make_app(granule_file=granule_file)) == 0
    return folder, json.loads(seen.read_text())


def replayed(recording, client, *spans):
    folder, _ = recording
    out = folder.parent / "out.json"
    command = [*CLI, "run", "--recordings", str(folder), "--", *client, str(out), *spans]
    subprocess.run(command, check=True, timeout=600)
    return json.loads(out.read_text())


def test_the_archive_goes_on_where_nothing_was_recorded(recording, tmp_path):
    whole = with_archive(load(recording[0]))
    kept = {item["id"] for item in whole.items}
    assert len(find(whole, ids=",".join(kept), collections=OPEN)) == 30
    assert run_search(read(SEARCH, whole), whole)[1] == run_search(read(SEARCH, load()), load())[1]
    assert run_search(read({"filter": "frame = 'D'", "limit": 1}, whole), whole)[1] > 1e6
    # a search that was recorded to its end has no items but those
    small = SEARCH | {"datetime": "2025-03-16T00:00:00Z/2025-03-17T00:00:00Z"}
    items = find(load(), **small)[:9]
    (tmp_path / "recorded.json").write_text(json.dumps({"search": small, "complete": True}))
    (tmp_path / "queryables.json").write_text('{"properties": {}, "collections": {}}')
    save_items(tmp_path, items, "test")
    covering = with_archive(load(tmp_path))
    assert find(covering, **small) == items
    later = SEARCH | {"datetime": "2025-03-18T00:00:00Z/2025-03-18T12:00:00Z"}
    assert find(covering, **later) == find(load(), **later) != []


def test_what_was_recorded_is_replayed(recording, client):
    _, seen = recording
    again = replayed(recording, client, *TOUCHED)
    assert again.pop("zip").startswith("Not recorded:") and seen.pop("zip") == "OK"
    assert len(seen["items"]) == 5
    assert again == seen
    assert [part[0] for part in seen["parts"]] == [206] * 4 and seen["without"] == 401


def test_other_bytes_are_refused_with_a_sentence(recording, client):
    parts = replayed(recording, client, "120-280", "290-300", "20000-", "99999-")["parts"]
    assert [part[0] for part in parts] == [206, 409, 409, 416]
    assert parts[1][1].startswith("Not recorded: bytes 290-300 of ECA_")
    assert parts[1][1].endswith(".h5, only other parts of it")
    assert len(parts[0][3]) == 2 * 161


def test_a_recording_says_where_it_is_from_and_holds_no_secret(recording):
    folder, _ = recording
    kept = load(folder)
    assert len(kept.items) == 30 and set(kept.collections) == {OPEN}
    lines = (folder / "items" / OPEN / "MSI_COP_2A.jsonl").read_text().splitlines()
    assert all(
        json.loads(line)["origin"].startswith("recorded from a replay of catalog.maap.eo.esa.int")
        for line in lines
    )
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"eyJ" not in everything and b"not-a-signature" not in everything
    sizes = [json.loads(path.read_text())["ranges"] for path in folder.rglob("*.ranges.json")]
    assert sizes == [[[0, 8], [100, 300], [5000, 5010]]]


def test_whole_files(granule_file, tmp_path, content):
    product_id = "ECA_EXBA_MSI_COP_2A_20250305T134540Z_20250912T202910Z_04366E"
    arguments = ["record", str(tmp_path), "--ids", product_id, "--whole-files"]
    assert run([*CLI, *arguments], make_app(granule_file=granule_file)) == 0
    files = {path.name: path.read_bytes() for path in (tmp_path / "data").rglob("*.*")}
    assert files == {f"{product_id}{end}": content for end in (".h5", ".HDR", ".BID_1.jpeg")}


def test_any_item_is_kept_as_it_is(tmp_path):
    item = observed()[0]
    odd = [
        {**item, "id": "ECA_EXAA_AUX_ORBPRE_20250120T000000Z_20250130T000000Z_0001"},
        {**item, "geometry": None},
        {**item, "properties": {**item["properties"], "product:type": "A/../B"}, "id": "x"},
    ]
    assert line_of(item, "test").keys() == {"id", "collection", "style", "origin", "patch"}
    assert save_items(tmp_path, odd, "test") == save_items(tmp_path, odd, "again") == 3
    (tmp_path / "queryables.json").write_text('{"properties": {}, "collections": {}}')
    assert sorted(load(tmp_path).items, key=lambda i: i["id"]) == sorted(odd, key=lambda i: i["id"])


def test_secrets_are_taken_out():
    token = offline_token()
    signed = f"https://host/x.h5?versionId=1&X-Amz-Signature=abc&token={token}"
    told = {"a": [signed], "b": f"Authorization: Bearer {token}", "c": "a bearer of news"}
    clean = redacted(told)
    assert clean["a"] == ["https://host/x.h5?versionId=1&REMOVED&REMOVED"]
    assert token not in str(clean) and clean["c"] == told["c"]


def test_ranges_come_together_however_they_come(tmp_path):
    data = bytes(range(200))
    target = tmp_path / "file"
    for spans in ([(50, 60), (10, 20), (15, 55)], [(0, 5)]):
        pieces = byte_ranges.KeptRanges(target, len(data))
        for first, stop in spans:
            pieces.add(first, data[first:stop])
        pieces.finish("test")
    assert (
        byte_ranges.read(target, 10, 60) == data[10:60]
        and byte_ranges.read(target, 0, 5) == data[:5]
    )
    assert byte_ranges.read(target, 4, 11) is None and not target.exists()
    pieces = byte_ranges.KeptRanges(target, len(data))
    pieces.add(5, data[5:10])
    pieces.add(60, data[60:])
    pieces.finish("test")
    assert target.read_bytes() == data and list(tmp_path.iterdir()) == [target]


def test_nothing_to_record_is_said(tmp_path, capfd):
    assert subprocess.run([*CLI, "record", str(tmp_path)], timeout=600).returncode == 2
    assert "Say what to record" in capfd.readouterr().err


def compared(app, *arguments):
    return run([*CLI, "compare", *arguments], app)


def test_a_service_as_it_was_recorded_differs_in_nothing(granule_file, capfd):
    assert compared(make_app(granule_file=granule_file)) == 0
    assert capfd.readouterr().out == "0 differences\n"


def test_numbers_that_changed_are_told(granule_file, capfd):
    gone = {"collections": CLOSED, "filter": "productType = 'MSI_AOT_2A' and version = 'ac'"}
    app = make_app(replace(load(), covered=(gone,)), granule_file)
    assert compared(app, "--collection", CLOSED) == 1
    rows = [line.split("  ") for line in capfd.readouterr().out.splitlines()]
    told = [tuple(cell.strip() for cell in row if cell) for row in rows]
    assert ("number of AC", "14522", "0", f"{CLOSED} MSI_AOT_2A") in told
    assert told[-1] == ("1 differences",)


def test_each_kind_of_drift_is_told(granule_file, recording, capfd):
    changed = load(recording[0])
    newest = max(changed.items, key=lambda item: item["properties"]["datetime"])
    properties = newest["properties"]
    properties["sat:absolute_orbit"] = "7929"
    properties["eo:cloud_cover"] = 3.5
    del properties["constellation"]
    newest["assets"]["metadata_dif"] = newest["assets"].pop("metadata_iso_19139")
    newest["assets"]["product"]["type"] = "application/x-tar"
    newest["links"] = [link for link in newest["links"] if link["rel"] != "parent"]
    del changed.queryables[OPEN]["frame"]
    changed.queryables[OPEN]["productVersion"]["enum"].append("bd")
    changed.collections["JAXAL3_MAAP"] = changed.collections[OPEN] | {"id": "JAXAL3_MAAP"}
    app = make_app(changed, granule_file)
    assert compared(app, "--recordings", str(recording[0])) == 1
    rows = [line.split("  ") for line in capfd.readouterr().out.splitlines()]
    told = {tuple(cell.strip() for cell in row if cell)[:3] for row in rows}
    assert told >= {
        ("property sat:absolute_orbit", "number", "string"),
        ("property eo:cloud_cover", "-", "number"),
        ("property constellation", "string", "-"),
        ("asset metadata_iso_19139", "application/vnd.iso.19139+xml", "-"),
        ("asset metadata_dif", "-", "application/vnd.iso.19139+xml"),
        ("asset product", "application/zip", "application/x-tar"),
        ("link parent", "application/json", "-"),
        ("queryable", "frame", "-"),
        ("values of productVersion", "-", "bd"),
        ("collection", "-", "JAXAL3_MAAP"),
        ("10 differences",),
    }


def test_a_service_that_does_not_answer_is_no_difference():
    done = subprocess.run(
        [*CLI, "compare"],
        env={"PATH": "", "PYTHONPATH": str(Path.cwd()), "HTTPS_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 2
    assert "catalogue/ cannot be read" in done.stderr
