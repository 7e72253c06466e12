"""What each type of product holds: file type -> the function that says it of a product."""

from __future__ import annotations

from earthcare_synthetic.products import (
    ac__clp_2b,
    ac__tc__2b,
    acm_cap_2b,
    am__cth_2b,
    atl_aer_2a,
    atl_ald_2a,
    atl_cth_2a,
    atl_ebd_2a,
    atl_ice_2a,
    atl_tc__2a,
    bm__rad_2b,
    bma_flx_2b,
    cpr_cd__2a,
    cpr_cld_2a,
    cpr_clp_2a,
    cpr_fmr_2a,
    cpr_tc__2a,
    msi_aot_2a,
    msi_cm__2a,
    msi_cop_2a,
    msi_rgr_1c,
)
from earthcare_synthetic.products.writing import Contents

CONTENTS: dict[str, Contents] = {
    "ACM_CAP_2B": acm_cap_2b.contents,
    "AC__CLP_2B": ac__clp_2b.contents,
    "AC__TC__2B": ac__tc__2b.contents,
    "AM__CTH_2B": am__cth_2b.contents,
    "ATL_AER_2A": atl_aer_2a.contents,
    "ATL_ALD_2A": atl_ald_2a.contents,
    "ATL_CTH_2A": atl_cth_2a.contents,
    "ATL_EBD_2A": atl_ebd_2a.contents,
    "ATL_ICE_2A": atl_ice_2a.contents,
    "ATL_TC__2A": atl_tc__2a.contents,
    "BMA_FLX_2B": bma_flx_2b.contents,
    "BM__RAD_2B": bm__rad_2b.contents,
    "CPR_CD__2A": cpr_cd__2a.contents,
    "CPR_CLD_2A": cpr_cld_2a.contents,
    "CPR_CLP_2A": cpr_clp_2a.contents,
    "CPR_FMR_2A": cpr_fmr_2a.contents,
    "CPR_TC__2A": cpr_tc__2a.contents,
    "MSI_AOT_2A": msi_aot_2a.contents,
    "MSI_CM__2A": msi_cm__2a.contents,
    "MSI_COP_2A": msi_cop_2a.contents,
    "MSI_RGR_1C": msi_rgr_1c.contents,
}
