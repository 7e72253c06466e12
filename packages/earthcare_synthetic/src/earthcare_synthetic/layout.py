"""How synthetic files are laid out beside what `earthcare_products` knows of the real ones.

Marked *observed*: seen in output or logs of real files. Marked *chosen*: nobody has published it,
so change it here when a real file becomes available.
"""

from __future__ import annotations

from math import ceil

#: Lines before and after the frame: makes the observed 11904 lines of an E frame (27 s each side).
MARGIN_LINES = 428
#: Columns of the joint standard grid: chosen to hold the swath of MSI.
JOINT_COLUMNS = 201
#: Observed for cloud_water_path, chosen for the others: shuffle, deflate 3, three by three chunks.
DEFLATE_LEVEL = 3
CHUNKS_PER_SIDE = 3
#: Documented meaning of a pixel without a retrieval; chosen for clear sky too.
QUALITY_NO_RETRIEVAL = 4


def chunk_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Chunks of a variable: (3968, 128) for (11904, 384), as observed; a third of a vector."""
    return tuple(ceil(size / CHUNKS_PER_SIDE) for size in shape)
