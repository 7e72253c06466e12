"""The EarthCARE product types: codes, short names, and where the catalogue keeps them."""

from __future__ import annotations

import difflib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pystac

# code, short name, instrument, level, agency, collections of the ESA MAAP catalogue.
# AC__CLP_2B and ATL_CLA_2A are JAXA products whose older baselines sit in an ESA collection.
_TABLE = """
ATL_NOM_1B  A-NOM    ATLID       1B  ESA   EarthCAREL1Validated
MSI_NOM_1B  M-NOM    MSI         1B  ESA   EarthCAREL1Validated
MSI_RGR_1C  M-RGR    MSI         1C  ESA   EarthCAREL1Validated
BBR_NOM_1B  B-NOM    BBR         1B  ESA   EarthCAREL1Validated
BBR_SNG_1B  B-SNG    BBR         1B  ESA   EarthCAREL1Validated
CPR_NOM_1B  C-NOM    CPR         1B  JAXA  EarthCAREL1Validated
AUX_JSG_1D  X-JSG    AUX         1D  ESA   EarthCAREL1Validated
AUX_MET_1D  X-MET    AUX         1D  ESA   EarthCAREXMETL1DProducts10
ATL_DCC_1B  A-DCC    ATLID       1B  ESA   EarthCAREL1InstChecked
ATL_CSC_1B  A-CSC    ATLID       1B  ESA   EarthCAREL1InstChecked
ATL_FSC_1B  A-FSC    ATLID       1B  ESA   EarthCAREL1InstChecked
MSI_BBS_1B  M-BBS    MSI         1B  ESA   EarthCAREL1InstChecked
BBR_LIN_1B  B-LIN    BBR         1B  ESA   EarthCAREL1InstChecked
MSI_SD1_1B  M-SD1    MSI         1B  ESA   EarthCAREL0L1Products
MSI_SD2_1B  M-SD2    MSI         1B  ESA   EarthCAREL0L1Products
MSI_DRK_1B  M-DRK    MSI         1B  ESA   EarthCAREL0L1Products
MSI_TRF_1B  M-TRF    MSI         1B  ESA   EarthCAREL0L1Products
BBR_SOL_1B  B-SOL    BBR         1B  ESA   EarthCAREL0L1Products
ATL_FM__2A  A-FM     ATLID       2A  ESA   EarthCAREL2Validated
ATL_AER_2A  A-AER    ATLID       2A  ESA   EarthCAREL2Validated
ATL_EBD_2A  A-EBD    ATLID       2A  ESA   EarthCAREL2Validated
ATL_ICE_2A  A-ICE    ATLID       2A  ESA   EarthCAREL2Validated
ATL_TC__2A  A-TC     ATLID       2A  ESA   EarthCAREL2Validated
ATL_ALD_2A  A-ALD    ATLID       2A  ESA   EarthCAREL2Validated
ATL_CTH_2A  A-CTH    ATLID       2A  ESA   EarthCAREL2Validated
ATL_CLA_2A  A-CLA    ATLID       2A  JAXA  JAXAL2Validated,EarthCAREL2Validated
MSI_CM__2A  M-CM     MSI         2A  ESA   EarthCAREL2Validated
MSI_COP_2A  M-COP    MSI         2A  ESA   EarthCAREL2Validated
MSI_AOT_2A  M-AOT    MSI         2A  ESA   EarthCAREL2Validated
MSI_CLP_2A  M-CLP    MSI         2A  JAXA  JAXAL2Validated
CPR_FMR_2A  C-FMR    CPR         2A  ESA   EarthCAREL2Validated
CPR_CD__2A  C-CD     CPR         2A  ESA   EarthCAREL2Validated
CPR_TC__2A  C-TC     CPR         2A  ESA   EarthCAREL2Validated
CPR_CLD_2A  C-CLD    CPR         2A  ESA   EarthCAREL2Validated
CPR_APC_2A  C-APC    CPR         2A  ESA   EarthCAREL2InstChecked
CPR_ECO_2A  C-ECO    CPR         2A  JAXA  JAXAL2Validated
CPR_CLP_2A  C-CLP    CPR         2A  JAXA  JAXAL2Validated
AM__CTH_2B  AM-CTH   SYNERGETIC  2B  ESA   EarthCAREL2Validated
AM__ACD_2B  AM-ACD   SYNERGETIC  2B  ESA   EarthCAREL2Validated
AC__TC__2B  AC-TC    SYNERGETIC  2B  ESA   EarthCAREL2Validated
AC__CLP_2B  AC-CLP   SYNERGETIC  2B  JAXA  JAXAL2Validated,EarthCAREL2Validated
BM__RAD_2B  BM-RAD   SYNERGETIC  2B  ESA   EarthCAREL2Validated
BMA_FLX_2B  BMA-FLX  SYNERGETIC  2B  ESA   EarthCAREL2Validated
ACM_CAP_2B  ACM-CAP  SYNERGETIC  2B  ESA   EarthCAREL2Validated
ACM_COM_2B  ACM-COM  SYNERGETIC  2B  ESA   EarthCAREL2Validated
ACM_RT__2B  ACM-RT   SYNERGETIC  2B  ESA   EarthCAREL2Validated
ALL_DF__2B  ACMB-DF  SYNERGETIC  2B  ESA   EarthCAREL2Validated
ALL_3D__2B  ACMB-3D  SYNERGETIC  2B  ESA   EarthCAREL2Validated
ACM_CLP_2B  ACM-CLP  SYNERGETIC  2B  JAXA  JAXAL2Validated
ALL_RAD_2B  ALL-RAD  SYNERGETIC  2B  JAXA  JAXAL2Validated
AUX_ORBPRE  X-ORBP   AUX         -   ESA   EarthCAREOrbitData
MPL_ORBSCT  M-ORBS   AUX         -   ESA   EarthCAREOrbitData
"""


