"""The engine protocol: program once, solve many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mho import checks, kernels
from mho.operands import Dense, Factored, Operand, Sparse, as_operand

if TYPE_CHECKING:
    from mho.chip import Ledger

__all__ = ["Engine", "Penalty", "Programmed", "squared_error"]


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """What is added to half the squared error of each right-hand side: l2/2 |x - prior|^2 + l1 sum(x).

    Attributes
    ----------
    l2 : float or ndarray of shape (k,)
        Ridge, >= 0. On a chip: one more row for each column with a ridge, connected to that column only.
    l2_known : float or ndarray of shape (k,)
        Ridge for each known entry of the right-hand side, added to `l2` as often as there are any. Not on a chip, which
        is programmed once for all of them.
    l1 : float
        Price of the sum of the entries, >= 0. On a chip: a constant current into every column.
    prior : float or ndarray of shape (k,)
        Where the ridge pulls to, >= 0. On a chip: the voltage at those rows.
    """

    l2: float | np.ndarray = 0.0
    l2_known: float | np.ndarray = 0.0
    l1: float = 0.0
    prior: float | np.ndarray = 0.0

    def __post_init__(self) -> None:
        for name in ("l2", "l2_known", "prior"):
            _check_weights(getattr(self, name), name)
        checks.nonnegative_number(self.l1, "l1")

    def vector(self, name: str, k: int, dtype: Any = np.float64) -> np.ndarray:
        """Return the weights called `name` for each of `k` unknowns, (k,), as `dtype`."""
        value = np.asarray(getattr(self, name))
        if value.shape not in ((), (1,), (k,)):
            raise ValueError(f"{name} must be one number or {k}, one for each column of A, got shape {value.shape}")
        return np.full(k, value, dtype)

    def pull(self, k: int, dtype: Any = np.float64) -> np.ndarray:
        """Return what is added to the cross product A'b of `k` unknowns, (k,), whatever is known, as `dtype`."""
        return (self.vector("l2", k) * self.vector("prior", k) - self.l1).astype(dtype)

    def ridge(self, k: int, dtype: Any = np.float64) -> np.ndarray:
        """Return l2, l2_known, and what each adds to the cross product, (4, k), as `dtype`."""
        known = self.vector("l2_known", k)
        pulls = [self.pull(k), known * self.vector("prior", k)]
        return np.stack([self.vector("l2", k), known, *pulls]).astype(dtype)

    def all_known(self, k: int, m: float, dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
        """Return the ridge of `k` unknowns and the term added to A'b, each (k,), where all `m` entries are known."""
        l2, l2_known, pull, pull_known = self.ridge(k)
        return (l2 + m * l2_known).astype(dtype), (pull + m * pull_known).astype(dtype)

    def unexplained(self, B: Operand, X: np.ndarray) -> float:
        """Return what it takes from |Ax - b|^2 where a kernel counts it in, summed over the columns of X (k, n).

        The sum over right-hand sides of 2 pull'x - x'(l2)x, `B` telling how many entries of each are known.
        """
        k = len(X)
        l2, l2_known, pull, pull_known = self.ridge(k)
        if not (l2.any() or l2_known.any() or pull.any()):
            return 0.0
        total = 0.0
        for x, known in _blocks(X, B.known_rows() if l2_known.any() else None):
            linear = pull @ x + known * (pull_known @ x)
            total += float(np.sum(2 * linear - _weighted_squares(x, l2, l2_known, known)))
        return total

    def value(self, B: Operand, X: np.ndarray) -> float:
        """Return the penalty itself, summed over the columns of X (k, n), the answers to the columns of B (m, n)."""
        k = len(X)
        if not (np.any(self.l2) or np.any(self.l2_known) or self.l1):
            return 0.0
        l2, l2_known, prior = (self.vector(name, k) for name in ("l2", "l2_known", "prior"))
        total = 0.0
        for x, known in _blocks(X, B.known_rows() if l2_known.any() else None):
            total += self.l1 * float(np.sum(x)) if self.l1 else 0.0
            if prior.any():
                x -= prior[:, None]
            total += float(np.sum(_weighted_squares(x, l2, l2_known, known))) / 2
        return total


def _blocks(X: np.ndarray, known: np.ndarray | None, numbers: int = 1 << 18) -> Iterator[tuple[np.ndarray, Any]]:
    """Some columns of X (k, n) at a time in float64, and how many entries of theirs are known; zero for None."""
    step = max(1, numbers // len(X))
    for j in range(0, X.shape[1], step):
        yield X[:, j : j + step].astype(np.float64), 0.0 if known is None else known[j : j + step]


def _weighted_squares(x: np.ndarray, l2: np.ndarray, l2_known: np.ndarray, known: Any) -> np.ndarray:
    """Sum of (l2 + known l2_known) x^2 for each column of x (k, n)."""
    squares = np.square(x)
    always = l2 @ squares if l2.any() else 0.0
    return always + known * (l2_known @ squares) if l2_known.any() else always + np.zeros(x.shape[1])


def _check_weights(value: Any, name: str) -> None:
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or one for each column, got {value!r}")
    if array.ndim > 1:
        raise ValueError(f"{name} must be a number or one for each column, got shape {array.shape}")
    if array.size and not (array.min() >= 0 and array.max() < np.inf):
        raise ValueError(f"{name} must be finite and at least 0, got {value}")


NO_PENALTY = Penalty()


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
    """Something that solves min |A x - b| over x >= 0 for many b. A new engine is one subclass."""

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

    def phases(self) -> tuple[tuple[Engine, int | None], ...]:
        """Return who does the iterations of an alternating loop, in turn: (engine, how many; None: all that remain)."""
        return ((self, None),)

    def extrapolates(self) -> bool:
        """Return whether an alternating loop may stride beyond this engine's half-steps.

        It does where a half-step's error is small beside what an iteration gains; otherwise the loop would throw away
        every other stride for an error that rose by chance.
        """
        return False

    def ledger(self) -> Ledger | None:
        """Return the physical events so far, if this engine is a physical one."""
        return None


def as_factor(A: Any) -> np.ndarray:
    """Return what `Engine.program` was given as an array, checked unless it is a `Dense`."""
    return A.array if isinstance(A, Dense) else checks.as_matrix(A, "A")


def squared_error(A: np.ndarray, B: Operand, X: np.ndarray, *, block: int = 1 << 21) -> float:
    """Return |A X - B|^2 over the known entries of B by one pass over B, in blocks of about `block` numbers.

    Parameters
    ----------
    A : ndarray of shape (m, k)
    B : operand of shape (m, n)
    X : ndarray of shape (k, n)
    """
    if isinstance(B, Sparse):
        return _sparse_error(A, B, X)
    if isinstance(B, Factored):
        return _factored_error(A, B, X)
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
    kernels.sampled(A, Xt, ptr, idx, fitted, kernels.thread_count())
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


def fitting(B: Any, shape: tuple[int, int], start: np.ndarray | None = None, *, unread: bool = False) -> Operand:
    """Return `B` as an operand, checked with `start` against the shape (m, k) of A; `unread` as in `as_operand`."""
    B = as_operand(B, unread=unread)
    if B.shape[0] != shape[0]:
        raise ValueError(f"B must have {shape[0]} rows, as many as A, got shape {B.shape}")
    if start is not None and start.shape != (shape[1], B.shape[1]):
        raise ValueError(f"start must have shape {(shape[1], B.shape[1])}, got {start.shape}")
    return B
