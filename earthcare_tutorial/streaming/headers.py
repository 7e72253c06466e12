"""Groups, headers of variables and indexes of chunks of a remote HDF5 file, read by pyfive.

Some of pyfive's names used here are private (`_links`, `_dataobjects`, `_chunk_address`), so its
minor version is pinned, and tests/earthcare_tutorial/test_layouts.py compares with HDF5.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from reprlib import repr as short
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pyfive
from h5netcdf.attrs import Attributes
from pyfive.btree import BTreeV1RawDataChunks
from pyfive.dataobjects import DataObjects
from pyfive.p5t import P5FixedStringType, P5FloatType, P5IntegerType

from earthcare_tutorial.streaming.checksums import is_sound
from earthcare_tutorial.streaming.chunks import DEFLATE, FLETCHER32, SHUFFLE, Stored, lines_of
from earthcare_tutorial.streaming.remote import CONNECTIONS, GranuleError, RemoteFile
from earthcare_tutorial.streaming.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST_READ = 16 << 20  # bytes; no piece of metadata is longer, unless the file is damaged
NOT_A_VARIABLE = "This is a netCDF dimension but not a netCDF variable"
PLAIN = (P5FixedStringType, P5FloatType, P5IntegerType)
UNDEFINED = 2**64 - 1
EXTERNAL_FILES, ATTRIBUTE, LINK_INFO = 7, 12, 2  # messages of an object header
DATATYPE, FILL_VALUE = 3, 5
SHAREABLE = (1, 3, 5, 11)  # dataspace, datatype, fill value, filters
CONTIGUOUS, CHUNKED, VIRTUAL = 1, 2, 3  # layouts
#: Where pyfive fails on what it does not know: other links, newer layouts, other types of values.
PARTIAL = {"_decode_link_msg", "_get_data_message_properties", "determine_dtype"}


class OddError(Exception):
    """Something that pyfive does not read, or not as HDF5 does."""


def let_hdf5_decide(remote: RemoteFile, error: Exception) -> None:
    """Return if HDF5 may read what pyfive did not; else raise that the file is damaged.

    HDF5 is not asked about a file that is known to be damaged: there are some that it never leaves.
    """
    where = {frame.name for frame in extract_tb(error.__traceback__)}
    odd = isinstance(error, (OddError, NotImplementedError, UnicodeDecodeError, Warning))
    if odd or where & PARTIAL or "cannot yet read" in str(error):  # so it says of newer indexes
        return
    raise remote.damaged("its metadata are not as HDF5 writes them") from None


class Reader(io.RawIOBase):
    """A place in the metadata of a remote file; one for each thread that parses it."""

    def __init__(self, remote: RemoteFile, base: int = 0) -> None:
        self._remote, self._base, self._place = remote, base, 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file."""
        end = self._remote.size - self._base
        self._place = offset + (0, self._place, end)[whence]
        return self._place

    def read(self, size: int = -1) -> bytes:
        """Read from this place on; blocks that are not in memory are fetched."""
        body = self._peek(self._remote.size if size < 0 else size)
        if not is_sound(body, self._peek):
            raise self._remote.damaged("a checksum in its metadata is wrong")
        self._place += len(body)
        return body

    def _peek(self, size: int) -> bytes:
        start = self._place + self._base
        end = min(start + size, self._remote.size)
        if end - start > LARGEST_READ:
            raise self._remote.damaged(f"a piece of its metadata has {end - start} bytes")
        return self._remote.from_blocks(start, end)


@dataclass
class Group:
    """A group, and how the objects in it and in the groups around it are called."""

    path: str
    links: dict[str, Any]  # by name: the address in the file
    places: dict[int, str]
    attrs: dict[str, Any]


