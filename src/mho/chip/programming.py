"""From numbers to conductances: scale each column, quantise, write both copies, compensate the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.chip.device import Device

__all__ = ["Conductances", "write"]


@dataclass(frozen=True)
class Conductances:
    """The conductances of a programmed chip, siemens.

    Attributes
    ----------
    left, right : ndarray of shape (m, k)
        Driving and sensing copy of the matrix.
    comp : ndarray of shape (m,)
        Compensation of each row.
    g_in : float
        Input conductance of every row.
    scale : ndarray of shape (k,)
        Siemens per unit of each matrix column; zero where the column is zero and stays unconnected.
    cells : int
        Cells written.
    """

    left: np.ndarray
    right: np.ndarray
    comp: np.ndarray
    g_in: float
    scale: np.ndarray
    cells: int


def write(A: np.ndarray, ridge: np.ndarray, device: Device, rng: np.random.Generator) -> Conductances:
    """Write a non-negative matrix A (m, k) into two copies with independent errors.

    Each column is scaled to the full conductance range. The input conductance is that of one full cell, so that an
    answer with a single large entry comes out about as large as the input. The compensation brings every row's total
    S_i to the largest one.

    A ridge (k,) adds one row below for every entry above zero, connected to its own column only. Its conductance may
    exceed one cell: it is then made of several in parallel, as the compensation is.
    """
    peak = A.max(axis=0)
    peak = np.where(peak > 0, peak, ridge)
    scale = np.divide(device.g_max, peak, out=np.zeros(A.shape[1]), where=peak > 0)
    own = np.diag(_levels(ridge * scale, device) * (ridge > 0))[ridge > 0]
    target = np.vstack([_levels(A * scale, device) * (peak > 0), own])
    sums = target.sum(axis=1)
    comp = 2 * (sums.max() - sums)
    return Conductances(
        left=_pulsed(target, device, rng),
        right=_pulsed(target, device, rng),
        comp=_pulsed(comp, device, rng),
        g_in=device.g_max,
        scale=scale,
        cells=int(2 * _cells(target, device).sum() + _cells(comp, device).sum()),
    )


def _levels(G: np.ndarray, device: Device) -> np.ndarray:
    """The nearest state of the cell, or of several in parallel."""
    if device.levels is not None:
        step = device.g_max / (device.levels - 1)
        G = np.rint(G / step) * step
    return np.maximum(G, device.g_min)


def _cells(target: np.ndarray, device: Device) -> np.ndarray:
    """How many cells in parallel make a conductance; none where there is no cell at all."""
    return np.ceil(target / device.g_max - 1e-9)


def _pulsed(target: np.ndarray, device: Device, rng: np.random.Generator) -> np.ndarray:
    """What the cells are after writing; those in parallel add up their independent errors."""
    if device.sigma == 0:
        return target.copy()
    spread = device.sigma * device.g_max * np.sqrt(_cells(target, device))
    return np.maximum(target + spread * rng.standard_normal(target.shape), 0.0)
