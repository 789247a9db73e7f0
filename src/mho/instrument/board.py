"""Arrays of cells behind an instrument: a board's, or the simulated chip's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib.metadata import version

import numpy as np

from mho.chip import Chip, ChipDesign, Ledger, ProgrammedArray, preset
from mho.circuits.errors import ChipError
from mho.operands import Dense, Sparse

__all__ = ["Board", "SimulatedBoard"]


class Board(ABC):
    """Numbered arrays that hold matrices and solve with them; the server calls it from one thread at a time.

    A real board is one subclass. Arguments are checked before they come: `array` is 1 to `arrays`, matrices are finite,
    not negative and not wider than `columns`, right-hand sides have the rows of the matrix that the array holds.

    Attributes
    ----------
    identity : tuple of four str
        Maker, model, serial number and version, as ``*IDN?`` answers them.
    arrays : int
        Matrices that are held at once.
    columns : int
        Columns of a matrix at most.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.instrument import SimulatedBoard
    >>> board = SimulatedBoard("ideal")
    >>> board.program(1, np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
    >>> board.solve(1, np.array([[4.0], [3.0], [5.0]])).round(6)
    array([[2.],
           [3.]])
    """

    identity: tuple[str, str, str, str]
    arrays: int
    columns: int

    @abstractmethod
    def reset(self) -> None:
        """Empty all arrays."""

    @abstractmethod
    def program(self, array: int, A: np.ndarray) -> None:
        """Write a matrix A (m, k) into an array, in place of what it held.

        Raises
        ------
        ChipError
            It cannot.
        """

    @abstractmethod
    def solve(self, array: int, B: np.ndarray, currents: np.ndarray | None = None) -> np.ndarray:
        """Return X (k, n) >= 0 that minimises |A x - b|^2 / 2 - c'x for each column b of B and c of `currents`.

        Parameters
        ----------
        array : int
            One that holds a matrix.
        B : ndarray of shape (m, n)
            Right-hand sides; NaN is an entry that is not known and switches its row off.
        currents : ndarray of shape (k, n), optional
            Currents into the columns, in the units of A'B.

        Raises
        ------
        ChipError
            The loop does not come to rest, or the like.
        """

    @abstractmethod
    def conductances(self, array: int) -> np.ndarray:
        """Return conductances (m, k) of the driving cells of the matrix in `array`, siemens; or (k, k) of A'A."""

    @abstractmethod
    def self_test(self) -> bool:
        """Return whether the board works, without a change to what it holds."""

    def ledger(self) -> Ledger | None:
        """Return the physical events so far, where they are counted."""
        return None


class SimulatedBoard(Board):
    """The simulated chip as a board.

    Parameters
    ----------
    design : str or ChipDesign
        A preset's name or a description, of a topology that solves least squares.
    seed : int
        Of the chip's errors: `reset` makes the same chip again.
    arrays : int
        Matrices that are held at once.

    Examples
    --------
    >>> from mho.instrument import SimulatedBoard
    >>> board = SimulatedBoard("pku-2025", seed=7, arrays=2)
    >>> board.identity[:3], board.columns, board.self_test()
    (('mho', 'pku-2025', '7'), 128, True)
    """

    def __init__(self, design: str | ChipDesign = "pku-2025", *, seed: int = 0, arrays: int = 16) -> None:
        self.design = preset(design) if isinstance(design, str) else design
        self.design.check_least_squares("design")
        self.seed, self.arrays, self.columns = seed, arrays, self.design.array.columns
        self.identity = ("mho", self.design.name, str(seed), version("mho"))
        self.reset()

    def reset(self) -> None:
        """See `Board.reset`; the chip is made anew from its seed."""
        self.chip = Chip(self.design, seed=self.seed)
        self._held: dict[int, ProgrammedArray] = {}

    def program(self, array: int, A: np.ndarray) -> None:
        """See `Board.program`; both copies are written, with fresh errors."""
        self._held[array] = self.chip.program(A)

    def solve(self, array: int, B: np.ndarray, currents: np.ndarray | None = None) -> np.ndarray:
        """See `Board.solve`."""
        operand = Sparse(B) if np.isnan(B).any() else Dense(B)
        return self._held[array].solve_operand(operand, currents)

    def conductances(self, array: int) -> np.ndarray:
        """See `Board.conductances`; as the cells are now."""
        return self._held[array].conductances.left

    def self_test(self) -> bool:
        """Return whether a chip of the same design solves a well conditioned problem to a third."""
        A, x = np.eye(4, 2) + np.roll(np.eye(4, 2), 2, axis=0), np.array([1.0, 0.5])
        try:
            found = Chip(self.design, seed=self.seed).program(A).solve(A @ x)
        except ChipError:
            return False
        return bool(np.linalg.norm(found - x) < np.linalg.norm(x) / 3)

    def ledger(self) -> Ledger:
        """Return the chip's events since it was made."""
        return self.chip.ledger