@dataclass
class Member:
    """A variable, as its header describes it."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attrs: dict[str, Any]  # as they are stored
    maxshape: tuple[int | None, ...]
    chunks: tuple[int, ...] | None  # of what is stored in chunks
    stored: Stored | None = None

    @property
    def is_scale(self) -> bool:
        """Tell whether it is the scale of a dimension."""
        return text(self.attrs.get("CLASS", "")) == "DIMENSION_SCALE"

    @property
    def is_variable(self) -> bool:
        """Tell whether netCDF takes it for a variable, and not only for a dimension."""
        return NOT_A_VARIABLE not in text(self.attrs.get("NAME", ""))


def text(value: Any) -> str:
    """Return an attribute as text."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def open_file(remote: RemoteFile) -> Any:
    """Open a remote file with pyfive."""
    return pyfive.File(Reader(remote), decode_strings=True)


def open_group(remote: RemoteFile, path: str) -> Group:
    """Find a group; an error that lists those there are when there is none."""
    at = open_file(remote)
    places = {address: name for name, address in at._links.items()}
    gone = ""
    for step in filter(None, path.split("/")):
        if step not in at:
            where = f"{gone} of the file" if gone else "The file"
            raise GranuleError(
                f"{where} has no group {short(step)}, only {', '.join(sorted(at)) or 'none'}."
            )
        at = at.get_lazy_view(step)
        gone = f"{gone}/{step}".strip("/")
        if not isinstance(at, pyfive.Group):
            raise GranuleError(f"{gone} is a variable, not a group.")
        places |= {address: name for name, address in at._links.items()}
    header = at._dataobjects
    info = header.find_msg_type(LINK_INFO)
    tracked = info and header.msg_data[info[0]["offset_to_message"] + 1] & 1
    links = dict(at._links if tracked else sorted(at._links.items()))
    if any(isinstance(each, str) or "_nc4_non_coord_" in name for name, each in links.items()):
        raise OddError
    return Group(gone, links, places, attributes(at.attrs))


def read_notes(file: Any) -> str:
    """Read the header's free text, where a synthetic file says that it is one."""
    notes = file.get("HeaderData/FixedProductHeader/Notes")
    if getattr(notes, "shape", None) is None or notes.dtype.kind not in "SO":
        return ""
    return "".join(map(text, np.ravel(notes[()]).tolist()))


def attributes(stored: dict[str, Any]) -> dict[str, Any]:
    """Return attributes as h5netcdf and xarray do: some hidden, texts decoded."""
    if any(value is None for value in stored.values()):
        raise OddError
    found = dict(Attributes(stored, None, pyfive))
    for name, value in found.items():
        if isinstance(value, bytes) and name not in ("_FillValue", "missing_value"):
            found[name] = value.decode()
    return found


def describe(remote: RemoteFile, address: int, *, index: bool) -> Member | None:
    """Read the header of an object, and where its values are; None if it is no variable."""
    header = DataObjects(Reader(remote, remote.base), address, decode_strings=True)
    if not header.is_dataset:
        return None
    _, layout, place = header.get_id_storage_params()
    if header.find_msg_type(EXTERNAL_FILES) or layout == VIRTUAL:
        raise outside(remote)
    if any(msg["flags"] & 2 for msg in header.msgs if msg["type"] in SHAREABLE) or not isinstance(
        header.ptype, PLAIN
    ):
        raise OddError  # shared messages; texts of any length, compounds, enumerations
    if header.shape is None or not header.find_msg_type(FILL_VALUE) or not _is_usual(header):
        raise OddError
    for msg in header.find_msg_type(ATTRIBUTE):
        version, shared = header.msg_data[msg["offset_to_message"] :][:2]
        if version > 1 and shared & 3:
            raise OddError
    filters = tuple(each["filter_id"] for each in header.filter_pipeline or ())
    if set(filters) - {DEFLATE, SHUFFLE, FLETCHER32} or layout not in (CONTIGUOUS, CHUNKED):
        raise OddError  # other filters; values in the header itself
    shape, pieces = tuple(header.shape), list[Any]()
    too_long = [n for n, most in zip(shape, header.maxshape, strict=True) if n > (most or n)]
    if too_long or (header._header["version"] == 1 and any(m["size"] % 8 for m in header.msgs)):
        raise remote.damaged("the header of a variable is wrong")
    chunk, cut = tuple(header.chunks or shape), layout == CONTIGUOUS
    member = Member(
        shape, header.ptype.dtype, header.get_attributes(), tuple(header.maxshape), header.chunks
    )
    if not index:
        return member
    if layout == CHUNKED:
        pieces = _chunk_index(remote, header)
    else:
        start = int.from_bytes(header.msg_data[place : place + 8], "little")
        if start != UNDEFINED and np.prod(shape, dtype=int):
            chunk, pieces = lines_of(shape, remote.base + start, member.dtype.itemsize)
    fill = np.array(header.fillvalue).astype(member.dtype)[()]
    member.stored = Stored(shape, member.dtype, fill, chunk, filters, pieces, cut)
    return member


