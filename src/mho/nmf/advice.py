"""Advice before a factorization: number of components, engine, and whether a chip would pay."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.chip import ChipError, preset
from mho.cost import PLATFORMS, Workload, estimate, sweep_ledger
from mho.engines.solve import as_known
from mho.nmf.component_count import select

__all__ = ["Advice", "advise"]

_SAMPLE = 120
"""Rows and columns that are looked at, at the most: drawn at random, or the fullest where entries are missing."""

_TRIED = (1, 2, 3, 4, 5, 6, 8, 11, 16, 22, 32)
"""Numbers of components; a search between them is `mho.select`'s."""

_MASKS, _ITERATIONS = 2, 150

_COMPARED = "H100"
_TECHNOLOGY = "40nm"

_PATIENCE = 10
"""Times as long as elsewhere that a chip may take."""

_CHIP_ERROR = 0.05
"""Relative error of what is held out below which the errors of a chip's cells would show."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Advice on the factorization of one matrix.

    Attributes
    ----------
    shape : tuple of int
        (m, n).
    known : float
        Share of the entries that are known, and of a sparse matrix whose other entries are zero, that are stored.
    looked_at : tuple of int
        Shape of the part in which components were counted.
    components : tuple of int
        The least number of components, the best and the largest whose errors held out are within a standard error of
        the best one's.
    held_out : float
        Relative error of entries held out, with the best number.
    engine : {"digital", "analog", "hybrid"}
        What to take if a chip is at hand.
    pays : bool
        Whether a chip would take less energy than the platform beside it, in a time not ten times as long.
    chip_seconds, chip_joules : float
        Of updating both factors once on one chip, writing counted, typical; infinite where it cannot.
    other : str
        The platform beside it.
    other_seconds, other_joules : float
        The same there.
    reasons : tuple of str
        Why, in sentences.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((40, 3)) @ rng.random((3, 30)) + 0.05 * rng.random((40, 30))
    >>> found = mho.advise(X, random_state=0)
    >>> found.components[1], found.engine
    (3, 'digital')
    """

    shape: tuple[int, int]
    known: float
    looked_at: tuple[int, int]
    components: tuple[int, int, int]
    held_out: float
    engine: str
    pays: bool
    chip_seconds: float
    chip_joules: float
    other: str
    other_seconds: float
    other_joules: float
    reasons: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """Return everything by name."""
        return asdict(self)


def advise(X: Any, *, missing: str | None = None, random_state: Any = None) -> Advice:
    """Look at a matrix before it is factorized: number of components, engine, and whether a chip would pay.

    Parameters
    ----------
    X : array_like or scipy sparse of shape (m, n)
        Non-negative.
    missing : {None, "nan", "unstored"}
        As for `mho.NMF`.
    random_state : int, Generator or None
        For the part that is looked at, and for the entries that are held out.

    Notes
    -----
    The chip is the published one by its presets, in the 40 nm node, with every assumption at its typical value; `mho
    cost` shows them and lets each be changed. The chip in this package is a simulation: its time and energy are those
    of the modelled one.

    Examples
    --------
    >>> import mho
    >>> found = mho.advise(mho.data.camera(32), random_state=0)
    >>> found.shape, found.known
    ((32, 32), 1.0)
    """
    rng = checks.generator(random_state, "random_state")
    operand = as_known(X, missing, "X", nonnegative=True)
    known = int(np.sum(operand.known_rows())) if operand.missing or not sp.issparse(X) else int(X.nnz)
    m, n = operand.shape
    part = _part(X, rng, missing=operand.missing)
    low, best, high, held_out = _components(part, missing, rng)
    workload = Workload(m=m, n=n, known=None if known == m * n else known, k=best, missing=operand.missing)
    costs, refused = _costs(workload)
    pays = costs[0] < _PATIENCE * costs[2] and costs[1] < costs[3]
    engine, why = _engine(pays, refused, held_out)
    reasons = (*_of_components(part, (m, n), low, best, high, held_out), *_of_chip(costs, refused), why)
    return Advice(
        shape=(m, n),
        known=known / (m * n),
        looked_at=(int(part.shape[0]), int(part.shape[1])),
        components=(low, best, high),
        held_out=held_out,
        engine=engine,
        pays=pays,
        chip_seconds=costs[0],
        chip_joules=costs[1],
        other=_COMPARED,
        other_seconds=costs[2],
        other_joules=costs[3],
        reasons=reasons,
    )


