"""What an MSI cloud retrieval makes of a scene: one layer, noise, gaps, no solar part at night."""

from __future__ import annotations

from dataclasses import dataclass, fields
from zlib import crc32

import numpy as np
import numpy.typing as npt

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.layout import QUALITY_NO_RETRIEVAL
from earthcare_synthetic.scene.cloud_layer import water_path
from earthcare_synthetic.scene.clouds import Scene
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise, ramp
from earthcare_synthetic.scene.lines import cut, pieces

#: Limits of optical thickness: the faintest cloud that is retrieved, the end of the look-up table.
FAINTEST, THICKEST = 0.252, 255.0
#: Largest solar zenith angle of a solar retrieval, in degrees.
TWILIGHT = 78.0
#: Optical thickness of ice above which ice is what the imager sees.
OPAQUE_VEIL = 0.45
#: Share of wild cloud tops, as in real files.
WILD_SHARE = 0.001
#: Lines that are retrieved at a time.
BLOCK = 2000


@dataclass(frozen=True)
class Clouds:
    """Retrieved clouds; NaN where there is no retrieval. SI units, heights above the ellipsoid.

    `lost` marks lines (not pixels) without data.
    """

    optical_thickness: Field
    optical_thickness_error: Field
    effective_radius: Field
    effective_radius_error: Field
    water_path: Field
    water_path_error: Field
    top_height: Field
    top_temperature: Field
    top_temperature_error: Field
    top_pressure: Field
    quality: npt.NDArray[np.int8]
    lost: Mask


@dataclass(frozen=True)
class Grains:
    """Noise of a retrieval, and lines that are lost."""

    ripple: Field
    edge: Field
    droplet: Field
    bump: Field
    lost: Mask


@dataclass(frozen=True)
class Seen:
    """The layer of each pixel that an imager sees; `total` is the optical thickness of all."""

    total: Field
    optical_thickness: Field
    top: Field
    base: Field
    effective_radius: Field
    ice: Mask


def seen_layer(scene: Scene) -> Seen:
    """The uppermost layer of each pixel that is not too thin to hide the others."""
    high, middle, low = scene.high, scene.middle, scene.low
    in_ice = high.optical_thickness > OPAQUE_VEIL
    in_middle = ~in_ice & (middle.optical_thickness > OPAQUE_VEIL)
    layers = (in_ice, in_middle)

    def of(name: str) -> Field:
        return np.select(layers, (getattr(high, name), getattr(middle, name)), getattr(low, name))

    return Seen(
        total=high.optical_thickness + middle.optical_thickness + low.optical_thickness,
        optical_thickness=of("optical_thickness"),
        top=of("top"),
        base=of("base"),
        effective_radius=of("effective_radius"),
        ice=np.where(in_ice, True, in_middle & middle.ice),
    )


def processing_canvas(product: GranuleId, scene: Scene) -> Canvas:
    """The canvas of a scene with the seed of one processing of the frame.

    M-COP, M-CM and M-AOT are made from each other: what one baseline finds in a frame on one day
    is the same in all of them.
    """
    canvas = scene.swath.canvas
    seed = crc32(f"{product.file_class} {product.created:%Y%m%d}".encode())
    return Canvas(canvas.lines, canvas.columns, canvas.pixel_km, canvas.level, (*canvas.seed, seed))


def retrieve(product: GranuleId, scene: Scene) -> Clouds:
    """Retrieve clouds from a scene.

    The noise depends on the processing time of the product, the clouds do not. Uncertainties are
    multiplicative and grow where clouds are thin, thick or the Sun is low (Platnick et al.,
    doi:10.1109/TGRS.2016.2610522); thin cirrus is placed too low, as emission comes from within
    (Hünerbein et al., doi:10.5194/amt-17-261-2024).
    """
    own = processing_canvas(product, scene)
    grains = Grains(
        ripple=noise(own, "retrieval", 3, 5 / 3),
        edge=noise(own, "edges", 4, 2.0),
        droplet=noise(own, "droplets", 2, 1.5),
        bump=noise(own, "tops", 6, 2.0),
        lost=lost_lines(scene.swath.canvas),
    )
    rng = own.random("wild tops")
    found = {
        field.name: np.empty(own.shape, np.int8 if field.name == "quality" else np.float32)
        for field in fields(Clouds)
        if field.name != "lost"
    }
    for lines in pieces(own.shape[0], BLOCK):  # for the sake of memory
        piece = _retrieve_lines(cut(scene, lines), cut(grains, lines), rng)
        for name, values in found.items():
            values[lines] = getattr(piece, name)
    return Clouds(**found, lost=grains.lost)


