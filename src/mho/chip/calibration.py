"""Calibration of a programmed array from what its pins show: probes whose answers are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Calibration", "fit_map", "probes"]

_LEAST, _SPREAD = 0.35, 1.0
"""Entries of a probe: so far from zero that no clamp hides anything."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Calibration of one array: measured offsets, errors of held-out probes, and what was kept.

    Attributes
    ----------
    probes : int
        Probes that were solved, each at one range.
    offset_volts : float
        Largest output that the op-amps' offsets alone made before they were cancelled, volts.
    error_before, error_after : float
        Error of held-out probes before anything and at the end, in the norm, relative.
    mapped : bool
        Whether answers are multiplied by a k x k matrix: only where held-out probes improve by it.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import Chip
    >>> from mho.chip import preset
    >>> A = np.random.default_rng(0).random((32, 4))
    >>> array = Chip(preset("pku-2025-4bit").with_(offset=1e-4), seed=0).program(A)
    >>> calibration = array.calibrate(A)
    >>> calibration.error_after < calibration.error_before
    True
    """

    probes: int
    offset_volts: float
    error_before: float
    error_after: float
    mapped: bool


def probes(columns: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return known answers (columns, count), all of them well above zero.

    Parameters
    ----------
    columns : int
        k.
    count : int
        How many.
    rng : Generator
        Source of random numbers.
    """
    return _LEAST + _SPREAD * rng.random((columns, count))


def fit_map(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the matrix T (k, k) for which ``T found`` is nearest to `known`.

    Parameters
    ----------
    found, known : ndarray of shape (k, n)
        Answers of the array, and those that were meant.
    """
    return np.linalg.lstsq(found.T, known.T, rcond=None)[0].T
