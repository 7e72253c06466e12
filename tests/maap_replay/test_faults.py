"""Each fault as a client meets it, and the switch for it, over real sockets."""

import subprocess
import sys
import time

import pytest
import requests

from maap_replay import faults
from maap_replay.service.fault_table import FAULTS
from maap_replay.service.faults import CONTROL
from tests.maap_replay.test_token import H5

SEARCH = "/catalogue/search?collections=EarthCAREL2Validated_MAAP&limit=4"
HALF = 12800


@pytest.fixture
def service(start):
    return start()


@pytest.fixture
def fail(service):
    def switch_on(fault, **settings):
        answer = service.ask(CONTROL, method="POST", json={"fault": fault, **settings})
        assert answer.status_code == 201, answer.text

    yield switch_on
    assert service.ask(CONTROL, method="DELETE").json() == {"on": []}


@pytest.fixture
def get(service):
    def ask(path=H5, span=None, **arguments):
        headers = service.access() | ({"Range": f"bytes={span}"} if span else {})
        return service.ask(path, headers=headers | arguments.pop("headers", {}), **arguments)

    return ask


def test_a_burst_ends_and_concerns_only_its_path(fail, get, service):
    fail("503 burst", times=2, path="/catalogue/search")
    assert get("/catalogue/").status_code == 200
    pages = [get(SEARCH) for _ in range(3)]
    assert [page.status_code for page in pages] == [503, 503, 200]
    assert pages[0].headers["Content-Type"] == "text/html" and "nginx" in pages[0].text
    fail("retry after", seconds=7, path="/realms/")
    busy = service.exchange()
    assert (busy.status_code, busy.headers["Retry-After"]) == (429, "7")


def test_what_happens_to_searches(fail, get, service):
    fail("no matches")
    assert [get(SEARCH).json()["numberMatched"] > 0 for _ in range(2)] == [False, True]
    fail("short listing")
    page = get(SEARCH).json()
    assert len(page["features"]) == page["numberReturned"] == 2 < page["numberMatched"]
    fail("next page fails")
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert [get(SEARCH).status_code, get(following).status_code] == [200, 502]
    body = {"collections": ["EarthCAREL2Validated_MAAP"], "startRecord": 3}
    fail("next page fails")
    assert get("/catalogue/search", method="POST", json=body).status_code == 502
    fail("catalogue timeout", seconds=0.2)
    with pytest.raises(requests.Timeout):
        service.session.get(f"{service.base}/catalogue/", timeout=0.05)


def test_a_huge_answer_times_out_and_a_bounded_one_comes(fail, get):
    fail("huge answer")
    assert get(SEARCH).status_code == get(SEARCH).status_code == 504
    day = f"{SEARCH}&datetime=2025-03-16T00:00:00Z/2025-03-17T00:00:00Z"
    assert len(get(day).json()["features"]) == 4


def test_slow_answers(fail, get):
    for fault, options in (
        ("slow first byte", {"seconds": 0.3}),
        ("slow line", {"latency": 0.1, "megabytes_per_second": HALF / 0.2 / 1e6, "times": 1}),
    ):
        fail(fault, path="^/data/", **options)
        start = time.monotonic()
        assert len(get(span=f"0-{HALF - 1}").content) == HALF
        assert time.monotonic() - start > 0.29, fault


@pytest.mark.parametrize("fault", ["cut", "stall", "short body, full length"])
def test_a_body_that_breaks_off(fail, get, fault):
    fail(fault, path="h5$", **({"seconds": 0.1} if fault == "stall" else {}))
    answer = get(span="0-9999", stream=True)
    assert (answer.status_code, answer.headers["Content-Length"]) == (206, "10000")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _ = answer.content
    assert len(get(span="0-9999").content) == 10000


def test_a_zip_without_a_length_breaks_off_too(fail, get):
    path = H5.replace("/data/", "/data/zipper/").rpartition("/")[0]
    fail("cut")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(path)
    assert get(path).content.startswith(b"PK")


