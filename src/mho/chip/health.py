"""Health of a chip: a self-test of its cells, amplifiers and converters, and the placement of a matrix around faults.

A test writes every cell half-way twice and reads it once each time: cells that are far off both times are stuck, and
what the others have in common both times stays in the cell. Repair chooses, by assignment, which row of cells holds
which row of the matrix: a cell that is stuck high does little harm under a large entry. An error that stays counts
likewise, against what rounding to levels leaves of the entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Protocol

import numpy as np

from mho.chip.design import ChipDesign
from mho.circuits.errors import ChipError

__all__ = ["ChipPins", "FaultMap", "Placement", "place", "self_test"]

_FAR = 0.25
"""Share of the full conductance by which a cell has to be off, both times, to be stuck."""

_WEAK = 0.2
"""Share of the response that is expected below which a row or a column is off; stuck cells may take much of it."""

_PROBES, _LOW, _HIGH = 8, 0.1, 1.9
"""Answers that each column is asked for, half of them low and half high, by turns of its own: a cell stuck high takes
the answer of its own column out of a row, which would be silent if that were always as large as the row's."""

_AGAIN = 4
"""Patterns more in which a row or column has to be silent to be off."""

_COUNTS = (1.0, 0.1)
"""Weights of errors of the driving and of the sensing array: these act on the residual alone, a third of the rest."""

BLOCK = 512
"""Rows that are placed among themselves at most: the assignment takes the cube of them."""


class ChipPins(Protocol):
    """Pins of a chip: what a board shows of it, and all that its self-test uses.

    Attributes
    ----------
    design : ChipDesign
        As it was meant to be.
    """

    design: ChipDesign

    def write_cells(self, G: np.ndarray) -> None:
        """Write conductances G (m, k) into both arrays, siemens."""
        ...

    def read_cells(self) -> np.ndarray:
        """Return one verify read of every cell of both arrays (2, m, k), siemens."""
        ...

    def program(self, A: Any) -> Any:
        """Write a matrix; what comes back solves."""
        ...


@dataclass(frozen=True, eq=False)
class FaultMap:
    """Faults that a self-test has found.

    Attributes
    ----------
    stuck : ndarray of bool of shape (2, m, k)
        Cells of the driving and the sensing array that cannot be written.
    deviation : ndarray of shape (2, m, k)
        Where they are, or what the others are off by each time, siemens.
    rows_off, columns_off : ndarray of bool of shape (m,), (k,)
        Rows whose DAC or word line, columns whose op-amp or ADC do not respond.

    Examples
    --------
    >>> from mho.chip import Chip, preset
    >>> faults = Chip(preset("ideal").with_(stuck_high=0.05), seed=0).self_test(rows=32, columns=4)
    >>> faults
    FaultMap(256 cells: 7 stuck; 0 of 32 rows and 0 of 4 columns off)
    """

    stuck: np.ndarray
    deviation: np.ndarray
    rows_off: np.ndarray
    columns_off: np.ndarray

    def __repr__(self) -> str:
        return (
            f"FaultMap({self.stuck.size} cells: {np.count_nonzero(self.stuck)} stuck; "
            f"{np.count_nonzero(self.rows_off)} of {len(self.rows_off)} rows and "
            f"{np.count_nonzero(self.columns_off)} of {len(self.columns_off)} columns off)"
        )


@dataclass(frozen=True, eq=False)
class Placement:
    """Rows and columns of cells that hold those of a matrix.

    Attributes
    ----------
    rows, columns : ndarray of int of shape (m,), (k,)
        Of the chip, for each of the matrix.
    shape : tuple of int
        Rows and columns of the chip, spare ones included.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.chip import Placement
    >>> Placement(np.array([2, 0]), np.array([0]), (3, 1)).laid(np.array([5.0, 7.0]), "rows")
    array([7., 0., 5.])
    """

    rows: np.ndarray
    columns: np.ndarray
    shape: tuple[int, int]

    def laid(self, part: np.ndarray, axis: str) -> np.ndarray:
        """Return numbers of the matrix's "rows", "columns" or "both" where the chip has them, zeros elsewhere.

        Parameters
        ----------
        part : ndarray of shape (m, ...), (k, ...) or (m, k)
            Numbers of the matrix.
        axis : {"rows", "columns", "both"}
            Whose they are.
        """
        if axis == "both":
            return self.laid(self.laid(part.T, "columns").T, "rows")
        length, places = (self.shape[0], self.rows) if axis == "rows" else (self.shape[1], self.columns)
        whole = np.zeros((length, *part.shape[1:]))
        whole[places] = part
        return whole


def self_test(pins: ChipPins, rows: int, columns: int) -> FaultMap:
    """Test a chip by its pins alone: verify reads, two of each cell, and probes of each row and column.

    Parameters
    ----------
    pins : ChipPins
        The chip.
    rows, columns : int
        How many of its cells.
    """
    half = pins.design.device.half_way
    reads = []
    for _ in range(2):
        pins.write_cells(np.full((rows, columns), half))
        reads.append(pins.read_cells() - half)
    first, second = reads
    far = _FAR * pins.design.device.g_max
    stuck = (np.abs(first) > far) & (np.abs(second) > far)
    mean = (first + second) / 2
    both, square = (float(np.sum(part * ~stuck)) for part in (first * second, mean**2))
    kept = max(both / square, 0.0) if square else 0.0  # what is drawn afresh at each write is no part of the cell
    return FaultMap(stuck, np.where(stuck, half + mean, kept * mean), *_unresponsive(pins, stuck.any(axis=0)))


