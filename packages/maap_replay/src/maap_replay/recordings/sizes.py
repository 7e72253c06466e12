"""Sizes of data files (`file:size`), which every complete item that is public states.

A size follows from the type alone, and the data service fills the synthetic file up to it
(`maap_replay.granules`), so that the two agree on every processor. Of most types no size is public.
Theirs are ours: larger than the synthetic files of every type on the frames
04537E, 03127C, 01503H and 09500G (BBR's on the first three), and of some on 01500A, 02000B, 03000C,
05000D, 01510F and 01511E. Frames differ: of a cloudy 02000B the radar's are a third larger.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from maap_replay.recordings.patch import Json

#: Bytes of a header file, from the item that is public in full.
HEADER = 24_881
#: Bytes of an .h5 file. Observed: MSI_COP_2A in the same item, ATL_EBD_2A and ACM_CAP_2B rounded.
KNOWN = {
    "ACM_CAP_2B": 50_800_000,
    "AC__CLP_2B": 8_000_000,
    "AC__TC__2B": 2_000_000,
    "AM__CTH_2B": 20_000_000,
    "ATL_AER_2A": 14_000_000,
    "ATL_ALD_2A": 1_200_000,
    "ATL_CTH_2A": 500_000,
    "ATL_EBD_2A": 74_300_000,
    "ATL_ICE_2A": 5_000_000,
    "ATL_TC__2A": 22_000_000,
    "BMA_FLX_2B": 9_000_000,
    "BM__RAD_2B": 13_000_000,
    "CPR_CD__2A": 8_000_000,
    "CPR_CLD_2A": 14_000_000,
    "CPR_CLP_2A": 14_000_000,
    "CPR_FMR_2A": 10_000_000,
    "CPR_TC__2A": 2_000_000,
    "MSI_AOT_2A": 85_000_000,
    "MSI_CM__2A": 65_000_000,
    "MSI_COP_2A": 136_301_685,
    "MSI_RGR_1C": 160_000_000,
}
#: Of all other types; the replay writes none of them.
USUAL = 40_000_000


def with_sizes(item: Json) -> Json:
    """Item whose data files all state a size; those that did keep theirs."""
    known = KNOWN.get(item["properties"].get("product:type", ""), USUAL)
    for asset in item["assets"].values():
        if asset.get("roles") == ["data"]:
            header = PurePosixPath(asset["href"]).suffix == ".HDR"
            asset.setdefault("file:size", HEADER if header else known)
    return item
