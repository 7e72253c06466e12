"""What a remote HDF5 file holds, learnt in few rounds of questions, as a dataset that reads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

import h5netcdf
import h5py
import numpy as np
import xarray as xr
from xarray.backends import AbstractDataStore, BackendArray, H5NetCDFStore
from xarray.core.indexing import IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter

from earthcare_tutorial._chunks import Chunks, Key, fetch_pieces, find_chunks, picked_of, read
from earthcare_tutorial._sparse import BLOCK, LARGEST_BLOCK, SparseFile, around

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from earthcare_tutorial._ranges import RemoteRanges

T = TypeVar("T")
NOT_A_VARIABLE = "This is a netCDF dimension but not a netCDF variable"


@dataclass
class Granule:
    """A group of a remote HDF5 file. Threads may share it, pickles of it learn anew."""

    remote: RemoteRanges
    group: str
    chunks: dict[str, Chunks] = field(default_factory=dict)  # of the variables looked into
    names: set[str] | None = None  # that xarray has to open; None: all

    def __post_init__(self) -> None:
        self._file = SparseFile(self.remote.size)  # the metadata met so far
        self._file.put(0, self.remote.start)
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return Granule, (self.remote, self.group, self.chunks, self.names)

    def __deepcopy__(self, memo: Any) -> Granule:
        return self  # so that copies of a dataset share a token, too

    def ask(self, questions: dict[str, Callable[[h5py.File], Any]]) -> dict[str, Any]:
        """Put questions to the file until none of them misses a part of it.

        All are put, then all that they missed is fetched at once, and again: as many round trips
        as the deepest answer needs, not as many as all answers together. A question may add
        others. HDF5 reads memory only: nobody ever waits for the network with its lock.
        """
        answers: dict[str, Any] = {}
        block, file = BLOCK, self._file
        with self._lock:
            while len(answers) < len(questions):
                file.missing.clear()
                asked = len(questions)
                try:
                    with h5py.File(file) as h5:
                        for name, question in list(questions.items()):
                            if name not in answers and (got := self.attempt(partial(question, h5))):
                                answers[name] = got[0]
                except OSError:
                    if not file.missing:
                        raise ValueError(
                            f"{self.remote.name} is damaged: HDF5 cannot read it."
                        ) from None
                if file.missing:
                    gaps = file.lacks(around(file, block))
                    for (start, _), part in zip(gaps, self.remote.fetch_all(gaps), strict=True):
                        file.put(start, part)
                block = min(2 * block, LARGEST_BLOCK) if asked == len(questions) else BLOCK
        return answers

    def attempt(self, question: Callable[[], T]) -> tuple[T] | None:
        """Return the answer in a tuple, or None when parts were missing."""
        known = len(self._file.missing)
        try:
            answer = question()
        except Exception:
            if len(self._file.missing) > known:
                return None
            raise
        # h5py passes over some errors
        return None if len(self._file.missing) > known else (answer,)

    def read(self, name: str, key: Key, shape: tuple[int, ...]) -> np.ndarray:
        """Read a part of a variable."""
        if name not in self.chunks:
            self.chunks |= self.ask({name: lambda h5: find_chunks(h5[self.group][name])})
        chunks = self.chunks[name]
        if chunks.filters is not None:
            return read(self.remote, chunks, key, shape)
        # Strings, rare filters, values in the header: HDF5 reads them from memory.
        for (_, (start, _)), body in fetch_pieces(self.remote, chunks.hit(picked_of(key, shape))):
            self._file.put(start, body)

        def through_hdf5(h5: h5py.File) -> np.ndarray:
            store = as_xarray_does(h5, self.group, self.names)
            group = store.ds  # its variables do not keep it
            return np.asarray(group.variables[name][key])

        return np.asarray(self.ask({name: through_hdf5})[name])


def as_xarray_does(h5: h5py.File, group: str, names: Collection[str] | None) -> H5NetCDFStore:
    """Open a group, with some of its variables or all."""
    root = h5netcdf.File(
        Selected(h5, group, names), "r", phony_dims="access", decode_vlen_strings=True
    )
    return H5NetCDFStore(root, group=group)


class RemoteArray(BackendArray):
    """A variable of a granule, for xarray: read when it is used, by any thread or process."""

    def __init__(self, granule: Granule, name: str, like: xr.Variable) -> None:
        self.granule, self.name, self.shape, self.dtype = granule, name, like.shape, like.dtype

    def __getitem__(self, key: Any) -> Any:
        return explicit_indexing_adapter(
            key,
            self.shape,
            IndexingSupport.OUTER_1VECTOR,
            lambda plain: self.granule.read(self.name, plain, self.shape),
        )


class _Metadata(AbstractDataStore):
    """What xarray decodes: variables as they are stored, and the attributes of their group."""

    def __init__(self, variables: dict[str, xr.Variable], attrs: dict[str, Any]) -> None:
        self._variables, self._attrs = variables, attrs

    def get_variables(self) -> dict[str, xr.Variable]:
        return self._variables

    def get_attrs(self) -> dict[str, Any]:
        return self._attrs


def open_lazily(granule: Granule, wanted: Sequence[str] | None) -> xr.Dataset:
    """Return the variables wanted with those that belong to them, or all; none is read yet.

    Raises
    ------
    ValueError
        When there is no such group or variable, or the file is damaged.
    """
    together, notes = explore(granule, wanted)

    def read_metadata(h5: h5py.File) -> tuple[dict[str, xr.Variable], dict[str, Any]]:
        store = as_xarray_does(h5, granule.group, granule.names)
        variables, attrs = store.load()  # type: ignore[no-untyped-call]
        return {
            name: each.copy(data=LazilyIndexedArray(RemoteArray(granule, name, each)))
            for name, each in variables.items()
            if together is None or name in together
        }, dict(attrs)

    variables, attrs = granule.ask({"": read_metadata})[""]
    # xarray looks into times and coordinates now, so HDF5 must be done with the file.
    ds = xr.open_dataset(_Metadata(variables, attrs), engine="store")
    if notes.upper().startswith("SYNTHETIC"):
        ds.attrs["synthetic"] = notes
    return ds


def explore(granule: Granule, wanted: Sequence[str] | None) -> tuple[set[str] | None, str]:
    """Look at variables and at what belongs to them, all at once.

    What xarray reads afterwards is in memory then, however far it is spread over the file. Returns
    the names of the variables that belong together, None for all, and the header's free text.
    """
    questions: dict[str, Callable[[h5py.File], Any]] = {"/notes": read_notes}
    together: set[str] = set()

    def look_at(names: Iterable[str]) -> None:
        for name in names:
            questions.setdefault(name, partial(find, name=name))

    def find(h5: h5py.File, name: str) -> bool:
        """Look at a variable, then at those that belong to it; tell whether there is one."""
        group = members(h5, granule.group)
        stored = group.get(name)
        if not isinstance(stored, h5py.Dataset):
            return False
        # Ask for chunks and for dimensions in the same round, whichever of them is missing.
        if name in together and (chunks := granule.attempt(lambda: find_chunks(stored))):
            granule.chunks[name] = chunks[0]
        if dims := granule.attempt(lambda: _dimensions(h5, granule.group, stored)):
            named, others = dims[0]
            if name in together:
                together.update(others)
                look_at(others)
                if stored.maxshape == (None,) or named < len(stored.shape):
                    granule.names = None  # its dimensions depend on all other variables
                    look_at(group)
        return NOT_A_VARIABLE not in str(stored.attrs.get("NAME", ""))

    if wanted is None:
        questions["/all"] = lambda h5: look_at(members(h5, granule.group))
    else:
        together.update(wanted)
        granule.names = together
        look_at(wanted)
    answers = granule.ask(questions)
    if unknown := [name for name in wanted or () if not answers[name]]:
        there = open_lazily(Granule(granule.remote, granule.group), None)
        raise ValueError(
            f"{granule.group} has no {', '.join(unknown)}; it has"
            f" {', '.join(map(str, there.variables))}."
        )
    return None if wanted is None else together, str(answers["/notes"])


def members(h5: h5py.File, group: str) -> h5py.Group:
    """Return a group, or raise the sentence that lists those there are."""
    if group not in h5:
        raise ValueError(f"The file has no group {group!r}, only {', '.join(h5)}.")
    return h5[group]


def _dimensions(h5: h5py.File, group: str, stored: h5py.Dataset) -> tuple[int, set[str]]:
    """Return how many dimensions of a variable have names, and the variables it belongs to."""
    # xarray reads the attributes too, but the list of all that refer to a dimension.
    attrs = {name: stored.attrs[name] for name in stored.attrs if name != "REFERENCE_LIST"}
    dims: list[str] = []
    if "DIMENSION_LIST" in attrs:
        named = scales(h5, group)
        where = [_address(h5, refs[-1]) for refs in attrs["DIMENSION_LIST"] if len(refs)]
        dims = [named[at].rpartition("/")[2] for at in where if at in named]
    elif attrs.get("CLASS") == b"DIMENSION_SCALE":
        dims = [stored.name.rpartition("/")[2]]
    listed = attrs.get("coordinates", "")
    listed = listed.decode() if isinstance(listed, bytes) else str(listed)
    return len(dims), {*dims, *(name for name in listed.split() if name in h5[group])}


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


class Selected(h5py.File):  # type: ignore[misc]
    """A file that lists only some of the names in a group, so that h5netcdf reads no others."""

    def __init__(self, h5: h5py.File, group: str, names: Collection[str] | None) -> None:
        super().__init__(h5.id)
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
    def __init__(self, group: Any, names: Collection[str]) -> None:
        super().__init__(group)
        self._names = names

    def __iter__(self) -> Iterator[str]:
        return (name for name in super().__iter__() if name in self._names)


def read_notes(h5: h5py.File) -> str:
    """Read the header's free text, where a synthetic file says that it is one."""
    notes = h5.get("HeaderData/FixedProductHeader/Notes")
    if not isinstance(notes, h5py.Dataset) or not h5py.check_string_dtype(notes.dtype):
        return ""
    return "".join(np.ravel(notes.asstr()[()]).tolist())