def _unresponsive(pins: ChipPins, stuck: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns whose probes come through in none of some patterns: stuck cells may keep one of them down."""
    rows_off, columns_off = _silent(pins, stuck, np.arange(len(stuck)))
    for again in range(_AGAIN):
        if not (rows_off.any() or columns_off.any()):
            break
        also_rows, also_columns = _silent(pins, stuck, np.random.default_rng(again).permutation(len(stuck)))
        rows_off, columns_off = rows_off & also_rows, columns_off & also_columns
    return rows_off, columns_off


def _silent(pins: ChipPins, stuck: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns without a response: each row has one cell, not stuck, each column its share, in an order."""
    rows, columns = stuck.shape
    turn = (order[:, None] + np.arange(columns)) % columns
    first = np.argmin(np.take_along_axis(stuck, turn, axis=1), axis=1)
    column = turn[np.arange(rows), first]
    A = np.zeros((rows, columns))
    A[np.arange(rows), column] = 1.0
    array, used = pins.program(A), np.unique(column)
    turns = np.random.default_rng(0).permutation(list(combinations(range(_PROBES), _PROBES // 2)))
    answers, alone = np.full((columns, _PROBES), _LOW), np.full((rows, rows + 1), _LOW)
    np.put_along_axis(answers, turns[np.arange(columns) % len(turns)], _HIGH, axis=1)
    np.fill_diagonal(alone, _HIGH)
    found = np.asarray(array.solve(np.hstack([A @ answers, alone])))
    swing = np.ptp(found[:, :_PROBES], axis=1)
    columns_off = np.zeros(columns, bool)
    columns_off[used] = swing[used] < _WEAK * (_HIGH - _LOW)
    share = np.bincount(column, minlength=columns)[column]
    response = (found[:, _PROBES:] - found[:, -1:])[column, np.arange(rows)] * share
    rows_off = (response < _WEAK * np.median(response)) | columns_off[column]  # not seen: another pattern may
    return rows_off, columns_off


def place(
    faults: FaultMap, target: np.ndarray, ideal: np.ndarray, spare_rows: int, spare_columns: int, block: int = BLOCK
) -> Placement:
    """Place a matrix where its faults do least harm.

    Parameters
    ----------
    faults : FaultMap
        Of as many rows and columns as the matrix has, and the spare ones.
    target, ideal : ndarray of shape (m, k)
        Conductances that would be written, and those that the matrix asks for, siemens.
    spare_rows, spare_columns : int
        Rows and columns beside those of the matrix.
    block : int
        Rows that are placed among themselves: those of a tile, so that none moves along the bus.

    Raises
    ------
    ChipError
        More rows or columns are off than there are spare ones.
    """
    m, k = target.shape
    shape = (m + spare_rows, k + spare_columns)
    off_rows, off_columns = faults.rows_off[: shape[0]], faults.columns_off[: shape[1]]
    _check_spares(off_rows, spare_rows, "row")
    _check_spares(off_columns, spare_columns, "column")
    stuck = faults.stuck[:, : shape[0], : shape[1]]
    harm = np.where(off_columns, np.inf, stuck.sum(axis=(0, 1)))
    columns = np.sort(np.argsort(harm, kind="stable")[:k])
    parts = [(of[:, : shape[0]][:, :, columns]) for of in (faults.stuck, faults.deviation)]
    rows, sound = np.empty(m, int), np.flatnonzero(~off_rows)
    for start in range(0, m, block):
        end = min(m, start + block)
        places = sound[start : None if end == m else end]
        cost = _harm(parts[0][:, places], parts[1][:, places], target[start:end], ideal[start:end])
        rows[start:end] = places[_assigned(cost)]
    return Placement(rows, columns, shape)


def _check_spares(off: np.ndarray, spare: int, what: str) -> None:
    if np.count_nonzero(off) > spare:
        raise ChipError(
            f"{np.count_nonzero(off)} of {len(off)} {what}s are off, more than the {spare} spare ones: give "
            f"spare_{what}s={np.count_nonzero(off)} or more, or take another chip"
        )


def _harm(stuck: np.ndarray, deviation: np.ndarray, target: np.ndarray, ideal: np.ndarray) -> np.ndarray:
    """Squared error (places, rows) of each row of the matrix in each row of cells, weighed by array, siemens^2."""
    bad = stuck.astype(np.float64)
    own, held = np.where(stuck, 0.0, deviation), np.where(stuck, deviation, 0.0)
    rounding = target - ideal
    healthy = (own**2).sum(axis=2, keepdims=True) + 2 * own @ rounding.T + (1 - bad) @ (rounding**2).T
    faulty = (held**2).sum(axis=2, keepdims=True) - 2 * held @ ideal.T + bad @ (ideal**2).T
    return np.tensordot(_COUNTS, healthy + faulty, 1)


def _assigned(cost: np.ndarray) -> np.ndarray:
    """The place (rows,) of each row, each place taken once, of the least cost in all."""
    from scipy.optimize import linear_sum_assignment

    return linear_sum_assignment(cost.T)[1]
