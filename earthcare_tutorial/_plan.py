"""What a remote HDF5 file holds, learnt in few rounds of questions, as a dataset that reads."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import h5py
import numpy as np
import xarray as xr
from xarray.backends import AbstractDataStore, BackendArray
from xarray.core.indexing import IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter

from earthcare_tutorial._chunks import Chunks, Key, fetch_pieces, find_chunks, picked_of, read
from earthcare_tutorial._hdf5 import as_xarray_does, dimensions, members, read_notes
from earthcare_tutorial._sparse import BLOCK, LARGEST_BLOCK, SparseFile, around

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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
            with self._lock:
                self._file.put(start, body)

        def through_hdf5(h5: h5py.File) -> np.ndarray:
            store = as_xarray_does(h5, self.group, self.names)
            group = store.ds  # its variables do not keep it
            return np.asarray(group.variables[name][key])

        return np.asarray(self.ask({name: through_hdf5})[name])


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
        if dims := granule.attempt(lambda: dimensions(h5, granule.group, stored)):
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
