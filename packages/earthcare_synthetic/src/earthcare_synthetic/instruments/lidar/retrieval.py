"""What ATLID's processors retrieve from its signals: A-EBD's profiles and A-TC's classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from earthcare_synthetic.instruments.averaging import box_mean, box_sum
from earthcare_synthetic.instruments.lidar.aerosol_types import aerosol_class, probabilities
from earthcare_synthetic.instruments.lidar.features import (
    AEROSOL,
    ATTENUATED,
    BOXES,
    MISSING,
    OPAQUE,
    Codes,
    Features,
    averaged_noise,
    simple_class,
)
from earthcare_synthetic.instruments.lidar.optics import Optics
from earthcare_synthetic.instruments.lidar.signals import Signals
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.fractal import Canvas, Field, Mask
from earthcare_synthetic.scene.grid import layer_depths

#: Observed: profiles in the running means of medium and low resolution (51 in older baselines).
MEDIUM, LOW = 41, 101
#: Profiles and pixels in height of a layer of aerosol whose kind is told, at the least.
LAYER_WIDTH, LAYER_DEPTH = 61, 11
#: Relative spread of the lidar ratio that the retrieval believes in beforehand.
PRIOR_SPREAD = 0.22
#: What the profile processor misses even without noise: relative error of backscatter.
LEAST_ERROR = 0.05
#: Radius of particles that scatter, in m: aerosol (accumulation mode).
AEROSOL_RADIUS = 4e-7


@dataclass(frozen=True)
class Profiles:
    """Fields (profile, height), NaN where nothing was found; errors are standard deviations.

    Extinction is in m-1, backscatter in m-1 sr-1, lidar ratio in sr, radius in m.
    """

    extinction: Field
    extinction_error: Field
    backscatter: Field
    backscatter_error: Field
    lidar_ratio: Field
    lidar_ratio_error: Field
    depolarisation: Field
    depolarisation_error: Field
    radius: Field


@dataclass(frozen=True)
class Retrieved:
    """Profiles, the codes of A-EBD for their quality and those of A-TC at three resolutions."""

    profiles: Profiles
    quality: Codes
    classification: Codes
    classification_medium: Codes
    classification_low: Codes


def retrieve(
    curtain: Curtain, optics: Optics, signals: Signals, features: Features, canvas: Canvas
) -> Retrieved:
    """Retrieve profiles where there are features.

    Optimal estimation pulls the lidar ratio to its prior where the Rayleigh channel says little
    (Donovan et al., doi:10.5194/amt-17-5301-2024). Errors belong to the values that have them:
    each value is off by its error times a normal number that its neighbours in the mean share.
    """
    seen = features.width > 0
    true = _averaged(optics, features)
    count = np.ones(features.width.shape, np.float32)
    for width, heights in BOXES.items():
        count[features.width == width] = np.sqrt(width * heights)
    arriving = np.maximum(optics.transmission, 1e-4)
    noise = signals.mie_noise / count / (true * arriving + 1e-12)
    backscatter_error = np.hypot(LEAST_ERROR, np.minimum(noise, 1.0))
    # The ratio needs the slope of the Rayleigh channel over several pixels.
    slope = 2.5 * signals.rayleigh_noise / count / np.maximum(signals.rayleigh_expected, 1e-9)
    measured = np.hypot(0.10, np.minimum(slope + 0.5 * noise, 3.0))
    ratio_error = 1 / np.sqrt(1 / PRIOR_SPREAD**2 + 1 / measured**2)
    depol_error = np.hypot(0.012, 0.35 * np.minimum(noise, 1.0) * (0.12 + optics.depolarisation))

    errors = {name: _grain(canvas, name, features) for name in ("backscatter", "ratio", "depol")}
    true_ratio = optics.extinction / np.maximum(optics.backscatter, 1e-12)
    # Of an opaque pixel only the upper part is seen.
    true = np.minimum(true, OPAQUE / (true_ratio * layer_depths() + 1e-12))
    backscatter = true * np.exp(backscatter_error * errors["backscatter"].clip(-3, 3))
    ratio = true_ratio * np.exp(ratio_error * errors["ratio"].clip(-2.8, 2.8) - ratio_error**2 / 2)
    depol = optics.depolarisation + depol_error * errors["depol"]
    extinction = backscatter * ratio
    told = np.exp(0.15 * averaged_noise(canvas, "error of errors", 3, 3))
    radius = np.select(
        [np.asarray(curtain.ice_water_content) > 1e-9, curtain.liquid_water_content > 1e-9],
        [curtain.ice_effective_radius, curtain.liquid_effective_radius],
        AEROSOL_RADIUS,
    ) * np.exp(0.2 * errors["ratio"])

    def keep(field: npt.NDArray[np.floating]) -> Field:
        return np.where(seen, field, np.nan).astype(np.float32)

    fields = {
        "extinction": keep(extinction),
        "extinction_error": keep(extinction * np.hypot(ratio_error, backscatter_error) * told),
        "backscatter": keep(backscatter),
        "backscatter_error": keep(backscatter * backscatter_error * told),
        "lidar_ratio": keep(ratio),
        "lidar_ratio_error": keep(ratio * ratio_error * told),
        "depolarisation": keep(depol),
        "depolarisation_error": keep(depol_error * told),
        "radius": keep(radius),
    }
    kinds = np.where(seen, optics.kind, np.minimum(features.simple, 0))
    aerosol = features.simple == AEROSOL
    truth = {"lidar_ratio": true_ratio.astype(np.float32), "depolarisation": optics.depolarisation}
    classes = [_classified(kinds, aerosol, truth, fields, width) for width in (1, MEDIUM, LOW)]
    quality = _quality(features, np.hypot(ratio_error, backscatter_error))
    return Retrieved(Profiles(**fields), quality, *classes)


def smoothed(
    fields: dict[str, Field], seen: Mask, width: int, heights: int = 1
) -> dict[str, Field]:
    """Running means along the track of what was found; errors shrink with the root of the number.

    Parameters
    ----------
    fields : dict of str to ndarray
        Names that end in ``_error`` are errors.
    seen : ndarray of bool
        Which pixels count; the others are NaN.
    width, heights : int
        Profiles and pixels in height, odd.
    """
    if width == 1:
        return fields
    count = np.maximum(box_sum(seen, width, heights), 1)
    independent = np.sqrt(width / 5)  # neighbours share much of their error
    means = {
        name: box_sum(np.where(seen, field, 0), width, heights)
        / (count * (independent if name.endswith("_error") else 1))
        for name, field in fields.items()
    }
    return {name: np.where(seen, mean, np.nan).astype(np.float32) for name, mean in means.items()}


def _averaged(optics: Optics, features: Features) -> Field:
    """Backscatter as seen: that of faint features is a mean along the track."""
    mean = np.array(optics.backscatter)
    kind = simple_class(optics.kind)
    for width in list(BOXES)[1:]:
        for simple in np.unique(kind[features.width == width]):
            alike = (features.width == width) & (kind == simple)
            mean[alike] = box_mean(optics.backscatter, alike, width)[alike]
    return mean


def _grain(canvas: Canvas, name: str, features: Features) -> Field:
    """Noise with the reach of the averaging."""
    fine = averaged_noise(canvas, f"fine {name}", 3, 3)
    coarse = averaged_noise(canvas, f"coarse {name}", 31, 5)
    return np.where(features.width > 5, coarse, fine)


def _classified(
    kinds: Codes, aerosol: Mask, true: dict[str, Field], fields: dict[str, Field], width: int
) -> Codes:
    """Codes of A-TC: clouds as they are, tropospheric aerosol by layer.

    Single pixels are too noisy to type: what counts is the mean over a layer (Donovan et al.,
    doi:10.5194/amt-17-5301-2024), whose error neighbours share. A layer never reaches into the
    next one, so only what the retrieval is off by is averaged.
    """
    used = ("lidar_ratio", "lidar_ratio_error", "depolarisation", "depolarisation_error")
    off = {name: fields[name] - true.get(name, 0) for name in used}
    told = smoothed(off, aerosol, max(width, LAYER_WIDTH), LAYER_DEPTH)
    told |= {name: told[name] + true[name] for name in true}
    share, distance = probabilities(*(told[name][aerosol] for name in used))
    codes = kinds.copy()
    codes[aerosol] = aerosol_class(share, distance)
    return codes.astype(np.int8)


def _quality(features: Features, relative_error: Field) -> Codes:
    """Good, likely good, likely bad, attenuated, missing."""
    seen = features.width > 0
    return np.select(
        [
            features.simple == MISSING,
            features.simple <= ATTENUATED,
            seen & (relative_error > 0.75),
            (seen & (relative_error > 0.38)) | (features.rayleigh_status == ATTENUATED),
        ],
        [4, 3, 2, 1],
        0,
    ).astype(np.int8)
