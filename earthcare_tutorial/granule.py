"""What to know of a granule before anything is drawn or counted: quality, frame, units, heights."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from earthcare_products.conventions import FRAME_LIMITS
from earthcare_products.msi_grid import NADIR
from earthcare_products.quality import flag_of
from earthcare_tutorial._granule import granule_id, look_of, screen

if TYPE_CHECKING:
    import xarray as xr

    from earthcare_tutorial._granule import Keep

# Heights above the ellipsoid, as far as their attributes or the products' descriptions say so.
HEIGHTS = r"height|(surface_)?elevation|(ATLID_|MSI_)?(thick_)?cloud_top_height(_MSI|_mean)?"
HEIGHTS += r"|aerosol_layer_(base|top)|sample_altitude|binHeight|bin_height|surfaceElevation"


def mask_quality(ds: xr.Dataset, keep: Keep | None = None) -> xr.Dataset:
    """Take out the values that the product's own flags mark as bad.

    Which flag judges which variable, and what its values mean, differs from product to product:
    ``earthcare_products.quality`` has the table. A variable that no flag judges is left alone.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`open_granule`, with the flags that judge its variables.
    keep : collection of int, or mapping of str to such, optional
        The flag's values to keep, such as ``[0, 1]``, for all flags or by the flag's name; where
        left out, those of the table.

    Returns
    -------
    xarray.Dataset
        A copy with NaN for what is left out. The attributes of each judged variable say what was
        kept ("quality_kept") and how many of the retrieved values were left out ("left_out").

    Raises
    ------
    ValueError
        When the product is not known, a flag is not in ``ds``, or it has no such value.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("M-COP", orbit_and_frame="04537E", baseline="BA")
    >>> ds = ect.open_granule(item, ect.login(), ["cloud_top_height", "quality_status"])
    >>> ect.mask_quality(ds)["cloud_top_height"].attrs["quality_kept"]
    'quality_status 0, 1, 2'
    """
    told = granule_id(ds)
    if told is None:
        raise ValueError(
            "The dataset does not say of which product it is, and flags mean different things in"
            " different products: set ds.attrs['granule_id'] = item.id."
        )
    clean = ds.copy()
    for name in map(str, ds.data_vars):
        flag = flag_of(told.file_type, name)
        if flag is not None and flag.name not in ds.variables:
            raise ValueError(
                f"{name} is judged by {flag.name}, which is not in the dataset: ask open_granule"
                f" for {flag.name!r} too."
            )
        clean[name] = screen(ds, name, keep)
    return clean


def to_display_units(ds: xr.Dataset) -> xr.Dataset:
    """Change to units for people: water paths in g m-2, radii in µm, heights in km.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`open_granule`.

    Returns
    -------
    xarray.Dataset
        A copy; the attributes "units" say what each variable is in now. Variables that need no
        other unit, and those without one, stay as they are.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("M-COP", orbit_and_frame="04537E", baseline="BA")
    >>> ds = ect.open_granule(item, ect.login(), "cloud_water_path")
    >>> [each["cloud_water_path"].attrs["units"] for each in (ds, ect.to_display_units(ds))]
    ['kg m-2', 'g m-2']
    """
    clean = ds.copy()
    for name in map(str, ds.data_vars):
        look = look_of(ds, name)
        if look.factor != 1:
            clean[name] = ds[name] * ds[name].dtype.type(look.factor)
            clean[name].attrs = ds[name].attrs | {"units": look.unit}
    return clean


def trim_to_frame(ds: xr.Dataset) -> xr.Dataset:
    """Cut off what a file holds beyond its frame, which the next and the last one hold too.

    An orbit is cut into eight frames where its track crosses 22.5 and 67.5 degrees of latitude. A
    file reaches past them on both sides; who counts over neighbouring files counts that twice.

    Parameters
    ----------
    ds : xarray.Dataset
        From :func:`open_granule`, with "latitude", before it is cut across the track.

    Returns
    -------
    xarray.Dataset
        The lines or profiles whose place on the track is in the frame. Each is in one frame only.

    Raises
    ------
    ValueError
        When the frame, the latitudes or the place of the track in the swath are not known.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-EBD", orbit_and_frame="04537E")
    >>> ds = ect.trim_to_frame(ect.open_granule(item, ect.login(), "latitude"))
    >>> ds["latitude"].values[[0, -1]].round(1)
    array([ 22.5, -22.5])
    """
    told = granule_id(ds)
    if told is None or not told.frame:
        raise ValueError(
            "The dataset does not say its frame: set ds.attrs['granule_id'] = item.id."
        )
    if "latitude" not in ds.variables:
        raise ValueError("The dataset has no latitude: ask open_granule for it too.")
    latitude = ds["latitude"]
    if latitude.ndim == 2:
        across = str(latitude.dims[1])
        if ds.sizes[across] not in NADIR:
            raise ValueError(
                f"Where the track lies is not known in {ds.sizes[across]} columns: trim to the"
                " frame before you cut across it."
            )
        latitude = latitude.isel({across: NADIR[ds.sizes[across]][0]})
    low, high = sorted(FRAME_LIMITS[told.frame])
    if low == high:  # around a pole
        low, high = (low, 91.0) if low > 0 else (-91.0, high)
    inside = np.flatnonzero((latitude >= low) & (latitude < high))
    ends = slice(inside[0], inside[-1] + 1) if inside.size else slice(0, 0)
    return ds.isel({str(latitude.dims[0]): ends})


def above_sea_level(ds: xr.Dataset) -> xr.Dataset:
    """Count heights from the sea, which lies up to 100 m above or below the ellipsoid of the files.

    Parameters
    ----------
    ds : xarray.Dataset
        With "geoid_offset" (m), the height of the geoid EGM96 above the ellipsoid WGS84.

    Returns
    -------
    xarray.Dataset
        A copy in which ``height``, elevations and cloud tops are above the geoid, in the units
        they had; their attribute "vertical_reference" says so.

    Raises
    ------
    ValueError
        When ``ds`` has no "geoid_offset".

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-EBD", orbit_and_frame="04537E")
    >>> ds = ect.open_granule(item, ect.login(), ["height", "geoid_offset"])
    >>> ect.above_sea_level(ds)["height"].attrs["vertical_reference"]
    'geoid EGM96, mean sea level'
    """
    if "geoid_offset" not in ds.variables:
        raise ValueError("The dataset has no geoid_offset: ask open_granule for it too.")
    clean = ds.copy()
    for name in map(str, ds.variables):
        attrs = ds[name].attrs
        if not re.fullmatch(HEIGHTS, name) or "vertical_reference" in attrs:
            continue
        metres = 1000.0 if attrs.get("units") == "km" else 1.0
        clean[name] = (ds[name] - ds["geoid_offset"] / metres).astype(ds[name].dtype)
        clean[name].attrs = attrs | {"vertical_reference": "geoid EGM96, mean sea level"}
    return clean