def _is_usual(header: DataObjects) -> bool:
    """Tell whether the bits of a number lie as HDF5 writes NumPy's; pyfive does not look."""
    at, dtype = header.find_msg_type(DATATYPE)[0]["offset_to_message"], header.ptype.dtype
    usual = _datatype_message(dtype) if dtype.kind in "iuf" else b""
    return bool(header.msg_data[at + 1 :][: len(usual)] == usual)


@cache
def _datatype_message(dtype: np.dtype[Any]) -> bytes:
    return bytes(h5py.h5t.py_create(dtype).encode()[3:])  # what stands before it, and its version


def _chunk_index(remote: RemoteFile, header: DataObjects) -> list[Any]:
    if header._chunk_address == UNDEFINED or not np.prod(header.shape, dtype=int):
        return []
    reader = Reader(remote, remote.base)

    def fetch(addresses: Sequence[int], size: int) -> list[bytes]:
        """Read several parts of the index at once."""
        starts = [at + remote.base for at in addresses]
        missing = {n for start in starts for n in remote.lacks(start, start + size)}
        in_threads(remote.block, sorted(missing), CONNECTIONS)
        return [reader.read(size) for at in addresses if reader.seek(at) == at]

    tree = BTreeV1RawDataChunks(reader, header._chunk_address, header._chunk_dims, fetch)
    offsets = [key["chunk_offset"] for node in tree.all_nodes[0] for key in node["keys"]]
    if offsets and np.mod(offsets, (*header.chunks, 1 << 62)).any():
        raise remote.damaged("the index of its chunks is wrong")
    return [
        (key["chunk_offset"][:-1], remote.base + at, key["chunk_size"], key["filter_mask"])
        for node in tree.all_nodes[0]
        for key, at in zip(node["keys"], node["addresses"], strict=True)
    ]


def outside(remote: RemoteFile) -> GranuleError:
    """Return the sentence about a file that leads out of itself."""
    return GranuleError(
        f"{remote.name} refers to another file, which may be one of this computer: it is not read."
    )


def size_of(remote: RemoteFile, address: int) -> int:
    """Return the size of a dimension from its scale: one that grows is as its longest variable."""
    scale = DataObjects(Reader(remote, remote.base), address, decode_strings=True)
    if not scale.is_dataset or len(scale.shape) != 1:
        raise OddError
    sizes = list(scale.shape)
    if scale.maxshape[0] is None:
        for reference, axis in scale.get_attributes().get("REFERENCE_LIST", ()):
            at = DataObjects(Reader(remote, remote.base), reference.address_of_reference)
            sizes.append(at.shape[axis])
    return int(max(sizes))


def is_variable(remote: RemoteFile, address: int) -> bool:
    """Tell whether there is a variable at this address, and not a group."""
    return bool(DataObjects(Reader(remote, remote.base), address).is_dataset)
