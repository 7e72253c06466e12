"""Read and count classes: what a bin or a pixel is said to hold."""

from __future__ import annotations

from reprlib import repr as short
from typing import TYPE_CHECKING, Literal

import numpy as np

from earthcare_products.products import file_type as product_code
from earthcare_tutorial._granule import floats, legend_of, named_in_file
from earthcare_tutorial._profiles import read_profiles

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from earthcare_tutorial._profiles import Along, Between


def classes(da: xr.DataArray, file_type: str = "") -> pd.DataFrame:
    """List the classes of a variable: codes, names, colours, and how many values have each.

    Parameters
    ----------
    da : xarray.DataArray
        Codes, such as ``ds["classification"]``.
    file_type : str, optional
        The product, such as "ATL_TC__2A" or "A-TC"; only needed where products use one name for
        different classes, as for "cloud_mask".

    Returns
    -------
    pandas.DataFrame
        By code: "name" and "colour", of the file where it has them, else of a table of the product;
        "role" ("missing", "surface", "attenuated" or "clear" for what is no target); "in_file" (the
        name that the file gives, if any); "count". A code that nobody knows is "unknown 42".

    Raises
    ------
    ValueError
        When the variable holds no classes.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-TC", orbit_and_frame="04537E")
    >>> ds = ect.open_granule(item, ect.login(), "classification")
    >>> ect.classes(ds["classification"]).loc[3, ["name", "colour"]].to_dict()
    {'name': 'Ice Cloud', 'colour': '#93fbff'}
    """
    import pandas as pd

    name, values = str(da.name), floats(da)
    code = product_code(file_type) if file_type else ""
    legend = legend_of(da.to_dataset(name=name), name, values, code)
    if legend is None:
        raise ValueError(f"{name} holds no classes, but a quantity in {da.attrs.get('units')!r}.")
    found, number = np.unique(values[np.isfinite(values)], return_counts=True)
    counts = dict(zip(found, number, strict=True))
    told = named_in_file(da)
    rows = [[c, *each, told.get(c, ""), counts.get(c, 0)] for c, each in sorted(legend.items())]
    columns = ["code", "name", "colour", "role", "in_file", "count"]
    return pd.DataFrame(rows, columns=columns).set_index("code")


def class_fractions(
    ds: xr.Dataset,
    variable: str,
    by: Literal["height", "latitude"] = "height",
    *,
    width: float | None = None,
    top_km: float = 20.0,
    attenuated: bool = True,
    along: Along = "latitude",
    between: Between | None = None,
) -> pd.DataFrame:
    """Count how often each class occurs, by height or by latitude.

    Bins without data and those in the ground do not count. Whether attenuated bins do makes a
    difference: below thick cloud a lidar sees nothing, so that with them the low classes look rare,
    and without them the low classes are those of places without thick cloud above.

    Parameters
    ----------
    ds : xarray.Dataset
        As for :func:`plot_curtain`.
    variable : str
        Codes of classes.
    by : {"height", "latitude"}
        What the rows are.
    width : float, optional
        Of a row: 0.5 km of height or 1 degree of latitude when left out.
    top_km : float
        Up to which height bins count, in km.
    attenuated : bool
        Whether attenuated bins count among all bins, in a column of their own.
    along, between : optional
        Which profiles, as for :func:`plot_curtain`.

    Returns
    -------
    pandas.DataFrame
        A row for each layer or band, by the height (km) or latitude of its middle; a column for
        each class that occurs; shares of 1. ``attrs["left_out"]`` says what did not count.

    Raises
    ------
    ValueError
        When the variable holds no classes, has no heights, or nothing is left to count.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-TC", orbit_and_frame="04537E")
    >>> ds = ect.open_granule(item, ect.login(), ["classification", "latitude", "height"])
    >>> shares = ect.class_fractions(ds, "classification", width=5)
    >>> [*shares.index]
    [2.5, 7.5, 12.5, 17.5]
    """
    import pandas as pd

    if by not in ("height", "latitude"):
        raise ValueError(f"by={short(by)} is neither 'height' nor 'latitude'.")
    profiles = read_profiles(ds, variable, "class_fractions", along, between)
    legend = legend_of(ds, variable, profiles.values)
    if legend is None:
        raise ValueError(f"{variable} holds no classes, but a quantity.")
    where = profiles.height if by == "height" else profiles.latitude
    if where is None:
        raise ValueError("The dataset has no latitude: ask open_granule for it too.")
    places = np.broadcast_to(where if by == "height" else where[:, None], profiles.height.shape)
    inside = np.isfinite(profiles.values) & (profiles.height <= top_km)
    size = width or (0.5 if by == "height" else 1.0)
    middles = pd.Series((np.floor(places[inside] / size) + 0.5) * size, name=by)
    codes = pd.Series(profiles.values[inside].astype(int), name="class")
    roles = codes.map({code: each.role for code, each in legend.items()})
    dropped = ["missing", "surface"] if attenuated else ["attenuated", "missing", "surface"]
    keep = ~roles.isin(dropped)
    if not keep.any():
        raise ValueError(f"{variable} has no bins to count below {top_km:g} km.")
    table = pd.crosstab(middles[keep], codes[keep], normalize="index")
    names = [legend[code].name for code in table.columns]
    if len(set(names)) < len(names):  # some tables give several codes one name
        names = [f"{name} ({code})" for name, code in zip(names, table.columns, strict=True)]
    table.columns = pd.Index(names, name="class")
    shares = roles.value_counts(normalize=True)
    table.attrs["left_out"] = ", ".join(f"{shares.get(role, 0):.1%} {role}" for role in dropped)
    return table
