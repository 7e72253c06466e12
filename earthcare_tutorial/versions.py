"""Which versions of a product there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from earthcare_products import baselines as periods
from earthcare_products.census import census_origin
from earthcare_products.products import file_type as find_type

if TYPE_CHECKING:
    import pandas as pd


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
    >>> import earthcare_tutorial as ect
    >>> ect.baselines("C-CLP")["start_time"].dt.date.astype(str).to_dict()
    {'BB': '2024-06-17', 'CA': '2025-11-28'}
    """
    import pandas as pd

    counted = [each._asdict() for each in periods.baselines(find_type(file_type))]
    table = pd.DataFrame(counted, columns=periods.Baseline._fields).set_index("baseline")
    table.attrs["source"] = census_origin()
    return table