def test_lengths_that_lie(fail, get, content):
    fail("short body")
    answer = get(span="0-9999")
    assert answer.headers["Content-Range"].startswith("bytes 0-9999/")
    assert (len(answer.content), answer.headers["Content-Length"]) == (5000, "5000")
    fail("wrong length", times=None)
    assert get(method="HEAD").headers["Content-Length"] == str(int(1.1 * len(content)))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get()


def test_refusals_that_come_later(fail, get, service):
    fail("401 mid-stream")
    assert [get(span="0-0").status_code for _ in range(4)] == [206, 206, 401, 206]
    headers = service.access()
    assert service.ask(H5, headers=headers).status_code == 200
    fail("token rotation")
    assert [service.ask(H5, headers=headers).status_code for _ in range(2)] == [401, 401]
    assert get().status_code == 200
    fail("login page")
    page = get(span="0-7")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html")


def test_wrong_content(fail, get, service, content):
    fail("range ignored")
    answer = get(span="5-14")
    assert (answer.status_code, answer.content) == (200, content)
    assert "Content-Range" not in answer.headers
    service.ask(CONTROL, method="DELETE")
    fail("corrupt")
    whole, part = get().content, get(span="2000-8999").content
    assert whole[:8] == content[:8] and whole[2000:9000] == part
    assert sum(a != b for a, b in zip(whole, content, strict=True)) == 6


def test_a_file_that_changes_while_it_is_read(fail, get, content):
    fail("changed file")
    before, after = get(span="0-9"), get(span="0-9")
    assert before.headers["ETag"] != after.headers["ETag"]
    assert before.headers["Content-Range"].endswith(f"/{len(content)}")
    assert after.headers["Content-Range"].endswith(f"/{len(content) + 512}")
    assert get(headers={"If-Match": before.headers["ETag"]}).status_code == 412
    assert len(get().content) == int(get(method="HEAD").headers["Content-Length"])


def test_an_answer_that_never_comes(fail, get):
    fail("dropped connection")
    with pytest.raises(requests.ConnectionError):
        get(span="0-9")
    assert len(get(span="0-9").content) == 10


