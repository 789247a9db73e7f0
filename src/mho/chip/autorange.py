"""The range at which each right-hand side enters the chip, so that neither its inputs nor its answer clip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho import kernels
from mho.chip.energy import OperatingPoints
from mho.chip.programmed_loop import ProgrammedLoop
from mho.circuits.equilibrium import Follower
from mho.circuits.errors import ChipError
from mho.circuits.word_lines import solve_masked
from mho.operands import Dense, Matrix, Sparse

__all__ = ["Correction", "SettledBlock", "solve_in_range"]

_ATTEMPTS = 6
"""Times that a right-hand side is solved at most until its answer fits. Two do without an offset; an offset does not
shrink with the inputs, so that more may be needed."""


_EXPECTED = 0.5
"""Share of the outputs' full scale at which a correction is wanted."""

_LOW = 0.2
"""Share below which a correction is settled once more at a higher reference, so that an offset is small beside it."""


@dataclass(frozen=True)
class Correction:
    """Corrections of n answers: which outputs are not held at zero, and how large they are expected to be.

    Attributes
    ----------
    free : ndarray of bool of shape (n, k)
    reach : ndarray of shape (n,)
        Largest entry expected, in the units of the answer; infinite where nothing is known of it. The reference of the
        currents' DACs is set by it, so that all their bits are used however far the outputs go.
    """

    free: np.ndarray
    reach: np.ndarray

    def share(self, array: ProgrammedLoop, full: np.ndarray) -> np.ndarray:
        """Return the share (n,) of the largest reference at which `reach` is well inside the outputs' range.

        Parameters
        ----------
        array : ProgrammedLoop
            The programmed chip.
        full : ndarray of shape (n,)
            Factor from the fixed scale of the volts to the largest reference.
        """
        units = array.units_per_volt[array.units_per_volt > 0].min(initial=np.inf)
        volts = np.where(np.isfinite(self.reach), self.reach, 0.0) / units * full
        wanted = _EXPECTED * array.design.converters.v_out
        return np.minimum(1.0, np.divide(wanted, volts, out=np.ones(len(volts)), where=volts > 0))

    def part(self, which: slice) -> Correction:
        """Return the corrections of some right-hand sides."""
        return Correction(self.free[which], self.reach[which])


