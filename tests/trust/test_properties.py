"""What holds for all inputs, looked for by Hypothesis; that of filters is in test_searching.py."""

from __future__ import annotations

import codecs
import math
import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pystac
import pytest
import requests
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from urllib3.util import parse_url

import earthcare_tutorial as ect
from earthcare_products.granule_ids import orbit_and_frame, parse_granule_id
from earthcare_products.products import PRODUCTS
from earthcare_tutorial._signing import auth_for, check_origin, clean, is_token
from earthcare_tutorial.credentials import find_credentials
from earthcare_tutorial.products import as_utc
from earthcare_tutorial.searching import make_query
from earthcare_tutorial.streaming.chunks import LONGEST, lines_of, spans

#: The same examples each time: a test fails for a change, and not by chance.
settings.register_profile("trust", derandomize=True, deadline=None, database=None)
same = settings(
    settings.get_profile("trust"),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# -- where a token may go --------------------------------------------------------------------------

HOST = "catalog.maap.eo.esa.int"
PIECES = st.sampled_from(
    [HOST, "example.org", "https:", "http:", "//", "/", "\\", "@", ":", "#", "?", "%2f", "%40", ".",
     "443", "80", "a:b@", "[::1]", "127.0.0.1", " ", "\t", "\n", "\u3002", "\uff0f", "xn--", "a.h5"]
)  # fmt: skip
LINKS = st.text(max_size=40) | st.lists(PIECES, max_size=9).map("".join)


@same
@given(link=LINKS, from_item=st.booleans())
def test_an_item_or_a_token_leads_to_no_other_host(link, from_item):
    """However a link is written, whoever sends it must read the same host in it as the check."""
    try:
        check_origin(link, from_item=from_item)
    except ValueError as error:
        assert "\n" not in str(error) or "\n" in link
        return
    prepared = requests.Request("GET", link).prepare().url or ""
    for read in (urlsplit(prepared).hostname, parse_url(prepared).host, parse_url(link).host):
        assert read == HOST, link
    assert prepared.lower().startswith("https://")


@same
@given(link=LINKS, token=st.text(max_size=30))
def test_a_text_that_is_no_token_is_never_signed_with(link, token):
    try:
        auth = auth_for(token, link, from_item=False)
        header = requests.Request("GET", link, auth=auth).prepare().headers.get("Authorization", "")
    except (ValueError, PermissionError, requests.exceptions.InvalidURL):
        return
    assert re.fullmatch(r"(Bearer [A-Za-z0-9_.~+/=-]+)?", header)


# -- credentials -----------------------------------------------------------------------------------

TOKENS = st.from_regex(r"\A[A-Za-z0-9_-]{5,40}\.[A-Za-z0-9_-]{5,60}\.[A-Za-z0-9_-]{5,40}\Z")
ENCODINGS = {"utf-8": b"", "utf-8-sig": b"", "utf-16": b"", "utf-16-be": codecs.BOM_UTF16_BE}


@same
@given(
    token=TOKENS,
    encoding=st.sampled_from(list(ENCODINGS)),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    prefix=st.sampled_from(["", "export ", "set ", "SET "]),
    quote=st.sampled_from(["", '"', "'"]),
    space=st.sampled_from(["", " "]),
    comment=st.sampled_from(["", "# mine"]),
    alone=st.booleans(),
    last=st.booleans(),
)
def test_a_token_is_read_as_it_was_written(
    tmp_path_factory, token, encoding, end, prefix, quote, space, comment, alone, last
):
    lines = ["CLIENT_ID=offline-token", "CLIENT_SECRET=abc"]
    lines = [f"{prefix}{line}" for line in lines] * (not alone)
    text = f"{quote}{token}{quote}"
    lines.append(text if alone else f"{prefix}OFFLINE_TOKEN{space}={space}{text}")
    written = end.join([comment] * bool(comment) * (not alone) + lines) + end * last
    file = tmp_path_factory.getbasetemp() / "credentials.txt"
    file.write_bytes(ENCODINGS[encoding] + written.encode(encoding))
    file.chmod(0o600)
    found, _ = find_credentials(file, None, other_tools=False)
    assert clean(found["OFFLINE_TOKEN"])[0] == token


@same
@given(text=st.text())
def test_what_is_cleaned_is_clean(text):
    once = clean(text)[0]
    if is_token(once):
        assert once.isascii() and not re.search(r"\s", once)
        assert clean(once) == (once, "")


# -- assets, ids, times ----------------------------------------------------------------------------

HREFS = st.sampled_from(["a.h5", "b.H5", "c.HDR", "d.jpeg", "e.png", "zipper/f", "g.zip", "h.txt"])


@same
@given(
    hrefs=st.lists(HREFS | st.text(min_size=1, max_size=12), max_size=8),
    query=st.sampled_from(["", "?a=b.h5", "#c.h5"]),
)
def test_a_picked_asset_is_one_of_the_item_and_of_its_kind(hrefs, query):
    item = pystac.Item("A", None, None, datetime(2025, 3, 16), {})
    for number, href in enumerate(hrefs):
        item.add_asset(f"enclosure_{number}", pystac.Asset(f"https://host/data/{href}{query}"))
    given_links = {asset.href for asset in item.assets.values()}
    picked = ect.pick_assets(item)
    assert {link for link in picked.values() if link} <= given_links
    ends = {"h5": ".h5", "hdr": ".hdr"}
    for kind, end in ends.items():
        there = [link for link in given_links if urlsplit(link).path.lower().endswith(end)]
        there = [link for link in there if "/zipper/" not in link]
        assert (picked[kind] in there) if there else picked[kind] is None


@same
@given(
    file_type=st.sampled_from(list(PRODUCTS)),
    baseline=st.from_regex(r"\A[A-Z]{2}\Z"),
    start=st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)),
    hours=st.integers(0, 10_000),
    orbit=st.integers(0, 99_999),
    frame=st.sampled_from("ABCDEFGH"),
    agency=st.sampled_from("EJ"),
)
def test_an_id_says_what_it_was_made_of(file_type, baseline, start, hours, orbit, frame, agency):
    start = start.replace(microsecond=0, tzinfo=UTC)
    created = start + timedelta(hours=hours)
    times = f"{start:%Y%m%dT%H%M%SZ}_{created:%Y%m%dT%H%M%SZ}"
    told = parse_granule_id(f"ECA_{agency}X{baseline}_{file_type}_{times}_{orbit:05}{frame}")
    assert (told.file_type, told.baseline, told.agency) == (file_type, baseline, agency)
    assert (told.start_time, told.created) == (start, created)
    assert (told.orbit, told.frame) == (orbit, frame) == orbit_and_frame(f"{orbit}{frame.lower()}")


