"""What ACM_CAP_2B says of whole profiles: paths, counts, costs, statuses."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt

from earthcare_products import conventions
from earthcare_synthetic.instruments.synergy.best_estimate import Species
from earthcare_synthetic.scene.fractal import Field, Mask

Columns = dict[str, npt.NDArray[Any]]

#: State variables of each species in a pixel.
STATE_VARIABLES = {"ice": 4, "rain": 2, "melting_ice": 1, "liquid": 1, "aerosol": 1}
#: Path or optical depth in the product -> the content or extinction that is summed.
PATHS = {
    "ice": ("water_path", "water_content"),
    "liquid": ("optical_depth", "extinction"),
    "aerosol": ("optical_depth", "extinction"),
}
#: Assimilation status, convergence status, quality status.
ASSIMILATED, NOT_ATTEMPTED, FAILED = 0, 1, 2
CONVERGED, EMPTY, TOO_MANY_ITERATIONS = 0, 1, 2
#: Observed: a minimisation ends after so many iterations at most.
MOST_ITERATIONS = 60
#: What the totals are sums of.
TOTALS = tuple(
    re.compile(pattern)
    for pattern in (
        r"_state_variable_count$",
        r"_observation_variable_count$",
        r"(?<!_prior)(?<!_regularization)_cost_function$",
    )
)
#: Share of profiles in which an optional measurement cannot be used: chosen.
UNUSABLE = 0.01


def of_species(
    name: str, species: Species, depth: Field, empty: Mask, rng: np.random.Generator
) -> Columns:
    """Path with its error, size of the state, and costs of one species, each (profile,)."""
    found: Columns = {}
    if name in PATHS:
        path, content = PATHS[name]
        total = (species.fields[content] * depth).sum(axis=1)
        mean = np.where(species.present, species.error, 0).sum(axis=1)
        mean = mean / np.maximum(species.present.sum(axis=1), 1)
        found[f"{name}_{path}"] = total
        found[f"{name}_{path}_error"] = np.where(total > 0, 0.7 * mean, np.nan)
    return found | costs(name, np.asarray(species.present.sum(axis=1)), empty, rng)


def costs(
    name: str, pixels: npt.NDArray[np.integer], empty: Mask, rng: np.random.Generator
) -> Columns:
    """Size of the state of a species, and what it adds to the cost; fill where nothing is."""
    count = pixels * STATE_VARIABLES[name]
    prior, rough = (rng.gamma(share * count + 1e-9) for share in (0.15, 0.05))
    return {
        f"{name}_state_variable_count": counted(count, empty),
        f"{name}_cost_function": _unless(empty, prior + rough),
        f"{name}_prior_cost_function": _unless(empty, prior),
        f"{name}_regularization_cost_function": _unless(empty, rough),
        f"{name}_degrees_of_freedom": _unless(empty, 0.4 * count * rng.uniform(0.8, 1, len(count))),
    }


def of_instrument(
    name: str, count: npt.NDArray[np.integer], empty: Mask, rng: np.random.Generator
) -> Columns:
    """Number of observations of an instrument, and their part of the cost."""
    cost = rng.gamma(0.5 * count + 1e-9)
    return {
        f"{name}_observation_variable_count": counted(count, empty),
        f"{name}_cost_function": _unless(empty, cost),
    }


def of_retrieval(
    parts: Columns, empty: Mask, active: Mask, passive: Mask, rng: np.random.Generator
) -> Columns:
    """Totals over species and instruments, iterations, and the three statuses.

    Parameters
    ----------
    parts : dict
        What the other functions of this module return, together.
    empty : ndarray of bool
        Profiles with nothing to retrieve.
    active, passive : ndarray of bool
        Profiles in which an optional measurement of that kind failed.
    rng : numpy.random.Generator
        For costs and iterations.
    """
    state, observations, cost = (
        np.asarray(np.sum([part for name, part in parts.items() if pattern.search(name)], axis=0))
        for pattern in TOTALS
    )
    iterations = np.minimum(9 + rng.gamma(3.5, 4, len(empty)), MOST_ITERATIONS).astype(np.int32)
    unconverged = (iterations >= MOST_ITERATIONS) & ~empty
    active, passive = active & ~empty, passive & ~empty
    return {
        "state_variable_count": counted(state, empty),
        "observation_variable_count": counted(observations, empty),
        "cost_function": _unless(empty, cost),
        "iterations_count": counted(iterations, empty),
        "iterations_first_pass_count": counted(iterations * 0.6, empty),
        "norm_gradient": _unless(empty, rng.lognormal(-1.5, 1.0, len(empty))),
        "convergence_status": np.select([empty, unconverged], [EMPTY, TOO_MANY_ITERATIONS], 0),
        "synergy_status": 1 * active + 2 * passive,
        "quality_status": 1 * unconverged + 2 * active + 4 * passive,
    }


def anywhere(mask: npt.NDArray[np.bool_]) -> Mask:
    """Whether anything is in a profile."""
    return np.asarray(mask.any(axis=1))


def assimilation(attempted: Mask, failed: Mask) -> npt.NDArray[np.int8]:
    """Assimilation status of a measurement, (profile,)."""
    status = np.where(failed, FAILED, ASSIMILATED)
    return np.where(attempted, status, NOT_ATTEMPTED).astype(np.int8)


def counted(count: npt.NDArray[Any], empty: Mask) -> npt.NDArray[np.int32]:
    """Counts; netCDF's own fill value, of which no attribute tells, where nothing is retrieved."""
    return np.where(empty, conventions.INTEGER_FILL, count).astype(np.int32)


def _unless(empty: Mask, values: npt.NDArray[Any]) -> Field:
    return np.where(empty, np.nan, values).astype(np.float32)
