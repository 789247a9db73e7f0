"""Weights of choices by their strengths, such as counts, whose long tails would else weigh as much as all others."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from mho import checks
from mho.recommend.interactions import as_column, same_length

__all__ = ["Weighting", "decayed", "strength_scale", "weights_of"]

Weighting = Literal["log", "linear"]

_LEAST, _TYPICAL = 0.05, 0.5
"""Quantiles of the strengths."""

_STRENGTHS = 1 << 20
"""Strengths that the quantiles are taken of, evenly spaced."""

_LEAST_LEFT = 1e-6
"""Part of a strength that is left however long ago it was: it is a choice still."""


def decayed(strengths: Any, times: Any, half_life: float) -> np.ndarray:
    """Return strengths of choices, halved for every half-life between a choice and the last one of all.

    Parameters
    ----------
    strengths : array_like of shape (n,) or None
        Above 0; None for 1.
    times : array_like of shape (n,)
        Numbers that grow with time, such as seconds.
    half_life : float
        In the unit of the times, > 0.

    Returns
    -------
    strengths : ndarray of shape (n,)
        At least a millionth of what they were.

    Examples
    --------
    >>> from mho.recommend import decayed
    >>> decayed([4.0, 4.0, 1.0], [0, 10, 20], 10).tolist()
    [1.0, 2.0, 1.0]
    """
    times = as_column(times, "times")
    values = np.ones(len(times)) if strengths is None else as_column(strengths, "strengths")
    same_length({"strengths": values, "times": times})
    checks.at_least(checks.nonnegative_number(half_life, "half_life"), "half_life", 0, strict=True)
    if not len(times):
        return values
    return values * np.maximum(np.exp2((times - times.max()) / half_life), _LEAST_LEFT)


def strength_scale(values: np.ndarray) -> tuple[float, float]:
    """Return the strength that one in twenty of `values` (n,) is below, and the median."""
    some = values[:: 1 + len(values) // _STRENGTHS]
    least, typical = np.quantile(some, (_LEAST, _TYPICAL), method="lower")
    return float(least), float(typical)


def weights_of(values: np.ndarray, weighting: Weighting, least: float, typical: float) -> np.ndarray:
    """Return log(1 + v / least) / log(1 + typical / least), or v / typical, of strengths `values` (n,), a copy."""
    if weighting == "linear":
        return values / typical
    found = values / least  # in one array, since there are as many as choices
    np.log1p(found, out=found)
    found /= np.log1p(typical / least)
    return found