def _part(X: Any, rng: np.random.Generator, *, missing: bool) -> Any:
    """Some rows and columns of X, in order; of a table that is nearly empty a part drawn at random says nothing."""
    matrix = X.tocsr() if sp.issparse(X) else np.asarray(X)
    if missing:
        part = matrix[:, _fullest(matrix, axis=0)]
        return part[_fullest(part, axis=1)]
    rows, columns = (np.sort(rng.choice(size, min(size, _SAMPLE), replace=False)) for size in matrix.shape)
    return matrix[rows][:, columns]


def _fullest(matrix: Any, axis: int) -> np.ndarray:
    """Columns (axis 0) or rows (axis 1) with the most known entries, in order."""
    known = np.diff(matrix.tocsc().indptr if axis == 0 else matrix.indptr) if sp.issparse(matrix) else None
    counts = np.sum(~np.isnan(matrix), axis=axis) if known is None else known
    return np.sort(np.argsort(-counts, kind="stable")[:_SAMPLE])


def _components(part: Any, missing: str | None, rng: np.random.Generator) -> tuple[int, int, int, float]:
    """Least, best and largest number of components that predict about as well, and the error of the best."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of rows that a part leaves empty
        tried = [k for k in _TRIED if k <= min(part.shape)]
        seed = int(rng.integers(2**31))
        found = select(part, tried, missing=missing, masks=_MASKS, max_iter=_ITERATIONS, random_state=seed)
    place = int(np.argmin(found.mean))
    spread = float(found.standard_error[place])
    alike = found.components[found.mean <= found.mean[place] + spread]
    return int(alike.min()), found.best, int(alike.max()), float(np.sqrt(found.mean[place]))


def _costs(workload: Workload) -> tuple[tuple[float, float, float, float], str]:
    """Seconds and joules of a sweep on the chip and beside it, and why the chip cannot; "" where it can."""
    other = PLATFORMS[_COMPARED].cost(workload.work())
    beside = other.seconds.typical, other.joules.typical
    try:
        chip = estimate(sweep_ledger(workload, preset("pku-2025-4bit")), _TECHNOLOGY)
    except (ValueError, ChipError) as error:
        return (np.inf, np.inf, *beside), str(error)
    return (chip.seconds.typical, chip.joules.typical, *beside), ""


def _engine(pays: bool, refused: str, held_out: float) -> tuple[str, str]:
    if refused or not pays:
        return "digital", "Take engine='digital'."
    if held_out > _CHIP_ERROR:
        return "analog", (
            f"What is held out is {held_out:.0%} off whoever factorizes, more than the cells' errors cost: with such a "
            "chip engine='analog' would do."
        )
    return "hybrid", (
        f"What is held out is {held_out:.1%} off, less than the cells' errors cost: with such a chip take "
        "engine='hybrid', whose last iterations are digital."
    )


def _of_components(
    part: Any, shape: tuple[int, int], low: int, best: int, high: int, held_out: float
) -> tuple[str, ...]:
    where = "" if part.shape == shape else f", in {part.shape[0]} x {part.shape[1]} of its entries"
    alike = "no other number does about as well" if low == high else f"{low} to {high} do about as well"
    which = "1 component predicts" if best == 1 else f"{best} components predict"
    return (f"{which} entries held out best ({held_out:.1%} off{where}); {alike}.",)


def _of_chip(costs: tuple[float, float, float, float], refused: str) -> tuple[str, ...]:
    if refused:
        return (f"A chip cannot take it: {refused}.",)
    faster, cheaper = costs[2] / costs[0], costs[3] / costs[1]
    if (faster > 1) == (cheaper > 1):
        verdict = f"and it {'pays' if faster > 1 else 'does not pay'} on both counts"
    else:
        verdict = "so that it pays where that is what counts" if cheaper > 1 else "so that it pays where time counts"
    return (
        f"One chip in {_TECHNOLOGY}, writing counted, is {_times(faster, 'faster', 'slower')} than an {_COMPARED} and "
        f"takes {_times(cheaper, 'less energy', 'more energy')}, {verdict}.",
    )


def _times(ratio: float, better: str, worse: str) -> str:
    return f"{ratio:,.3g} times {better}" if ratio >= 1 else f"{1 / ratio:,.3g} times {worse}"
