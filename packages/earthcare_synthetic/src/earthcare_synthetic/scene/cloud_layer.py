"""What one cloud layer is, for every instrument that looks at it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_synthetic.scene.fractal import Field, Mask

WATER_DENSITY, ICE_DENSITY = 1000.0, 917.0


@dataclass(frozen=True)
class Layer:
    """A cloud layer on the pixel grid: cloud where the optical thickness (670 nm) is above 0.

    `top` and `base` are heights above the geoid in m, `effective_radius` is in m, `ice` says where
    the particles are ice.
    """

    optical_thickness: Field
    top: Field
    base: Field
    effective_radius: Field
    ice: Mask

    def water_path(self) -> Field:
        """Liquid or ice water path in kg m-2."""
        return water_path(self.optical_thickness, self.effective_radius, self.ice)


def water_path(optical_thickness: Field, effective_radius: Field, ice: Mask) -> Field:
    """Water path from optical thickness and effective radius, for a vertically uniform cloud.

    Two thirds of density times optical thickness times effective radius (Stephens,
    doi:10.1175/1520-0469(1978)035<2123:RPIEWC>2.0.CO;2).
    """
    density = np.where(ice, np.float32(ICE_DENSITY), np.float32(WATER_DENSITY))
    return np.asarray(2 / 3 * density * optical_thickness * effective_radius, dtype=np.float32)
