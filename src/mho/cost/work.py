"""The arithmetic of one sweep of alternating least squares, counted operation by operation."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from mho import checks

__all__ = ["Work", "answer_work", "product_work", "sweep_work"]

_NUMBER = 4
_INDEX = 4


@dataclass(frozen=True)
class Work:
    """Operations and memory traffic of a digital platform.

    Attributes
    ----------
    flops : float
        Additions and multiplications.
    bytes_cached, bytes_uncached : float
        Traffic with memory if the factors stay in a cache, and if every known entry fetches its row of a factor anew.
    steps : float
        Updates of one factor, each of which waits for the one before.

    Examples
    --------
    >>> from mho.cost import Work
    >>> Work(flops=10, bytes_cached=4, bytes_uncached=8).times(3)
    Work(flops=30, bytes_cached=12, bytes_uncached=24, steps=6)
    """

    flops: float
    bytes_cached: float
    bytes_uncached: float
    steps: float = 2

    def times(self, factor: float) -> Work:
        """Return `factor` times this work.

        Parameters
        ----------
        factor : float
            Multiplier.
        """
        return Work(*(getattr(self, f.name) * factor for f in fields(self)))

    def batched(self, count: int) -> Work:
        """Return the work of one of `count` answers that are found together: their steps are shared.

        Parameters
        ----------
        count : int
            Answers at a time.
        """
        return replace(self, steps=self.steps / checks.positive_int(count, "count"))

    def __add__(self, other: Work) -> Work:
        return Work(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


def sweep_work(m: int, n: int, k: int, known: int | None = None, *, missing: bool = False) -> Work:
    """Return the work of updating W (m, k) and H (k, n) once, float32.

    Each right-hand side takes one Cholesky factorisation, k^3/3, and two triangular solves, 2 k^2; columns that have
    to be clamped take more, which is left out in favour of the digital side.

    Parameters
    ----------
    m, n, k : int
        Sizes of X (m, n), and rank.
    known : int, optional
        Stored entries of a sparse matrix; by default it is dense.
    missing : bool
        Whether the others are missing: every right-hand side then has a Gram matrix of its own. Else they are zeros.
    """
    m, n, k = (checks.positive_int(value, name) for value, name in ((m, "m"), (n, "n"), (k, "k")))
    entries = m * n if known is None else checks.positive_int(known, "known", limit=m * n, what="m n")
    gram_rows = 2 * entries if missing else m + n
    flops = gram_rows * k * (k + 1) + 4 * entries * k + (m + n) * (k**3 / 3 + 2 * k**2)
    stored = 2 * entries * (_NUMBER + (0 if known is None else _INDEX))
    factors = 3 * (m + n) * k * _NUMBER  # one read, one written, one read for its Gram matrix
    gathered = 0 if known is None else 2 * entries * k * _NUMBER
    return Work(flops, float(stored + factors), float(stored + factors + gathered))


def answer_work(k: int, known: float, *, own_gram: bool = False, indexed: bool = False) -> Work:
    """Return the work of one right-hand side of a least squares problem whose matrix stays, float32.

    The product A'b, and one Cholesky factorisation, k^3/3, with its two triangular solves, 2 k^2; columns that have to
    be clamped take more, which is left out in favour of the digital side.

    Parameters
    ----------
    k : int
        Columns of the matrix.
    known : float
        Entries of the right-hand side that take part: stored ones of a sparse one, all rows of a dense one.
    own_gram : bool
        Whether the others are missing, or weigh differently, so that a Gram matrix of its own has to be formed.
    indexed : bool
        Whether each entry comes with its row.
    """
    flops = (known * k * (k + 1) if own_gram else 0.0) + 2 * known * k + k**3 / 3 + 2 * k**2
    cached = known * (_NUMBER + (_INDEX if indexed else 0)) + k * _NUMBER
    return Work(float(flops), float(cached), float(cached + known * k * _NUMBER))


def product_work(k: int, known: float, *, count: float = 1) -> Work:
    """Return the work of products of one matrix of k rows with vectors that are there together, float32.

    They are one product of two matrices: one step, and at the worst the matrix is fetched once.

    Parameters
    ----------
    k : int
        Numbers of an answer.
    known : float
        Numbers of a vector.
    count : float
        Vectors.
    """
    cached = count * (known + k) * _NUMBER
    return Work(2.0 * count * known * k, cached, cached + known * k * _NUMBER, steps=1)
