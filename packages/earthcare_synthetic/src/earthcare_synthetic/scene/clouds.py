"""The clouds of one frame, as physical layers on the MSI grid: what every instrument looks at."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.scene.atmosphere import Atmosphere
from earthcare_synthetic.scene.cloud_layer import Layer
from earthcare_synthetic.scene.deep_convection import cirrus, deep_convection
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise, ramp
from earthcare_synthetic.scene.layered_clouds import fronts, midlevel
from earthcare_synthetic.scene.low_clouds import low_layer
from earthcare_synthetic.scene.regimes import Regimes, make_regimes
from earthcare_synthetic.scene.swath import Swath, make_swath

#: Cloud water freezes between these temperatures (Pruppacher and Klett 1997, chapter 9), here at
#: once.
FREEZING = 253.0


@dataclass(frozen=True)
class Scene:
    """Geometry, temperature profile and three cloud layers of a frame.

    `high` holds everything made of ice: cirrus, anvils with their cores, frontal cloud; `middle` is
    altocumulus and altostratus; `low` is the boundary layer. Heights are above the geoid.
    """

    swath: Swath
    atmosphere: Atmosphere
    high: Layer
    middle: Layer
    low: Layer


def make_scene(
    product: GranuleId,
    level: int = 0,
    tell: Callable[[str], None] = lambda step: None,
    swath: Swath | None = None,
) -> Scene:
    """Make the scene of a frame; it depends on orbit and frame, never on product or processing.

    Parameters
    ----------
    product : GranuleId
        Any product of the frame.
    level : int
        0 for every pixel, 2 for every fourth (the same clouds, faster).
    tell : callable
        Is told what is being made.
    swath : Swath, optional
        Geometry of the frame, if it is known already.
    """
    tell("regimes")
    swath = swath or make_swath(product, level)
    regimes = make_regimes(product, swath)
    canvas = swath.canvas
    atmosphere = regimes.atmosphere_on(canvas)
    with ThreadPoolExecutor(1) as second:  # numpy lets two threads work at once
        below = second.submit(low_layer, canvas, regimes)
        tell("middle cloud")
        middle = _middle(canvas, regimes, atmosphere)
        tell("high cloud")
        high = _high(canvas, regimes, atmosphere)
        tell("low cloud")
        low = below.result()
    return Scene(swath, atmosphere, high, _onto_land(middle, swath), _onto_land(low, swath))


def _middle(canvas: Canvas, regimes: Regimes, atmosphere: Atmosphere) -> Layer:
    tau, level = midlevel(canvas, regimes.on(canvas, "midlevel"))
    top = atmosphere.tropopause * (0.40 + 0.05 * level) + 120 * ramp(tau, 0, 8)
    top = top.astype(np.float32)
    ice = atmosphere.temperature(top) < FREEZING
    liquid = 8.5 + 1.6 * np.log1p(tau)
    radius = np.where(ice, 18 + 4 * np.log1p(tau), liquid) * 1e-6
    return _layer(tau, top, 500 + 250 * np.log1p(tau), radius, ice)


def _high(canvas: Canvas, regimes: Regimes, atmosphere: Atmosphere) -> Layer:
    convection = deep_convection(canvas, regimes)
    front = fronts(canvas, regimes, atmosphere.tropopause)
    veil = cirrus(canvas, regimes.on(canvas, "cirrus"), convection.outflow)
    tropopause = atmosphere.tropopause
    wave = noise(canvas, "cirrus height", 400, 2.6)
    deeper = np.exp(0.5 * noise(canvas, "cirrus depth", 160, 2.2))
    veil_top = tropopause * (0.81 + 0.06 * wave) + 250 * np.log1p(veil)
    tau = convection.optical_thickness + front.optical_thickness + veil
    # Where layers touch, the thick one sets the top; thin cirrus above it is part of it.
    top = np.where(veil > 0, veil_top, 0)
    top = np.where(front.optical_thickness > veil, front.top, top)
    top = np.where(convection.optical_thickness > 0.6 * (front.optical_thickness + veil),
                   convection.top, top).astype(np.float32)  # fmt: skip
    depth = np.where(
        front.optical_thickness > veil,
        top - front.base,
        (500 + 800 * np.log1p(3 * veil)) * deeper,
    )
    depth = np.maximum(depth, convection.thickness * np.minimum(0.4 + 0.6 * deeper, 1.6))
    # Ice crystals: small at cold tops, larger below and in stronger clouds.
    radius = 24 + 0.35 * (atmosphere.temperature(top) - 215) + 3.5 * np.log1p(tau)
    radius = np.clip(radius + 3.5 * noise(canvas, "crystals", 120, 2.0), 15, 60) * 1e-6
    return _layer(tau, top, depth, radius, np.ones(canvas.shape, bool))


def _layer(
    tau: Field, top: Field, depth: Field, radius: npt.NDArray[np.floating], ice: Mask
) -> Layer:
    cloudy = tau > 0
    return Layer(
        optical_thickness=np.asarray(tau, dtype=np.float32),
        top=np.where(cloudy, top, 0).astype(np.float32),
        base=np.where(cloudy, np.maximum(top - depth, 400), 0).astype(np.float32),
        effective_radius=np.asarray(radius, dtype=np.float32),
        ice=ice,
    )


def _onto_land(layer: Layer, swath: Swath) -> Layer:
    """Lift clouds that would be under ground."""
    ground = swath.elevation - swath.geoid[:, None]
    lift = np.where(layer.optical_thickness > 0, np.maximum(ground + 300 - layer.base, 0), 0)
    return Layer(
        layer.optical_thickness,
        (layer.top + lift).astype(np.float32),
        (layer.base + lift).astype(np.float32),
        layer.effective_radius,
        layer.ice,
    )
