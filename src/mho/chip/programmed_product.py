"""A matrix that multiplies vectors in one step: whole, in pairs of cells, or in bit slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mho import checks
from mho.chip.bit_slices import BitSlices
from mho.chip.converters import ConverterBank
from mho.chip.crossbar import Crossbar
from mho.chip.design import ChipDesign
from mho.chip.events import converted, settle_seconds, settling
from mho.chip.ledger import Ledger
from mho.chip.mapping import ConductanceMap, map_matrix, map_pairs, map_slices
from mho.chip.programmed_cells import ProgrammedCells, dense_vectors
from mho.circuits.opamp import slowest_rate
from mho.circuits.wired_product import wired_currents

__all__ = ["ProgrammedProduct"]

_PLANES_AT_ONCE = 1 << 22
"""Numbers of bit planes that are held at a time."""


class ProgrammedProduct(ProgrammedCells):
    """A matrix A (m, k) in the topology ``"mvm"``, ready for vectors; `Chip.program` makes it.

    Columns beyond the arrays' width go into more arrays, whose products are added digitally. In bit slices each slice
    of each of these is an array of its own, and so are its positive and its negative cells.

    Parameters
    ----------
    A : ndarray of shape (m, k)
        The matrix.
    design : ChipDesign
        What the chip is made of.
    write : callable
        Writes a `ConductanceMap` and gives the `Crossbar`.
    converters : ConverterBank
        Those of the chip.
    ledger : Ledger
        Where products are entered.
    offset : callable
        Gives the input offsets of so many op-amps, volts.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import Chip
    >>> from mho.chip import preset
    >>> sliced = preset("pku-2025").with_(topology="mvm", slices=8, bits_per_cell=2, sigma=0.02, adc_bits=8)
    >>> A = np.array([[1.0, -0.3], [0.7, 0.2]])
    >>> product = Chip(sliced, seed=0).program(A).multiply(np.array([[0.5], [-1.0]]), bits=16)
    >>> bool(np.abs(product - A @ [[0.5], [-1.0]]).max() < 1e-4)
    True
    """

    def __init__(
        self,
        A: np.ndarray,
        design: ChipDesign,
        write: Callable[[ConductanceMap], Crossbar],
        converters: ConverterBank,
        ledger: Ledger,
        offset: Callable[[int], np.ndarray],
    ) -> None:
        self.design, self._converters, self._ledger = design, converters, ledger
        self.kelvin, self.shape = design.operation.kelvin, A.shape
        self.slices = self._sliced(A)
        layout = self._layout(A)
        self._tiles = _tiles(A.shape[1], self._tile_columns)
        self._feedback = [self._feedback_of(layout, tile) for tile in self._tiles]
        self.store = write(layout)
        self._offset = offset(self._arrays * A.shape[0]).reshape(-1, len(self._tiles), A.shape[0])
        self._install()

    @property
    def _arrays(self) -> int:
        """Arrays, those of the positive and the negative cells counted once."""
        return len(self._tiles) * (1 if self.slices is None else len(self.slices.digits))

    def _sliced(self, A: np.ndarray) -> BitSlices | None:
        array = self.design.array
        return None if array.bits_per_cell is None else BitSlices.of(A, array.slices, array.bits_per_cell)

    def _layout(self, A: np.ndarray) -> ConductanceMap:
        device = self.design.device
        if self.slices is not None:
            return map_slices(self.slices, device)
        if self.design.array.pairs:
            return map_pairs(A, device)
        layout = map_matrix(A, np.zeros(A.shape[1]), device)
        return ConductanceMap(layout.target, np.zeros(len(A)), layout.scale, np.zeros(len(A)), arrays=1)

    @property
    def _tile_columns(self) -> int:
        """Columns of one array: so few, in bit slices, that an ADC has a code for every sum."""
        widest, bits = self.design.array.columns, self.design.converters.adc_bits
        if self.slices is None or bits is None:
            return widest
        codes = 2 ** (bits - 1) - 1
        if codes < self.slices.most:
            raise ValueError(
                f"adc_bits must be at least {self.slices.bits_per_cell + 1} for bits_per_cell of "
                f"{self.slices.bits_per_cell} and a sign, got {bits}"
            )
        return min(widest, codes // self.slices.most)

    def _feedback_of(self, layout: ConductanceMap, tile: slice) -> float:
        """Feedback at which the largest sum, all inputs at full scale, fills the ADC's range, siemens."""
        converters, device = self.design.converters, self.design.device
        if self.slices is not None:
            largest = (tile.stop - tile.start) * (device.g_max - device.g_min)
        else:
            largest = float(self._by_array(layout.target)[..., tile].sum(axis=(1, 3)).max())
        return (largest or device.g_max) * converters.v_in / converters.v_out

    def _by_array(self, cells: np.ndarray) -> np.ndarray:
        """Cells as (slices, 1 or 2 signs, m, k)."""
        slices = 1 if self.slices is None else len(self.slices.digits)
        return cells.reshape(slices, -1, *self.shape)

    def _install(self, integration: float | None = None) -> None:
        self.conductances = self.store.conductances(self.kelvin, integration)

    def multiply(self, X: Any, *, bits: int | None = None) -> np.ndarray:
        """Return A X (m, n) for X (k, n), or A x (m,) for one vector (k,), through converters, cells and wires.

        Parameters
        ----------
        X : array_like of shape (k, n) or (k,)
            Vectors of either sign. Each goes in at the DACs' full scale and is read at the finest range of the ADCs
            that holds it.
        bits : int, optional
            Of bit slices alone: vectors are rounded to so many bits, sign included, and go in one bit after the other.
            Each sum is then a whole number of cell states, to which what the ADC reads is rounded: errors of cells
            below half a state leave no trace.

        Raises
        ------
        ChipError, TypeError, ValueError
            Vectors that are sparse, incomplete or of another length; `bits` without bit slices.

        Notes
        -----
        What finite gain and offset leave at the amplifiers' inputs is taken to flow through perfect wires: the error is
        that of the wires times it. Not repeatable where the device has read noise or the converters have noise.
        """
        vectors = dense_vectors(X, "X", "mvm", self.shape[1], "column")
        if bits is not None:
            self._check_bits(bits)
        if self.design.device.noise:
            self._install(self.design.operation.integration)
        if bits is None or self.slices is None:
            found = self._through_dacs(vectors)
        else:
            found = self._bit_by_bit(self.slices, vectors, bits)
        return found[:, 0] if np.ndim(X) == 1 else found

    def _check_bits(self, bits: int) -> None:
        if self.slices is None:
            raise ValueError(
                f"bits must be None where the matrix is not in bit slices, got {bits}: give the design bits_per_cell"
            )
        if checks.positive_int(bits, "bits", limit=32) < 2:
            raise ValueError(f"bits must be at least 2, one of them the sign, got {bits}")

    def _through_dacs(self, X: np.ndarray) -> np.ndarray:
        """A X by inputs that the DACs round."""
        scale, v_in = self.conductances.scale[:, None], self._converters.v_in
        V = np.divide(X, scale, out=np.zeros(X.shape), where=scale > 0)
        peak = np.abs(V).max(axis=0)
        full = np.where(peak > 0, peak, 1.0)
        V = self._converters.to_volts(V, peak, np.arange(len(V))[:, None]) * (v_in / full)
        weights = np.ones(1) if self.slices is None else self.slices.weights / self.slices.weights[0]
        return self._sum(V, weights, lambda current: current).T * (full / v_in)

    def _bit_by_bit(self, sliced: BitSlices, X: np.ndarray, bits: int) -> np.ndarray:
        """A X by inputs of one bit and sums that are whole numbers."""
        step = max(1, _PLANES_AT_ONCE // (self.shape[1] * bits))
        blocks = (X[:, j : j + step] for j in range(0, X.shape[1], step))
        return np.hstack([self._block(sliced, block, bits) for block in blocks])

    def _block(self, sliced: BitSlices, X: np.ndarray, bits: int) -> np.ndarray:
        device, v_in = self.design.device, self._converters.v_in
        peak, place = np.abs(X).max(axis=0), np.arange(bits - 1)
        unit = np.where(peak > 0, peak, 1.0) / (2 ** (bits - 1) - 1)
        whole = np.rint(np.abs(X) / unit).astype(np.int64)
        planes = (np.sign(X)[:, :, None] * ((whole[:, :, None] >> place) & 1)).reshape(len(X), -1)
        V = self._converters.to_volts(planes * v_in, np.full(planes.shape[1], v_in), np.arange(len(X))[:, None])
        state = v_in * (device.g_max - device.g_min) / sliced.most  # what a one in a cell sends, amperes
        sums = self._sum(V, sliced.weights, lambda current: np.rint(current / state))
        by_place = sums.reshape(X.shape[1], bits - 1, -1) * 2.0 ** place[:, None]
        return sliced.unit * unit * by_place.sum(axis=1).T

    def _sum(self, V: np.ndarray, weights: np.ndarray, read: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Sum (n, m) over arrays of what is read of their currents, weighted by slices; V (k, n) volts."""
        total = np.zeros((V.shape[1], self.shape[0]))
        for s, weight in enumerate(weights):
            for t in range(len(self._tiles)):
                total += weight * read(self._currents(s, t, V))
        self._enter(V)
        return total

    def _currents(self, s: int, t: int, V: np.ndarray) -> np.ndarray:
        """Currents (n, m) of slice s and tile t, as the ADCs see them, amperes."""
        tile, feedback, gain = self._tiles[t], self._feedback[t], self.design.amplifier.gain
        cells = self._by_array(self.conductances.left)[s, ..., tile]
        given = V[tile]
        g = np.hstack(list(cells))
        drawn = wired_currents(g, self.design.wires, np.vstack([given, -given][: len(cells)])).T
        tied = g.sum(axis=1) + feedback
        y = (drawn + tied * self._offset[s, t]) / (feedback + tied / gain)
        return self._converters.to_digital(y, signed=True) * feedback

    def _enter(self, V: np.ndarray) -> None:
        """Enter products by volts V (k, n) in the ledger; all arrays work at once."""
        cells = self._by_array(self.conductances.left)
        m, n = self.shape[0], V.shape[1]
        seconds = n * self._settle_seconds(cells)
        square, size = (V**2).sum(axis=1), np.abs(V).sum(axis=1)
        columns = cells.sum(axis=(0, 1, 2))
        amplifiers = self._arrays * m
        self._ledger.add(
            Ledger(
                array_joules=seconds / n * float(columns @ square),
                input_coulombs=seconds / n * float(columns @ size),
                **settling(self.design, n, seconds, amplifiers),
                **converted(self.design.converters, V.size, n * amplifiers),
            )
        )

    def _settle_seconds(self, cells: np.ndarray) -> float:
        """Time of one product, from the slowest amplifier."""
        shares = [
            feedback / (cells[..., tile].sum(axis=(1, 3)) + feedback)
            for tile, feedback in zip(self._tiles, self._feedback, strict=True)
        ]
        rate = slowest_rate(np.concatenate([share.ravel() for share in shares]), self.design.amplifier)
        return settle_seconds(rate, self.design.converters)


def _tiles(columns: int, widest: int) -> list[slice]:
    return [slice(j, min(j + widest, columns)) for j in range(0, columns, widest)]