@same
@given(text=st.text(max_size=70) | st.from_regex(r"\AECA_E.{2,30}_\d{8}T\d{6}Z_.{0,30}\Z"))
def test_a_text_is_an_id_or_a_sentence(text):
    try:
        told = parse_granule_id(text)
    except ValueError as error:
        assert str(error).endswith(".")
    else:
        assert told.text == text and text.isascii()


@same
@given(
    when=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
    minutes=st.integers(-14 * 60, 14 * 60),
    as_text=st.booleans(),
)
def test_a_time_is_the_same_moment_in_utc(when, minutes, as_text):
    local = when.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    read = as_utc(local.isoformat() if as_text else local)
    assert read == local and read.utcoffset() == timedelta(0)


@same
@given(
    start=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
    days=st.integers(-400, 400),
    bare=st.booleans(),
)
def test_an_interval_holds_its_last_day(start, days, bare):
    end: Any = start + timedelta(days=days)
    given_end = f"{end:%Y-%m-%d}" if bare else end
    last = datetime(end.year, end.month, end.day, 23, 59, 59) if bare else end
    try:
        time = make_query("M-COP", start_time=start, end_time=given_end).time or ""
    except ValueError as error:
        assert last < start and "is after end_time" in str(error)
        return
    first, second = (datetime.fromisoformat(each) for each in time.split("/"))
    assert first.replace(tzinfo=None) == start.replace(microsecond=0)
    assert second.replace(tzinfo=None) == last.replace(microsecond=0)


