"""A folder of parts: what a function made of each granule, whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import tempfile
import time
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

LABEL = "parts.json"  # which function and variables the parts of a folder are of
UNFINISHED = ".unfinished-"
OLD = 86_400.0  # seconds after which nobody is writing there any more


def open_store(folder: str | os.PathLike[str], label: dict[str, Any]) -> Path:
    """Make a store or go on with one, if it is of the same function, variables and group."""
    store = Path(folder).expanduser()
    store.mkdir(parents=True, exist_ok=True)
    for left in store.glob(f"{UNFINISHED}*"):  # by a run that was killed
        if time.time() - left.stat().st_mtime > OLD:
            shutil.rmtree(left)
    told = store / LABEL
    if not told.exists():
        if others := sorted(each.name for each in store.iterdir() if each.name[0] != "."):
            raise ValueError(f"{store} is no store, it holds {others[0]!r}: take a new folder.")
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=store) as beside:
            written = Path(beside, LABEL)
            written.write_text(json.dumps(label, indent=1))
            written.replace(told)
    there = json.loads(told.read_text())
    if changed := [key for key in label if there.get(key) != label[key]]:
        what = "; ".join(f"{key} {there.get(key)!r}, now {label[key]!r}" for key in changed)
        raise ValueError(
            f"{store} holds parts that were made otherwise ({what}): take another folder, or"
            " remove this one to make them anew."
        )
    return store


def find(store: Path) -> dict[str, Path]:
    """Return the parts that are there, by granule."""
    return {path.stem: path for kind in ("zarr", "parquet") for path in store.glob(f"*.{kind}")}


def write(store: Path, name: str, value: Any, notes: dict[str, Any]) -> Path:
    """Write a part under another name, and give it its own when it is whole."""
    import pandas as pd
    import xarray as xr

    part = store / f"{name}.{'zarr' if isinstance(value, xr.Dataset) else 'parquet'}"
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=store) as beside:
        unfinished = Path(beside, part.name)
        if isinstance(value, xr.Dataset):
            # What the file of the granule packed into integers is not packed again.
            plain = value.drop_encoding().assign_attrs(notes)
            plain.to_zarr(unfinished, zarr_format=2, consolidated=False)
        else:
            table = pd.DataFrame([value]) if isinstance(value, dict) else value.copy(deep=False)
            table.attrs = {**table.attrs, **notes, "row_of_dict": isinstance(value, dict)}
            table.to_parquet(unfinished)
        if not part.exists():  # or another run was faster: it is the same
            unfinished.replace(part)
    return part


def read(part: Path) -> Any:
    """Read what a part holds, into memory."""
    import pandas as pd
    import xarray as xr

    if part.suffix == ".zarr":
        with xr.open_zarr(part, chunks=None, consolidated=False) as ds:
            return ds.load()
    table = pd.read_parquet(part)
    return table.to_dict("records")[0] if table.attrs.pop("row_of_dict") else table


def code_of(function: Any) -> str:
    """Return a digest of what a function does: its code and the values that it carries along.

    Not of the functions that it calls, nor of comments.
    """
    return hashlib.sha256(repr(_described(function)).encode()).hexdigest()[:16]


def _described(value: Any) -> Any:
    """Describe a function or a value in the same words in each process."""
    if isinstance(value, partial):
        return _described(value.func), _described(value.args), _described(value.keywords)
    if isinstance(value, CodeType):
        return value.co_code.hex(), value.co_names, [_described(each) for each in value.co_consts]
    if isinstance(value, tuple | list):
        return [_described(each) for each in value]
    if isinstance(value, dict):
        return sorted((str(key), _described(each)) for key, each in value.items())
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    if hasattr(value, "__code__"):
        cells = [each.cell_contents for each in value.__closure__ or ()]
        carried = [value.__defaults__, value.__kwdefaults__, cells]
        return [_described(value.__code__), *map(_described, carried)]
    if value is None or isinstance(value, str | bytes | int | float | complex):
        return repr(value)
    try:
        return hashlib.sha256(pickle.dumps(value)).hexdigest()
    except Exception:  # a lock, a module: nothing that changes what the function does
        return type(value).__qualname__
