"""What is in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earthcare_products.granule_ids import parse_granule_id
from earthcare_products.products import PRODUCTS
from earthcare_products.quality import flag_of
from earthcare_tutorial._notes import one_granule
from earthcare_tutorial.streaming import open_granule

if TYPE_CHECKING:
    import pandas as pd
    import pystac

    from earthcare_tutorial.auth import Token


def describe(item: pystac.Item, token: Token | str) -> pd.DataFrame:
    """List what a granule holds, without reading any values.

    Parameters
    ----------
    item : pystac.Item
        From :func:`search`.
    token : Token or str
        From :func:`login`.

    Returns
    -------
    pandas.DataFrame
        A row a variable, with its group and name as index, and the columns "dimensions" (with
        sizes), "type", "units", "long_name" and "judged_by", the flag of its quality.
    """
    import pandas as pd

    one_granule(item)
    told = parse_granule_id(item.id)
    rows = []
    for group in PRODUCTS[told.file_type].groups or ("ScienceData",):
        ds = open_granule(item, token, group=group)
        for name, data in ds.variables.items():
            flag = flag_of(told.file_type, str(name))
            sizes = ", ".join(f"{dim}: {size}" for dim, size in data.sizes.items())
            kind = str(data.encoding.get("dtype", data.dtype))
            told_by = str(data.attrs.get("units", "")), str(data.attrs.get("long_name", ""))
            rows.append([group, str(name), sizes, kind, *told_by, flag.name if flag else ""])
    columns = ["group", "variable", "dimensions", "type", "units", "long_name", "judged_by"]
    return pd.DataFrame(rows, columns=columns).set_index(["group", "variable"])
