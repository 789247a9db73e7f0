"""Writing by feed-forward: each row of cells is aimed so that it makes good what the rows before it are off by.

Errors D of the cells act on answers as U'D, U an orthonormal basis of the columns: k numbers for each column, whatever
the number of rows. Rows are written one after another and verified; each is aimed beside its own numbers so that it
takes a part of what has come about back, by stuck cells, rounding and writing alike, so that what is left is that of
the last rows. It takes back no more, for an error does harm by itself too: in a residual, and to right-hand sides that
switch other rows off.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mho.chip.cells import Cells
from mho.chip.devices.device import Device

__all__ = ["aimed"]

_OFF, _ALONE = 2.0, 1.0
"""Weights of the harm that an error does where other rows are off, over what it does together with them, and of what
it does in a residual, over the mean of that. Where rows are alike each takes back a third."""

_NEGLIGIBLE = 1e-6
"""Share of the largest singular value below which a direction of the columns is none."""


def aimed(
    cells: Cells, device: Device, meant: np.ndarray, basis: np.ndarray, rows: np.ndarray, noise: np.ndarray
) -> Cells:
    """Return cells whose rows were aimed in turn.

    Parameters
    ----------
    cells : Cells
        As they are without aiming, (m + rows of a ridge, k); of a device that does not relax.
    device : Device
        The cells' own.
    meant : ndarray of shape (m, k)
        Conductances that the matrix asks for, siemens.
    basis : ndarray of shape (m, k)
        Columns that errors are seen through: those of the other array.
    rows : ndarray of int
        Rows that are written, in turn; the others are as they are.
    noise : ndarray of shape (m, k)
        What verify reads are off by, siemens.
    """
    U, size, _ = np.linalg.svd(basis, full_matrices=False)
    U = U[:, size > _NEGLIGIBLE * size.max(initial=0.0)]
    weight = (U**2).sum(axis=1, keepdims=True)
    back = U / (_OFF * weight + _ALONE * weight.mean())
    target, error, present = cells.target.copy(), cells.error, cells.target > 0
    healthy = np.ones_like(target) if cells.healthy_fraction is None else cells.healthy_fraction
    stuck = np.zeros_like(target) if cells.stuck_conductance is None else cells.stuck_conductance

    def off(i: np.ndarray | int) -> np.ndarray:
        g = healthy[i] * np.maximum(target[i] + error[i], 0.0) + stuck[i] + noise[i]
        return np.where(present[i], g - meant[i], 0.0)

    total = U.T @ off(np.arange(len(meant))) - U[rows].T @ off(rows)
    for i in rows.tolist():
        aim = np.clip(meant[i] - back[i] @ total, device.g_min, device.g_max)
        target[i] = np.where(present[i], device.nearest(aim), 0.0)
        total += U[i][:, None] * off(i)
    return replace(cells, target=target)
