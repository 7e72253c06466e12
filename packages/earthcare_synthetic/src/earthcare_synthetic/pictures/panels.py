"""Which variables a picture of each product shows; how, `earthcare_products` knows."""

from __future__ import annotations

from dataclasses import dataclass

from earthcare_products import msi_grid
from earthcare_products.classes import ClassTable, class_table
from earthcare_products.display import Display, display, pretty_unit
from earthcare_products.products import PRODUCTS
from earthcare_synthetic.products.table import TABLES, read_table


@dataclass(frozen=True)
class Panel:
    """One panel: a variable of a product as a curtain, as a swath, or as lines along the track.

    Parameters
    ----------
    file_type, variable : str
        Of which product, and its name in the file.
    name : str
        What the picture calls it.
    band : int, optional
        Which one of the first dimension, as of the bands of MSI_RGR_1C.
    limits, colours : optional
        In place of those of the table of displays, which has none for single bands.
    """

    file_type: str
    variable: str
    name: str
    band: int | None = None
    limits: tuple[float, float] | None = None
    colours: str = ""

    @property
    def form(self) -> str:
        """Whether it is a "curtain", a "swath", or "lines"."""
        form = PRODUCTS[self.file_type].form
        return form if form in ("curtain", "swath") else "lines"

    @property
    def classes(self) -> ClassTable | None:
        """Names and colours of its codes, or None for a quantity."""
        return class_table(self.file_type, self.variable)

    @property
    def look(self) -> Display:
        """How it is drawn."""
        return display(self.variable, self.file_type, self.unit)

    @property
    def unit(self) -> str:
        """Its unit in the file; for one band of radiances, that of the band."""
        if self.band is not None:
            return "K" if self.band > 3 else "W m-2 sr-1 um-1"
        (unit,) = (
            str(variable.attributes.get("units", "1"))
            for variable in read_table(table_of(self.file_type))
            if variable.name == self.variable
        )
        return unit

    @property
    def label(self) -> str:
        """Its name, with the unit shown."""
        return self.name if self.classes else f"{self.name} ({pretty_unit(self.look.unit)})"


def group_of(file_type: str) -> str:
    """Group in the file whose variables are shown."""
    return PRODUCTS[file_type].groups[0]


def table_of(file_type: str) -> str:
    """Name of the table of that group."""
    name = f"{file_type}.{group_of(file_type).rpartition('/')[2]}"
    return name if (TABLES / f"{name}.jsonl").exists() else file_type


def across_track(file_type: str) -> tuple[int, float]:
    """Column at nadir of a swath, and the km from column to column."""
    if file_type.startswith("AM_"):
        return msi_grid.JOINT_NADIR, msi_grid.JOINT_KM
    return msi_grid.NADIR_COLUMN, msi_grid.PITCH_KM


_SHOWN: dict[str, dict[str, str]] = {
    "ACM_CAP_2B": {
        "ice_water_content": "Ice water content",
        "liquid_water_content": "Liquid water content",
        "aerosol_extinction": "Aerosol extinction",
    },
    "AC__TC__2B": {"synergetic_target_classification": "Target"},
    "AM__CTH_2B": {
        "cloud_top_height_MSI": "Cloud top height",
        "cloud_top_height_difference_ATLID_MSI": "ATLID minus MSI",
    },
    "ATL_AER_2A": {
        "particle_backscatter_coefficient_355nm": "Backscatter",
        "classification": "Target",
    },
    "ATL_ALD_2A": {
        "aerosol_optical_thickness_355nm": "Optical thickness",
        "aerosol_layer_number": "Aerosol layers",
    },
    "ATL_CTH_2A": {"ATLID_cloud_top_height": "Cloud top height"},
    "ATL_EBD_2A": {
        "mie_total_attenuated_backscatter_355nm": "Mie backscatter",
        "particle_extinction_coefficient_355nm": "Extinction",
    },
    "ATL_ICE_2A": {
        "ice_water_content": "Ice water content",
        "ice_effective_radius": "Effective radius",
    },
    "BMA_FLX_2B": {
        "solar_combined_top_of_atmosphere_flux": "Solar flux",
        "thermal_combined_top_of_atmosphere_flux": "Thermal flux",
    },
    "BM__RAD_2B": {"solar_radiance": "Solar", "thermal_radiance": "Thermal"},
    "CPR_CD__2A": {"doppler_velocity_best_estimate": "Doppler velocity"},
    "CPR_CLD_2A": {"water_content": "Water content", "characteristic_diameter": "Diameter"},
    "CPR_FMR_2A": {"reflectivity_corrected": "Reflectivity"},
    "CPR_TC__2A": {"hydrometeor_classification": "Hydrometeors"},
    "MSI_AOT_2A": {"aerosol_optical_thickness_670nm": "Optical thickness"},
    "MSI_CM__2A": {"cloud_mask": "Cloud mask", "cloud_type": "Cloud type"},
}
#: File type -> panels of its picture, from top to bottom. That of MSI_COP_2A is drawn otherwise.
PANELS: dict[str, tuple[Panel, ...]] = {
    file_type: tuple(Panel(file_type, variable, name) for variable, name in shown.items())
    for file_type, shown in _SHOWN.items()
} | {
    "MSI_RGR_1C": (
        Panel("MSI_RGR_1C", "pixel_values", "0.67 µm", 0, (0, 400), "gray"),
        Panel("MSI_RGR_1C", "pixel_values", "10.8 µm", 5, (210, 315), "gray_r"),
    ),
}
