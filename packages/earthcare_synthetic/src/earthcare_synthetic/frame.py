"""One frame of one orbit: what all its products share, made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from earthcare_products.granule_ids import GranuleId
from earthcare_synthetic.instruments.lidar import view as lidar
from earthcare_synthetic.instruments.lidar.view import LidarView
from earthcare_synthetic.instruments.radar import view as radar
from earthcare_synthetic.instruments.radar.view import Radar
from earthcare_synthetic.scene.clouds import Scene, make_scene
from earthcare_synthetic.scene.curtain import Curtain, make_curtain
from earthcare_synthetic.scene.store import made_once


@dataclass(frozen=True)
class Frame:
    """The scene of a frame, kept in a folder so that the products of a frame share it.

    Parameters
    ----------
    product : GranuleId
        Any product of the frame.
    folder : Path
        Where scenes are kept, each in a folder of its own.
    """

    product: GranuleId
    folder: Path

    def place(self, part: str) -> Path:
        """Folder of a part of the scene."""
        told = self.product
        return self.folder / f"scene_{told.orbit:05d}{told.frame}_{told.start_time:%H%M%S}_{part}"

    @cached_property
    def scene(self) -> Scene:
        """Clouds and ground on the swath of MSI."""
        return made_once(self.place("swath"), Scene, lambda: make_scene(self.product))

    @cached_property
    def curtain(self) -> Curtain:
        """Everything below the satellite, by height."""
        return made_once(
            self.place("curtain"), Curtain, lambda: make_curtain(self.product, self.scene)
        )

    @cached_property
    def radar(self) -> Radar:
        """What the radar makes of the curtain; made anew by each process, as that is quick."""
        return radar.look(self.product, self.curtain)

    @cached_property
    def lidar(self) -> LidarView:
        """What ATLID sees of the curtain."""
        return made_once(
            self.place("lidar"),
            LidarView,
            lambda: lidar.look(self.curtain, self.scene.swath.canvas.seed),
        )
