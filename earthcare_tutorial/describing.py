"""What is in a file, and which versions of it there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earthcare_products import baselines as periods
from earthcare_products.census import census_origin
from earthcare_products.granule_ids import parse_granule_id
from earthcare_products.products import PRODUCTS
from earthcare_products.products import file_type as find_type
from earthcare_products.quality import flag_of
from earthcare_tutorial.products import refuse_text
from earthcare_tutorial.streaming import open_granule

if TYPE_CHECKING:
    import pandas as pd
    import pystac

    from earthcare_tutorial.auth import Token


def baselines(file_type: str) -> pd.DataFrame:
    """List the baselines of a product: versions of the processing, and what each covers.

    Parameters
    ----------
    file_type : str
        Such as "MSI_COP_2A" or "M-COP".

    Returns
    -------
    pandas.DataFrame
        A row a baseline, with the start of its first and its last granule (UTC), their number, and
        whether every account may read them, as counted in the catalogue on the day that
        ``attrs["source"]`` names.

    Raises
    ------
    ValueError
        When there is no such product.

    Examples
    --------
    >>> baselines("C-CLP")["start_time"].dt.date.astype(str).to_dict()
    {'BB': '2024-06-17', 'CA': '2025-11-28'}
    """
    import pandas as pd

    counted = [each._asdict() for each in periods.baselines(find_type(file_type))]
    table = pd.DataFrame(counted, columns=periods.Baseline._fields).set_index("baseline")
    table.attrs["source"] = census_origin()
    return table


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

    refuse_text(item)
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
