"""Which variables a picture of each product shows, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from earthcare_products import msi_grid
from earthcare_synthetic.pictures import classes
from earthcare_synthetic.pictures.classes import Classes


@dataclass(frozen=True)
class Panel:
    """One panel: a variable as a curtain, as a swath, or as lines along the track.

    Parameters
    ----------
    variable : str
        Name in the file.
    shape : {"curtain", "swath", "lines"}
        Over time and height, over time and the swath, or values over time.
    label : str
        What it is, with its unit as shown.
    limits : tuple of float
        Of the colours or of the axis, in the unit shown.
    scale : float
        What values in the unit of the file are multiplied by.
    log : bool
        Colours by the logarithm.
    colours : str
        Name of the colour map.
    classes : dict, optional
        Colours and names of classes, for a variable of codes.
    index : int, optional
        Which one of the first dimension, as of the bands of MSI_RGR_1C.
    absent : float, optional
        Value in the file where nothing was retrieved, beside the fill value.
    """

    variable: str
    shape: Literal["curtain", "swath", "lines"]
    label: str
    limits: tuple[float, float] = (0, 1)
    scale: float = 1.0
    log: bool = False
    colours: str = "viridis"
    classes: Classes | None = None
    index: int | None = None
    absent: float | None = None


@dataclass(frozen=True)
class Place:
    """Where values are: their group, names of variables, and the columns of a swath."""

    group: str = "ScienceData"
    latitude: str = "latitude"
    height: str = "height"
    nadir: int = msi_grid.NADIR_COLUMN
    pitch_km: float = msi_grid.PITCH_KM


#: Products whose variables lie elsewhere.
PLACES = {
    "AC__CLP_2B": Place("ScienceData/Data"),
    "CPR_CLP_2A": Place("ScienceData/Data"),
    "AM__CTH_2B": Place(nadir=150, pitch_km=1.0),
    "BM__RAD_2B": Place("ScienceData/Standard"),
    "BMA_FLX_2B": Place("ScienceData/StandardResolution"),
}


def _content(name: str, label: str) -> Panel:
    return Panel(name, "curtain", f"{label} (g m⁻³)", (1e-4, 3), scale=1e3, log=True)


#: File type -> panels of its picture, from top to bottom. JAXA's have none but in the gallery.
PANELS: dict[str, tuple[Panel, ...]] = {
    "ACM_CAP_2B": (
        _content("ice_water_content", "Ice water content"),
        _content("liquid_water_content", "Liquid water content"),
        Panel("aerosol_extinction", "curtain", "Aerosol extinction (km⁻¹)", (1e-3, 1),
              1e3, log=True),
    ),
    "AC__CLP_2B": (
        Panel(
            "cloud_particle_type_cpr_atlid_1km", "curtain", "Particles", classes=classes.PARTICLE
        ),
    ),
    "AC__TC__2B": (
        Panel(
            "synergetic_target_classification", "curtain", "Target", classes=classes.SYNERGETIC
        ),
    ),
    "AM__CTH_2B": (
        Panel("cloud_top_height_MSI", "swath", "Cloud top height (km)", (0, 16), 1e-3),
        Panel(
            "cloud_top_height_difference_ATLID_MSI", "swath", "ATLID minus MSI (km)", (-4, 4), 1e-3,
            colours="RdBu_r",
        ),
    ),
    "ATL_AER_2A": (
        Panel(
            "particle_backscatter_coefficient_355nm", "curtain", "Backscatter (Mm⁻¹ sr⁻¹)",
            (0.1, 100), 1e6, log=True,
        ),
        Panel("classification", "curtain", "Target", classes=classes.ATLID_TARGET),
    ),
    "ATL_ALD_2A": (
        Panel("aerosol_optical_thickness_355nm", "lines", "Optical thickness (1)", (0, 2)),
        Panel("aerosol_layer_number", "lines", "Aerosol layers (1)", (0, 8)),
    ),
    "ATL_CTH_2A": (
        Panel("ATLID_cloud_top_height", "lines", "Cloud top height (km)", (0, 18), 1e-3),
    ),
    "ATL_EBD_2A": (
        Panel(
            "mie_total_attenuated_backscatter_355nm", "curtain", "Mie backscatter (Mm⁻¹ sr⁻¹)",
            (0.1, 100), 1e6, log=True,
        ),
        Panel(
            "particle_extinction_coefficient_355nm", "curtain", "Extinction (km⁻¹)",
            (1e-2, 10), 1e3, log=True,
        ),
    ),
    "ATL_ICE_2A": (
        Panel(  # milligrams and micrometres in this file
            "ice_water_content", "curtain", "Ice water content (g m⁻³)", (1e-4, 3), 1e-3, log=True,
            absent=0,
        ),
        Panel("ice_effective_radius", "curtain", "Effective radius (µm)", (0, 150), absent=0),
    ),
    "ATL_TC__2A": (Panel("classification", "curtain", "Target", classes=classes.ATLID_TARGET),),
    "BMA_FLX_2B": (
        Panel("solar_combined_top_of_atmosphere_flux", "lines", "Solar flux (W m⁻²)", (0, 1000)),
        Panel(
            "thermal_combined_top_of_atmosphere_flux", "lines", "Thermal flux (W m⁻²)", (50, 350)
        ),
    ),
    "BM__RAD_2B": (
        Panel("solar_radiance", "lines", "Solar (W m⁻² sr⁻¹)", (0, 300)),
        Panel("thermal_radiance", "lines", "Thermal (W m⁻² sr⁻¹)", (20, 110)),
    ),
    "CPR_CD__2A": (
        Panel(
            "doppler_velocity_best_estimate", "curtain", "Doppler velocity (m s⁻¹)", (-6, 6),
            colours="RdBu_r",
        ),
    ),
    "CPR_CLD_2A": (
        _content("water_content", "Water content"),
        Panel("characteristic_diameter", "curtain", "Diameter (mm)", (0.05, 2), 1e3, log=True),
    ),
    "CPR_CLP_2A": (
        Panel("cloud_ice_content_1km", "curtain", "Ice content (g m⁻³)", (1e-4, 3), log=True),
    ),
    "CPR_FMR_2A": (Panel("reflectivity_corrected", "curtain", "Reflectivity (dBZ)", (-40, 20)),),
    "CPR_TC__2A": (
        Panel(
            "hydrometeor_classification", "curtain", "Hydrometeors", classes=classes.HYDROMETEOR
        ),
    ),
    "MSI_AOT_2A": (
        Panel("aerosol_optical_thickness_670nm", "swath", "Optical thickness (1)", (0, 0.4)),
    ),
    "MSI_CM__2A": (
        Panel("cloud_mask", "swath", "Cloud mask", classes=classes.CLOUD_MASK),
        Panel("cloud_type", "swath", "Cloud type", classes=classes.CLOUD_TYPE),
    ),
    "MSI_COP_2A": (
        Panel("cloud_optical_thickness", "swath", "Optical thickness (1)", (0.5, 60), log=True),
        Panel("cloud_top_height", "swath", "Cloud top height (km)", (0, 16), 1e-3),
    ),
    "MSI_RGR_1C": (
        Panel(
            "pixel_values", "swath", "0.67 µm (W m⁻² sr⁻¹ µm⁻¹)", (0, 400), colours="gray", index=0
        ),
        Panel(
            "pixel_values", "swath", "10.8 µm (K)", (210, 315), colours="gray_r", index=5
        ),
    ),
}  # fmt: skip
