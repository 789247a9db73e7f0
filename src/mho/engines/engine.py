"""The engine protocol: program once, solve many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mho import checks, kernels
from mho.operands import Dense, Factored, Operand, Scaled, Sparse, as_operand
from mho.penalty import NO_PENALTY, Penalty

if TYPE_CHECKING:
    from mho.chip import Ledger

__all__ = ["Engine", "Penalty", "Programmed", "squared_error"]


class Programmed(ABC):
    """A matrix A (m, k) that an engine holds, ready for any number of right-hand sides.

    Laws, for every engine, to the accuracy of its arithmetic:

    * ``solve(B) >= 0``, and column j depends on column j of B alone;
    * ``solve(c * B) == c * solve(B)`` for c > 0 where there is no penalty;
    * a right-hand side with missing rows is solved as if A had only the others;
    * the same B gives the same X, however often and together with whatever else it is solved, but for noise that a
      chip's design asks for: converters and read noise draw theirs afresh in every call.

    An engine without error also satisfies the conditions of Karush, Kuhn and Tucker: x >= 0, A'(Ax - b) >= 0, and
    their product is zero.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> A, B = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), np.array([[4.0], [3.0], [6.0]])
    >>> programmed = mho.Digital().program(A)
    >>> X = programmed.solve(B)
    >>> bool(np.isclose(programmed.squared_error(B, X), np.sum((A @ X - B) ** 2)))
    True
    """

    @abstractmethod
    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """Return X (k, n) >= 0 that minimises |A X - B| column by column.

        Parameters
        ----------
        B : ndarray of shape (m, n), scipy sparse (zeros are data) or Sparse
            Right-hand sides, of any sign.
        start : ndarray of shape (k, n), optional
            A guess. It may save work; it changes the answer only of an engine that does not solve to rest.
        """

    @abstractmethod
    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """Return |A X - B|^2 over the entries of B that are known, with A as the caller gave it."""


class Engine(ABC):
    """Something that solves min |A x - b| over x >= 0 for many b. A new engine is one subclass.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> isinstance(mho.Digital(), mho.Engine), isinstance(mho.Analog("ideal"), mho.Engine)
    (True, True)
    """

    @abstractmethod
    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> Programmed:
        """Take in a matrix.

        Parameters
        ----------
        A : array_like of shape (m, k), or Dense
            Non-negative; float32 is kept, other numbers become float64. A `Dense` has been checked already.
        penalty : Penalty
            For every right-hand side that is solved with it.
        """

    def exact(self) -> Engine:
        """Return this engine as it is when it solves to rest; itself if it always does."""
        return self

    def swept(self, sweeps: int) -> Engine | None:
        """Return the engine that makes that many coordinate sweeps from a start in place of solving; None if none does.

        An alternating loop then iterates as on the CPU, and chooses among its algorithms.
        """
        return None

    def phases(self) -> tuple[tuple[Engine, int | None], ...]:
        """Return the engines of an alternating loop, in turn: (engine, iterations; None: all that remain)."""
        return ((self, None),)

    def extrapolates(self) -> bool:
        """Return whether an alternating loop may stride beyond this engine's half-steps.

        It does where a half-step's error is small beside what an iteration gains; otherwise the loop would throw away
        every other stride for an error that rose by chance.
        """
        return False

    def levels_off(self, errors: Sequence[float]) -> bool:
        """Return whether an alternating loop has come as far as this engine's errors let it, by its `errors` so far.

        The next phase of the loop then begins, if there is one.
        """
        return False

    @property
    def random_state(self) -> dict[str, Any] | None:
        """State of the random errors of what is still to be programmed; None where there are none."""
        return None

    def restore(self, random_state: dict[str, Any] | None) -> None:
        """Go on with the random errors of `random_state`."""
        if random_state is not None:
            raise ValueError(f"random_state must be None for {self!r}, which makes no random errors")

    def ledger(self) -> Ledger | None:
        """Return the physical events so far, if this engine is a physical one."""
        return None


def as_factor(A: Any) -> np.ndarray:
    """Return the matrix given to `Engine.program` as an array, checked unless it is a `Dense`.

    Parameters
    ----------
    A : array_like of shape (m, k), or Dense
        As `Engine.program` takes it.
    """
    return A.array if isinstance(A, Dense) else checks.as_matrix(A, "A")


def squared_error(A: np.ndarray, B: Operand, X: np.ndarray, *, block: int = 1 << 16) -> float:
    """Return |A X - B|^2 over the known entries of B by one pass over B, in blocks of about `block` numbers.

    Parameters
    ----------
    A : ndarray of shape (m, k)
        The matrix.
    B : operand of shape (m, n)
        Right-hand sides by columns.
    X : ndarray of shape (k, n)
        Answers by columns.
    block : int
        Numbers of B that are taken at once.
    """
    if isinstance(B, Sparse):
        return _sparse_error(A, B, X)
    if isinstance(B, Factored):
        return _factored_error(A, B, X)
    if isinstance(B, Scaled):
        return sum(squared_error(A, part, X[:, columns], block=block) for columns, part in B.parts())
    step = max(1, block // B.shape[1])
    total = 0.0
    for i in range(0, B.shape[0], step):
        difference = A[i : i + step] @ X
        difference -= B.array[i : i + step]
        total += float(np.vdot(difference, difference))
    return total


def _sparse_error(A: np.ndarray, B: Sparse, X: np.ndarray) -> float:
    ptr, idx, val = B.by_column()
    A, Xt = np.ascontiguousarray(A, val.dtype), np.ascontiguousarray(X.T, val.dtype)
    fitted = np.empty_like(val)
    kernels.sddmm(A, Xt, ptr, idx, fitted, kernels.thread_count())
    if B.missing:
        fitted -= val
        return B.with_values(fitted).square
    # |AX - B|^2 = |AX|^2 - 2 <AX, B> + |B|^2, and |AX|^2 = <A'A, XX'>
    gram = float(np.vdot(A.T @ A, X @ X.T))
    return max(0.0, gram - 2 * float(np.vdot(fitted, val)) + B.square)


def _factored_error(A: np.ndarray, B: Factored, X: np.ndarray) -> float:
    """|A X|^2 - 2 <A X, B> + |B|^2, through matrices of the orders of the factors alone."""
    product = float(np.vdot((B.left.T @ A) @ X, B.right))
    return max(0.0, float(np.vdot(A.T @ A, X @ X.T)) - 2 * product + B.square)


def check_rhs(B: Any, shape: tuple[int, int], start: np.ndarray | None = None, *, unchecked: bool = False) -> Operand:
    """Return `B` as an operand, checked with `start` against the shape (m, k) of A; `unchecked` as in `as_operand`."""
    B = as_operand(B, unchecked=unchecked)
    if B.shape[0] != shape[0]:
        raise ValueError(f"B must have {shape[0]} rows, as many as A, got shape {B.shape}")
    if start is not None and start.shape != (shape[1], B.shape[1]):
        raise ValueError(f"start must have shape {(shape[1], B.shape[1])}, got {start.shape}")
    return B
