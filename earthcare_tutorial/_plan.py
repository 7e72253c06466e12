"""Which bytes of an HDF5 file hold some variables, learnt in few rounds of questions."""

from __future__ import annotations

from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

import h5py
import numpy as np

from earthcare_tutorial._progress import progress
from earthcare_tutorial._sparse import BLOCK, LARGEST_BLOCK, Range, SparseFile, around, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    import xarray as xr

    from earthcare_tutorial._ranges import RemoteRanges

T = TypeVar("T")
NOT_A_VARIABLE = "This is a netCDF dimension but not a netCDF variable"

SIEVE = 64 << 10  # HDF5 reads contiguous data in pieces of this size, so beyond what is asked for


@dataclass
class Place:
    """Where a variable is: its dimensions, and the pieces that its data are stored in."""

    shape: tuple[int, ...]
    dims: tuple[str, ...] | None  # None where the file does not name them
    chunks: tuple[int, ...] | None
    pieces: list[tuple[tuple[int, ...], Range]]  # of each its first index, and its bytes
    is_variable: bool  # or only a dimension
    is_unlimited: bool

    def ranges(self, isel: Mapping[str, Any], phony: Counter[int]) -> list[Range]:
        """Return the bytes that hold the part of each dimension that isel selects."""
        dims = self.dims or _phony_dims(self.shape, phony)
        picked = [
            np.unique(np.arange(size)[isel[dim]]) if dim in isel else None
            for dim, size in zip(dims, self.shape, strict=True)
        ]
        if self.chunks is None:
            return [_rows(self.shape, picked, each) for _, each in self.pieces]
        hit = [
            None if these is None else set((these // size * size).tolist())
            for these, size in zip(picked, self.chunks, strict=True)
        ]
        return [
            each
            for first, each in self.pieces
            if all(known is None or at in known for at, known in zip(first, hit, strict=True))
        ]


def _rows(shape: tuple[int, ...], picked: list[Any], whole: Range) -> Range:
    """Return the bytes from the first to the last row picked of a contiguous variable."""
    if not shape or picked[0] is None:
        return whole
    start, end = whole
    if not len(picked[0]):
        return start, start
    row = (end - start) // shape[0]
    last = start + (int(picked[0][-1]) + 1) * row
    return start + int(picked[0][0]) * row, min(end, last + SIEVE)


def _phony_dims(shape: tuple[int, ...], phony: Counter[int]) -> tuple[str, ...]:
    """Name dimensions as h5netcdf does (phony_dims="access") where the file does not."""
    numbered = list(phony.elements())
    seen: Counter[int] = Counter()
    names = []
    for size in shape:
        first = numbered.index(size) if size in phony else 0
        names.append(f"phony_dim_{first + seen[size]}")
        seen[size] += 1
    return tuple(names)


def find(
    h5: h5py.File, file: SparseFile, group: str, name: str, also: Callable[[Iterable[str]], None]
) -> Place | None:
    """Find a variable, and call ``also`` with those that belong to it; None if there is none."""
    if group not in h5:
        raise ValueError(f"The file has no group {group!r}, only {', '.join(h5)}.")
    stored = h5[group].get(name)
    if not isinstance(stored, h5py.Dataset):
        return None
    # Look for its pieces and for its dimensions in the same round, whichever of them is missing.
    pieces = attempt(file, lambda: _pieces(stored))
    dims, others = (attempt(file, lambda: _dimensions(h5, group, stored)) or [(None, ())])[0]
    also(others)
    return Place(
        stored.shape,
        dims,
        stored.chunks,
        pieces[0] if pieces else [],
        NOT_A_VARIABLE not in str(stored.attrs.get("NAME", "")),
        stored.maxshape == (None,),
    )


def _pieces(stored: h5py.Dataset) -> list[tuple[tuple[int, ...], Range]]:
    found = []
    if stored.chunks:
        stored.id.chunk_iter(
            lambda chunk: found.append(
                (chunk.chunk_offset, (chunk.byte_offset, chunk.byte_offset + chunk.size))
            )
        )
    elif (start := stored.id.get_offset()) is not None:  # None: compact, or never written
        found.append(((), (start, start + stored.id.get_storage_size())))
    return found


def _dimensions(
    h5: h5py.File, group: str, stored: h5py.Dataset
) -> tuple[tuple[str, ...] | None, set[str]]:
    """Return the names of a variable's dimensions, if any, and of the variables it belongs to."""
    # h5netcdf reads the attributes too, but the list of all that refer to a dimension.
    attrs = {name: stored.attrs[name] for name in stored.attrs if name != "REFERENCE_LIST"}
    dims: tuple[str, ...] = ()
    if "DIMENSION_LIST" in attrs:
        named = scales(h5, group)
        where = [_address(h5, refs[-1]) for refs in attrs["DIMENSION_LIST"] if len(refs)]
        dims = tuple(named[at].rpartition("/")[2] for at in where if at in named)
    elif attrs.get("CLASS") == b"DIMENSION_SCALE":
        dims = (stored.name.rpartition("/")[2],)
    listed = attrs.get("coordinates", "")
    listed = listed.decode() if isinstance(listed, bytes) else str(listed)
    others = {*dims, *(name for name in listed.split() if name in h5[group])}
    return dims if len(dims) == len(stored.shape) else None, others


def scales(h5: h5py.File, group: str) -> dict[int, str]:
    """Return the address and the path of all that the group and those around it hold.

    HDF5 can find the path of an object itself, but looks through the whole file for it.
    """
    found: dict[int, str] = {}
    path = ""
    for step in ("", *group.strip("/").split("/")):
        path = f"{path}/{step}".replace("//", "/")

        def note(name: bytes, link: Any, path: str = path) -> None:
            if link.type == h5py.h5l.TYPE_HARD:
                found[link.u] = f"{path}/{name.decode()}".replace("//", "/")

        around_here = h5[path]  # a name, as its links do not keep it open
        around_here.id.links.iterate(note, info=True)
    return found


def _address(h5: h5py.File, reference: h5py.Reference) -> int:
    return int(h5py.h5o.get_info(h5py.h5r.dereference(reference, h5.id)).addr)


def shape_without_scales(h5: h5py.File, group: str, name: str) -> tuple[int, ...]:
    """Return the shape of a variable whose dimensions have no names, else nothing."""
    stored = h5[group][name]
    if not isinstance(stored, h5py.Dataset) or stored.attrs.get("CLASS") == b"DIMENSION_SCALE":
        return ()
    dict(stored.attrs)  # h5netcdf reads them all
    return () if any(len(dim) for dim in stored.dims) else stored.shape


class Selected(h5py.File):  # type: ignore[misc]
    """A file that lists only some of the names in a group, so that h5netcdf reads no others."""

    def __init__(self, file: SparseFile, group: str, names: Container[str] | None) -> None:
        super().__init__(file)
        self._selection = f"/{group.strip('/')}", names
        self._scales = scales(self, group)

    def __getitem__(self, name: Any) -> Any:
        if isinstance(name, h5py.Reference):
            at = _address(self, name)
            if at in self._scales:
                return SimpleNamespace(name=self._scales[at])
        found = super().__getitem__(name)
        group, names = self._selection
        if names is not None and isinstance(found, h5py.Group) and found.name == group:
            return _SelectedGroup(found.id, names)
        return found


class _SelectedGroup(h5py.Group):  # type: ignore[misc]
    def __init__(self, group: Any, names: Container[str]) -> None:
        super().__init__(group)
        self._names = names

    def __iter__(self) -> Iterator[str]:
        return (name for name in super().__iter__() if name in self._names)


def attempt(file: SparseFile, question: Callable[[], T]) -> tuple[T] | None:
    """Return the answer in a tuple, or None when parts were missing."""
    known = len(file.missing)
    try:
        answer = question()
    except Exception:
        if len(file.missing) > known:
            return None
        raise
    return None if len(file.missing) > known else (answer,)  # h5py passes over some errors


def ask(
    remote: RemoteRanges, file: SparseFile, questions: dict[str, Callable[[h5py.File], T]]
) -> dict[str, T]:
    """Put questions to a file until none of them misses a part of it.

    All are put, then all that they missed is fetched at once, and again: as many round trips as
    the deepest answer needs, not as many as all answers together. A question may add others.
    """
    answers: dict[str, T] = {}
    block = BLOCK
    while len(answers) < len(questions):
        file.missing.clear()
        try:
            with h5py.File(file) as h5:
                for name, question in list(questions.items()):
                    if name not in answers and (answer := attempt(file, partial(question, h5))):
                        answers[name] = answer[0]
        except OSError:
            if not file.missing:
                raise ValueError(f"{remote.name} is damaged: HDF5 cannot read it.") from None
        if file.missing:
            fetch(remote, file, around(file, block))
        block = min(2 * block, LARGEST_BLOCK)
    return answers


def fetch(remote: RemoteRanges, file: SparseFile, ranges: Iterable[Range]) -> None:
    """Fetch what is not here of some ranges."""
    for start, part in remote.fetch_all(parts(file.lacks(ranges))):
        file.put(start, part)


def insist(remote: RemoteRanges, file: SparseFile, question: Callable[[], Any]) -> None:
    """Put a question, and fetch what is missing, until it is answered."""
    while not attempt(file, question):
        fetch(remote, file, around(file, 0))


def load(
    remote: RemoteRanges, group: str, wanted: list[str], isel: Mapping[str, Any]
) -> xr.Dataset:
    """Learn where the variables are, fetch that, and let xarray read it from memory."""
    with SparseFile(remote.size) as file:
        file.put(0, remote.start)
        found = _find_all(remote, file, group, wanted)
        if unknown := [name for name in wanted if name not in found.variables]:
            with _open(remote, file, group, None) as ds:
                names = ", ".join(map(str, ds.variables))
            raise ValueError(f"{group} has no {', '.join(unknown)}; it has {names}.")
        ranges = {name: each.ranges(isel, found.phony) for name, each in found.places.items()}
        # Short ones first: xarray looks into times and coordinates when it opens the file.
        short = [name for name in ranges if len(found.places[name].shape) < 2]
        long = sorted(ranges.keys() - short, key=lambda name: max(ranges[name], default=(0, 0)))
        needed = [file.lacks(chain(*(ranges[name] for name in short)))]
        needed += [file.lacks(ranges[name]) for name in long]
        order = parts(list(chain(*needed)))
        with (
            closing(remote.fetch_all(order)) as coming,
            progress(sum(end - start for start, end in order), remote.name) as done,
        ):

            def receive(names: Iterable[str]) -> None:
                needed = list(chain(*map(ranges.__getitem__, names)))
                while file.lacks(needed) and (got := next(coming, None)):
                    file.put(*got)
                    done(len(got[1]))

            receive(short)
            with _open(remote, file, group, found) as ds:
                part = ds[wanted].isel(isel)
                for name in long:  # decode each while the next is under way
                    receive([name])
                    if name in part.variables:
                        insist(remote, file, part.variables[name].load)
                insist(remote, file, part.load)
        if found.notes.upper().startswith("SYNTHETIC"):
            part.attrs["synthetic"] = found.notes
        return part


@dataclass
class Found:
    """Where variables and those that belong to them are."""

    places: dict[str, Place]
    notes: str  # of the header of the file
    names: list[str]  # all in the group, if the dimensions can only be told from all of them
    phony: Counter[int]  # sizes of the dimensions without names

    @property
    def variables(self) -> set[str]:
        """Return the names of what is more than a dimension."""
        return {name for name, place in self.places.items() if place.is_variable}


def _find_all(remote: RemoteRanges, file: SparseFile, group: str, wanted: list[str]) -> Found:
    questions: dict[str, Callable[[h5py.File], Any]] = {"/notes": read_notes}

    def look_for(names: Iterable[str]) -> None:
        for name in names:
            question = partial(find, file=file, group=group, name=name, also=look_for)
            questions.setdefault(name, question)

    look_for(wanted)
    answers = ask(remote, file, questions)
    notes = answers.pop("/notes")
    places = {name: place for name, place in answers.items() if place}
    names: list[str] = []
    phony: Counter[int] = Counter()
    if any(place.is_unlimited or (place.dims is None and place.shape) for place in places.values()):
        names = ask(remote, file, {"": lambda h5: list(h5[group])})[""]
        shapes = ask(
            remote,
            file,
            {name: partial(shape_without_scales, group=group, name=name) for name in names},
        )
        for name in names:
            phony |= Counter(shapes[name])
    return Found(places, notes, names, phony)


@contextmanager
def _open(
    remote: RemoteRanges, file: SparseFile, group: str, found: Found | None
) -> Iterator[xr.Dataset]:
    """Open the file with xarray: the variables found, or all."""
    import h5netcdf
    import xarray as xr
    from xarray.backends import H5NetCDFStore

    listed = found.places.keys() if found and not found.names else None
    drop = set(found.names) - found.places.keys() if found else set()

    def decode(h5: h5py.File) -> xr.Dataset:
        root = h5netcdf.File(h5, "r", phony_dims="access", decode_vlen_strings=True)
        store = H5NetCDFStore(root, group=group)
        return xr.open_dataset(store, engine="store", drop_variables=drop)

    while True:
        with Selected(file, group, listed) as h5:
            answer = attempt(file, partial(decode, h5))
            if answer:
                yield answer[0]
                return
        fetch(remote, file, around(file, BLOCK))


def read_notes(h5: h5py.File) -> str:
    """Read the header's free text, where a synthetic file says that it is one."""
    notes = h5.get("HeaderData/FixedProductHeader/Notes")
    if not isinstance(notes, h5py.Dataset) or not h5py.check_string_dtype(notes.dtype):
        return ""
    return "".join(np.ravel(notes.asstr()[()]).tolist())
