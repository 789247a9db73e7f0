"""The range at which each right-hand side enters the chip, so that neither its inputs nor its answer clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho import kernels
from mho.chip.energy import output_currents
from mho.chip.programmed_loop import ProgrammedLoop
from mho.circuits.equilibrium import Follower
from mho.circuits.errors import ChipError
from mho.circuits.word_lines import solve_masked
from mho.operands import Dense, Matrix, Sparse

__all__ = ["SettledBlock", "solve_in_range"]

_ATTEMPTS = 6
"""Times that a right-hand side is solved at most until its answer fits. Two do without an offset; an offset does not
shrink with the inputs, so that more may be needed."""


@dataclass(frozen=True)
class SettledBlock:
    """A block of n right-hand sides at rest.

    Attributes
    ----------
    outputs : ndarray of shape (n, k)
        Volts at the fixed scale.
    inputs : ndarray
        Volts at the fixed scale, dense (m, n) or the values of the stored entries.
    constant : ndarray of shape (k,) or (n, k)
        Currents into the sense nodes that do not come from the rows, amperes at the fixed scale.
    range : ndarray of shape (n,)
        What the volts really are, times the fixed scale.
    clipped : int
        Times that an answer left the range of the outputs and was solved again at smaller inputs.
    overloaded : int
        The same because an op-amp had to deliver more than its limit.
    repeated : int
        Times that either was so.
    injected : int
        Currents into columns, each from a DAC.
    followed : int
        Right-hand sides whose operating point was found by following their transient.
    """

    outputs: np.ndarray
    inputs: np.ndarray
    constant: np.ndarray
    range: np.ndarray
    clipped: int
    overloaded: int
    repeated: int
    injected: int
    followed: int


def solve_in_range(array: ProgrammedLoop, B: Matrix, C: np.ndarray | None = None, least: float = 0.0) -> SettledBlock:
    """Settle a block, from inputs at full scale, and again at smaller ones what leaves a range.

    Parameters
    ----------
    array : ProgrammedLoop
        The programmed chip.
    B : operand of shape (m, n)
        Right-hand sides by columns.
    C : ndarray of shape (n, k), optional
        Currents into the columns, in the units of A'B.
    least : float
        Entry of a right-hand side that full scale stands for at least; above zero, all share one range.

    Raises
    ------
    ChipError
        An answer stays outside however small the inputs are.
    """
    peak_in = np.maximum(array.peaks(B, C), least)
    counts = over = np.zeros(3, int)
    for attempt in range(_ATTEMPTS):
        range_ = array.inputs.full_range(peak_in)
        constant = -array.bias if C is None else array.column_currents(C, peak_in) - array.bias
        follower = Follower(array.loop, constant, 1 / range_[:, None])
        X, V, swing = _settle(array, B, follower, peak_in)
        of_range = swing * range_ / array.design.converters.v_out
        of_limit = _largest_load(array, B, V, X, constant, range_) / array.design.amplifier.current_limit
        excess = np.maximum(of_range, of_limit)
        over = np.array([np.count_nonzero(share > 1) for share in (of_range, of_limit, excess)])
        if not over.any():
            injected = 0 if C is None else C.size
            clipped, overloaded, repeated = map(int, counts)
            return SettledBlock(X, V, constant, range_, clipped, overloaded, repeated, injected, follower.count)
        counts = counts + over
        margin = 1 + 0.001 * 4**attempt
        excess = np.full_like(excess, excess.max()) if least else excess
        peak_in = peak_in * np.where(excess > 1, margin * excess, 1.0)
    raise ChipError(_reason(array, clipped=bool(over[0])))


def _settle(
    array: ProgrammedLoop, B: Matrix, follower: Follower, peak_in: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outputs at rest X (n, k), input volts, and how far from ground any op-amp's output is (n,).

    All at the fixed scale, `peak_in` (n,) being the DACs' full scale.
    """
    loop, inputs, weight = array.loop, array.inputs, follower.weight
    if isinstance(B, Sparse) and B.missing:
        V = inputs.stored(B, peak_in)
        X, swing = solve_masked(follower, inputs.switched(B, V))
        return X, V, swing
    V = inputs.dense(B.array, peak_in) if isinstance(B, Dense) else inputs.stored(B, peak_in)
    network, k = loop.passive.ports(), len(loop.offset)
    # of a reference column, if there is one, the first sense node's too
    lines = np.vstack([loop.ports.inputs, network.inputs[: len(network.inputs) - k]])
    drawn = _currents(B, V, lines[:, : inputs.rows]) + lines[:, inputs.rows :] @ inputs.ridge_volts
    currents = drawn[:, :k] + follower.constant
    X, doubtful = loop.rest(currents, weight)
    for j in np.flatnonzero(doubtful).tolist():
        X[j] = follower.rest(j, *inputs.active_row_voltages(B, V, j))
    s = loop.sense_volts(X, currents, weight)
    swing = loop.peak_output(network, X, s, drawn[:, -1], weight)
    return X, V, np.maximum(swing, loop.peak_row_output(lambda: inputs.row_voltages(B, V), X, weight))


def _currents(B: Matrix, V: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Currents from volts V at the matrix's rows into the sense nodes (n, k), amperes."""
    if isinstance(B, Dense):
        return V.T @ rows.T
    ptr, idx, _ = B.by_column()
    C = np.empty((B.shape[1], len(rows)))
    kernels.cross(np.ascontiguousarray(rows.T), ptr, idx, V, C, kernels.thread_count())
    return C


def _largest_load(
    array: ProgrammedLoop, B: Matrix, V: np.ndarray, X: np.ndarray, constant: np.ndarray, range_: np.ndarray
) -> np.ndarray:
    """The largest current (n,) that an output really delivers, amperes; zero where no limit asks for it."""
    if np.isinf(array.design.amplifier.current_limit):
        return np.zeros(len(X))
    return output_currents(array, B, V, X, constant, 1 / range_[:, None]) * range_


def _reason(array: ProgrammedLoop, *, clipped: bool) -> str:
    if clipped:
        what = f"an output stays above the full scale of {array.design.converters.v_out:g} V"
    else:
        what = f"an op-amp stays above its current limit of {array.design.amplifier.current_limit:g} A"
    return (
        f"{what} however small the inputs are: the op-amps' offset is too large for how alike the columns of the "
        "matrix are"
    )
