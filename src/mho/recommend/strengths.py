"""Weights of choices by their strengths, such as counts, whose long tails would else weigh as much as all others."""

from __future__ import annotations

from typing import Literal

import numpy as np

__all__ = ["Weighting", "strength_scale", "weights_of"]

Weighting = Literal["log", "linear"]

_LEAST, _TYPICAL = 0.05, 0.5
"""Quantiles of the strengths."""

_STRENGTHS = 1 << 20
"""Strengths that the quantiles are taken of, evenly spaced."""


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