def test_a_file_that_is_refused_or_lies_elsewhere(fail, get):
    fail("no rights")
    assert (get().status_code, get().status_code) == (403, 200)
    fail("moved")
    answer = get(allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("https://localhost:")
    assert answer.headers["Location"].endswith(H5)


def test_a_login_that_is_sent_elsewhere(fail, service):
    fail("moved", path="/realms/", status=307)
    moved = service.ask("/realms/esa-maap/token", method="POST", allow_redirects=False)
    assert (moved.status_code, moved.headers["Location"][:17]) == (307, "https://localhost")


def test_other_ranges_than_those_asked_for(fail, get, content):
    fail("range shifted")
    answer = get(span="100-199")
    assert answer.headers["Content-Range"] == f"bytes 107-206/{len(content)}"
    assert answer.content == content[107:207]
    fail("range shifted")
    assert (
        get(span=f"{len(content) - 50}-")
        .headers["Content-Range"]
        .startswith(f"bytes {len(content) - 57}-{len(content) - 8}/")
    )
    fail("whole as range")
    answer = get(span="100-199")
    assert (answer.status_code, answer.content) == (206, content)
    assert answer.headers["Content-Range"] == f"bytes 0-{len(content) - 1}/{len(content)}"


def test_versions_and_sizes_that_tell_little(fail, get, service):
    for options, tag in ({"weak": 0}, None), ({"version": 2}, 'W/"2"'):
        fail("tag", **options)
        answer = get(span="0-9")
        assert (answer.headers.get("ETag"), answer.headers.get("Last-Modified")) == (tag, None)
        service.ask(CONTROL, method="DELETE")
    for size, told in ({}, 10**15), ({"size": 0}, 10):
        fail("stated size", **size)
        assert get(span="0-9").headers["Content-Range"] == f"bytes 0-9/{told}"


def test_bodies_sent_in_other_ways(fail, get, service, content):
    fail("chunked", path="^/data/")
    answer = get(span="0-99")
    assert "Content-Length" not in answer.headers and answer.content == content[:100]
    service.ask(CONTROL, method="DELETE")
    fail("compressed", path="^/data/")
    answer = get(span="0-99")
    assert answer.headers["Content-Encoding"] == "gzip" and answer.content == content[:100]
    service.ask(CONTROL, method="DELETE")
    fail("drip", path="^/data/", pause=0.05, times=1)
    begun = time.monotonic()
    assert get(span="0-9").content == content[:10]
    assert time.monotonic() - begun > 0.4
    fail("black hole", path="^/data/", seconds=0.2, times=1)
    with pytest.raises(requests.ConnectionError):
        get(span="0-9")


def test_refused_exchanges(fail, service):
    for fault, status, says in (
        ("offline token ended", 400, "Token is not active"),
        ("unknown client", 401, "unauthorized_client"),
    ):
        fail(fault)
        answer = service.exchange()
        assert answer.status_code == status and says in answer.text
        service.ask(CONTROL, method="DELETE")
    fail("no token")
    assert "access_token" not in service.exchange().json()
    issued = service.exchange().json()["access_token"]
    fail("tokens repeated")
    repeated = service.exchange(refresh_token="mine").text
    assert "mine" in repeated and issued in repeated


def test_a_catalogue_with_fewer_means(fail, get):
    names = "/catalogue/collections/EarthCAREL2Validated_MAAP/queryables"
    usual = get(names).json()["properties"].keys()
    fail("no frames")
    assert usual - get(names).json()["properties"].keys() == {"frame"}
    fail("old names")
    left = get(names).json()["properties"].keys()
    assert "product:type" not in left and "productType" in left
    fail("no sorting")
    assert not [one for one in get("/catalogue/").json()["conformsTo"] if "#sort" in one]


def test_the_switch(service, fail):
    for body, says in (
        ({"fault": "rain"}, "There is no fault 'rain', only: 503 burst"),
        ({"fault": "cut", "seconds": 1}, "has no seconds, only path, times, after, part"),
        ({"fault": "cut", "times": 0}, "above 0"),
        ({"fault": "cut", "path": "("}, "regular expression"),
        ({"fault": "cut", "part": "x"}, "numbers"),
    ):
        answer = service.ask(CONTROL, method="POST", json=body)
        assert answer.status_code == 400 and says in answer.json()["description"]
    before = len(service.log)
    fail("cut", times=3)
    told = service.ask(CONTROL).json()
    assert told["on"] == [{"fault": "cut", "path": "^/data/", "times": 3, "after": 0, "part": 0.5}]
    assert told["faults"].keys() == FAULTS.keys()
    assert len(service.log) == before


def test_from_python_in_any_process_of_a_run():
    code = """
import requests
from maap_replay import faults
address = "https://catalog.maap.eo.esa.int/catalogue/search"
ask = lambda: requests.get(address, timeout=300).status_code
with faults.injected("503 burst", times=None):
    print(ask(), ask(), faults.active()[0]["fault"])
print(ask(), faults.active())
try:
    faults.inject("rain")
except ValueError as error:
    print(error)
"""
    run = [sys.executable, "-m", "maap_replay.cli", "run", "--", sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, timeout=600)
    lines = done.stdout.splitlines()
    assert lines[:2] == ["503 503 503 burst", "200 []"], done.stderr
    assert lines[2].startswith("There is no fault 'rain', only: 503 burst, ")


def test_without_a_replay_the_switch_says_so(monkeypatch):
    monkeypatch.delenv("MAAP_REPLAY_PORT", raising=False)
    with pytest.raises(RuntimeError, match="none is running here"):
        faults.inject("cut")
    assert faults.table().keys() == FAULTS.keys()
