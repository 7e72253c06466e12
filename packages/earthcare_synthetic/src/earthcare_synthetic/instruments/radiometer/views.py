"""What BBR measures along the track in its three views, and the fluxes made from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earthcare_synthetic.instruments.radiometer.broadband import (
    ZENITH,
    Strip,
    anisotropy,
    limb_darkening,
)
from earthcare_synthetic.instruments.radiometer.footprints import (
    LINE_KM,
    Footprint,
    footprint_mean,
    masked_mean,
)
from earthcare_synthetic.scene import world
from earthcare_synthetic.scene.fractal import Field, Mask
from earthcare_synthetic.scene.grid import Track, smoothed
from earthcare_synthetic.scene.lines import cut
from earthcare_synthetic.scene.swath import Swath
from earthcare_synthetic.scene.world import Array

#: Profiles of the joint standard grid that are left out at each end, so that an E frame has the
#: observed 5047 records.
ENDS = 7
#: Seconds from the fore to the nadir view of a place, over ground at 7.2 km/s and 393 km high.
LAG = 78.0
#: Cosine of the solar zenith angle below which there is no solar flux.
DARK = 0.12
#: Noise of radiances in W m-2 sr-1 (solar, thermal), and relative errors of the models that turn
#: them into fluxes (goals of the mission: Wehr et al., doi:10.5194/amt-16-3581-2023).
SOLAR_NOISE, THERMAL_NOISE, SOLAR_MODEL, THERMAL_MODEL = 0.8, 0.3, 0.035, 0.012
#: Parallax in km that is left of a cloud's height when views are laid upon each other: its share.
LEFT_PARALLAX = 0.25


@dataclass(frozen=True)
class Records:
    """Footprints along the track: (record,), or (record, view) for views fore, nadir and aft.

    Angles in degrees, fluxes in W m-2, radiances in W m-2 sr-1, heights in m above the ellipsoid;
    solar values are NaN in the dark. `cover` is a share of cloud; `top` and `top_spread` are NaN
    without a cloud top.
    """

    track: Track
    lines: Array
    latitude: Array
    longitude: Array
    solar_zenith: Array
    solar_azimuth: Array
    viewing_zenith: Array
    viewing_azimuth: Array
    cover: Field
    top: Field
    top_spread: Field
    sunlit: Mask
    solar_radiance: Array
    thermal_radiance: Array
    solar_flux: Array
    thermal_flux: Array

    @property
    def relative_azimuth(self) -> Field:
        """Angle between the azimuths of Sun and satellite, 0 to 180 degrees."""
        difference = (self.solar_azimuth - self.viewing_azimuth + 180) % 360 - 180
        return np.asarray(np.abs(difference), dtype=np.float32)


def measure(
    swath: Swath, whole: Track, strip: Strip, footprint: Footprint, rng: np.random.Generator
) -> Records:
    """Radiances of the three views of each footprint, and the flux that each view gives.

    Every view sees the same clouds, apart from what is left of their parallax; the models of
    angular distribution err, each view in its own way, over some tens of kilometres.
    """
    track = cut(whole, slice(ENDS, -ENDS))
    lines = np.interp(track.time, swath.time, np.arange(len(swath.time)))
    angles = _angles(track)
    top, spread, _ = masked_mean(strip.top, strip.cloudy, footprint, lines)
    cover = footprint_mean(strip.cloudy.astype(np.float32), footprint, lines)
    bright = footprint_mean(strip.surface.land + strip.surface.sea_ice, footprint, lines)
    cos_sun = np.cos(np.radians(angles["solar_zenith"][:, 1])).astype(np.float32)
    sunlit = cos_sun > DARK
    relative = np.radians(angles["solar_azimuth"] - angles["viewing_azimuth"])

    aside = np.nan_to_num(spread) * LEFT_PARALLAX / 1000 / LINE_KM
    aside = aside * np.tan(np.radians(ZENITH.fore))
    views = [lines + sign * aside for sign in (1, 0, -1)]
    solar, thermal = (
        np.stack([footprint_mean(field, footprint, view) for view in views], axis=1)
        for field in (strip.solar, strip.thermal)
    )
    shape = solar.shape
    solar_model = anisotropy(cover, bright, cos_sun, np.cos(relative))
    thermal_model = limb_darkening(cover)
    solar_seen, thermal_seen = (
        flux * model / np.pi + noise * rng.standard_normal(shape)
        for flux, model, noise in (
            (solar, solar_model, SOLAR_NOISE), (thermal, thermal_model, THERMAL_NOISE),
        )
    )  # fmt: skip
    errors = [
        np.stack([_wandering(rng, shape[0]) for _ in range(3)], axis=1)
        * (size * np.array([1.0, 0.6, 1.0]))
        for size in (SOLAR_MODEL, THERMAL_MODEL)
    ]
    dark = np.where(sunlit, np.float32(1), np.float32(np.nan))[:, None]
    return Records(
        track=track,
        lines=lines,
        cover=cover,
        top=top,
        top_spread=spread,
        sunlit=sunlit,
        solar_radiance=np.maximum(solar_seen, 0) * dark,
        thermal_radiance=thermal_seen,
        solar_flux=np.maximum(solar_seen, 0) * dark * np.pi / (solar_model * (1 + errors[0])),
        thermal_flux=thermal_seen * np.pi / (thermal_model * (1 + errors[1])),
        **angles,
    )


def combined(fluxes: Array) -> Field:
    """The flux of a footprint from those of its three views; the nadir view errs least."""
    return np.asarray(fluxes @ np.array([0.25, 0.5, 0.25]), dtype=np.float32)


def _angles(track: Track) -> dict[str, Array]:
    """Place and angles of the three views of each record."""
    shape = (len(track.time), 3)
    seen_at = track.time[:, None] + LAG * np.array([-1, 0, 1])
    latitude, longitude = (
        np.broadcast_to(field[:, None], shape) for field in (track.latitude, track.longitude)
    )
    zenith, azimuth = world.solar_angles(seen_at, latitude, longitude)
    # In the fore view the satellite is still behind the place, in the aft view ahead of it.
    bearing = track.heading[:, None] + np.array([180, 90, 0])
    return {
        "latitude": latitude,
        "longitude": longitude,
        "solar_zenith": zenith,
        "solar_azimuth": azimuth,
        "viewing_zenith": np.broadcast_to(np.array(ZENITH), shape),
        "viewing_azimuth": bearing % 360,
    }


def _wandering(rng: np.random.Generator, count: int) -> Array:
    """Noise of unit variance that changes over some 20 records."""
    noise = smoothed(rng.standard_normal(count), 10.0)
    return np.asarray(noise / noise.std())
