"""What follows from the type of a product: the table behind the rule of ``expand.py``.

Instruments, processing centres and processors are those that the recorded queryables list for the
collections in which a type lies; which of them belongs to which type follows from the products'
names. No processor's version is public except that of M-CLD, so all others say "0.00".
"""

from __future__ import annotations

from typing import Literal, NamedTuple

#: How ESA MAAP draws a product on the map: its track, its swath, or not at all.
Shape = Literal["line", "swath", "none"]


class Type(NamedTuple):
    """What all products of a type have in common.

    `picture` is the number in the name of the product's picture, None where there is none.
    """

    instrument: str
    processor: str | None
    shape: Shape
    facility: str = "PDGS-CPFxx"
    picture: int | None = 1
    acquisition: str = "other"
    mode: str = "DEFAULT"
    suffix: str = ".h5"


L1 = "PDGS-CPF"
JAXA = "JAXA EarthCARE Processor"
SAOC = "JAXA_SAOC"
BOTH = "SYNERGETIC"


def _auxiliary(suffix: str = ".h5") -> Type:
    return Type("AUX", None, "none", L1, None, "nominal", "AUX", suffix)


TYPES: dict[str, Type] = {
    # Level 0: no processor reads them into coordinates, so no geometry
    "ATL_NOM_0_": Type("ATLID", "A-L0_CONS", "none", L1, None),
    "BBR_NOM_0_": Type("BBR", "B-L0_CONS", "none", L1, None),
    "MSI_NOM_0_": Type("MSI", "M-L0_CONS", "none", L1, None),
    "TLM_NOM_0_": Type("TLM", None, "none", L1, None),
    # Level 1
    "ATL_NOM_1B": Type("ATLID", "A-L1", "line", L1),
    "ATL_DCC_1B": Type("ATLID", "A-L1", "line", L1, None, "calibration"),
    "ATL_CSC_1B": Type("ATLID", "A-L1", "line", L1, None, "calibration"),
    "ATL_FSC_1B": Type("ATLID", "A-L1", "line", L1, None, "calibration"),
    "MSI_NOM_1B": Type("MSI", "M-L1", "swath", L1),
    "MSI_RGR_1C": Type("MSI", "M-L1", "swath", L1),
    "MSI_BBS_1B": Type("MSI", "M-L1", "swath", L1, None),
    "MSI_SD1_1B": Type("MSI", "M-L1", "swath", L1, None, "calibration"),
    "MSI_SD2_1B": Type("MSI", "M-L1", "swath", L1, None, "calibration"),
    "MSI_DRK_1B": Type("MSI", "M-L1", "swath", L1, None, "calibration"),
    "MSI_TRF_1B": Type("MSI", "M-L1", "swath", L1, None, "calibration"),
    "BBR_NOM_1B": Type("BBR", "B-L1", "swath", L1),
    "BBR_SNG_1B": Type("BBR", "B-L1", "swath", L1),
    "BBR_LIN_1B": Type("BBR", "B-L1", "swath", L1, None),
    "BBR_SOL_1B": _auxiliary(),  # as the auxiliary collection's queryables have it
    "CPR_NOM_1B": Type("CPR", "JAXA CPR L1 Processor", "line", "JAXAxxxxxx", None),
    "AUX_JSG_1D": _auxiliary(),
    "AUX_MET_1D": _auxiliary(),
    # Level 2 of one instrument
    "ATL_FM__2A": Type("ATLID", "A-FM", "line"),
    "ATL_AER_2A": Type("ATLID", "A-PRO", "line"),
    "ATL_EBD_2A": Type("ATLID", "A-PRO", "line"),
    "ATL_ICE_2A": Type("ATLID", "A-PRO", "line"),
    "ATL_TC__2A": Type("ATLID", "A-PRO", "line", picture=None),
    "ATL_ALD_2A": Type("ATLID", "A-LAY", "line"),
    "ATL_CTH_2A": Type("ATLID", "A-LAY", "line"),
    "ATL_CLA_2A": Type("ATLID", JAXA, "line", SAOC, None),
    "MSI_CM__2A": Type("MSI", "M-CLD", "swath"),
    "MSI_COP_2A": Type("MSI", "M-CLD", "swath"),
    "MSI_AOT_2A": Type("MSI", "M-AOT", "swath"),
    "MSI_CLP_2A": Type("MSI", JAXA, "swath", SAOC, None),
    "CPR_FMR_2A": Type("CPR", "C-PRO", "line"),
    "CPR_CD__2A": Type("CPR", "C-PRO", "line"),
    "CPR_TC__2A": Type("CPR", "C-PRO", "line"),
    "CPR_CLD_2A": Type("CPR", "C-CLD", "line"),
    # the one type by which the queryables of the restricted collections gain AUX and NOMINAL
    "CPR_APC_2A": Type("AUX", "C-PRO", "line", "PDGS-CPFxx", None, "nominal", "AUX"),
    "CPR_ECO_2A": Type("CPR", JAXA, "line", SAOC, None),
    "CPR_CLP_2A": Type("CPR", JAXA, "line", SAOC, None),
    # Level 2 of several instruments
    "AM__CTH_2B": Type(BOTH, "AM-COL", "line"),
    "AM__ACD_2B": Type(BOTH, "AM-COL", "line"),
    "AC__TC__2B": Type(BOTH, "AC-TC", "line", picture=0),
    "AC__CLP_2B": Type(BOTH, JAXA, "line", SAOC, None),
    "BM__RAD_2B": Type(BOTH, "BM-RAD", "swath"),
    "BMA_FLX_2B": Type(BOTH, "BMA-FLX", "line"),
    "ACM_CAP_2B": Type(BOTH, "ACM-CAP", "line"),
    "ACM_COM_2B": Type(BOTH, "ACM-COM", "line", "ECCCxxxxxx"),
    "ACM_RT__2B": Type(BOTH, "ACM-RT", "line", "ECCCxxxxxx"),
    "ALL_DF__2B": Type(BOTH, "ACMB-DF", "line", "ECCCxxxxxx"),
    "ALL_3D__2B": Type(BOTH, "ACM-3D", "line", "ECCCxxxxxx"),
    "ACM_CLP_2B": Type(BOTH, JAXA, "line", SAOC, None),
    "ALL_RAD_2B": Type(BOTH, JAXA, "line", SAOC, None),
    # Orbit and attitude
    "AUX_ORBPRE": _auxiliary(".EOF"),
    "AUX_ORBRES": _auxiliary(".EOF"),
    "MPL_ORBSCT": _auxiliary(".EOF"),
    "GEO_ATTOBS": _auxiliary(),
    "GEO_ORBOBS": _auxiliary(),
}
#: A type that is not in the table, as a recording from the live service may bring.
UNKNOWN = Type(BOTH, None, "line")
#: Types whose data and header files stand under each other's key.
SWAPPED = frozenset({"AC__CLP_2B", "ATL_CLA_2A"})
VERSIONS = {"M-CLD": "11.30", JAXA: "0.0"}
#: DOIs that public items show.
DOI = {
    ("MSI_COP_2A", "AB"): "10.57780/eca-5ba8e95",
    ("MSI_COP_2A", "BA"): "10.57780/eca-94b4e53",
}


def type_of(file_type: str) -> Type:
    """What follows from a file type such as ``MSI_COP_2A``."""
    return TYPES.get(file_type, UNKNOWN)


def level_of(file_type: str) -> str | None:
    """Processing level such as ``L2A``; auxiliary data have none."""
    if type_of(file_type).mode == "AUX" and not file_type.startswith(("CPR", "BBR")):
        return None
    return "L0" if file_type.endswith("_0_") else f"L{file_type[-2:]}"
