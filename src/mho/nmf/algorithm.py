"""Choice of the algorithm of an alternating loop on the CPU, with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from mho import checks
from mho.nmf.compress import OVERSAMPLING
from mho.nmf.sample import sample_share
from mho.operands import Dense, Operand, Sparse

__all__ = ["ALGORITHMS", "Algorithm", "choose"]

ALGORITHMS = ("auto", "hals", "extrapolated", "compressed", "sampled")

_MOST_SWEEPS = 8
_MISSING_SWEEPS = 8
"""They cost little beside the sums of the rows' own Gram matrices."""

_WORTH_COMPRESSING = 4


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """A choice.

    Attributes
    ----------
    name : {"hals", "extrapolated", "compressed", "sampled"}
        Coordinate sweeps; with extrapolation (Ang-2019); with that and a start found on a compression;
        without it, from a start found on a sample of the rows.
    reason : str
        Why.
    sweeps : int
        Coordinate sweeps of a half-step.
    """

    name: str
    reason: str
    sweeps: int


def choose(algorithm: str, X: Operand, k: int, *, given: bool) -> Algorithm:
    """Return the algorithm for X (m, n) and k components.

    Parameters
    ----------
    algorithm : str
        One of `ALGORITHMS`; ``"auto"`` leaves it to this function.
    X : operand of shape (m, n)
        The matrix.
    k : int
        Number of components.
    given : bool
        Whether the caller gave factors to start from: then "auto" seeks no other start.

    Raises
    ------
    ValueError
        The algorithm is unknown or not for this kind of X.
    """
    checks.one_of(algorithm, "algorithm", ALGORITHMS)
    thin = min(X.shape) >= _WORTH_COMPRESSING * (k + OVERSAMPLING)
    if algorithm == "compressed" and not (isinstance(X, Dense) and thin):
        raise ValueError(
            f"algorithm='compressed' needs a dense X whose sides are at least {_WORTH_COMPRESSING} (k + {OVERSAMPLING})"
            f" = {_WORTH_COMPRESSING * (k + OVERSAMPLING)}; use 'auto'"
        )
    if algorithm == "sampled" and not X.missing:
        raise ValueError("algorithm='sampled' needs an X with missing entries; use 'auto'")
    if algorithm != "auto":
        return Algorithm(name=algorithm, reason="as asked", sweeps=_sweeps(X, k))
    if X.missing:
        reason = "entries are missing: every row has a Gram matrix of its own and is nearly solved at once"
        share = 1.0 if given else sample_share(X, k)
        if share == 1:
            return Algorithm(name="hals", reason=reason, sweeps=_sweeps(X, k))
        reason += f"; the first iterations run on {share:.0%} of the longer side"
        return Algorithm(name="sampled", reason=reason, sweeps=_sweeps(X, k))
    if given:
        return Algorithm(name="extrapolated", reason="from the factors that were given", sweeps=_sweeps(X, k))
    if isinstance(X, Dense) and thin:
        reason = f"dense and thin: the first iterations run on a compression of rank {k + OVERSAMPLING}"
        return Algorithm(name="compressed", reason=reason, sweeps=_sweeps(X, k))
    kind = "sparse" if isinstance(X, Sparse) else "dense, too small to compress"
    return Algorithm(name="extrapolated", reason=f"{kind}: sweeps on the whole matrix", sweeps=_sweeps(X, k))


def _sweeps(X: Operand, k: int) -> int:
    """Return as many as cost about what the cross products do (Gillis-2012), within reason."""
    m, n = X.shape
    if X.missing:
        return _MISSING_SWEEPS
    entries = len(X.values) if isinstance(X, Sparse) else m * n
    return min(_MOST_SWEEPS, max(2, 1 + entries // (k * (m + n))))
