"""How the water of a cloud layer is spread over height."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_synthetic.scene.cloud_layer import ICE_DENSITY, WATER_DENSITY, Layer
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise
from earthcare_synthetic.scene.grid import HEIGHTS

#: Melting point of ice in K.
MELTING_POINT = 273.15
#: Profiles that a fall streak drifts per 100 m of height.
SLANT = 0.35


@dataclass(frozen=True)
class Water:
    """Cloud water (profile, height): contents in kg m-3, effective radii in m."""

    ice_water_content: Field
    ice_effective_radius: Field
    liquid_water_content: Field
    liquid_effective_radius: Field

    def with_more(self, other: Water) -> Water:
        """Both together; where both have ice or both liquid, the radius is that of the denser."""
        more_ice = other.ice_water_content > self.ice_water_content
        more_liquid = other.liquid_water_content > self.liquid_water_content
        return Water(
            self.ice_water_content + other.ice_water_content,
            np.where(more_ice, other.ice_effective_radius, self.ice_effective_radius),
            self.liquid_water_content + other.liquid_water_content,
            np.where(more_liquid, other.liquid_effective_radius, self.liquid_effective_radius),
        )


def extinction(content: Field, radius: Field, density: float) -> Field:
    """Geometric extinction in m-1, from content (kg m-3) and effective radius (m).

    Three halves of content over density and radius (Stephens,
    doi:10.1175/1520-0469(1978)035<2123:RPIEWC>2.0.CO;2): particles much larger than the wavelength.
    """
    safe = np.maximum(radius, np.float32(1e-6))
    return np.where(content > 0, 1.5 * content / (density * safe), 0).astype(np.float32)


def ice_profile(
    canvas: Canvas,
    name: str,
    layer: Layer,
    tau: Field,
    temperature: Field,
    depth: Field,
    underground: Mask,
) -> Water:
    """Ice of a layer: densest in its lower half, crystals that grow as they fall, fall streaks.

    Extinction sums up to the optical thickness `tau`. The growth of the radius downwards follows
    the aggregation seen by lidar and radar (Delanoe and Hogan, doi:10.1029/2009JD012346).
    """
    share = _share_of_depth(layer)
    cold = (temperature < MELTING_POINT) & ~underground
    inside = (share >= 0) & (share <= 1) & cold
    top_half = np.clip(share, 0, 1) ** 0.35
    bottom_half = np.clip(1 - share, 0, 1) ** 0.6
    streaks = _slanted(noise(canvas, f"{name} fall streaks", 40, 2.0))
    shape = np.where(inside, top_half * bottom_half * np.exp(0.5 * streaks), 0)
    sigma = _normalised(shape, inside, tau, layer, depth)
    fallen = np.maximum(layer.top[:, None] - HEIGHTS, 0)
    radius = layer.effective_radius[:, None] * (1 + fallen / 5000)
    radius = np.clip(radius * np.exp(0.12 * streaks), 8e-6, 160e-6)
    content = (2 / 3 * ICE_DENSITY) * sigma * radius
    nothing = np.zeros_like(sigma)
    return Water(content.astype(np.float32), radius.astype(np.float32), nothing, nothing)


def liquid_profile(
    canvas: Canvas,
    name: str,
    layer: Layer,
    tau: Field,
    temperature: Field,
    depth: Field,
    underground: Mask,
) -> Water:
    """Droplets of a layer: content grows linearly from the base, as in a lifted parcel.

    With a constant number of droplets the radius grows with the cube root of the height above the
    base and the extinction with its square (Boers and Mitchell, doi:10.3402/tellusa.v46i3.15627).
    """
    share = _share_of_depth(layer)
    inside = (share >= 0) & (share <= 1) & ~underground & (temperature > 233)
    rough = np.exp(0.15 * noise(canvas, f"{name} entrainment", 8, 5 / 3))
    above_base = np.clip(share, 0.02, 1)
    sigma = _normalised(
        np.where(inside, above_base ** (2 / 3) * rough, 0), inside, tau, layer, depth
    )
    radius = np.maximum(layer.effective_radius[:, None] * above_base ** (1 / 3), 2e-6)
    content = (2 / 3 * WATER_DENSITY) * sigma * radius
    nothing = np.zeros_like(sigma)
    return Water(nothing, nothing, content.astype(np.float32), radius.astype(np.float32))


def _share_of_depth(layer: Layer) -> Field:
    """0 at the base of a layer and 1 at its top, (profile, height)."""
    thickness = np.maximum(layer.top - layer.base, 120)[:, None]
    return np.asarray((HEIGHTS - layer.base[:, None]) / thickness, dtype=np.float32)


def _normalised(shape: Field, inside: Mask, tau: Field, layer: Layer, depth: Field) -> Field:
    """Extinction of a given shape that adds up to `tau`; a layer between pixels gets one."""
    lost = (tau > 0) & ~(shape > 0).any(axis=1)
    if lost.any():
        middle = ((layer.top + layer.base) / 2)[lost]
        nearest = np.abs(HEIGHTS - middle[:, None]).argmin(axis=1)
        shape[np.flatnonzero(lost), nearest] = 1
    total = (shape * depth).sum(axis=1)
    scale = np.where(total > 0, tau / np.maximum(total, 1e-9), 0)
    return np.asarray(shape * scale[:, None], dtype=np.float32)


def _slanted(field: Field) -> Field:
    """Move each height along the track, as the wind shears what falls."""
    profiles, heights = field.shape
    drift = (SLANT * np.arange(heights)).astype(int)
    rows = (np.arange(profiles)[:, None] + drift) % profiles
    return np.asarray(field[rows, np.arange(heights)])
