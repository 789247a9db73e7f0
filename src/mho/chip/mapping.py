"""From numbers to conductances: scale each column, quantise, write both arrays, compensate the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.chip.devices.device import Device

__all__ = ["ConductanceMap", "map_matrix", "parallel"]


@dataclass(frozen=True)
class ConductanceMap:
    """Target conductances of a matrix, siemens.

    Attributes
    ----------
    target : ndarray of shape (m, k)
        Of both arrays.
    comp : ndarray of shape (m,)
        Compensation of each row.
    scale : ndarray of shape (k,)
        Siemens per unit of each matrix column; zero where the column is zero and stays unconnected.
    reference : ndarray of shape (m,)
        Of the reference column of either array; zeros: there is none.
    arrays : int
        How many arrays the matrix is written to, a driving and a sensing one or one alone.
    """

    target: np.ndarray
    comp: np.ndarray
    scale: np.ndarray
    reference: np.ndarray
    arrays: int = 2


def map_matrix(A: np.ndarray, ridge: np.ndarray, device: Device, *, reference: bool = False) -> ConductanceMap:
    """Lay out a non-negative matrix A (m, k).

    Each column is scaled to the full conductance range, with a `reference` to what is above the lowest conductance. The
    compensation brings every row's total S_i to the largest one.

    A ridge (k,) adds one row below for every entry above zero, connected to its own column only. Its conductance may
    exceed one cell: it is then made of several in parallel, as the compensation is.
    """
    peak = A.max(axis=0)
    peak = np.where(peak > 0, peak, ridge)
    lowest = device.g_min if reference else 0.0
    scale = np.divide(device.g_max - lowest, peak, out=np.zeros(A.shape[1]), where=peak > 0)
    own = np.diag(_levels(ridge * scale, device) * (ridge > 0))[ridge > 0]
    target = np.vstack([np.where(A > 0, _levels(lowest + A * scale, device), device.g_min) * (peak > 0), own])
    references = np.repeat([device.g_max if reference else 0.0, 0.0], [len(A), len(own)])
    sums = target.sum(axis=1) + references
    return ConductanceMap(target, 2 * (sums.max() - sums), scale, references)


def parallel(target: np.ndarray, device: Device) -> np.ndarray:
    """Return the number of cells in parallel that make a conductance; none where there is no cell at all."""
    return np.ceil(target / device.g_max - 1e-9)


def _levels(G: np.ndarray, device: Device) -> np.ndarray:
    """The nearest state of the cell, or of several in parallel."""
    if device.levels is None:
        return np.maximum(G, device.g_min)
    step = device.g_max / (device.levels - 1)
    below, above = (np.maximum(edge(G / step) * step, device.g_min) for edge in (np.floor, np.ceil))
    return np.where(G - below < above - G, below, above)
