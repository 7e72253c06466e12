"""Files of other writers equal what xarray reads from disk, or are refused in a sentence."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr

from earthcare_tutorial import download, open_granule, stream_stats
from earthcare_tutorial.streaming.leap_seconds import NOTE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VALUES = np.random.default_rng(3).normal(280.0, 5.0, (300, 40)).astype("f4")
TIMES = 8e8 + 0.063 * np.arange(300)
CHUNKS = {"chunks": (64, 16), "compression": "gzip", "shuffle": True}


def h5(add: Callable[[h5py.Group], object], **options: Any) -> Callable[[Path], None]:
    """Write a group with one usual variable and what a format adds."""

    def write(path: Path) -> None:
        with h5py.File(path, "w", **options) as file:
            group = file.create_group("ScienceData")
            for name, size in (("along", 300), ("across", 40)):
                group.create_dataset(name, data=np.arange(size)).make_scale(name)
            put(group, "usual", VALUES, **CHUNKS)
            add(group)

    return write


def put(group: h5py.Group, name: str, data: Any, **options: Any) -> h5py.Dataset:
    """Write a variable, with the dimensions of its shape."""
    made = group.create_dataset(name, data=data, **options)
    for axis, size in enumerate(made.shape):
        scale = {300: "along", 40: "across"}.get(size)
        if scale and scale in group:
            made.dims[axis].attach_scale(group[scale])
    return made


def nc(add: Callable[[netCDF4.Dataset], object], **options: Any) -> Callable[[Path], None]:
    """Write a group with netCDF-C."""

    def write(path: Path) -> None:
        with netCDF4.Dataset(path, "w", **options) as file:
            group = file.createGroup("ScienceData")
            group.createDimension("along", 300)
            group.createDimension("across", 40)
            made = group.createVariable("usual", "f4", ("along", "across"), zlib=True)
            made[:] = VALUES
            add(group)

    return write


def nc_put(group: Any, name: str, kind: Any, dims: tuple[str, ...], data: Any, **more: Any) -> Any:
    """Write a variable with netCDF-C."""
    made = group.createVariable(name, kind, dims, **more)
    made[:] = data
    return made


def unlimited(group: Any) -> None:
    group.createDimension("record", None)
    nc_put(group, "grown", "f4", ("record", "across"), VALUES[:50])
    nc_put(group, "shorter", "i2", ("record",), np.arange(20))


def many_attributes(group: h5py.Group) -> None:
    for n in range(40):
        group["usual"].attrs[f"note_{n}"] = f"text {n}"
        group["usual"].attrs[f"numbers_{n}"] = np.arange(n + 1)


def missing_chunks(group: h5py.Group) -> None:
    made = group.create_dataset("holes", (300, 40), "f4", fillvalue=-1.0, **CHUNKS)
    made[64:128, 16:32] = 7.0
    group.create_dataset("never", (300, 40), "f8", fillvalue=np.nan, **CHUNKS)
    group.create_dataset("nowhere", (300,), "i2", fillvalue=5)
    for each in ("holes", "never"):
        for axis, scale in enumerate(("along", "across")):
            group[each].dims[axis].attach_scale(group[scale])
    group["nowhere"].dims[0].attach_scale(group["along"])


def filter_left_out(group: h5py.Group) -> None:
    made = put(group, "mixed", VALUES, **CHUNKS)
    plain = np.ascontiguousarray(VALUES[:64, :16]) + 1
    made.id.write_direct_chunk((0, 0), plain.tobytes(), filter_mask=3)


def dims_above(group: Any) -> None:
    group.parent.createDimension("far", 40)
    nc_put(group, "nested", "f4", ("along", "far"), VALUES)


def a_compound(group: h5py.Group) -> None:
    group["pair"] = np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")])


def odd_texts(group: h5py.Group) -> None:
    put(group, "words", ["é", "", "NADIR"] * 100, dtype=h5py.string_dtype())
    put(group, "letters", np.array([b"ab", b"c"] * 150, "S3"))
    group["usual"].attrs["vlen"] = "µm²"
    group["usual"].attrs["fixed"] = np.bytes_(b"kg m-2")
    group["usual"].attrs["several"] = ["a", "b"]
    group["usual"].attrs["empty"] = h5py.Empty("f4")


def time_with_fill(group: h5py.Group) -> None:
    seconds = TIMES.copy()
    seconds[::9] = 9.969209968386869e36
    made = put(group, "time", seconds, chunks=(100,))
    made.attrs["units"] = np.bytes_(b"seconds since 2000-01-01 00:00:00.0")
    made.attrs["_FillValue"] = 9.969209968386869e36
    whole = put(group, "whole", TIMES.astype("i8"))
    whole.attrs["units"] = "seconds since 2000-01-01"
    other = put(group, "other", np.arange(300.0))
    other.attrs["units"] = "seconds since 1970-01-01"


def odd_types(group: h5py.Group) -> None:
    group["opaque"] = np.zeros(3, h5py.opaque_dtype("M8[s]"))
    group["rows"] = np.zeros(3, [("a", "i4", (2,)), ("b", "S70000")])


def latin(group: h5py.Group) -> None:
    group["usual"].attrs["fixed"] = np.bytes_("°".encode("latin-1"))
    group["usual"].attrs.create("long", "µm".encode(), dtype=h5py.string_dtype("ascii"))


def odd_numbers(group: h5py.Group) -> None:
    """Write numbers of fewer bits than their bytes have."""
    for name, kind in (("f", h5py.h5t.IEEE_F32LE), ("i", h5py.h5t.STD_I32LE)):
        of_bits = kind.copy()
        if name == "f":
            of_bits.set_fields(20, 16, 4, 0, 16)
            of_bits.set_precision(21)
            of_bits.set_ebias(7)
        else:
            of_bits.set_precision(20)
        space = h5py.h5s.create_simple((300,))
        made = h5py.h5d.create(group.id, name.encode(), of_bits, space)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(300).astype(name + "4") % 100)
        group[name].dims[0].attach_scale(group["along"])


def odd_enum(group: Any) -> None:
    kind = group.createEnumType("u1", "phase", {"ice": 1, "water": 2})
    nc_put(group, "phases", kind, ("along",), np.ones(300, "u1"), fill_value=1)


FORMATS: dict[str, Callable[[Path], None]] = {
    "as usual": h5(lambda group: None),
    "libver latest": h5(lambda group: None, libver="latest"),
    "libver v110": h5(
        lambda group: put(group, "ea", VALUES, maxshape=(None, 40), **CHUNKS),
        libver=("v110", "v110"),
    ),
    "creation order": h5(lambda group: None, track_order=True),
    "Fletcher's sums": h5(lambda group: put(group, "sums", VALUES, fletcher32=True, **CHUNKS)),
    "sums of odd sizes": h5(
        lambda group: put(
            group, "odd", VALUES[:, :1].astype("u1").ravel(), chunks=(77,), fletcher32=True
        )
    ),
    "LZF": h5(lambda group: put(group, "lzf", VALUES, chunks=(64, 16), compression="lzf")),
    "szip": h5(lambda group: put(group, "szip", VALUES, chunks=(64, 16), compression="szip")),
    "scaleoffset": h5(lambda group: put(group, "scaled", np.arange(300), scaleoffset=0)),
    "shuffle alone": h5(lambda group: put(group, "bytes", VALUES, chunks=(64, 16), shuffle=True)),
    "a filter left out": h5(filter_left_out),
    "chunks not packed": h5(lambda group: put(group, "plain", VALUES, chunks=(70, 13))),
    "chunk larger than all": h5(
        lambda group: put(group, "one", VALUES, chunks=(300, 40), maxshape=(None, None))
    ),
    "missing chunks": h5(missing_chunks),
    "no values": h5(lambda group: group.create_dataset("none", (0, 40), "f4", maxshape=(None, 40))),
    "big end first": h5(lambda group: put(group, "big", VALUES.astype(">f8"), **CHUNKS)),
    "small kinds": h5(
        lambda group: [put(group, f"k_{k}", VALUES.astype(k)) for k in ("f2", "u2", "i8", "u1")]
    ),
    "five dimensions": h5(
        lambda group: group.create_dataset(
            "five", data=VALUES.reshape(3, 100, 2, 5, 4), chunks=(2, 30, 2, 3, 4)
        )
    ),
    "booleans": h5(lambda group: put(group, "flags", VALUES > 280)),
    "complex numbers": h5(lambda group: put(group, "waves", VALUES + 1j * VALUES)),
    "texts": h5(odd_texts),
    "compound": h5(a_compound),
    "many attributes": h5(many_attributes),
    "attributes apart": h5(many_attributes, libver="latest"),
    "times": h5(time_with_fill),
    "soft link": h5(lambda group: group.__setitem__("soft", h5py.SoftLink("/ScienceData/usual"))),
    "hard link": h5(lambda group: group.__setitem__("hard", group["usual"])),
    "other types": h5(odd_types),
    "other letters": h5(latin),
    "numbers of odd bits": h5(odd_numbers),
    "user block": h5(lambda group: None, userblock_size=1024),
    "paged": h5(lambda group: None, fs_strategy="page", fs_page_size=4096),
    "netCDF unlimited": nc(unlimited),
    "netCDF dimensions above": nc(dims_above),
    "netCDF enumeration": nc(odd_enum),
    "netCDF letters": nc(lambda group: nc_put(group, "c", "S1", ("across",), b"x" * 40)),
    "netCDF classic": nc(lambda group: None, format="NETCDF4"),
}


@pytest.fixture
def link(esa_maap):
    """Put a file on the service."""

    def put_there(path: Path) -> str:
        esa_maap.accept(access_token="good")
        return esa_maap.put("a.h5", path)

    return put_there


@pytest.mark.filterwarnings("ignore:unable to decode:UserWarning")
@pytest.mark.filterwarnings("ignore:.*can't decode bytes:UnicodeWarning")
@pytest.mark.parametrize("name", FORMATS)
def test_equals_the_local_file(link, tmp_path, name):
    path = tmp_path / "a.h5"
    FORMATS[name](path)
    with xr.open_dataset(path, engine="h5netcdf", group="ScienceData", phony_dims="access") as file:
        local = file.load().assign_attrs(granule_id="a")
    for each in local.variables.values():
        if str(each.encoding.get("units")).startswith("seconds since 2000"):
            each.attrs["leap_seconds"] = NOTE
            each.values = each.values - np.timedelta64(5, "s")
    lazy = open_granule(link(path), "good", group="ScienceData")
    xr.testing.assert_identical(pickle.loads(pickle.dumps(lazy)).load(), local)  # noqa: S301
    for variable in local.variables:
        streamed = open_granule(link(path), "good", variable, "ScienceData")
        xr.testing.assert_identical(streamed, local[[variable]])


def test_a_variable_without_a_dataspace_spoils_no_other(link, tmp_path):
    h5(lambda group: group.__setitem__("nothing", h5py.Empty("f4")))(tmp_path / "a.h5")
    lazy = open_granule(link(tmp_path / "a.h5"), "good", group="ScienceData")
    assert "nothing" in lazy  # xarray lists it, too, and cannot load it
    np.testing.assert_array_equal(lazy["usual"], VALUES)


def test_a_large_chunk_comes_in_parts(link, tmp_path, monkeypatch):
    """Of a size that the length of a part does not divide."""
    monkeypatch.setattr("earthcare_tutorial.streaming.chunks.LONGEST", 70_001)
    values = np.random.default_rng(5).normal(280, 5, (4000, 100)).astype("f4")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("ScienceData/x", data=values, chunks=(3999, 100))
    lazy = open_granule(link(tmp_path / "a.h5"), "good")
    with stream_stats() as stats:
        np.testing.assert_array_equal(lazy["x"].values, values)
    asked = stats.requests()
    assert len(asked) > 20
    assert (asked["end"] - asked["start"]).max() <= 2 * 70_001


def outside(kind: str) -> Callable[[h5py.Group], object]:
    """Return what writes a variable whose values are in another file of this computer."""

    def add(group: h5py.Group) -> None:
        secret = str(group.file.filename).replace("a.h5", "secret.h5")
        with h5py.File(secret, "w") as file:
            file["x"] = np.arange(10.0)
        if kind == "storage":
            group.create_dataset("x", (10,), "f8", external=[(secret, 0, 80)])
        elif kind == "link":
            group["x"] = h5py.ExternalLink(secret, "x")
        else:
            layout = h5py.VirtualLayout((10,), "f8")
            layout[:] = h5py.VirtualSource(secret, "x", (10,))
            group.create_virtual_dataset("x", layout)

    return add


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("kind", ["storage", "link", "virtual"])
def test_a_file_that_shows_another_is_refused(link, tmp_path, kind, libver):
    path = tmp_path / "a.h5"
    h5(outside(kind), libver=libver)(path)
    for wanted in ("x", None):
        with pytest.raises(ValueError, match=r"a\.h5 refers to another file"):
            open_granule(link(path), "good", wanted, "ScienceData").load()
    if kind != "link":  # a link is not followed
        with pytest.raises(
            ConnectionError, match=r"came out damaged \(it refers to another file\)"
        ):
            download(link(path), "good", tmp_path / "there")
        assert not list((tmp_path / "there").glob("a*"))
