"""Many factorizations of one matrix from as many starts, which share what the matrix alone costs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from typing import Any, TypeGuard, cast

import numpy as np

from mho import checks, kernels
from mho.engines import Analog, Digital
from mho.engines.solve import as_known
from mho.kernels.blas import one_blas_thread
from mho.nmf.algorithm import choose
from mho.nmf.compress import compress
from mho.nmf.estimator import NMF
from mho.nmf.loop import Iterate, Problem, extrapolate, stalled
from mho.nmf.revival import dead_components, revived
from mho.nmf.settings import loss_name, old_generator, penalties_of
from mho.nmf.start import starting_factors
from mho.operands import Dense, Matrix, Sparse

__all__ = ["Starts", "many_starts", "run_starts"]

_SWEEPS = 8
_POLISH = 2
_POLISH_SPARSE = 4
"""Iterations on the matrix itself after those on its compression; that of a sparse one says less of it."""

_EARLIER = 2
"""Tolerance on the compression, beside that on the matrix: what is left to gain the last iterations gain."""

_RACE = (10, 25)
"""Iterations after which a race drops all starts but the better third."""

_THIN = 4

_SMALL = 1_000_000
"""Entries of a matrix up to which starts run side by side: each has work for one thread alone."""


@dataclass(frozen=True, eq=False)
class Starts:
    """Factors of many starts.

    Attributes
    ----------
    seeds : ndarray of shape (s,)
        Each one's `random_state`.
    errors : ndarray of shape (s,)
        Each one's relative error; infinite for those that a race dropped.
    W : list of ndarray of shape (m, k), or None for those dropped
    H : list of ndarray of shape (k, n), or None for those dropped

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> runs = mho.many_starts(np.random.default_rng(0).random((30, 20)), 3, starts=2, random_state=0)
    >>> len(runs.W), runs.H[runs.best].shape
    (2, (3, 20))
    """

    seeds: np.ndarray
    errors: np.ndarray
    W: list[Any]
    H: list[Any]

    @property
    def best(self) -> int:
        """Number of the start with the least error."""
        return int(np.argmin(self.errors))


def many_starts(
    X: Any,
    n_components: int,
    starts: int = 100,
    *,
    racing: bool = False,
    missing: str | None = None,
    chip: Any = None,
    random_state: Any = None,
    **settings: Any,
) -> Starts:
    """Factorize X from many random starts.

    A dense matrix, or a large sparse one, that is thin beside its sides is compressed once; every start iterates on
    the compression and then, a few times, on the matrix itself. The best one goes on there until it comes to rest; the
    errors of the others are within some tenths of a per cent, but where noise is large their components still move.

    Parameters
    ----------
    X : array_like or scipy sparse of shape (m, n)
        Non-negative.
    n_components : int
        Number k of components.
    starts : int
        How many.
    racing : bool
        Go on with the better third alone, twice; for the best start, not for a consensus. On the CPU, where X is
        compressed.
    missing : {None, "nan", "unstored"}
        As for `mho.NMF`.
    chip : ChipDesign or str, optional
        A chip of this design is made anew for every start, with errors of its own.
    random_state : int, RandomState, Generator or None
        From which the starts' seeds come.
    **settings
        Further settings of `mho.NMF`.

    Raises
    ------
    ValueError, TypeError
        An argument is not what it must be.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> X = np.random.default_rng(0).random((30, 20))
    >>> runs = mho.many_starts(X, 3, starts=5, random_state=0)
    >>> bool(runs.errors[runs.best] == runs.errors.min())
    True
    """
    model = NMF(n_components, missing=missing, random_state=random_state, **{"init": "random", **settings})
    return run_starts(as_known(X, missing, "X", nonnegative=True), model, starts, racing=racing, chip=chip)


def run_starts(
    X: Matrix, model: Any, starts: int, *, racing: bool = False, chip: Any = None, compressed: bool = True
) -> Starts:
    """Return the factors of many starts of a `mho.NMF` for an X that has been read; see `many_starts`.

    Not `compressed`, each iterates on X itself.
    """
    count = checks.positive_int(starts, "starts")
    seeds = old_generator(model.random_state).randint(2**31 - 1, size=count)
    penalties_of(model, X.shape, fitting=True)
    if compressed and chip is None and _compressible(X, model):
        with one_blas_thread():
            return _on_compression(X, model, seeds, racing)
    if racing:
        raise ValueError(
            "racing is for a dense or large sparse X of which all is known, thin beside its sides, on the CPU, "
            "with the Frobenius loss"
        )
    return _one_by_one(X, model, seeds, chip)


def _compressible(X: Matrix, model: Any) -> TypeGuard[Dense | Sparse]:
    constrained = model._is_constrained() or model.algorithm not in ("auto", "compressed")
    digital = isinstance(model.engine, str) and model.engine == "digital"
    k = checks.positive_int(model.n_components, "n_components", limit=max(X.shape), what="the larger side of X")
    large = isinstance(X, Dense) or (not X.missing and X.shape[0] * X.shape[1] > _SMALL)
    thin = large and min(X.shape) >= _THIN * (k + 10)
    return thin and digital and not constrained and loss_name(model.loss) == "frobenius" and model.init == "random"


def _one_by_one(X: Matrix, model: Any, seeds: np.ndarray, chip: Any) -> Starts:
    small = X.shape[0] * X.shape[1] <= _SMALL
    alone = chip is not None or model.engine != "digital" or model.callback is not None or not small
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=_convergence())
        found = _in_turn(seeds, lambda seed: _fitted(X, model, seed, chip), 1 if alone else kernels.thread_count())
    W, H, errors = zip(*found, strict=True)
    return Starts(seeds, np.array(errors), list(W), list(H))


def _in_turn(seeds: np.ndarray, fitted: Callable[[int], Any], threads: int) -> list[Any]:
    """Return the results of starts in their order; several at a time where each leaves the other processors idle."""
    if threads == 1 or len(seeds) == 1:
        return [fitted(seed) for seed in seeds.tolist()]
    team = ThreadPoolExecutor(threads, initializer=kernels.single_threaded)
    try:
        return list(team.map(fitted, seeds.tolist()))
    finally:
        team.shutdown(cancel_futures=True)


def _fitted(X: Matrix, model: Any, seed: int, chip: Any) -> tuple[np.ndarray, np.ndarray, float]:
    """Factors from one start, and their relative error."""
    from sklearn.base import clone

    one = copy(model) if isinstance(model.engine, str) else cast(Any, clone(model))
    one.random_state = seed
    if chip is not None:
        one.engine = Analog(chip, seed=seed)
    one._fit(X, None, None, None)
    return one.W_, one.components_, one.history_[-1]["error"]


def _convergence() -> type[Warning]:
    from sklearn.exceptions import ConvergenceWarning

    return ConvergenceWarning


def _on_compression(X: Dense | Sparse, model: Any, seeds: np.ndarray, racing: bool) -> Starts:
    k = model.n_components
    engine = Digital(sweeps=_SWEEPS if isinstance(X, Dense) else choose("extrapolated", X, k, given=False).sweeps)
    compressed = compress(X, k, np.random.RandomState(int(seeds[0])))
    penalties = penalties_of(model, X.shape)
    begun = (starting_factors(X, k, "random", np.random.RandomState(s)) for s in seeds)
    runs: list[Any] = [_Run(Problem(compressed, engine, *penalties), start) for start in begun]
    alive = list(range(len(runs)))
    for length in _RACE if racing else ():
        for i in alive:
            runs[i].go(length, _EARLIER * model.tol)
        alive = sorted(alive, key=lambda i: runs[i].last.objective)[: max(1, -(-len(alive) // 3))]
    W: list[Any] = [None] * len(runs)
    H: list[Any] = [None] * len(runs)
    errors, first = np.full(len(runs), np.inf), np.zeros(len(runs))
    for i in alive:
        runs[i].go(model.max_iter, _EARLIER * model.tol)
        last = _polished(Problem(X, engine, *penalties), runs[i].last)
        W[i], H[i], errors[i], first[i] = last.W, last.H, last.error, runs[i].objectives[0]
        runs[i] = None  # its factors are not wanted twice
    # Errors are those of X by now, but spectra may lack what the compression lost; the best one's are to be had.
    best = int(np.argmin(errors))
    finished = _Run(Problem(X, engine, *penalties), (W[best], H[best]), first[best])
    finished.go(model.max_iter, model.tol)
    if finished.last.error < errors[best]:
        W[best], H[best], errors[best] = finished.last.W, finished.last.H, finished.last.error
    return Starts(seeds, errors, W, H)


class _Run:
    """One start's iterations so far; the tolerance is a share of its `first` objective, if it had one before."""

    def __init__(self, problem: Problem, start: tuple[np.ndarray, np.ndarray], *first: float) -> None:
        self._iterates: Iterator[Iterate] = extrapolate(problem, *start)
        self.objectives = list(first)
        self.last: Any = None

    def go(self, most: int, tol: float) -> None:
        """Iterate until there are `most` iterations, or nothing is gained."""
        while len(self.objectives) < most and not (self.last and stalled(self.objectives, tol)):
            self.last = next(self._iterates)
            self.objectives.append(self.last.objective)


def _polished(problem: Problem, last: Iterate) -> Iterate:
    """Return the iterate after some more on X itself, dead components replaced first."""
    W, H, X, price = last.W, last.H, problem.X, problem.penalty_H
    steps = _POLISH if isinstance(X, Dense) else _POLISH_SPARSE
    if not (problem.penalty_W or price) and len(dead_components(W, H)):
        W, H = revived(X, W, H)
        steps *= 8
    for _ in range(steps - 1):  # without the error, which takes as long where it is small
        W = problem.update_W(W, H)
        H = problem.engine.program(Dense.from_checked(W), penalty=price).solve(X, start=H)
    return problem.update_H(problem.update_W(W, H), H)
