"""How much sunlight a cloud returns: two-stream relations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from earthcare_synthetic.scene.fractal import Field

#: Asymmetry of the scattering by droplets and by ice crystals (Hu and Stamnes,
#: doi:10.1175/1520-0442(1993)006<0728:AAPOTR>2.0.CO;2; Baum et al., doi:10.1175/JAM2309.1).
LIQUID_ASYMMETRY, ICE_ASYMMETRY = 0.86, 0.77
#: Less absorption than this per scattering cannot be told from none.
CONSERVATIVE = 8e-6


class Sheet(NamedTuple):
    """What a cloud returns of the beam of the Sun and of diffuse light, and what it lets pass."""

    reflectance: Field
    diffuse_reflectance: Field
    diffuse_transmittance: Field


def single_scattering_absorption(absorption_per_m: float, radius: Field) -> Field:
    """Share of light that one scattering loses, by the effective radius of the particles in m.

    0.85 times absorption coefficient times radius, while that is small (Twomey and Bohren,
    doi:10.1175/1520-0469(1980)037<2086:SAFCOA>2.0.CO;2).
    """
    lost = np.float32(0.85 * absorption_per_m) * radius
    return np.asarray(0.45 * (1 - np.exp(-lost / 0.45)), dtype=np.float32)


def similar_absorption(absorption: Field, asymmetry: float) -> Field:
    """Absorption of the isotropic scatterer that is similar (van de Hulst 1980, chapter 14)."""
    return np.asarray(absorption / (1 - (1 - absorption) * asymmetry), dtype=np.float32)


def sheet(thickness: Field, absorption: Field, cos_sun: Field) -> Sheet:
    """Reflectance of a homogeneous cloud in the Eddington approximation.

    Meador and Weaver (doi:10.1175/1520-0469(1980)037<0630:TSATRT>2.0.CO;2), equation 14, for
    isotropic scattering: `thickness` is the optical thickness times one minus the asymmetry,
    `absorption` that of `similar_absorption`, `cos_sun` the cosine of the solar zenith angle.
    """
    lost = np.clip(absorption, CONSERVATIVE, 0.3).astype(np.float32)
    k = np.sqrt(3 * lost)
    first, second = (3 + 4 * lost) / 4, (3 - 4 * lost) / 4
    damped = np.exp(-np.minimum(k * thickness, 30))
    direct = np.exp(-np.minimum(thickness / cos_sun, 60))
    both = (k + first) + (k - first) * damped**2
    numerator = (
        (1 - k * cos_sun) * (0.75 + 0.5 * k)
        - (1 + k * cos_sun) * (0.75 - 0.5 * k) * damped**2
        - 2 * k * (0.5 - 0.75 * cos_sun) * direct * damped
    )
    singular = 1 - (k * cos_sun) ** 2
    beam = (1 - lost) * numerator / (np.maximum(singular, 0.02) * both)
    return Sheet(
        np.clip(beam, 0, 1).astype(np.float32),
        np.clip(second * (1 - damped**2) / both, 0, 1).astype(np.float32),
        np.clip(2 * k * damped / both, 0, 1).astype(np.float32),
    )


def over_ground(cloud: Sheet, albedo: Field) -> Field:
    """Reflectance of a cloud over diffusely reflecting ground, with all that goes to and fro."""
    # The share of the beam that arrives at the ground, in the ratio in which diffuse light does.
    arriving = (1 - cloud.reflectance) * cloud.diffuse_transmittance
    arriving = arriving / np.maximum(1 - cloud.diffuse_reflectance, 1e-3)
    bounced = 1 - albedo * cloud.diffuse_reflectance
    return np.asarray(
        cloud.reflectance + arriving * albedo * cloud.diffuse_transmittance / bounced,
        dtype=np.float32,
    )