class Product(NamedTuple):
    """One product type, as a row of :data:`PRODUCTS`."""

    code: str
    alias: str
    instrument: str
    level: str
    agency: str
    collections: tuple[str, ...]


def _read_table() -> dict[str, Product]:
    rows = (line.split() for line in _TABLE.strip().splitlines())
    return {
        code: Product(
            code, alias, instrument, level, agency, tuple(f"{c}_MAAP" for c in names.split(","))
        )
        for code, alias, instrument, level, agency, names in rows
    }


PRODUCTS: dict[str, Product] = _read_table()


def _squeeze(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


# "MCOP", "MSICOP2A" and "MSICOP" all lead to "MSI_COP_2A".
_NAMES: dict[str, str] = {
    _squeeze(name): product.code
    for product in PRODUCTS.values()
    for name in (product.code[:-3], product.code, product.alias)
}


def file_type(name: str) -> str:
    """Return the product code that the catalogue uses for a name.

    Parameters
    ----------
    name : str
        A code ("MSI_COP_2A"), or its short name with or without the dash ("M-COP", "MCOP"); upper
        and lower case are the same.

    Returns
    -------
    str
        The code, ten characters long.

    Raises
    ------
    ValueError
        When there is no such product; the message names the nearest one.

    Examples
    --------
    >>> file_type("M-COP")
    'MSI_COP_2A'
    >>> file_type("atl_ebd_2a")
    'ATL_EBD_2A'
    """
    squeezed = _squeeze(name)
    if squeezed in _NAMES:
        return _NAMES[squeezed]
    near = difflib.get_close_matches(squeezed, _NAMES, n=1, cutoff=0.0)[0]
    product = PRODUCTS[_NAMES[near]]
    raise ValueError(
        f"There is no EarthCARE product {name!r}; the nearest is {product.code} ({product.alias})."
    )


class Granule(NamedTuple):
    """What the name of a granule tells: times are UTC, ``orbit_and_frame`` is like "04537E"."""

    file_type: str
    baseline: str
    start_time: datetime
    created: datetime
    orbit_and_frame: str


_GRANULE_ID = re.compile(
    r"ECA_[A-Z]{2}(?P<baseline>[A-Z]{2})_(?P<type>.{10})"
    r"_(?P<start>\d{8}T\d{6})Z_(?P<created>\d{8}T\d{6})Z(?:_(?P<orbit>\d{5}[A-H]))?"
)


def identify(item: pystac.Item | str) -> Granule:
    """Read type, baseline, times, orbit and frame out of a granule's name.

    The name is asked first because the catalogue has no property for the frame.

    Parameters
    ----------
    item : pystac.Item or str
        An item, or its id.

    Returns
    -------
    Granule
        Named tuple (file_type, baseline, start_time, created, orbit_and_frame).

    Examples
    --------
    >>> identify("ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E").orbit_and_frame
    '04537E'
    """
    name = item if isinstance(item, str) else item.id
    found = _GRANULE_ID.match(str(name))
    if found:
        start, created = (as_utc(f"{found[key]}Z") for key in ("start", "created"))
        return Granule(found["type"], found["baseline"], start, created, found["orbit"] or "")
    if isinstance(item, str):
        raise ValueError(f"{name!r} is not the name of an EarthCARE granule.")
    return _identify_by_properties(item.properties)


def as_utc(when: str | datetime) -> datetime:
    """Read a time; one without a time zone is UTC.

    Examples
    --------
    >>> as_utc("2025-03-16T13:30:58")
    datetime.datetime(2025, 3, 16, 13, 30, 58, tzinfo=datetime.timezone.utc)
    """
    try:  # the text of a time of NumPy, pandas or datetime is one that datetime reads
        time = when if type(when) is datetime else datetime.fromisoformat(str(when).strip())
    except ValueError:
        raise ValueError(f"{when!r} is no time such as '2025-03-16T13:30:58'.") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


#: The time of an item that does not tell one.
UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)


def _identify_by_properties(told: dict[str, Any]) -> Granule:
    """Do the same for an item with a name of its own, from its properties, as far as they go."""

    def time(*names: str) -> datetime:
        for name in names:
            if told.get(name):
                try:
                    return as_utc(told[name])
                except ValueError:
                    continue
        return UNKNOWN

    grid = re.fullmatch(r"WRS-(\d+)-([A-H])", str(told.get("grid:code")))
    return Granule(
        str(told.get("product:type") or ""),
        str(told.get("version") or "").upper(),
        time("start_datetime", "datetime"),
        time("processing:datetime", "created"),
        f"{int(grid[1]):05d}{grid[2]}" if grid else "",
    )
