"""Penalties of least squares: ridge towards a prior, L1, and the sum of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import checks
from mho.operands import Operand

__all__ = ["NO_PENALTY", "Penalty", "as_penalty"]


@dataclass(frozen=True, kw_only=True)
class Penalty:
    """Penalty of a least-squares problem: l2/2 |x - prior|^2 + l1 sum(x), beside half the squared error.

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
    total : float, optional
        Sum that the entries have to have. In the classic circuit a row of equal cells without feedback, which holds it
        exactly; in the compact circuit several such rows, which can only give it weight. Neither in the engines nor in
        `Chip.program`.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> ridge = mho.Penalty(l2=2.0)
    >>> mho.Digital().program(np.ones((2, 1)), penalty=ridge).solve(np.full((2, 1), 2.0))
    array([[1.]])
    """

    l2: float | np.ndarray = 0.0
    l2_known: float | np.ndarray = 0.0
    l1: float = 0.0
    prior: float | np.ndarray = 0.0
    total: float | None = None

    def __post_init__(self) -> None:
        for name in ("l2", "l2_known", "prior"):
            _check_weights(getattr(self, name), name)
        checks.nonnegative_number(self.l1, "l1")
        if self.total is not None:
            checks.nonnegative_number(self.total, "total")

    def __bool__(self) -> bool:
        return self._weighs() or self.total is not None

    def _weighs(self) -> bool:
        return bool(self.l1) or any(_any(value) for value in (self.l2, self.l2_known))

    def vector(self, name: str, k: int, dtype: Any = np.float64) -> np.ndarray:
        """Return the weights called `name` for each of `k` unknowns, (k,), as `dtype`."""
        return np.full(k, self._given(name, k), dtype)

    def linear_term(self, k: int, dtype: Any = np.float64) -> np.ndarray:
        """Return the linear term of `k` unknowns (k,), beside the cross product A'b, whatever is known, as `dtype`."""
        return self.ridge(k, dtype)[2]

    def ridge(self, k: int, dtype: Any = np.float64) -> np.ndarray:
        """Return l2, l2_known, and what each adds to the cross product, (4, k), as `dtype`."""
        l2, known, prior = (self._given(name, k) for name in ("l2", "l2_known", "prior"))
        rows = np.empty((4, k))
        rows[0], rows[1] = l2, known
        rows[2], rows[3] = l2 * prior - self.l1, known * prior
        return rows.astype(dtype, copy=False)

    def all_known(self, k: int, m: float, dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
        """Return ridge and term added to A'b of `k` unknowns, each (k,) as `dtype`, where all `m` entries are known."""
        rows = self.ridge(k)
        ridge, pull = (rows[::2] + m * rows[1::2]).astype(dtype, copy=False)
        return ridge, pull

    def _given(self, name: str, k: int) -> Any:
        """Return the weights called `name`, one number or one for each of `k` unknowns."""
        value = getattr(self, name)
        if isinstance(value, float | int):
            return value
        value = np.asarray(value, np.float64)
        if value.shape not in ((), (1,), (k,)):
            raise ValueError(f"{name} must be one number or {k}, one for each column of A, got shape {value.shape}")
        return value

    def objective_offset(self, B: Operand, X: np.ndarray) -> float:
        """Return the penalty's part of a kernel's explained sum of squares, summed over the columns of X (k, n).

        The sum over right-hand sides of 2 pull'x - x'(l2)x, `B` telling how many entries of each are known.
        """
        if not self._weighs():
            return 0.0
        l2, l2_known, pull, pull_known = self.ridge(len(X))
        total = 0.0
        for x, known in _blocks(X, B.known_rows() if l2_known.any() else None):
            linear = pull @ x + known * (pull_known @ x)
            total += float(np.sum(2 * linear - _weighted_squares(x, l2, l2_known, known)))
        return total

    def value(self, B: Operand, X: np.ndarray) -> float:
        """Return the penalty itself, summed over the columns of X (k, n), the answers to the columns of B (m, n)."""
        k = len(X)
        if not self._weighs():
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


def _any(value: float | np.ndarray) -> bool:
    """Whether a weight is not zero; np.any takes microseconds for a number, in every half-step of a small fit."""
    return value != 0 if isinstance(value, float | int) else bool(np.any(value))


def _check_weights(value: Any, name: str) -> None:
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a number or one for each column, got {value!r}")
    if array.ndim > 1:
        raise ValueError(f"{name} must be a number or one for each column, got shape {array.shape}")
    if array.size and not (array.min() >= 0 and array.max() < np.inf):
        raise ValueError(f"{name} must be finite and at least 0, got {value}")


NO_PENALTY = Penalty()


def as_penalty(penalty: Any) -> Penalty:
    """Return a penalty, refused if it is none, or where the entries are to have a `total`."""
    if not isinstance(penalty, Penalty):
        raise TypeError(f"penalty must be a mho.Penalty, as mho.Penalty(l2=1.0), got {type(penalty).__name__}")
    if penalty.total is not None:
        raise ValueError("total must be None here: only `mho.chip.program_circuit` holds the sum of an answer")
    return penalty
