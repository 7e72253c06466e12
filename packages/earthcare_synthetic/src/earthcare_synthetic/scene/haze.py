"""Aerosol of the column on the swath, as it is at nadir and spreads from there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_products import msi_grid
from earthcare_synthetic.scene import aerosol
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Field, noise
from earthcare_synthetic.scene.grid import layer_depths, smoothed
from earthcare_synthetic.scene.swath import Swath

#: Angstrom exponents from 355 to 670 and from 670 to 865 nm, by kind (Wandinger et al.,
#: doi:10.5194/amt-16-2485-2023, rounded; within the range that real MSI_AOT_2A files show).
ANGSTROM = {
    aerosol.DUST: (0.70, 0.52),
    aerosol.SEA_SALT: (0.78, 0.60),
    aerosol.POLLUTION: (1.55, 1.75),
    aerosol.SMOKE: (1.74, 2.25),
    aerosol.DUSTY_SMOKE: (1.20, 1.35),
    aerosol.DUSTY_MIX: (0.90, 0.90),
    aerosol.SULPHATE: (1.50, 1.70),
}
#: Distance from nadir in km within which the swath has the detail of the curtain.
NEAR = 15.0


@dataclass(frozen=True)
class Haze:
    """Optical thickness of the aerosol of a column, and its Angstrom exponents."""

    optical_thickness_670nm: Field
    angstrom_355nm_670nm: Field
    angstrom_670nm_865nm: Field


def make_haze(curtain: Curtain, swath: Swath) -> Haze:
    """Spread the aerosol of the curtain over the swath.

    At nadir it is the column of the curtain, smoothed over 3 km; beside it, that of 60 km of the
    track, with plumes of its own.
    """
    canvas = swath.canvas
    profiles = np.asarray(curtain.track.time)
    optical_depth = np.asarray(curtain.aerosol_extinction) * layer_depths()
    column = np.maximum(optical_depth.sum(axis=1), 1e-3)
    codes = np.asarray(curtain.aerosol_type)
    exponents = np.zeros((2, len(column)), np.float32)
    for code, values in ANGSTROM.items():
        share = np.where(codes == code, optical_depth, 0).sum(axis=1) / column
        exponents += np.array(values)[:, None] * smoothed(share, 20.0)
    of_kinds = [np.interp(swath.time, profiles, exponent)[:, None] for exponent in exponents]

    fine, broad = (
        np.interp(swath.time, profiles, smoothed(np.log(column), length))[:, None]
        for length in (3.0, 60.0)
    )
    columns = np.arange(canvas.shape[1]) * canvas.stride
    distance = (columns - msi_grid.NADIR_COLUMN) * msi_grid.PITCH_KM
    near = np.exp(-((distance / NEAR) ** 2)).astype(np.float32)
    plumes = 0.32 * noise(canvas, "haze plumes", 180, 2.2)
    log_355 = near * fine + (1 - near) * (broad + plumes)
    mixture = 0.10 * noise(canvas, "haze mixture", 300, 2.2)
    short = np.clip(of_kinds[0] + mixture, 0.68, 1.77)
    long = np.clip(of_kinds[1] + 1.5 * mixture, 0.50, 2.40)
    depth = np.exp(log_355 - short * np.float32(np.log(670 / 355)))
    return Haze(*(np.asarray(field, dtype=np.float32) for field in (depth, short, long)))
