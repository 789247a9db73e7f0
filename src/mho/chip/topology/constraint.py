"""What least squares is subject to, beyond non-negativity: how each price or condition enters a circuit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho import checks

__all__ = ["Constraint"]


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """``min |A x - b|^2 / 2 + l2 |x|^2 / 2 + l1 sum(x)`` over x >= 0, and ``sum(x) = total`` where there is one.

    Attributes
    ----------
    l2 : float
        Ridge: one more row for each column, connected to that column only.
    l1 : float
        Price of the sum: a constant current at the input of every op-amp.
    total : float, optional
        What the answer has to add up to: a row of equal cells without feedback in the classic circuit, which holds it
        exactly; several such rows in the compact circuit, which can only give them weight.
    """

    l2: float = 0.0
    l1: float = 0.0
    total: float | None = None

    def __post_init__(self) -> None:
        for name in ("l2", "l1"):
            object.__setattr__(self, name, checks.nonnegative_number(getattr(self, name), name))
        if self.total is not None:
            object.__setattr__(self, "total", checks.nonnegative_number(self.total, "total"))

    def rows(self, A: np.ndarray, copies: int) -> tuple[np.ndarray, np.ndarray]:
        """Return A with so many rows for the sum below it, and what those rows have on the right-hand side."""
        if self.total is None:
            return A, np.zeros(0)
        weight = A.max()
        return np.vstack([A, np.full((copies, A.shape[1]), weight)]), np.full(copies, weight * self.total)
