"""What ATLID makes of the air below the satellite: signals, features, profiles, classes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from earthcare_synthetic.instruments.lidar.features import (
    AEROSOL,
    STRATOSPHERIC_AEROSOL,
    Features,
    find_features,
)
from earthcare_synthetic.instruments.lidar.optics import Optics, make_optics
from earthcare_synthetic.instruments.lidar.retrieval import (
    Profiles,
    Retrieved,
    retrieve,
    smoothed,
)
from earthcare_synthetic.instruments.lidar.signals import Signals, make_signals
from earthcare_synthetic.scene.curtain import Curtain
from earthcare_synthetic.scene.grid import curtain_canvas


@dataclass(frozen=True)
class LidarView:
    """What ATLID sees of a curtain, on its profiles and heights.

    `optics` is the truth; the others are what the instrument and its processors say.
    """

    optics: Optics
    signals: Signals
    features: Features
    retrieved: Retrieved


def look(curtain: Curtain, seed: tuple[int, ...]) -> LidarView:
    """See a curtain as ATLID does.

    The noise belongs to the measurement, so that all products of a frame agree on it, whenever
    they were processed.

    Parameters
    ----------
    curtain : Curtain
        Of the frame.
    seed : tuple of int
        Of the frame's scene.
    """
    canvas = curtain_canvas(len(curtain.elevation), seed)
    optics = make_optics(curtain, canvas)
    signals = make_signals(curtain, optics, canvas)
    features = find_features(curtain, optics, signals, canvas)
    return LidarView(
        optics, signals, features, retrieve(curtain, optics, signals, features, canvas)
    )


def smoothed_profiles(view: LidarView, width: int) -> Profiles:
    """Retrieved profiles as running means over `width` profiles, of clouds and aerosol apart."""
    if width == 1:
        return view.retrieved.profiles
    simple = view.features.simple
    aerosol = np.isin(simple, (AEROSOL, STRATOSPHERIC_AEROSOL))
    fields = asdict(view.retrieved.profiles)
    haze, cloud = (smoothed(fields, part, width) for part in (aerosol, (simple > 0) & ~aerosol))
    return Profiles(**{name: np.where(aerosol, haze[name], cloud[name]) for name in fields})
