"""The variables of a remote file as xarray takes them: their dimensions, and values when used."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import xarray as xr
from xarray.backends import AbstractDataStore, BackendArray
from xarray.core.indexing import IndexingSupport, LazilyIndexedArray, explicit_indexing_adapter

from earthcare_tutorial.streaming import fallback
from earthcare_tutorial.streaming.chunks import read
from earthcare_tutorial.streaming.headers import (
    Group,
    Member,
    OddError,
    attributes,
    describe,
    let_hdf5_decide,
    size_of,
    text,
)
from earthcare_tutorial.streaming.leap_seconds import counts_leap_seconds, note_leap_seconds, to_utc
from earthcare_tutorial.streaming.remote import GranuleError, RemoteFile
from earthcare_tutorial.streaming.threads import in_threads

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import numpy as np


METADATA_THREADS = 16  # each waits for the header and the index of one variable


class Store(AbstractDataStore):
    """What xarray decodes: variables as they are stored, and the attributes of their group."""

    def __init__(self, variables: dict[str, xr.Variable], attrs: dict[str, Any]) -> None:
        self._variables, self._attrs = variables, attrs

    def get_variables(self) -> dict[str, xr.Variable]:
        """Return the variables."""
        return self._variables

    def get_attrs(self) -> dict[str, Any]:
        """Return the attributes."""
        return self._attrs


class RemoteArray(BackendArray):
    """A variable, for xarray: read when it is used, by any thread or process.

    Its shape is that of its dimensions, which may have grown beyond what is stored.
    """

    def __init__(
        self, remote: RemoteFile, path: str, address: int | None, like: Any, shape: tuple[int, ...]
    ) -> None:
        self.remote, self.path, self.address = remote, path, address
        self.shape, self.dtype, self.attrs = shape, like.dtype, dict(like.attrs)
        self.stored = getattr(like, "stored", None)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"stored": None}  # to look it up again takes less than to send it

    def __getitem__(self, key: Any) -> Any:
        how = IndexingSupport.OUTER_1VECTOR
        return explicit_indexing_adapter(key, self.shape, how, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        try:
            if self.stored is None and self.address is not None:
                member = describe(self.remote, self.address, index=True)
                self.stored = member and member.stored
        except (GranuleError, OSError):
            raise
        except Exception as error:
            let_hdf5_decide(self.remote, error)
            self.address = None
        if self.stored is not None:
            values = read(self.remote, self.stored, key, self.shape)
        else:
            values = fallback.read(self.remote, self.path, key)
        if counts_leap_seconds(self.attrs):
            return to_utc(values, self.attrs.get("_FillValue"))
        return values


def find_variables(
    remote: RemoteFile, groups: Sequence[Group], wanted: Sequence[str] | None
) -> dict[str, xr.Variable]:
    """Return the variables wanted of some groups, with those that belong to them, or all.

    All, too, when one of those wanted is not there. They are as they are stored, and none is read
    yet. Where two groups have the same name, that of the second is called after its group, too:
    "time_Geo".
    """
    there: dict[str, tuple[Group, int]] = {}
    for group in groups:
        last = group.path.rpartition("/")[2]
        for name, address in group.links.items():
            there[f"{name}_{last}" if name in there else name] = group, address
    known: dict[str, Member] = {}

    def look(names: Iterable[str], index: Collection[str] = ()) -> None:
        """Read headers, and of some the index of their chunks, all at a time."""
        new = [name for name in dict.fromkeys(names) if name in there and name not in known]
        found = in_threads(
            lambda name: describe(remote, there[name][1], index=name in index),
            new,
            METADATA_THREADS,
        )
        known.update({name: each for name, each in zip(new, found, strict=True) if each})

    # JAXA gives dimensions no names, and how they are numbered depends on all variables.
    unnamed_dims = any(group.path.endswith(("/Data", "/Geo")) for group in groups)
    look(there if wanted is None or unnamed_dims else wanted, wanted or ())
    if any(name not in known or not known[name].is_variable for name in wanted or ()):
        look(there)  # to list them
    listed = [each.attrs for each in known.values()] + [each.attrs for each in groups]
    coordinates = " ".join(text(attrs.get("coordinates", "")) for attrs in listed).split()
    coordinates += [dim for name in known for dim, _ in _dimensions(known[name], *there[name])]
    look(coordinates, coordinates)
    if any(each.dtype == "S1" and each.shape for each in known.values()):
        look(there)  # whether xarray joins letters depends on all
    chosen = {name: known[name] for name in there if name in known}
    unnamed: Mapping[int, list[str]] = {}
    if any(each.shape and not _dimensions(each, *there[name]) for name, each in chosen.items()):
        look(there)  # how dimensions without a name are numbered depends on all
        unnamed = _number_unnamed(
            {name: known[name] for name in there if name in known},
            {name for name in known if _dimensions(known[name], *there[name])},
        )
        chosen |= {name: known[name] for name in known if known[name].is_scale}
    dims = {name: _dimensions(known[name], *there[name]) for name in chosen}
    scales = sorted({at for each in dims.values() for _, at in each})
    known_sizes = in_threads(lambda at: size_of(remote, at), scales, METADATA_THREADS)
    sizes = dict(zip(scales, known_sizes, strict=True))
    made = {}
    for name, each in chosen.items():
        if each.is_variable:
            shape = tuple(sizes[at] for _, at in dims[name]) or each.shape
            names = [dim for dim, _ in dims[name]] or [
                unnamed[size][shape[:n].count(size)] for n, size in enumerate(shape)
            ]
            group, address = there[name]
            path = f"{group.path}/{group.places[address]}"
            array = RemoteArray(remote, path, address, each, shape)
            made[name] = xr.Variable(names, LazilyIndexedArray(array), attributes(each.attrs))
            if each.chunks:
                made[name].encoding["preferred_chunks"] = dict(zip(names, each.chunks, strict=True))
            note_leap_seconds(made[name].attrs)
    return made


def _dimensions(member: Member, group: Group, address: int) -> list[tuple[str, int]]:
    """Return name and address of the scale of each dimension; none if they have no names."""
    references = [list(each) for each in member.attrs.get("DIMENSION_LIST", ())]
    if not any(references):
        if member.is_scale and (len(member.shape) != 1 or "_Netcdf4Coordinates" in member.attrs):
            raise OddError
        return [(group.places[address], address)] if member.is_scale else []
    addresses = [each[-1].address_of_reference for each in references if each]
    if len(addresses) != len(member.shape) or not group.places.keys() >= set(addresses):
        raise OddError
    return [(group.places[at], at) for at in addresses]


def _number_unnamed(members: Mapping[str, Member], named: set[str]) -> dict[int, list[str]]:
    """Name the dimensions without a name by their size, and number them, as h5netcdf does."""
    names: dict[int, list[str]] = defaultdict(list)
    for name, each in members.items():
        if each.is_scale:
            names[each.shape[0]].append(name)
    scales = Counter(each.maxshape[0] for each in members.values() if each.is_scale)
    counts: Counter[int] = Counter()
    for name, each in members.items():
        if name not in named:
            counts |= Counter(each.shape)
    number = 0
    for size, count in counts.items():
        for _ in range(scales[size], count):
            names[size].append(f"phony_dim_{number}")
            number += 1
    return names


def find_through_hdf5(
    remote: RemoteFile, places: Mapping[str, Mapping[str, int]]
) -> tuple[dict[str, xr.Variable], list[dict[str, Any]], str]:
    """Return the variables of some groups as HDF5 finds them, their attributes, and the notes."""
    parts, notes = fallback.look(remote, [*places])
    made: dict[str, xr.Variable] = {}
    unnamed: dict[int, list[str]] = defaultdict(list)  # dimensions without a name, by size
    for (path, addresses), (variables, _) in zip(places.items(), parts, strict=True):
        dims = _number_alike(variables, unnamed)
        for name, each in variables.items():
            array = RemoteArray(remote, f"{path}/{name}", addresses.get(name), each, each.shape)
            names = [dims.get(dim, dim) for dim in each.dims]
            like = xr.Variable(names, LazilyIndexedArray(array), each.attrs, each.encoding)
            note_leap_seconds(like.attrs)
            made[f"{name}_{path.rpartition('/')[2]}" if name in made else name] = like
    return made, [attrs for _, attrs in parts], notes


def _number_alike(
    variables: dict[str, xr.Variable], unnamed: dict[int, list[str]]
) -> dict[Any, str]:
    """Give dimensions without a name those that others of their size have in another group."""
    sizes = {dim: size for each in variables.values() for dim, size in each.sizes.items()}
    numbered = [str(dim) for dim in sizes if str(dim).startswith("phony_dim_")]
    met: Counter[int] = Counter()
    names = {}
    for dim in sorted(numbered, key=lambda dim: int(dim.rpartition("_")[2])):
        size = sizes[dim]
        if met[size] == len(unnamed[size]):
            unnamed[size].append(f"phony_dim_{sum(map(len, unnamed.values()))}")
        names[dim] = unnamed[size][met[size]]
        met[size] += 1
    return names
