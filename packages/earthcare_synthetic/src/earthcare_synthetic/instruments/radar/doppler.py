"""Doppler velocity as CPR measures it, and the steps that make it fit for use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_products.conventions import BYTE_FILL
from earthcare_synthetic.instruments.radar.classes import Codes
from earthcare_synthetic.instruments.radar.detection import DOPPLER_FLOOR, Status
from earthcare_synthetic.instruments.radar.view import Radar
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Field, Mask, noise
from earthcare_synthetic.scene.grid import HEIGHTS, STEP_KM, curtain_canvas

#: Wavelength in m.
WAVELENGTH = 0.00319
#: Spectrum width in m s-1, nearly all from the motion of the satellite through its own beam, and
#: the error of the velocity of a strong echo over 1 km (Kollias et al.,
#: doi:10.1175/JTECH-D-11-00202.1).
SPECTRUM_WIDTH, SMALLEST_ERROR = 3.7, 0.35
#: Bias in m s-1 per dB/km of along-track gradient, where the beam is not filled evenly (Sy et al.,
#: doi:10.1109/TGRS.2013.2251639).
UNEVEN_FILLING = 0.16
#: Profiles and heights of the window of integration.
WINDOW = (5, 3)
#: Echo in dBZ for much and for some confidence, and the faintest of use after integration.
CONFIDENT, MODERATE, FAINTEST = -12.0, -18.0, -27.0


@dataclass(frozen=True)
class Doppler:
    """Velocities in m s-1, positive downwards, on the grid of the curtain; NaN without an echo.

    `nyquist`, `pointing_bias` and `surface_velocity` are (profile,). `gradient` is that of the
    reflectivity along the track in dB/km, `scatter` its standard deviation in the window in dB.
    """

    nyquist: Field
    pointing_bias: Field
    surface_velocity: Field
    uncorrected: Field
    spectrum_width: Field
    without_pointing: Field
    gradient: Field
    without_uneven_filling: Field
    integrated: Field
    integrated_error: Field
    scatter: Field
    best: Field
    fall_speed: Field
    fall_speed_error: Field
    uncorrected_status: Codes
    confidence: Codes
    fall_speed_status: Codes


def measure_doppler(
    seed: tuple[int, ...], curtain: Curtain, radar: Radar, altitude: Field
) -> Doppler:
    """Measure the velocity of what the radar sees.

    Parameters
    ----------
    seed : tuple of int
        Of the noise.
    curtain : Curtain
        What is looked at.
    radar : Radar
        What is seen of it.
    altitude : ndarray
        Of the satellite in m, (profile,).
    """
    canvas = curtain_canvas(len(curtain.elevation), seed)
    rng = canvas.random("Doppler")
    target, level = radar.target, radar.reflectivity
    nyquist = nyquist_velocity(altitude)
    pointing = 0.35 * noise(canvas, "pointing", 2500, 3.0)[:, 0]
    gradient = along_track_gradient(np.where(target, level, np.nan))
    near = np.abs(np.arange(len(HEIGHTS)) - radar.surface[:, None]) <= 3
    echo = target | near
    truth = np.where(target, radar.doppler_velocity, 0.0)
    error = SMALLEST_ERROR * (1 + 10 ** ((DOPPLER_FLOOR - level) / 10))
    grain = rng.standard_normal(level.shape, np.float32)
    biased = truth + pointing[:, None] + UNEVEN_FILLING * np.nan_to_num(gradient)
    uncorrected = _only(echo, folded(biased + np.minimum(error, 4) * grain, nyquist))
    without_pointing = folded(uncorrected - pointing[:, None], nyquist)
    without = folded(without_pointing - UNEVEN_FILLING * np.nan_to_num(gradient), nyquist)
    without = _only(target, without)
    integrated = mean_velocity(without, nyquist)
    useful = target & (level > FAINTEST)
    turns = np.rint((radar.doppler_velocity - integrated) / (2 * nyquist[:, None]))
    best = integrated + 2 * nyquist[:, None] * turns
    ripple = noise(canvas, "fall speed", 10, 2.0)
    width = SPECTRUM_WIDTH + 0.25 * rng.standard_normal(level.shape, np.float32)
    share = 1 / np.sqrt(WINDOW[0] * WINDOW[1])
    return Doppler(
        nyquist=nyquist,
        pointing_bias=pointing,
        surface_velocity=(pointing + 0.1 * rng.standard_normal(len(pointing))).astype(np.float32),
        uncorrected=uncorrected,
        spectrum_width=_only(echo, width),
        without_pointing=_only(echo, without_pointing),
        gradient=_only(target, gradient),
        without_uneven_filling=without,
        integrated=_only(useful, integrated),
        integrated_error=_only(useful, np.minimum(error, 4) * share),
        scatter=_only(useful, _scatter(np.where(target, level, np.nan))),
        best=_only(useful, best),
        fall_speed=_only(useful, radar.fall_speed + 0.1 * ripple),
        fall_speed_error=_only(useful, 0.12 + 0.05 * np.abs(ripple)),
        uncorrected_status=_uncorrected_status(radar, near),
        confidence=np.where(useful, _confidence(level), BYTE_FILL).astype(np.int8),
        fall_speed_status=_fall_speed_status(radar, useful, best),
    )


def nyquist_velocity(altitude: Field) -> Field:
    """Largest velocity that is not folded, of the pulse rate, which follows the altitude in steps.

    Wavelength times pulse rate over four; 6350 to 7400 Hz, fewer the higher the satellite flies.
    """
    rate = np.clip(7400 - (altitude - 393_000) / 25, 6350, 7400)
    rate = np.round(rate / 50) * 50
    return np.asarray(WAVELENGTH * rate / 4, dtype=np.float32)


def folded(velocity: npt.NDArray[np.floating], nyquist: Field) -> Field:
    """The velocity within plus and minus that of Nyquist that looks the same.

    Examples
    --------
    >>> folded(np.array([[6.0]]), np.array([5.0], np.float32))
    array([[-4.]], dtype=float32)
    """
    top = nyquist[:, None]
    return np.asarray((velocity + top) % (2 * top) - top, dtype=np.float32)


def along_track_gradient(level: Field) -> Field:
    """Centred difference of the reflectivity along the track in dB/km; 0 at edges."""
    change = np.zeros_like(level)
    change[1:-1] = (level[2:] - level[:-2]) / (2 * STEP_KM)
    return np.where(np.isfinite(level), np.nan_to_num(change).clip(-15, 15), np.nan)


def mean_velocity(velocity: Field, nyquist: Field) -> Field:
    """Mean over the window, as pulse pairs are added: of phases, so that folds do not matter."""
    known = np.isfinite(velocity)
    phase = np.where(known, np.pi * velocity / nyquist[:, None], 0)
    total = _windowed(known * np.cos(phase)) + 1j * _windowed(known * np.sin(phase))
    mean = np.angle(total) * nyquist[:, None] / np.pi
    return np.where(known, mean, np.nan).astype(np.float32)


def _scatter(level: Field) -> Field:
    known = np.isfinite(level)
    count = np.maximum(_windowed(known.astype(np.float32)), 1)
    mean = _windowed(np.where(known, level, 0)) / count
    square = _windowed(np.where(known, level**2, 0)) / count
    return np.sqrt(np.maximum(square - mean**2, 0))


def _windowed(field: npt.NDArray[np.floating]) -> Field:
    """Sum over the window around each pixel."""
    for axis, length in enumerate(WINDOW):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (length // 2, length // 2)
        padded = np.pad(field, pad)
        size = field.shape[axis]
        field = np.sum([padded.take(range(i, i + size), axis=axis) for i in range(length)], axis=0)
    return np.asarray(field, dtype=np.float32)


def _confidence(level: Field) -> Codes:
    """0 much, 1 some, 2 little."""
    return np.select([level > CONFIDENT, level > MODERATE], [0, 1], 2).astype(np.int8)


def _uncorrected_status(radar: Radar, near: Mask) -> Codes:
    target, status = radar.target, radar.detection_status
    inner = target.copy()
    inner[:, 1:-1] &= target[:, 2:] & target[:, :-2]
    code = np.where(target, _confidence(radar.reflectivity), 14)
    code[target & ~inner] = 10
    code[status == Status.CLUTTER_OVERLAPS] = 11
    code[(status == Status.CLUTTER) | (near & (status == Status.GROUND))] = 12
    code[status == Status.ENHANCED] = 13
    code[status == Status.NO_DATA] = BYTE_FILL
    return code.astype(np.int8)


def _fall_speed_status(radar: Radar, useful: Mask, best: Field) -> Codes:
    code = np.where(useful, _confidence(radar.reflectivity), BYTE_FILL)
    code[useful & (best < -1)] = 10
    code[radar.target & ~useful] = 12
    code[radar.detection_status == Status.ENHANCED] = 13
    return code.astype(np.int8)


def _only(where: Mask, field: npt.NDArray[np.floating]) -> Field:
    return np.where(where, field, np.nan).astype(np.float32)
