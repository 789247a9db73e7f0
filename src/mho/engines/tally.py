"""Tally of an engine's chip: events of writing and of solving apart, and the sizes that they are of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

import numpy as np

from mho.chip import Chip, Ledger
from mho.cost import Work, answer_work
from mho.operands import Matrix, Sparse

__all__ = ["Tally"]


class Tally:
    """Events of programming and of solving since an engine was made, for `mho.cost.Inference`.

    Parameters
    ----------
    chip : Chip
        Chip of the engine.

    Attributes
    ----------
    written, solved : Ledger
        Events of programming, read-back included, and of solving, probes included.
    programmings : int
        Times that a matrix was programmed.
    matrices : int
        Different ones among them.
    rows, columns : int
        Those of the largest.
    solves : int
        Right-hand sides.
    known : float
        Their entries that take part: all of a dense one, the stored ones of a sparse one.
    work : Work
        Digital arithmetic of the same least squares.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> engine = mho.Analog("ideal")
    >>> x = engine.program(np.eye(4, 2)).solve(np.ones((4, 6)))
    >>> tally = engine.tally
    >>> tally.programmings, tally.solves, tally.known, tally.solved.solves, tally.written.solves
    (1, 6, 24.0, 6.0, 0.0)
    """

    def __init__(self, chip: Chip) -> None:
        self._chip, self._seen = chip, set[int]()
        self.written, self.solved = Ledger(), Ledger()
        self.programmings = self.rows = self.columns = self.solves = 0
        self.known, self.work = 0.0, Work(0.0, 0.0, 0.0, 0.0)

    @property
    def design(self) -> str:
        """Name of the chip's design."""
        return self._chip.design.name

    @property
    def matrices(self) -> int:
        """Different matrices that were programmed."""
        return len(self._seen)

    @contextmanager
    def programming(self, A: np.ndarray) -> Iterator[None]:
        """Count what happens meanwhile as the programming of a matrix (m, k)."""
        before = self._chip.ledger.copy()
        yield
        self.written.add(self._chip.ledger.since(before))
        self._seen.add(crc32(np.ascontiguousarray(A).tobytes(), crc32(str(A.shape).encode())))
        self.programmings += 1
        if A.size > self.rows * self.columns:
            self.rows, self.columns = A.shape

    @contextmanager
    def solving(self, B: Matrix, k: int) -> Iterator[None]:
        """Count what happens meanwhile as the solving of right-hand sides (m, n) for k numbers each."""
        before = self._chip.ledger.copy()
        yield
        self.solved.add(self._chip.ledger.since(before))
        n, sparse = B.shape[1], isinstance(B, Sparse)
        known = float(len(B.values) if isinstance(B, Sparse) else B.shape[0] * n)
        one = answer_work(k, known / n, own_gram=bool(B.missing), indexed=sparse)
        self.solves, self.known, self.work = self.solves + n, self.known + known, self.work + one.times(n)
