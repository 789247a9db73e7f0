"""From numbers to conductances: scale each column, quantise, write both arrays, compensate the rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mho.chip.bit_slices import BitSlices
from mho.chip.devices.device import Device
from mho.chip.health import Placement

__all__ = ["ConductanceMap", "map_matrix", "map_pairs", "map_slices", "parallel"]


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
    share : float
        Conductance that stands for zero over that of the reference column.
    input_ratio : float
        Input conductance of a row over that of a full cell.
    """

    target: np.ndarray
    comp: np.ndarray
    scale: np.ndarray
    reference: np.ndarray
    arrays: int = 2
    share: float = 0.0
    input_ratio: float = 1.0

    def laid(self, placement: Placement, rows: int) -> ConductanceMap:
        """Return the map of cells with a matrix of so many rows elsewhere; a ridge's rows below follow.

        Parameters
        ----------
        placement : Placement
            Where the matrix lies.
        rows : int
            m.
        """
        ridge = placement.laid(self.target[rows:].T, "columns").T
        along = {name: getattr(self, name) for name in ("comp", "reference")}
        return replace(
            self,
            target=np.vstack([placement.laid(self.target[:rows], "both"), ridge]),
            scale=placement.laid(self.scale, "columns"),
            **{name: np.r_[placement.laid(one[:rows], "rows"), one[rows:]] for name, one in along.items()},
        )


def map_matrix(
    A: np.ndarray,
    ridge: np.ndarray,
    device: Device,
    *,
    reference: bool = False,
    signed: bool = False,
    one_scale: bool = False,
    fill: float = 1.0,
) -> ConductanceMap:
    """Lay out a matrix A (m, k), not negative unless `signed`.

    Each column is scaled to `fill` of the conductance range, with a `reference` to what is above the lowest one. The
    compensation brings every row's total S_i to the largest one. In a `signed` matrix, which needs a reference, zero is
    the state in the middle of the range, with half of the range on either side. With `one_scale` all columns share it.

    A ridge (k,) adds one row below for every entry above zero, connected to its own column only. Its conductance may
    exceed one cell: it is then made of several in parallel, as the compensation is.
    """
    peak = np.abs(A).max(axis=0)
    peak = np.where(peak > 0, peak, ridge)
    if one_scale:
        peak = np.where(peak > 0, peak.max(), 0.0)
    zero = device.g_min if reference else 0.0
    span = fill * (device.g_max - zero)
    if signed:
        zero = device.half_way
        span = fill * min(device.g_max - zero, zero - device.g_min)
    scale = np.divide(span, peak, out=np.zeros(A.shape[1]), where=peak > 0)
    own = np.diag(device.nearest(ridge * scale) * (ridge > 0))[ridge > 0]
    of_zero = zero if signed else device.g_min
    target = np.vstack([np.where(A != 0, device.nearest(zero + A * scale), of_zero) * (peak > 0), own])
    references = np.repeat([device.g_max if reference else 0.0, 0.0], [len(A), len(own)])
    sums = target.sum(axis=1) + references
    return ConductanceMap(target, 2 * (sums.max() - sums), scale, references, share=zero / device.g_max)


def map_pairs(A: np.ndarray, device: Device, *, one_scale: bool = False) -> ConductanceMap:
    """Lay out a matrix A (m, k) of either sign in pairs of cells, whose lowest states cancel: one array (2 m, k).

    Cells of the positive entries come first, those of the negative ones below.
    """
    both = np.vstack([np.maximum(A, 0), np.maximum(-A, 0)])
    layout = map_matrix(both, np.zeros(A.shape[1]), device, reference=True, one_scale=one_scale)
    nothing = np.zeros(len(both))
    return replace(layout, comp=nothing, reference=nothing, arrays=1)


def map_slices(sliced: BitSlices, device: Device) -> ConductanceMap:
    """Lay out bit slices (slices, m, k) in pairs of cells: one array (2 slices m, k).

    Of each slice the cells of the positive entries come first. States are equally spaced from `g_min` to `g_max`,
    whatever the device's `levels` are. `scale` is that of the most significant slice.
    """
    digits = np.stack([np.maximum(sliced.digits, 0), np.maximum(-sliced.digits, 0)], axis=1)
    step, columns = (device.g_max - device.g_min) / sliced.most, digits.shape[-1]
    target = device.g_min + step * digits.reshape(-1, columns)
    nothing = np.zeros(len(target))
    scale = np.full(columns, step / (sliced.unit * sliced.weights[0]))
    return ConductanceMap(target, nothing, scale, nothing, arrays=1)


def parallel(target: np.ndarray, device: Device) -> np.ndarray:
    """Return the number of cells in parallel that make a conductance; none where there is no cell at all."""
    return np.ceil(target / device.g_max - 1e-9)
