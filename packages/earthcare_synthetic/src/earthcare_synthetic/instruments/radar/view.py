"""What the cloud radar CPR (94 GHz) measures of a curtain, and what it can tell about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.instruments.radar.classes import TARGETS, Codes, classify
from earthcare_synthetic.instruments.radar.detection import decibel, detect
from earthcare_synthetic.instruments.radar.echo import make_echo
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask
from earthcare_synthetic.scene.grid import HEIGHTS, curtain_canvas

#: Observed: top of the sampled window in m, and since July 2025 in low and middle latitudes.
TOP, LOW_TOP, LOWERED, LOW_LATITUDE = 20_250.0, 18_050.0, datetime(2025, 7, 9, tzinfo=UTC), 60.0
#: Largest path-integrated attenuation that the echo of the sea can tell, in dB.
LARGEST_PATH = 40.0


@dataclass(frozen=True)
class Radar:
    """What CPR sees, on the profiles and heights of the curtain; not sampled above some 20 km.

    `reflectivity` (dBZ) is as received: attenuated, with noise, ground and clutter; NaN where not
    sampled. `true_reflectivity` (dBZ, NaN where there is nothing) is neither attenuated nor noisy.
    Attenuation is two-way in dB, down to each pixel; that of water (`water_attenuation`) is what
    shows through multiple scattering. `fall_speed` and `doppler_velocity` (of the particles in
    moving air) are positive downwards in m s-1, and free of noise. `detection_status` and
    `multiple_scattering_status` are codes of C-FMR, the classifications codes of C-TC.
    `surface` is the index of the height of the ground, (profile,); so is
    `path_integrated_attenuation` (dB, NaN over land) and `brightness_temperature` (K).
    """

    reflectivity: Field
    true_reflectivity: Field
    gas_attenuation: Field
    water_attenuation: Field
    fall_speed: Field
    doppler_velocity: Field
    detection_status: Codes
    multiple_scattering_status: Codes
    hydrometeor_classification: Codes
    doppler_velocity_classification: Codes
    simplified_convective_classification: Codes
    surface: npt.NDArray[np.int16]
    path_integrated_attenuation: Field
    brightness_temperature: Field

    @property
    def target(self) -> Mask:
        """Where there are hydrometeors, (profile, height)."""
        return np.isin(self.detection_status, TARGETS)


def look(product: GranuleId, curtain: Curtain) -> Radar:
    """Measure a curtain with the radar.

    Its noise belongs to the frame: all radar products of a frame are made from one measurement.

    Parameters
    ----------
    product : GranuleId
        Any product of the frame.
    curtain : Curtain
        Of the same frame.

    Examples
    --------
    >>> radar = look(product, curtain)  # doctest: +SKIP
    >>> radar.reflectivity[radar.target].max()  # doctest: +SKIP
    """
    canvas = curtain_canvas(len(curtain.elevation), (product.orbit, ord(product.frame), 94))
    seen = _window_top(product, curtain)[:, None] > HEIGHTS
    echo = make_echo(curtain)
    found = detect(canvas, curtain, echo, seen)
    classes = classify(curtain, echo, found)
    reflectivity = decibel(echo.reflectivity)
    something = reflectivity > -60
    velocity = np.where(something, echo.fall_speed - curtain.air_velocity, np.nan)
    return Radar(
        reflectivity=found.reflectivity,
        true_reflectivity=np.where(something, reflectivity, np.nan).astype(np.float32),
        gas_attenuation=echo.gas_attenuation,
        water_attenuation=found.attenuation,
        fall_speed=np.where(something, echo.fall_speed, np.nan).astype(np.float32),
        doppler_velocity=velocity.astype(np.float32),
        detection_status=found.status,
        multiple_scattering_status=found.multiple_scattering,
        hydrometeor_classification=classes.hydrometeors,
        doppler_velocity_classification=classes.doppler,
        simplified_convective_classification=classes.convection,
        surface=found.surface,
        path_integrated_attenuation=_path(canvas, curtain, found.attenuation[:, -1]),
        brightness_temperature=_with_noise(canvas, echo.brightness_temperature),
    )


def _window_top(product: GranuleId, curtain: Curtain) -> npt.NDArray[np.float64]:
    lowered = product.start_time >= LOWERED
    low = lowered & (np.abs(curtain.track.latitude) < LOW_LATITUDE)
    return np.where(low, LOW_TOP, TOP)


def _path(canvas: Canvas, curtain: Curtain, attenuation: Field) -> Field:
    """What the weakened echo of the sea tells of the attenuation, with an error of 0.7 dB.

    Surface reference technique (Meneghini et al.,
    doi:10.1175/1520-0450(2000)039<2053:UOTSRT>2.0.CO;2); there is none over land.
    """
    error = 0.7 * canvas.random("echo of the sea").standard_normal(len(attenuation), np.float32)
    told = np.clip(attenuation + error, 0, LARGEST_PATH)
    return np.where(curtain.land, np.nan, told).astype(np.float32)


def _with_noise(canvas: Canvas, temperature: Field) -> Field:
    """The noise channel is no radiometer: it errs by some 2 K."""
    noise = canvas.random("noise channel").standard_normal(len(temperature), np.float32)
    return np.asarray(temperature + 2 * noise, dtype=np.float32)