# -- ranges and slices -----------------------------------------------------------------------------


@same
@given(
    gaps=st.lists(st.integers(0, 200_000), min_size=1, max_size=60),
    sizes=st.lists(st.integers(1, 5 << 20), min_size=60, max_size=60),
    several=st.integers(1, 4),
)
def test_ranges_cover_what_is_wanted_and_never_overlap(gaps, sizes, several):
    pieces, place = [], 0
    for number, (gap, size) in enumerate(zip(gaps, sizes, strict=False)):
        pieces.append(((number,), place + gap, size, 0))
        place += gap + size
    joined = list(spans(pieces, several))
    assert len(joined) <= len(list(spans(pieces))), "more than one variable alone takes"
    assert [piece for span in joined for piece in span] == pieces
    ends = [(span[0][1], span[-1][1] + span[-1][2]) for span in joined]
    assert all(one[1] <= two[0] for one, two in pairwise(ends))
    assert all(
        end - start <= LONGEST or len(s) == 1 for s, (start, end) in zip(joined, ends, strict=True)
    )


@same
@given(
    shape=st.lists(st.integers(1, 300), max_size=3).map(tuple),
    itemsize=st.sampled_from([1, 2, 4, 8, 80_000]),
)
def test_lines_cover_a_variable(shape, itemsize):
    chunk, pieces = lines_of(shape, 1000, itemsize)
    assert len(chunk) == len(shape)
    place = 1000
    for at, start, size, _ in pieces:
        assert start == place and (not at or at[0] % chunk[0] == 0)
        place += size
    assert place == 1000 + math.prod(shape) * itemsize


def keys(size):
    """Whatever xarray takes for a dimension."""
    steps = st.integers(-7, 7).filter(bool)
    edges = st.none() | st.integers(-size - 3, size + 3)
    places = st.integers(-size, size - 1)
    return st.one_of(
        places,
        st.builds(slice, edges, edges, steps),
        st.lists(places, max_size=9).map(lambda found: np.array(found, int)),
    )


@settings(same, max_examples=40)
@given(along=keys(60), across=keys(384))
def test_any_slice_is_that_of_numpy(served, along, across):
    lazy, whole = served
    for key, size in (along, 60), (across, 384):
        # xarray itself fails on a slice that goes backwards and picks nothing, of any lazy file.
        assume(not isinstance(key, slice) or (key.step or 1) > 0 or len(range(size)[key]))
    got = lazy["latitude"].isel(along_track=along, across_track=across).values
    if isinstance(along, np.ndarray) and isinstance(across, np.ndarray):
        wanted = whole[np.ix_(along, across)]
    else:
        wanted = whole[along, across]
    np.testing.assert_array_equal(got, wanted)


@pytest.fixture
def served(esa_maap, granule):
    """Give a granule as it is streamed, and the values of one of its variables."""
    return ect.open_granule(granule, "good"), ect.open_granule(granule, "good", "latitude")[
        "latitude"
    ].values


@settings(same, max_examples=15)
@given(along=st.builds(slice, st.integers(0, 59), st.none(), st.integers(1, 9)))
def test_reductions_of_what_is_streamed(served, along):
    lazy, whole = served
    part = lazy["latitude"].isel(along_track=along)
    for name in ("mean", "min", "max", "std"):
        wanted = getattr(np, f"nan{name}")(whole[along].astype("f8"))
        np.testing.assert_allclose(getattr(part.astype("f8"), name)().values, wanted, rtol=1e-9)
        chunked = part.chunk({"along_track": 7}).astype("f8")
        np.testing.assert_allclose(getattr(chunked, name)().values, wanted, rtol=1e-9)
