"""From numbers to conductances: scale each column, quantise, write both copies, compensate the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.chip.device import Device
from mho.chip.reference import Reference

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
    reference : Reference or None
        Columns that take the lowest conductance out.
    """

    left: np.ndarray
    right: np.ndarray
    comp: np.ndarray
    g_in: float
    scale: np.ndarray
    reference: Reference | None = None

    @property
    def driving(self) -> np.ndarray:
        """The driving copy with its reference column, if there is one, before the others, siemens (m, k or k + 1)."""
        return self.left if self.reference is None else np.column_stack([self.reference.left, self.left])

    @property
    def sensing(self) -> np.ndarray:
        """The sensing copy likewise."""
        return self.right if self.reference is None else np.column_stack([self.reference.right, self.right])

    @property
    def total(self) -> np.ndarray:
        """S, all that is connected to each row, siemens (m,)."""
        return self.driving.sum(axis=1) + self.sensing.sum(axis=1) + self.g_in + self.comp

    @property
    def written(self) -> np.ndarray:
        """What the driving copy holds of the matrix, the lowest conductance taken out, siemens (m, k)."""
        if self.reference is None:
            return self.left
        return self.left - self.reference.share * self.reference.left[:, None]


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
    reference : ndarray of shape (m,)
        Of the reference column of either copy; zeros: there is none.
    """

    target: np.ndarray
    comp: np.ndarray
    scale: np.ndarray
    reference: np.ndarray


def plan(A: np.ndarray, ridge: np.ndarray, device: Device, *, reference: bool = False) -> Plan:
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
    return Plan(target, 2 * (sums.max() - sums), scale, references)


def parallel(target: np.ndarray, device: Device) -> np.ndarray:
    """Return how many cells in parallel make a conductance; none where there is no cell at all."""
    return np.ceil(target / device.g_max - 1e-9)


def _levels(G: np.ndarray, device: Device) -> np.ndarray:
    """The nearest state of the cell, or of several in parallel."""
    if device.levels is None:
        return np.maximum(G, device.g_min)
    step = device.g_max / (device.levels - 1)
    below, above = (np.maximum(edge(G / step) * step, device.g_min) for edge in (np.floor, np.ceil))
    return np.where(G - below < above - G, below, above)