@dataclass(frozen=True)
class SettledBlock:
    """A block of n right-hand sides at rest.

    Attributes
    ----------
    rest : OperatingPoints
        Inputs and outputs.
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

    rest: OperatingPoints
    range: np.ndarray
    clipped: int
    overloaded: int
    repeated: int
    injected: int
    followed: int


def solve_in_range(
    array: ProgrammedLoop, B: Matrix, C: np.ndarray | None, least: float, correction: Correction | None
) -> SettledBlock:
    """Settle a block, from inputs at full scale, and again at smaller ones what leaves a range.

    Parameters
    ----------
    array : ProgrammedLoop
        The programmed chip.
    B : operand of shape (m, n)
        Right-hand sides by columns.
    C : ndarray of shape (n, k) or None
        Currents into the columns, in the units of A'B.
    least : float
        Entry of a right-hand side that full scale stands for at least; above zero, all share one range.
    correction : Correction or None
        Of an unclamped loop, whose currents are scaled together with their DACs' reference.

    Raises
    ------
    ChipError
        An answer stays outside however small the inputs are.
    """
    counts, over = np.zeros(3, int), [0]
    scale = _Scale(array, B, C, least, correction)
    for attempt in range(_ATTEMPTS):
        rest, swing, followed = scale.settle()
        of_range, of_limit = scale.of_range(swing), scale.of_limit(rest)
        excess = np.maximum(of_range, of_limit)
        low = scale.too_low(excess) & (attempt == 0)
        over = [np.count_nonzero(part > 1) for part in (of_range, of_limit, excess)]
        if not any(over) and not low.any():
            clipped, overloaded, repeated = map(int, counts)
            injected = 0 if C is None else C.size
            return SettledBlock(rest, scale.range, clipped, overloaded, repeated, injected, followed)
        counts = counts + over + np.array([0, 0, np.count_nonzero(low)])
        scale.adapt(excess, low, margin=1 + 0.001 * 4**attempt)
    raise ChipError(_reason(array, clipped=bool(over[0])))


class _Scale:
    """Full scale of the inputs of n right-hand sides, or of their corrections' currents; see `solve_in_range`."""

    def __init__(
        self, array: ProgrammedLoop, B: Matrix, C: np.ndarray | None, least: float, correction: Correction | None
    ) -> None:
        self.array, self.B, self.C, self.together, self.correction = array, B, C, least > 0, correction
        self.peak_in = np.maximum(array.peaks(B, C), least)
        full = array.inputs.full_range(self.peak_in)
        self.share = np.ones(len(full)) if correction is None else correction.share(array, full)

    @property
    def range(self) -> np.ndarray:
        """Factor (n,) from the fixed scale of the volts to the real ones."""
        return self.array.inputs.full_range(self.peak_in) * self.share

    def settle(self) -> tuple[OperatingPoints, np.ndarray, int]:
        """Return the operating points, how far any op-amp's output is from ground (n,), and how many were followed."""
        array, range_ = self.array, self.range
        constant = -array.bias if self.C is None else array.column_currents(self.C, self.peak_in) - array.bias
        if array.trim.any():  # an offset acts through the rows that are on
            constant = constant + np.outer(self.B.known_rows() / (self.B.shape[0] * range_), array.trim)
        free = None if self.correction is None else self.correction.free
        follower = Follower(array.loop, constant, 1 / range_[:, None], free)
        X, V, swing = _settle(array, self.B, follower, self.peak_in)
        return OperatingPoints(array, self.B, V, X, follower.constant, follower.weight), swing, follower.count

    def of_range(self, swing: np.ndarray) -> np.ndarray:
        """Return outputs `swing` (n,) over the full scale of the ADCs."""
        return swing * self.range / self.array.design.converters.v_out

    def of_limit(self, rest: OperatingPoints) -> np.ndarray:
        """Return the largest current (n,) that an output delivers over the limit; zero where there is none."""
        limit = self.array.design.amplifier.current_limit
        return np.zeros(len(self.share)) if np.isinf(limit) else rest.largest_current() * self.range / limit

    def too_low(self, excess: np.ndarray) -> np.ndarray:
        """Return corrections (n,) that are small beside the outputs' full scale at less than the largest reference."""
        return (excess < _LOW) & (self.share < 1) & (self.correction is not None)

    def adapt(self, excess: np.ndarray, low: np.ndarray, margin: float) -> None:
        """Make the inputs smaller where the outputs are `excess` (n,) times too large, and those of `low` ones larger.

        What share one range all have the largest's.
        """
        excess = np.full_like(excess, excess.max()) if self.together else excess
        smaller = np.where(excess > 1, margin * excess, 1.0)
        if self.correction is None:
            self.peak_in = self.peak_in * smaller
        else:
            larger = np.divide(_EXPECTED, excess, out=np.ones(len(low)), where=low & (excess > 0))
            self.share = np.minimum(1.0, self.share * larger / smaller)


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
    if follower.free is None:
        X, doubtful = loop.rest(currents, weight)
        for j in np.flatnonzero(doubtful).tolist():
            X[j] = follower.rest(j, *inputs.active_row_voltages(B, V, j))
    else:
        X = loop.rest_held(follower.free, currents, weight)
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


def _reason(array: ProgrammedLoop, *, clipped: bool) -> str:
    if clipped:
        what = f"an output stays above the full scale of {array.design.converters.v_out:g} V"
    else:
        what = f"an op-amp stays above its current limit of {array.design.amplifier.current_limit:g} A"
    return (
        f"{what} however small the inputs are: the op-amps' offset is too large for how alike the columns of the "
        "matrix are"
    )
