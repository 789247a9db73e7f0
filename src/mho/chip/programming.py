"""From numbers to conductances: scale each column, quantise, write both copies, compensate the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.chip.device import Device

__all__ = ["Conductances", "Plan", "parallel", "plan"]


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
    """

    left: np.ndarray
    right: np.ndarray
    comp: np.ndarray
    g_in: float
    scale: np.ndarray


@dataclass(frozen=True)
class Plan:
    """What is to be written, siemens.

    Attributes
    ----------
    target : ndarray of shape (m, k)
        Of both copies.
    comp : ndarray of shape (m,)
        Compensation of each row.
    scale : ndarray of shape (k,)
        Siemens per unit of each matrix column; zero where the column is zero and stays unconnected.
    """

    target: np.ndarray
    comp: np.ndarray
    scale: np.ndarray


def plan(A: np.ndarray, ridge: np.ndarray, device: Device) -> Plan:
    """Lay out a non-negative matrix A (m, k).

    Each column is scaled to the full conductance range. The compensation brings every row's total S_i to the largest
    one.

    A ridge (k,) adds one row below for every entry above zero, connected to its own column only. Its conductance may
    exceed one cell: it is then made of several in parallel, as the compensation is.
    """
    peak = A.max(axis=0)
    peak = np.where(peak > 0, peak, ridge)
    scale = np.divide(device.g_max, peak, out=np.zeros(A.shape[1]), where=peak > 0)
    own = np.diag(_levels(ridge * scale, device) * (ridge > 0))[ridge > 0]
    target = np.vstack([_levels(A * scale, device) * (peak > 0), own])
    sums = target.sum(axis=1)
    return Plan(target, 2 * (sums.max() - sums), scale)


def parallel(target: np.ndarray, device: Device) -> np.ndarray:
    """Return how many cells in parallel make a conductance; none where there is no cell at all."""
    return np.ceil(target / device.g_max - 1e-9)


def _levels(G: np.ndarray, device: Device) -> np.ndarray:
    """The nearest state of the cell, or of several in parallel."""
    if device.levels is not None:
        step = device.g_max / (device.levels - 1)
        G = np.rint(G / step) * step
    return np.maximum(G, device.g_min)
