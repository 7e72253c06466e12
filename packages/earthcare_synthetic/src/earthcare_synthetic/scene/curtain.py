"""The air below the satellite: one curtain per frame, which lidar, radar and imager look into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_products import msi_grid
from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.scene.aerosol import make_aerosol
from earthcare_synthetic.scene.atmosphere import Atmosphere, skin_temperature
from earthcare_synthetic.scene.cloud_layer import Layer
from earthcare_synthetic.scene.clouds import Scene
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask, noise
from earthcare_synthetic.scene.grid import (
    HEIGHTS,
    Track,
    curtain_canvas,
    layer_depths,
    make_track,
    sheets,
    smoothed,
)
from earthcare_synthetic.scene.polar_stratosphere import make_polar_stratosphere
from earthcare_synthetic.scene.precipitation import make_precipitation
from earthcare_synthetic.scene.shear import Lean, make_lean
from earthcare_synthetic.scene.water import Water, ice_profile, liquid_profile

#: Lines, and columns, of MSI that one profile sees.
SIDE = 2


@dataclass(frozen=True)
class Curtain:
    """What lies below the track: arrays (profile,) and (profile, height), on the heights of `grid`.

    Heights are in m above the ellipsoid, contents in kg m-3, radii in m, the optical thickness (at
    670 nm) of the three cloud layers as MSI would retrieve it. `snow_flux` and `rain_flux` are
    downward in kg m-2 s-1, `air_velocity` is upward in m s-1, `aerosol_type` a code of A-TC.
    `aerosol_extinction` is at 355 nm in m-1. Ice is everything frozen, snow included.
    """

    track: Track
    geoid: Field
    elevation: Field
    land: Mask
    solar_zenith: Field
    tropopause: Field
    surface_temperature: Field
    high_optical_thickness: Field
    middle_optical_thickness: Field
    low_optical_thickness: Field
    temperature: Field
    pressure: Field
    relative_humidity: Field
    ice_water_content: Field
    ice_effective_radius: Field
    liquid_water_content: Field
    liquid_effective_radius: Field
    snow_flux: Field
    rain_flux: Field
    melting: Mask
    air_velocity: Field
    aerosol_extinction: Field
    aerosol_type: Field


def make_curtain(product: GranuleId, scene: Scene) -> Curtain:
    """Fill the air below the track with what the cloud layers of the scene hold.

    Parameters
    ----------
    product : GranuleId
        Any product of the frame.
    scene : Scene
        Of the same frame; one at full resolution has what a profile sees, a coarser one is for
        a first look.
    """
    track = make_track(product)
    swath = scene.swath
    side, column = max(SIDE // swath.canvas.stride, 1), msi_grid.NADIR_COLUMN // swath.canvas.stride
    lines = np.searchsorted(swath.time, track.time).clip(side, len(swath.time) - side) - side // 2

    def at_nadir(field: npt.NDArray[Any]) -> Field:
        near = np.asarray(field[:, column : column + side])
        return np.asarray(
            np.mean([near[lines + i].mean(1) for i in range(side)], axis=0), dtype=np.float32
        )

    air = Atmosphere(
        at_nadir(scene.atmosphere.sea_level_temperature)[:, None],
        at_nadir(scene.atmosphere.tropopause)[:, None],
        at_nadir(scene.atmosphere.stratosphere)[:, None],
    )
    geoid, elevation = np.asarray(swath.geoid)[lines], at_nadir(swath.elevation)
    land = at_nadir(swath.land) > 0.5
    elevation = np.where(land, elevation, geoid)
    zenith = at_nadir(swath.solar_zenith)
    above_geoid = HEIGHTS - geoid[:, None]
    underground = elevation[:, None] > HEIGHTS
    temperature = air.temperature(above_geoid)
    canvas = curtain_canvas(len(lines), swath.canvas.seed)

    layers = {
        name: _layer_at_nadir(getattr(scene, name), at_nadir, geoid)
        for name in ("high", "middle", "low")
    }
    layers["high"] = _with_thin_cirrus(layers["high"])
    lean = {name: make_lean(canvas, layer) for name, layer in layers.items()}
    high, water = _fill_clouds(canvas, layers, temperature, underground)
    falling = make_precipitation(canvas, high, water, layers, lean, temperature, elevation, land)
    cloudy = falling.ice_water_content + water.liquid_water_content > 1e-7
    humidity = _humidity(canvas, above_geoid, cloudy, air)
    frost = make_polar_stratosphere(canvas, track, temperature, above_geoid, air.tropopause)
    frozen = frost.with_more(
        Water(
            falling.ice_water_content,
            falling.ice_effective_radius,
            water.liquid_water_content,
            water.liquid_effective_radius,
        )
    )
    aerosol = make_aerosol(canvas, track, humidity, land, elevation, swath.day_of_year)

    def in_air(field: npt.NDArray[Any]) -> Field:
        return np.where(underground, 0, field).astype(np.float32)

    return Curtain(
        track=track,
        geoid=geoid.astype(np.float32),
        elevation=elevation.astype(np.float32),
        land=land,
        solar_zenith=zenith,
        tropopause=(air.tropopause[:, 0] + geoid).astype(np.float32),
        surface_temperature=skin_temperature(
            air.temperature((elevation - geoid)[:, None])[:, 0], land, zenith
        ),
        high_optical_thickness=layers["high"].optical_thickness,
        middle_optical_thickness=layers["middle"].optical_thickness,
        low_optical_thickness=layers["low"].optical_thickness,
        temperature=temperature,
        pressure=air.pressure(above_geoid),
        relative_humidity=humidity,
        ice_water_content=in_air(frozen.ice_water_content),
        ice_effective_radius=in_air(frozen.ice_effective_radius),
        liquid_water_content=in_air(water.liquid_water_content),
        liquid_effective_radius=in_air(water.liquid_effective_radius),
        snow_flux=in_air(falling.snow_flux),
        rain_flux=in_air(falling.rain_flux),
        melting=falling.melting & ~underground,
        air_velocity=in_air(
            _air_velocity(canvas, falling.ice_water_content, layers["high"], lean["high"])
        ),
        aerosol_extinction=in_air(aerosol.extinction),
        aerosol_type=in_air(aerosol.kind).astype(np.int8),
    )


def _layer_at_nadir(
    layer: Layer, at_nadir: Callable[[npt.NDArray[Any]], Field], geoid: Field
) -> Layer:
    """Mean optical thickness below the satellite; heights (above the ellipsoid) of its cloud."""
    tau = at_nadir(layer.optical_thickness)
    cover = np.maximum(at_nadir(np.asarray(layer.optical_thickness) > 0), 1e-6)
    return Layer(
        optical_thickness=tau,
        top=np.where(tau > 0, at_nadir(layer.top) / cover + geoid, 0).astype(np.float32),
        base=np.where(tau > 0, at_nadir(layer.base) / cover + geoid, 0).astype(np.float32),
        effective_radius=at_nadir(layer.effective_radius),
        ice=at_nadir(layer.ice) > 0.5,
    )


def _with_thin_cirrus(layer: Layer) -> Layer:
    """Spread ice cloud into what a lidar sees of it and an imager does not.

    Half of all cirrus is thinner than an imager's limit of about 0.3 (Sassen et al.,
    doi:10.1029/2008JD009972); its edges fade out over tens of kilometres, at the same height.
    """
    weight = np.minimum(layer.optical_thickness, 1) ** 0.5
    near = np.maximum(smoothed(weight, 12.0), 1e-4)
    faint = 0.22 * smoothed(np.minimum(layer.optical_thickness, 1.0), 22.0)
    tau = np.maximum(layer.optical_thickness, np.where(faint > 0.008, faint, 0))
    own = np.where(layer.top > 0, np.clip(layer.optical_thickness / 20, 0.25, 1), 0)
    fields = [
        own * field + (1 - own) * smoothed(weight * field, 12.0) / near
        for field in (layer.top, layer.base, layer.effective_radius)
    ]
    top, base, radius = (np.where(tau > 0, field, 0).astype(np.float32) for field in fields)
    thin = np.clip(tau / 0.12, 0.03, 1) ** 0.5  # where it is faint
    base = (top - (top - base) * thin).astype(np.float32)
    return Layer(tau.astype(np.float32), top, base, radius, np.ones_like(layer.ice))


def _fill_clouds(
    canvas: Canvas, layers: dict[str, Layer], temperature: Field, underground: Mask
) -> tuple[Water, Water]:
    """Put the water of each layer at its heights: that of the high one, and that of the others."""
    depth = layer_depths()
    nothing = Water(*(np.zeros(temperature.shape, np.float32) for _ in range(4)))
    high, others = nothing, nothing
    for name, layer in layers.items():
        for frozen, profile in ((True, ice_profile), (False, liquid_profile)):
            part = np.where(layer.ice == frozen, layer.optical_thickness, 0)
            if part.any():
                more = profile(canvas, name, layer, part, temperature, depth, underground)
                if name == "high":
                    high = high.with_more(more)
                else:
                    others = others.with_more(more)
    return high, others


def _humidity(canvas: Canvas, height: Field, cloudy: Mask, air: Atmosphere) -> Field:
    """Relative humidity, 0 to 1: moist below the inversion and in cloud, dry in the stratosphere.

    Zonal means after Peixoto and Oort (1992, figure 12.12), rounded.
    """
    weather = sheets(canvas, "humidity", 600)
    low = np.exp(-((np.maximum(height, 0) / 1600) ** 2))
    middle = 0.42 + 0.14 * weather
    humidity = 0.8 * low + middle * (1 - low)
    humidity = np.where(height > air.tropopause, 0.04, humidity)
    return np.clip(np.where(cloudy, 1.0, humidity), 0.02, 1.0).astype(np.float32)


def _air_velocity(canvas: Canvas, ice: Field, high: Layer, lean: Lean) -> Field:
    """Upward velocity: gentle waves everywhere, updraughts in convective cores.

    Updraughts of some m s-1 up to 15 m s-1 in tropical cores (LeMone and Zipser,
    doi:10.1175/1520-0469(1980)037<2444:CVEIGP>2.0.CO;2).
    """
    gentle = 0.12 * noise(canvas, "vertical wind", 60, 5 / 3)
    strength = np.clip((high.optical_thickness - 60) / 100, 0, 1)
    core = lean.of(np.broadcast_to(strength[:, None], ice.shape))
    gusts = np.maximum(noise(canvas, "updraughts", 40, 3.0) + 0.4, -0.8)
    return np.asarray(gentle + 4.5 * core * gusts * (ice > 1e-6), dtype=np.float32)
