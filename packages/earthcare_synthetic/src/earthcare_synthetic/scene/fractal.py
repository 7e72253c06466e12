"""Random fields with structure at many scales, on a lattice of MSI pixels.

A field is built from coarse to fine: white noise on each level of a pyramid, smoothed to the next
with the subdivision mask of a cubic B-spline. The random numbers depend on the seed, the name and
the level only, so a field at every fourth pixel is the full field without its finest detail: a
quicklook shows the same clouds as the granule.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from zlib import crc32

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

#: Points of the pyramid outside the lattice, on each side of each level: the reach of the B-spline.
_PAD = 2
#: Variance that is left of white noise after many smoothings: the squared cubic B-spline, in 2-D.
_SMOOTHED = (151 / 315) ** 2


@dataclass(frozen=True)
class Canvas:
    """A lattice of square pixels: every ``2**level``-th line and column of the full one."""

    lines: int
    columns: int
    pixel_km: float
    level: int
    seed: tuple[int, ...]

    @property
    def stride(self) -> int:
        """Full-resolution pixels per point."""
        return int(2**self.level)

    @property
    def step_km(self) -> float:
        """Distance between points."""
        return self.pixel_km * self.stride

    @property
    def shape(self) -> tuple[int, int]:
        """Number of points along and across."""
        return ceil(self.lines / self.stride), ceil(self.columns / self.stride)

    def at_level(self, level: int) -> Canvas:
        """The same lattice, finer or coarser."""
        return Canvas(self.lines, self.columns, self.pixel_km, level, self.seed)

    def random(self, name: str, *more: int) -> np.random.Generator:
        """Random numbers that depend on the seed and a name only."""
        return np.random.default_rng([*self.seed, crc32(name.encode()), *more])

    def position_km(self) -> tuple[Field, Field]:
        """Distance along (n, 1) and across (1, m) from the first pixel."""
        along, across = (np.arange(n, dtype=np.float32) * self.step_km for n in self.shape)
        return along[:, None], across[None, :]


def noise(
    canvas: Canvas, name: str, outer_km: float, slope: float = 5 / 3, inner_km: float = 0.0
) -> Field:
    """Isotropic noise of zero mean and unit variance with a power-law spectrum.

    Parameters
    ----------
    canvas : Canvas
        Lattice and seed.
    name : str
        Fields of different names are independent.
    outer_km, inner_km : float
        Largest and smallest scale with structure.
    slope : float
        Of the one-dimensional spectrum: 5/3 is rough (turbulence), 3 is smooth (mesoscale flow).

    Returns
    -------
    ndarray of float32
        On the points of the canvas.

    References
    ----------
    Lovejoy and Schertzer, doi:10.1017/CBO9781139093811: cloud fields are scaling, k^-5/3 to k^-3.
    """
    top = max(int(np.round(np.log2(outer_km / canvas.pixel_km / 2))), canvas.level)
    last = max(int(np.round(np.log2(max(inner_km, canvas.pixel_km) / canvas.pixel_km))), 0)
    hurst = (slope - 1) / 2
    weights = [2.0 ** (level * hurst) for level in range(top + 1)]
    # Levels that nobody would see are smoothed only: drawing random numbers is what takes time.
    seen = [level >= last and weights[level] >= 0.02 * weights[top] for level in range(top + 1)]
    # Levels below that of the canvas are not drawn, but have their share of the variance.
    variance = _SMOOTHED * sum(w**2 for w, drawn in zip(weights, seen, strict=True) if drawn)
    field = np.zeros((1, 1), np.float32)
    for level in range(top, canvas.level - 1, -1):
        shape = tuple(ceil(n / 2**level) + 2 * _PAD for n in (canvas.lines, canvas.columns))
        field = np.zeros(shape, np.float32) if level == top else _refined(field, shape)
        if seen[level]:
            grain = canvas.random(name, level).standard_normal(shape, np.float32)
            grain *= np.float32(weights[level] / np.sqrt(variance))
            field += grain
    n, m = canvas.shape
    return field[_PAD : _PAD + n, _PAD : _PAD + m]


def _refined(coarse: Field, shape: tuple[int, ...]) -> Field:
    """Twice the points along both axes, by the subdivision mask of the cubic B-spline."""
    tall = np.empty((shape[0], coarse.shape[1]), np.float32)
    for each, part in ((0, tall[0::2]), (1, tall[1::2])):
        n = len(part)
        _between(each, coarse[:n], coarse[1 : n + 1], coarse[2 : n + 2], part)
    fine = np.empty(shape, np.float32)
    for each, part in ((0, fine[:, 0::2]), (1, fine[:, 1::2])):
        n = part.shape[1]
        _between(each, tall[:, :n], tall[:, 1 : n + 1], tall[:, 2 : n + 2], part)
    return fine


def _between(odd: int, before: Field, here: Field, after: Field, out: Field) -> None:
    """Points of the finer level at those of the coarser one, or (odd) half a step after them."""
    if odd:
        np.add(here, after, out=out)
        out *= np.float32(0.5)
        return
    np.add(before, after, out=out)
    out *= np.float32(0.125)
    out += np.float32(0.75) * here


def streaks(
    canvas: Canvas,
    name: str,
    along: Field,
    across: Field,
    width_km: float,
    stretch: float,
    slope: float = 2.0,
) -> Field:
    """Noise drawn out along a direction, for sheared clouds.

    `along` and `across` are coordinates in km, in the direction of the streaks and at right angles;
    bend them to bend the streaks. `width_km` is the largest width; the field repeats after some
    1000 km.
    """
    size = 1024
    cell = max(width_km / 64, 2 * canvas.pixel_km)
    tile = _periodic_tile(canvas, name, size, width_km / cell, slope)
    v, u = across / cell, along / (cell * stretch)
    return _bilinear_periodic(tile, u, v)


def _periodic_tile(canvas: Canvas, name: str, size: int, outer: float, slope: float) -> Field:
    """Periodic power-law noise by a Fourier transform, flat beyond the outer scale."""
    k = np.hypot(
        np.fft.fftfreq(size)[:, None].astype(np.float32),
        np.fft.rfftfreq(size)[None, :].astype(np.float32),
    )
    amplitude = np.maximum(k, 1 / outer) ** (-(slope + 1) / 2) * (k > 0.2 / outer)
    spectrum = np.fft.rfft2(canvas.random(name).standard_normal((size, size), np.float32))
    tile = np.fft.irfft2(spectrum * amplitude, s=(size, size)).astype(np.float32)
    return np.asarray(tile / tile.std(), dtype=np.float32)


def _bilinear_periodic(tile: Field, u: Field, v: Field) -> Field:
    size = len(tile)
    i, j = np.floor(u).astype(np.int32), np.floor(v).astype(np.int32)
    fu, fv = (u - i).astype(np.float32), (v - j).astype(np.float32)
    i0, i1 = (i % size) * size, ((i + 1) % size) * size
    j0, j1 = j % size, (j + 1) % size
    flat = tile.ravel()
    upper = flat[i0 + j0] * (1 - fv) + flat[i0 + j1] * fv
    lower = flat[i1 + j0] * (1 - fv) + flat[i1 + j1] * fv
    return np.asarray(upper * (1 - fu) + lower * fu, dtype=np.float32)


def cells(
    canvas: Canvas, name: str, x_km: Field, y_km: Field, spacing_km: float
) -> tuple[Field, Field, Field]:
    """Random polygons: nearest and second nearest of scattered points.

    Returns
    -------
    nearest, second : ndarray
        Distances in units of the spacing.
    value : ndarray
        A number between 0 and 1 of the nearest point: the same all over a polygon.

    References
    ----------
    Worley, doi:10.1145/237170.237267. Points keep a distance, so that polygons are of similar size.
    """
    # Every second row is shifted by half a cell: a square lattice would show.
    x = x_km / np.float32(spacing_km)
    i = np.floor(x).astype(np.int32)
    y = y_km / np.float32(spacing_km) + np.float32(0.5) * (i % 2)
    j = np.floor(y).astype(np.int32)
    low_i, low_j = int(i.min()) - 1, int(j.min()) - 1
    rows, width = int(i.max()) + 2 - low_i, int(j.max()) + 2 - low_j
    # Tables are drawn for fixed squares, so that any excerpt of the lattice sees the same polygons.
    table = np.stack(
        [
            canvas.random(name, 1000 + row + low_i).random((3, 1000), np.float32)[
                :, np.arange(low_j, low_j + width) % 1000
            ]
            for row in range(rows)
        ],
        axis=1,
    )
    px, py = 0.12 + 0.76 * table[0].ravel(), 0.12 + 0.76 * table[1].ravel()
    value = table[2].ravel()
    nearest = np.full(i.shape, 9.0, np.float32)
    second = np.full(i.shape, 9.0, np.float32)
    owner = np.zeros(i.shape, np.int32)
    fx, fy = x - i, y - j
    base = (i - low_i) * width + (j - low_j)
    shift = np.float32(0.5) - (i % 2).astype(np.float32)  # of the rows above and below
    for di in (-1, 0, 1):
        for dj in (-1, 0, 1):
            index = base + (di * width + dj)
            dy = (dj - fy) - shift if di else dj - fy
            distance = (px[index] + (di - fx)) ** 2 + (py[index] + dy) ** 2
            closer = distance < nearest
            second = np.where(closer, nearest, np.minimum(second, distance))
            nearest = np.where(closer, distance, nearest)
            owner = np.where(closer, index, owner)
    return np.sqrt(nearest), np.sqrt(second), value[owner]


def enlarge(coarse: npt.NDArray[np.floating], stride: int, canvas: Canvas) -> Field:
    """A field known at every `stride`-th full pixel, linearly interpolated to the canvas."""
    out = np.asarray(coarse, dtype=np.float32)
    if stride == canvas.stride:
        return out[: canvas.shape[0], : canvas.shape[1]]
    for axis, size in enumerate(canvas.shape):
        if out.shape[axis] == 1:
            continue
        where = np.arange(size) * (canvas.stride / stride)
        low = np.minimum(where.astype(int), out.shape[axis] - 2)
        share = (where - low).astype(np.float32)
        share = share[:, None] if axis == 0 else share[None, :]
        out = out.take(low, axis) * (1 - share) + out.take(low + 1, axis) * share
    return out


def ramp(field: npt.NDArray[np.floating], low: float, high: float) -> Field:
    """Rise smoothly from 0 at `low` to 1 at `high` (or fall, if `low` is above `high`)."""
    t = np.subtract(field, np.float32(low), dtype=np.float32)
    t /= np.float32(high - low)
    np.clip(t, 0, 1, out=t)
    smooth = 3 - 2 * t
    smooth *= t
    smooth *= t
    return np.asarray(smooth)
