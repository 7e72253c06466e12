"""A damaged file is read as HDF5 reads it, or refused in a sentence; never in silence otherwise.

HDF5 refuses some that are damaged where it bears on no value. There the stream may read on, if all
that it returns is as it was written.

A mutation follows from its layout and number alone, so that one that fails can be looked at
by itself: `pytest tests/trust/test_fuzz.py -k LAYOUT-NUMBER`.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

import h5py
import netCDF4
import numpy as np
import pytest

from earthcare_tutorial import open_granule
from tests.trust.guarded import GuardedReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from maap_replay.pytest_plugin import EsaMaap

VALUES = np.arange(600, dtype="f4").reshape(60, 10)
NAMES = ["a", "b"]
MUTATIONS = range(84 if os.environ.get("TRUST") == "whole" else 6)  # of each layout
#: What once was read in silence, or hung, is always tried.
MENDED = {"JAXA": (9, 16, 36), "unpacked": (6, 37, 48, 57, 60, 62, 64)}


def by_h5py(path: Path, **options: Any) -> None:
    """Write as JAXA does, or with what only h5py can set."""
    storage = options.pop("storage", {"chunks": (7, 4), "compression": "gzip"})
    with h5py.File(path, "w", **options) as file:
        for name in NAMES:
            made = file.create_dataset(f"ScienceData/{name}", data=VALUES, **storage)
            made.attrs["units"] = "m"


def by_netcdf(path: Path, **storage: Any) -> None:
    """Write as ESA does."""
    with netCDF4.Dataset(path, "w") as file:
        group = file.createGroup("ScienceData")
        group.createDimension("along", 60)
        group.createDimension("across", 10)
        for name in NAMES:
            made = group.createVariable(name, "f4", ("along", "across"), **storage)
            made.setncatts({f"note_{n}": f"text {n}" for n in range(9)})
            made[:] = VALUES


LAYOUTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "netCDF": (by_netcdf, {"zlib": True, "shuffle": True, "chunksizes": (7, 4)}),
    "sums": (by_netcdf, {"zlib": True, "fletcher32": True, "chunksizes": (30, 10)}),
    "contiguous": (by_netcdf, {"contiguous": True}),
    "JAXA": (by_h5py, {}),
    "latest": (by_h5py, {"libver": "latest"}),
    "unpacked": (by_h5py, {"storage": {"chunks": (9, 10)}}),
}


CASES = [
    pytest.param(layout, number, id=f"{layout}-{number}")
    for layout in LAYOUTS
    for number in sorted({*MUTATIONS, *MENDED.get(layout, ())})
]


@cache
def sound(layout: str, folder: Path) -> tuple[bytes, np.ndarray, np.ndarray]:
    """Return a file, where its metadata are written, and where its values."""
    write, options = LAYOUTS[layout]
    path = folder / f"{layout}.h5"
    write(path, **options)
    body = path.read_bytes()
    values = np.zeros(len(body), bool)
    with h5py.File(path) as file:
        for name in NAMES:
            data = file["ScienceData"][name]
            if data.chunks is None:
                values[data.id.get_offset() :][: data.id.get_storage_size()] = True
                continue
            for number in range(data.id.get_num_chunks()):
                chunk = data.id.get_chunk_info(number)
                values[chunk.byte_offset :][: chunk.size] = True
    written = np.frombuffer(body, "u1") > 0  # not what is free
    written[:8] = False  # without the signature it is another error
    return body, np.flatnonzero(written & ~values), np.flatnonzero(written & values)


def mutated(layout: str, number: int, folder: Path) -> bytes:
    """Return a file with some of its bytes changed: flipped, all ones, zeros, or cut short."""
    body, metadata, values = sound(layout, folder)
    random = np.random.default_rng([sorted(LAYOUTS).index(layout), number])
    changed = bytearray(body)
    for _ in range(1 + number % 3):
        place = random.choice(values if number % 4 == 3 else metadata)
        kind = random.integers(8)
        if kind < 5:
            changed[place] ^= 1 << random.integers(8)
        elif kind == 5:
            changed[place : place + 8] = b"\xff" * len(changed[place : place + 8])
        elif kind == 6:
            changed[place : place + 8] = bytes(len(changed[place : place + 8]))
        else:
            del changed[max(place, 100) :]
            break
    return bytes(changed)


@pytest.fixture(scope="module")
def reader() -> Iterator[GuardedReader]:
    """Give a process that reads damaged files: HDF5 itself can crash or hang on one."""
    made = GuardedReader()
    yield made
    made.stop()


@pytest.mark.parametrize(("layout", "number"), CASES)
def test_damage_is_never_silent(
    esa_maap: EsaMaap,
    reader: GuardedReader,
    tmp_path_factory: pytest.TempPathFactory,
    layout: str,
    number: int,
) -> None:
    esa_maap.accept(access_token="good")
    folder = tmp_path_factory.getbasetemp()
    body = mutated(layout, number, folder)
    url = esa_maap.put("a.h5", body)
    path = folder / "mutated.h5"
    path.write_bytes(body)
    seen = reader.compare(url, path, folder / f"{layout}.h5", NAMES)
    assert seen.partition(":")[0] in ("equal", "as written", "sentence"), seen


def test_an_attribute_is_not_lost_with_its_record(esa_maap: EsaMaap, tmp_path: Path) -> None:
    """Where many attributes are listed, one fewer is said to be: HDF5 compares a checksum."""
    body, _, _ = sound("contiguous", tmp_path)
    records = body.index(b"BTHD\0\x08") + 24  # those of the root, listed by name
    fewer = bytes([body[records] - 1])
    esa_maap.accept(access_token="good")
    url = esa_maap.put("a.h5", body[:records] + fewer + body[records + 1 :])
    with pytest.raises(ValueError, match=r"a\.h5 is damaged: a checksum"):
        open_granule(url, "good", NAMES, "ScienceData")


def test_another_file_is_seen(
    esa_maap: EsaMaap, reader: GuardedReader, tmp_path: Path, granule: str
) -> None:
    """The test above can fail: what is streamed is compared with a file that is not the same."""
    sums, other = (sound(name, tmp_path)[0] for name in ("sums", "contiguous"))
    url = esa_maap.put("a.h5", sums)
    (tmp_path / "b.h5").write_bytes(other.replace(VALUES[3].tobytes(), VALUES[4].tobytes()))
    path = tmp_path / "b.h5"
    assert reader.compare(url, path, path, NAMES).startswith("silent")
    refused = tmp_path / "none.h5"
    refused.write_bytes(b"none")
    assert reader.compare(url, refused, path, NAMES).startswith("silent")
    assert reader.compare(url, refused, tmp_path / "sums.h5", NAMES) == "as written"
