"""The Bradley-Terry model: strengths from paired comparisons, with their uncertainty. Knows numbers only, no rows.

Entry i is preferred to j with probability 1 / (1 + exp(s_j - s_i)) (R. A. Bradley, M. E. Terry: Rank Analysis of
Incomplete Block Designs I, Biometrika 39, 1952). Each strength has a normal prior around 0 with the standard deviation
`SPREAD`, so that a few lucky comparisons do not make a winner and the fit exists whatever was compared; the estimate is
the posterior's mode (F. Caron, A. Doucet: Efficient Bayesian Inference for Generalized Bradley-Terry
Models, 2012). The posterior is log-concave: Newton's method finds the mode, and the inverse of its curvature there is
the covariance (Laplace's approximation).
"""

from dataclasses import dataclass
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

SPREAD = 1.5
"""Prior standard deviation of a strength in logits: two entries in three lie within 4.5 to 1 of an average one."""
Z95 = 1.959964
"""Half the width of a 95 % interval in standard deviations."""
_PRECISE = 1e-10
_MOST_STEPS = 100

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """`strengths` (n) in logits around their mean 0, and their `covariance` (n x n)."""

    strengths: Array
    covariance: Array

    def against_average(self, index: int) -> tuple[float, float, float]:
        """The chance, 0..1, to be preferred to an average entry, and the ends of its 95 % interval."""
        middle, deviation = self.strengths[index], sqrt(self.covariance[index, index])
        low, high = middle - Z95 * deviation, middle + Z95 * deviation
        return float(_chance(middle)), float(_chance(low)), float(_chance(high))

    def ahead(self, one: int, other: int) -> float:
        """How sure it is, 0..1, that `one` is the stronger."""
        difference = self.strengths[one] - self.strengths[other]
        return 0.5 * (1.0 + erf(difference / sqrt(2.0 * self.variance()[one, other]))) if one != other else 0.5

    def variance(self) -> Array:
        """The variance (n x n) of each difference of two strengths."""
        own = np.diag(self.covariance)
        return own[:, None] + own[None, :] - 2.0 * self.covariance


def fit(wins: Array, *, spread: float = SPREAD) -> Fit:
    """The strengths that `wins` (n x n; [i, j] says how often i was preferred to j) make most probable."""
    size = len(wins)
    games = wins + wins.T
    won = wins.sum(axis=1)
    strengths = np.zeros(size)
    best = _log_posterior(strengths, wins, spread)
    for _ in range(_MOST_STEPS):
        slope, curvature = _derivatives(strengths, games, won, spread)
        step = np.linalg.solve(curvature, slope)
        length = 1.0
        while (reached := _log_posterior(strengths + length * step, wins, spread)) < best and length > 1e-6:
            length /= 2.0
        strengths, best = strengths + length * step, max(best, reached)
        if np.abs(length * step).max(initial=0.0) < _PRECISE:
            break
    _, curvature = _derivatives(strengths, games, won, spread)
    # Strengths are told against their own mean; how sure the prior is of where that lies says nothing about anybody.
    centred = np.eye(size) - 1.0 / max(size, 1)
    covariance = centred @ np.linalg.inv(curvature) @ centred
    return Fit(strengths, np.asarray(covariance, dtype=np.float64))


def _derivatives(strengths: Array, games: Array, won: Array, spread: float) -> tuple[Array, Array]:
    chance = _chance(strengths[:, None] - strengths[None, :])
    slope = won - (games * chance).sum(axis=1) - strengths / spread**2
    information = games * chance * (1.0 - chance)
    return slope, np.diag(information.sum(axis=1) + 1.0 / spread**2) - information


def _log_posterior(strengths: Array, wins: Array, spread: float) -> float:
    difference = strengths[:, None] - strengths[None, :]
    return float(-(wins * np.logaddexp(0.0, -difference)).sum() - (strengths**2).sum() / (2.0 * spread**2))


def _chance(difference: Array | float) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-difference)))
