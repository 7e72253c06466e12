"""What the air does to light at 355 nm: extinction, backscatter and depolarisation by particle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.scene import aerosol
from earthcare_synthetic.scene.cloud_layer import ICE_DENSITY, WATER_DENSITY
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Canvas, Field, noise
from earthcare_synthetic.scene.grid import HEIGHTS, layer_depths, sheets
from earthcare_synthetic.scene.water import MELTING_POINT, extinction

#: Classes of A-TC for clouds: the code of an aerosol is that of the scene.
WARM_LIQUID, SUPERCOOLED, ICE, STRATOSPHERIC_ICE = 1, 2, 3, 22
#: Aerosol type -> range of its lidar ratio (sr) and of its linear depolarisation ratio at 355 nm
#: (Floutsi et al., doi:10.5194/amt-16-2353-2023; Wandinger et al., doi:10.5194/amt-16-2485-2023).
AEROSOLS: dict[int, tuple[float, float, float, float]] = {
    aerosol.DUST: (50, 58, 0.22, 0.26),
    aerosol.SEA_SALT: (18, 25, 0.01, 0.03),
    aerosol.POLLUTION: (50, 60, 0.01, 0.04),
    aerosol.SMOKE: (60, 75, 0.02, 0.05),
    aerosol.DUSTY_SMOKE: (50, 58, 0.12, 0.17),
    aerosol.DUSTY_MIX: (40, 50, 0.10, 0.15),
    aerosol.SULPHATE: (45, 55, 0.01, 0.05),
}
#: Observed with ATLID in ice clouds: mean lidar ratio in sr and mean depolarisation, with spreads.
ICE_LIDAR_RATIO, ICE_DEPOLARISATION = 27.25, 0.373
#: Droplets: the lidar ratio of Mie theory (O'Connor et al.,
#: doi:10.1175/1520-0426(2004)021<0777:ATFAOC>2.0.CO;2) and the most that multiple scattering
#: depolarises (Hu et al., doi:10.1364/OE.15.005327).
LIQUID_LIDAR_RATIO, LIQUID_DEPOLARISATION = 18.8, 0.2
#: Share of the extinction that takes light out of ATLID's narrow view: forward scattering by large
#: particles stays in it (Hogan, doi:10.1175/2008JAS2642.1).
ICE_SHARE, LIQUID_SHARE, AEROSOL_SHARE = 0.55, 0.5, 0.95
#: Air at 355 nm: scattering cross section of a molecule in m2 (Bucholtz, doi:10.1364/AO.34.002765)
#: and extinction over backscatter in sr; mass of a molecule in kg, Boltzmann's constant in J/K.
CROSS_SECTION, AIR_LIDAR_RATIO = 2.76e-30, 8.505
MOLECULE, BOLTZMANN = 4.8096e-26, 1.380649e-23
GRAVITY = 9.80665


@dataclass(frozen=True)
class Optics:
    """Particles and air at 355 nm on (profile, height), and what is left of the light above them.

    `extinction` is in m-1, `backscatter` and `molecular_backscatter` in m-1 sr-1, `depolarisation`
    is linear, `kind` the class of A-TC that scatters most, 0 for none. `optical_depth` is that of
    the particles above the middle of a pixel, `transmission` the share of light that goes to a
    pixel and back, in the mean over the pixel and with what is scattered forward.
    """

    extinction: Field
    backscatter: Field
    depolarisation: Field
    kind: npt.NDArray[np.int8]
    molecular_backscatter: Field
    optical_depth: Field
    transmission: Field


def make_optics(curtain: Curtain, canvas: Canvas) -> Optics:
    """Optical properties of everything in a curtain, by kind of particle.

    Cloud particles are much larger than the wavelength, so their extinction is geometric. The
    lidar ratio and depolarisation of each kind vary within its range from place to place; ice
    depolarises more where it is cold (Sassen and Zhu, doi:10.1029/2009JD012279). Rain is left out:
    it falls where cloud hides it.
    """
    temperature = curtain.temperature
    ice = extinction(curtain.ice_water_content, curtain.ice_effective_radius, ICE_DENSITY)
    liquid = extinction(
        curtain.liquid_water_content, curtain.liquid_effective_radius, WATER_DENSITY
    )
    haze = np.asarray(curtain.aerosol_extinction)
    ratio, depolarising = _of_aerosol(canvas, curtain.aerosol_type)
    habit = noise(canvas, "crystal habit", 60, 2.0)
    ice_ratio = ICE_LIDAR_RATIO * np.exp(0.11 * habit)
    ice_depolarising = ICE_DEPOLARISATION - 0.0006 * (temperature - 228) + 0.025 * habit
    ice_depolarising += 0.012 * noise(canvas, "crystal shape", 20, 2.0)
    depth = layer_depths()
    into_liquid = _above(liquid * depth)
    liquid_depolarising = LIQUID_DEPOLARISATION * (1 - np.exp(-into_liquid / 1.2))

    parts = np.stack([ice / ice_ratio, liquid / LIQUID_LIDAR_RATIO, haze / ratio])
    ratios = np.stack([ice_depolarising.clip(0.13, 0.58), liquid_depolarising, depolarising])
    backscatter = parts.sum(axis=0)
    crossed = (parts * ratios / (1 + ratios)).sum(axis=0)
    seen = backscatter > 1e-9
    cloud = np.where(temperature < MELTING_POINT, SUPERCOOLED, WARM_LIQUID)
    frozen = np.where(curtain.tropopause[:, None] < HEIGHTS, STRATOSPHERIC_ICE, ICE)
    kinds = np.stack([frozen, cloud, curtain.aerosol_type])
    kind = np.take_along_axis(kinds, parts.argmax(axis=0)[None], 0)[0]

    apparent = depth * (ICE_SHARE * ice + LIQUID_SHARE * liquid + AEROSOL_SHARE * haze)
    density = curtain.pressure / (BOLTZMANN * temperature)
    air_above = CROSS_SECTION / (MOLECULE * GRAVITY) * curtain.pressure
    # What scatters in an opaque pixel is in its upper part: the mean over the pixel arrives back.
    double = np.maximum(2 * apparent, 1e-6)
    inside = -np.expm1(-double) / double
    transmission = np.exp(-2 * (air_above + np.cumsum(apparent, axis=1) - apparent)) * inside
    fields = {
        "extinction": ice + liquid + haze,
        "backscatter": backscatter,
        "depolarisation": np.where(seen, crossed / np.maximum(backscatter - crossed, 1e-12), 0),
        "molecular_backscatter": CROSS_SECTION / AIR_LIDAR_RATIO * density,
        "optical_depth": _above((ice + liquid + haze) * depth),
        "transmission": transmission,
    }
    return Optics(
        **{name: np.asarray(field, dtype=np.float32) for name, field in fields.items()},
        kind=np.where(seen, kind, 0).astype(np.int8),
    )


def _above(thickness: Field) -> Field:
    """Optical depth from the top to the middle of each pixel."""
    return np.asarray(np.cumsum(thickness, axis=1) - thickness / 2, dtype=np.float32)


def _of_aerosol(canvas: Canvas, kind: npt.NDArray[Any]) -> tuple[Field, Field]:
    """Lidar ratio and depolarisation of aerosol, somewhere in the range of its kind."""
    table = np.ones((128, 4), np.float32)
    for code, ranges in AEROSOLS.items():
        table[code] = ranges
    low_ratio, high_ratio, low, high = table[np.asarray(kind)].transpose(2, 0, 1)
    mix = np.clip(0.5 + 0.2 * sheets(canvas, "aerosol mixture", 400), 0, 1)
    return low_ratio + mix * (high_ratio - low_ratio), low + mix * (high - low)