def _retrieve_lines(scene: Scene, grains: Grains, rng: np.random.Generator) -> Clouds:
    swath, air = scene.swath, scene.atmosphere
    ripple, chance, grain, bumps = grains.ripple, grains.edge, grains.droplet, grains.bump
    layer = seen_layer(scene)
    true, seen, ice = layer.total, layer.optical_thickness, layer.ice
    top, base = layer.top, layer.base
    sunlit = swath.solar_zenith < TWILIGHT

    # Faint edges are missed now and then; a few lines are lost.
    detected = (true > FAINTEST) & (seen > 0.5 * FAINTEST) & (true + 0.4 * chance > 1.0)
    detected &= ~grains.lost[:, None]
    solar = detected & sunlit

    tau = np.clip(true * np.exp(0.07 * ripple), FAINTEST, THICKEST)
    spread = 0.10 + 0.25 * ramp(true, 4, 0.3)
    radius = np.clip(layer.effective_radius * np.exp(0.35 * spread * grain), 4e-6, 77e-6).astype(
        np.float32
    )
    tau = tau.astype(np.float32)
    path = water_path(tau, radius, ice)
    low_sun = 1 + ramp(swath.solar_zenith, 55, TWILIGHT)
    tau_share = (0.06 + 0.12 * ramp(tau, 40, 200) + 0.10 * ramp(tau, 3, 0.3)) * low_sun
    tau_share = tau_share * np.exp(0.25 * ripple)
    radius_share = spread * low_sun * np.exp(0.2 * grain)

    # The height of emission: an optical depth of about one below the top.
    depth = (
        (top - base)
        * np.minimum(1.0 / np.maximum(seen, 0.3), 1.0)
        * np.where(ice, np.float32(0.6), np.float32(0.2))
    )
    # Of a thin veil one sees the warm ground too, and takes it for a lower cloud.
    depth = depth + np.where(ice, 0.3 * top * np.exp(-seen / np.float32(0.9)), 0)
    height = np.maximum(top - depth + (60 + 120 * ice) * bumps, 40).astype(np.float32)
    temperature, pressure = air.temperature(height), air.pressure(height)
    temperature_error = (0.5 + 6.0 * np.exp(-seen / 1.5)) * np.exp(0.4 * chance)
    topped = detected & ~((seen < 0.6) & (ripple > 0.8))
    wild = topped & (rng.random(topped.shape, np.float32) < WILD_SHARE)
    count = int(wild.sum())
    pressure[wild] = rng.uniform(-48_000, 124_000, count)
    temperature[wild] = rng.uniform(175, 324, count)
    height[wild] = rng.uniform(1, 16_500, count)

    poor = 1 * (tau_share > 0.16) + 1 * (seen < 0.8) + 1 * (true > 3 * np.maximum(seen, 0.1))
    quality = np.where(topped | solar, np.minimum(poor + wild, 3), QUALITY_NO_RETRIEVAL)

    def keep(field: Field, where: Mask) -> Field:
        return np.where(where, field, np.float32(np.nan)).astype(np.float32)

    return Clouds(
        optical_thickness=keep(tau, solar),
        optical_thickness_error=keep(np.minimum(tau * tau_share, THICKEST), solar),
        effective_radius=keep(radius, solar),
        effective_radius_error=keep(radius * radius_share, solar),
        water_path=keep(path, solar),
        water_path_error=keep(path * np.hypot(tau_share, radius_share), solar),
        top_height=keep(height + swath.geoid[:, None], topped),
        top_temperature=keep(temperature, topped),
        top_temperature_error=keep(np.clip(temperature_error, 0.05, 61), topped),
        top_pressure=keep(pressure, topped),
        quality=quality.astype(np.int8),
        lost=grains.lost,
    )


def lost_lines(canvas: Canvas) -> Mask:
    """A handful of lines of a frame without data, the same ones at every resolution."""
    rng = canvas.random("lost lines")
    lost = np.zeros(canvas.lines, bool)
    for first in rng.integers(0, canvas.lines, 3):
        lost[first : first + int(rng.integers(1, 4))] = True
    return lost[:: canvas.stride]
