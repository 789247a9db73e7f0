"""The estimator."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from mho import checks, cost
from mho.engines import Digital, Engine, Penalty, engine_for
from mho.engines.solve import as_known, warn_of_unknown
from mho.kernels.blas import one_blas_thread
from mho.nmf.algorithm import Algorithm, choose
from mho.nmf.compress import compress
from mho.nmf.divergence import LOSSES, DivergenceProblem, check_positive, fold_in, reachable
from mho.nmf.loop import Iterate, LoopState, Problem, Stage, alternate, extrapolate, phase_ends, stalled, step_for
from mho.nmf.sample import sampled_start
from mho.nmf.start import INITS, starting_factors
from mho.nmf.stream import Stream
from mho.nmf.weighted import WeightedDigital
from mho.nmf.weights import Weighted, as_weighted
from mho.operands import Dense, Factored, Matrix, Sparse

__all__ = ["NMF"]

_MOST_COMPRESSED = 100
_COMPRESSED_SWEEPS = 8
_COMPRESSED_TOL = 5e-4
"""Iterations on a compression end when the objective falls by less than this share of itself."""

_AUTO_COMPONENTS = 16
_WEIGHTED_SWEEPS = 4


def _streams(model: NMF) -> bool:
    if model.missing is not None or model.loss != "frobenius" or model.engine not in ("digital", Digital()):
        raise AttributeError(
            "partial_fit takes engine='digital', loss='frobenius' and missing=None; use fit for anything else"
        )
    return True


class NMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Non-negative matrix factorization X ~ W H by alternating least squares, on a CPU, a simulated chip, or both.

    Minimises |X - W H|^2 / 2 + l2_W |W|^2 / 2 + l1_W sum(W) + l2_H |H|^2 / 2 + l1_H sum(H) over the entries of X that
    are known.

    Parameters
    ----------
    n_components : int or "auto"
        Number k of components, at most as large as the larger side of X. "auto": min(m, n, 16).
    loss : {"frobenius", "kullback-leibler", "itakura-saito"}
        What is minimised: half the squared error, sum x log(x / y) - x + y (counts), or sum x / y - log(x / y) - 1
        (power spectra; X > 0). The last two are digital only.
    engine : {"digital", "analog", "hybrid"} or Engine
        Who solves the half-steps. A name makes an engine from `random_state`.
    algorithm : {"auto", "hals", "extrapolated", "compressed", "sampled"}
        How the digital engine iterates; see `mho.nmf.algorithm.choose`. Iterations on a compression or a sample belong
        to the start and are not counted.
    init : {"auto", "random", "nndsvd", "nndsvda", "nndsvdar"}
        Starting factors; see `mho.nmf.start.starting_factors`.
    max_iter : int
        Iterations at the most; with "hybrid" the digital ones at the end are among them.
    tol : float
        Stop when the relative error falls by less than this share of its first value per iteration, over the last
        five; 0 never stops early.
    missing : {None, "nan", "unstored"}
        What is not known: nothing; NaN in a dense X; every entry a sparse X does not store.
    l2_W, l2_H, l1_W, l1_H : float
        Ridge and price of the sum on each factor.
    l2_per : {"row", "known"}
        What one ridge is for: a row of W or column of H, or each known entry of X in that row or column, so that rows
        of which much is known are held as tightly as others.
    random_state : int, RandomState or None
        For the start and a chip's errors.
    callback : callable, optional
        Called after each iteration with its record in `history_`; a true answer stops.

    Attributes
    ----------
    components_ : ndarray of shape (k, n_features)
        H.
    W_ : ndarray of shape (n_samples, k)
        W of the last complete iteration; after `partial_fit`, of the last rows.
    reconstruction_err_ : float
        |X - W H| over the known entries, weighted if weights were given; sqrt(2 D) for a divergence D.
    history_ : list of dict
        Per iteration: ``iteration``, ``error`` (|X - W H| / |X|; of a divergence D(X, W H) / D(X, mean of X)),
        ``seconds`` so far, ``engine``, ``algorithm`` (its name and why it was chosen); with a chip ``chip_seconds``
        and ``chip_joules`` so far, as `mho.cost` models them, writing included.
    n_iter_ : int
        Iterations done.
    algorithm_ : str
        What was chosen, and why.
    loop_state_ : LoopState or None
        From which `resume` goes on after an interrupt; None with a chip.
    engine_ : Engine
        The engine that was used.

    Notes
    -----
    Peak memory beyond X is three times the factors; a sparse X is kept in both orders. An interrupt leaves the last
    complete iteration in `W_` and `components_`; hand them to `fit` to go on.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import NMF
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((20, 3)) @ rng.random((3, 10))
    >>> model = NMF(3, max_iter=500, tol=0, random_state=0).fit(X)
    >>> model.components_.shape
    (3, 10)
    >>> model.history_[-1]["error"] < 1e-2
    True
    """

    def __init__(
        self,
        n_components: int | str = "auto",
        *,
        loss: str = "frobenius",
        engine: str | Engine = "digital",
        algorithm: str = "auto",
        init: str = "auto",
        max_iter: int = 200,
        tol: float = 1e-4,
        missing: str | None = None,
        l2_W: float = 0.0,
        l2_H: float = 0.0,
        l1_W: float = 0.0,
        l1_H: float = 0.0,
        l2_per: str = "row",
        random_state: Any = None,
        callback: Callable[[dict[str, Any]], Any] | None = None,
    ) -> None:
        self.n_components = n_components
        self.loss = loss
        self.engine = engine
        self.algorithm = algorithm
        self.init = init
        self.max_iter = max_iter
        self.tol = tol
        self.missing = missing
        self.l2_W = l2_W
        self.l2_H = l2_H
        self.l1_W = l1_W
        self.l1_H = l1_H
        self.l2_per = l2_per
        self.random_state = random_state
        self.callback = callback

    # -- scikit-learn's interface --------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None, *, W: Any = None, H: Any = None, weights: Any = None) -> Self:
        """Factorize X.

        Parameters
        ----------
        X : array_like or scipy sparse of shape (n_samples, n_features)
            Non-negative.
        y : ignored
            For scikit-learn's sake.
        W, H : array_like of shape (n_samples, k) and (k, n_features), optional
            Factors to start from; both or neither.
        weights : array_like or scipy sparse of shape (n_samples, n_features), optional
            Of each entry's squared error, >= 0; zero is as good as missing. Sparse like a sparse X, entry by entry.
            With the digital engine and the Frobenius loss only.

        Raises
        ------
        ValueError, TypeError
            An argument is not what it must be; nothing has been done.
        """
        self._fit(self._read(X, reset=True), W, H, weights)
        return self

    def resume(self, X: Any, state: LoopState) -> Self:
        """Go on with a fit of the same X with the same settings as if it had not been interrupted.

        Parameters
        ----------
        X : array_like or scipy sparse of shape (n_samples, n_features)
            As `fit` was given it.
        state : LoopState
            The `loop_state_` of that fit; `max_iter` more iterations are done at the most.

        Raises
        ------
        ValueError, TypeError
            An argument is not what it must be, or the engine has a chip, whose cells are no part of a state.
        """
        if not isinstance(state, LoopState):
            raise TypeError(f"state must be the loop_state_ of a fit, got {type(state).__name__}")
        self._fit(self._read(X, reset=True), state.last.W, state.last.H, None, state)
        return self

    def _fit(self, X: Matrix, W: Any, H: Any, weights: Any, state: LoopState | None = None) -> Weighted | None:
        """Factorize an X that has been read; return it with its weights if it has any."""
        k = self._components(X.shape)
        checks.nonnegative_number(self.tol, "tol")
        checks.positive_int(self.max_iter, "max_iter")
        penalties = self._penalties()
        if self.callback is not None and not callable(self.callback):
            raise TypeError(f"callback must be callable or None, got {self.callback!r}")
        rng = check_random_state(self.random_state)
        self.engine_ = engine_for(self.engine, seed=rng.randint(2**31))
        plan = self._plan(X, k, weighted=weights is not None, given=H is not None and state is None)
        if plan is None and state is not None:
            raise ValueError(f"engine must be 'digital' to go on from a state, got {self.engine!r}")
        self.algorithm_ = "as the engine does" if plan is None else f"{plan.name} ({plan.reason})"
        weighted = None if weights is None else as_weighted(X, weights)
        _warn_of_empty(X, weighted)
        self._begin()
        self._fit_weighted = weighted is not None
        with nullcontext() if plan is None else one_blas_thread():
            seen = X if weighted is None or self.init not in ("auto", "random") else weighted
            start = self._given(X, k, W, H) if state is not None else None
            start = start or self._start(seen, k, rng, (W, H), plan, penalties)
            self._iterate(self._stages(X, plan, penalties, start, weighted), state)
        return weighted

    def fit_transform(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, X: Any, y: Any = None, *, W: Any = None, H: Any = None, weights: Any = None
    ) -> np.ndarray:
        """Factorize X and return what `transform` makes of it with the same weights.

        Parameters
        ----------
        X, y, W, H, weights
            As `fit` takes them.

        Returns
        -------
        ndarray of shape (n_samples, k)
        """
        X = self._read(X, reset=True)
        return self._fold_in(X, self._fit(X, W, H, weights))

    @available_if(_streams)
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Take in some more rows; the components move towards the best for all rows so far.

        Earlier rows are not kept, only two matrices of k x k and k x n. The first rows set the start and the number of
        features. After `fit` its components are moved on from, its rows counting as what its factors say of them.
        There is one step for each call: `algorithm`, `max_iter`, `tol` and `callback` are for `fit`.

        Parameters
        ----------
        X : array_like or scipy sparse of shape (m, n_features)
            Non-negative, every entry known.
        y : ignored
            For scikit-learn's sake.

        Raises
        ------
        AttributeError
            `missing` is set, or the engine is not the digital one: a stream is for the CPU.
        ValueError
            The number of components or the precision has changed, or an earlier `fit` had weights.
        """
        first = not hasattr(self, "components_")
        X = self._read(X, reset=first)
        if not hasattr(self, "_stream"):
            self._stream = self._begin_stream(X)
            self.engine_ = Digital()
        stream = self._stream
        if X.dtype != stream.H.dtype:
            raise ValueError(f"X must stay {stream.H.dtype} from one part to the next, got {X.dtype}")
        if self.n_components not in ("auto", len(stream.H)):
            raise ValueError(
                f"n_components must stay {len(stream.H)} from one part to the next, got {self.n_components!r}; "
                "begin anew with fit"
            )
        with one_blas_thread():
            self.W_ = stream.take(X, *self._penalties())
        self.components_ = stream.H
        return self

    def _begin_stream(self, X: Matrix) -> Stream:
        """Return a stream that goes on from a fit if there was one, else from a start that suits X."""
        if hasattr(self, "components_"):
            if self._fit_weighted:
                raise ValueError("weights were given to fit, and partial_fit knows of none; begin anew with fit")
            return Stream.after(self.W_, self.components_)
        _, H = starting_factors(X, self._components(X.shape), self.init, check_random_state(self.random_state))
        return Stream(H)

    def transform(self, X: Any, *, weights: Any = None) -> np.ndarray:
        """Return the non-negative W (n_samples, k) that is best for X with the components as they are.

        Each row is a problem of its own, solved to its end on the CPU whichever engine found the components.

        Parameters
        ----------
        X : array_like or scipy sparse of shape (n_samples, n_features)
            As for `fit`. A row of which nothing is known gets zeros, and a warning tells how many there are.
        weights : array_like or scipy sparse of shape (n_samples, n_features), optional
            As for `fit`; without them every known entry counts alike, whatever weights `fit` was given.

        Returns
        -------
        ndarray of shape (n_samples, k)
        """
        check_is_fitted(self, "components_")
        X = self._read(X, reset=False)
        if weights is not None and self.loss != "frobenius":
            raise ValueError(f"weights are for loss='frobenius', got loss={self.loss!r} and weights")
        weighted = None if weights is None else as_weighted(X, weights)
        warn_of_unknown((X if weighted is None else weighted).T, "rows of X", "W")
        return self._fold_in(X, weighted)

    def _fold_in(self, X: Matrix, weighted: Weighted | None) -> np.ndarray:
        """Return W (n_samples, k) for an X that has been read, or for one with weights."""
        if weighted is not None:
            programmed = WeightedDigital().program(self.components_.T, penalty=self._penalties()[0])
            return np.ascontiguousarray(programmed.solve(weighted.T).T).astype(X.dtype, copy=False)
        if self.loss != "frobenius":
            check_positive(X, self.loss)
            return fold_in(self.components_.T, X.T, self.loss, self._penalties()[0]).T
        programmed = Digital().program(self.components_.T, penalty=self._penalties()[0])
        return np.ascontiguousarray(programmed.solve(X.T).T).astype(X.dtype, copy=False)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return X @ components_, (n_samples, n_features), for X (n_samples, k)."""
        check_is_fitted(self, "components_")
        W = checks.as_matrix(X, "X", nonnegative=False)
        if W.shape[1] != len(self.components_):
            raise ValueError(f"X must have {len(self.components_)} columns, one per component, got {W.shape[1]}")
        return W @ self.components_

    @property
    def _n_features_out(self) -> int:
        return self.components_.shape[0]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.sparse = self.missing != "nan"
        tags.input_tags.allow_nan = self.missing == "nan"
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    # -- before the work -----------------------------------------------------------------------------------------

    def _read(self, X: Any, *, reset: bool) -> Matrix:
        checks.no_mask(X, "X")
        X = self._validated(checks.as_array_like(X, "X"), reset=reset)
        return as_known(X, self.missing, "X", nonnegative=True)

    def _validated(self, X: Any, *, reset: bool) -> Any:
        """Return X as scikit-learn reads it, whose errors do not all name the argument."""
        settings = {"accept_sparse": ("csr", "csc"), "dtype": [np.float64, np.float32], "ensure_all_finite": False}
        try:
            return validate_data(self, X, reset=reset, **settings)
        except (TypeError, ValueError) as error:
            if "X" in str(error).split():
                raise
            raise type(error)(f"X must be a matrix of real numbers: {error}") from error

    def _components(self, shape: tuple[int, int]) -> int:
        if isinstance(self.n_components, str):
            checks.one_of(self.n_components, "n_components", ("auto",))
            return min(*shape, _AUTO_COMPONENTS)
        return checks.positive_int(self.n_components, "n_components", limit=max(shape), what="the larger side of X")

    def _plan(self, X: Matrix, k: int, *, weighted: bool, given: bool) -> Algorithm | None:
        """Return the algorithm on the CPU; None where the engine is another."""
        checks.one_of(self.loss, "loss", ("frobenius", *LOSSES))
        digital = self.engine_ == Digital()
        if self.loss != "frobenius" or weighted:
            if not digital or (weighted and self.loss != "frobenius"):
                raise ValueError(
                    "weights and losses other than 'frobenius' are for engine='digital', and weights for 'frobenius',"
                    f" got loss={self.loss!r}, engine={self.engine!r}{' and weights' if weighted else ''}"
                )
            if weighted:
                checks.one_of(self.algorithm, "algorithm with weights", ("auto", "hals"))
                return Algorithm(
                    name="hals", reason="every entry has a weight, every row a Gram matrix of its own", sweeps=4
                )
            checks.one_of(self.algorithm, f"algorithm with loss={self.loss!r}", ("auto",))
            check_positive(X, self.loss)
            return Algorithm(name="newton", reason="steps of Newton's on the divergence, row by row", sweeps=4)
        if digital:
            return choose(self.algorithm, X, k, given=given)
        checks.one_of(self.algorithm, "algorithm with an engine other than 'digital'", ("auto",))
        return None

    def _penalties(self) -> tuple[Penalty, Penalty]:
        l2_W, l2_H, l1_W, l1_H = (
            checks.nonnegative_number(getattr(self, name), name) for name in ("l2_W", "l2_H", "l1_W", "l1_H")
        )
        checks.one_of(self.l2_per, "l2_per", ("row", "known"))
        name = "l2" if self.l2_per == "row" else "l2_known"
        return Penalty(**{name: l2_W}, l1=l1_W), Penalty(**{name: l2_H}, l1=l1_H)

    def _start(
        self, X: Matrix | Weighted, k: int, rng: Any, given: tuple[Any, Any], plan: Algorithm | None, penalties: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        checks.one_of(self.init, "init", INITS)
        start = self._given(X, k, *given)
        if plan is not None and plan.name == "sampled":
            assert isinstance(X, Sparse)
            return sampled_start(X, start or starting_factors(X, k, self.init, rng), penalties, plan.sweeps, rng)
        if plan is None or plan.name != "compressed":
            return start or starting_factors(X, k, self.init, rng)
        assert isinstance(X, Dense)
        compressed = compress(X, k, rng)
        start = start or starting_factors(X, k, self.init, rng, compressed=compressed)
        return _compressed_start(compressed, start, penalties)

    def _given(self, X: Matrix | Weighted, k: int, W: Any, H: Any) -> tuple[np.ndarray, np.ndarray] | None:
        if W is None and H is None:
            return None
        if W is None or H is None:
            raise ValueError("W and H are the factors to start from: give both or neither")
        W, H = checks.as_matrix(W, "W").astype(X.dtype), checks.as_matrix(H, "H").astype(X.dtype)
        expected = (X.shape[0], k), (k, X.shape[1])
        if (W.shape, H.shape) != expected:
            raise ValueError(f"W and H must have shapes {expected[0]} and {expected[1]}, got {W.shape} and {H.shape}")
        return W, H

    # -- the work ------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Forget an earlier fit; a chip's bill starts at nothing."""
        self.__dict__.pop("_stream", None)
        ledger = self.engine_.ledger()
        self._begun = time.perf_counter()
        self._ledger_before = None if ledger is None else ledger.copy()
        self.history_: list[dict[str, Any]] = []
        self.n_iter_ = 0
        self.loop_state_: LoopState | None = None

    def _stages(
        self,
        X: Matrix,
        plan: Algorithm | None,
        penalties: Any,
        start: tuple[np.ndarray, np.ndarray],
        weighted: Weighted | None,
    ) -> list[Stage]:
        """Return the optimisation stages, and set the factors to start from."""
        self.W_, self.components_ = start
        if self.loss != "frobenius":
            self.W_, self.components_ = reachable(X, *start, self.loss)
            return [Stage(DivergenceProblem(X, self.loss, *penalties), alternate, self.max_iter, "digital")]
        if weighted is not None:
            problem = Problem(weighted, WeightedDigital(sweeps=_WEIGHTED_SWEEPS), *penalties)
            return [Stage(problem, alternate, self.max_iter, "digital")]
        if plan is not None:
            step = alternate if plan.name in ("hals", "sampled") else extrapolate
            return [Stage(Problem(X, Digital(sweeps=plan.sweeps), *penalties), step, self.max_iter, "digital")]
        return [
            Stage(Problem(X, engine, *penalties), step_for(engine), length, type(engine).__name__.lower())
            for engine, length in phase_ends(self.engine_.phases(), self.max_iter)
        ]

    def _iterate(self, stages: list[Stage], state: LoopState | None) -> None:
        for stage in stages:
            objectives = [] if state is None else list(state.objectives)
            iterates = stage.iterates(self.W_, self.components_, None if state is None else state.last)
            for _, iterate in zip(range(stage.length), iterates, strict=False):
                objectives.append(iterate.objective)
                self._keep(iterate, stage)
                self.loop_state_ = LoopState.after(objectives, iterate) if self.engine_ == Digital() else None
                if self.callback is not None and self.callback(self.history_[-1]):
                    return
                if stalled(objectives, self.tol):
                    break

    def _keep(self, iterate: Iterate, stage: Stage) -> None:
        self.W_, self.components_ = iterate.W, iterate.H
        self.reconstruction_err_ = stage.problem.norm(iterate.error)
        self.n_iter_ = len(self.history_) + 1
        record: dict[str, Any] = {
            "iteration": self.n_iter_,
            "error": iterate.error,
            "seconds": time.perf_counter() - self._begun,
            "engine": stage.engine,
            "algorithm": self.algorithm_,
        }
        ledger = self.engine_.ledger()
        if ledger is not None and self._ledger_before is not None:
            estimate = cost.estimate(ledger.since(self._ledger_before))
            record |= {"chip_seconds": estimate.seconds.typical, "chip_joules": estimate.joules.typical}
        self.history_.append(record)


def _compressed_start(
    compressed: Factored, start: tuple[np.ndarray, np.ndarray], penalties: tuple[Penalty, Penalty]
) -> tuple[np.ndarray, np.ndarray]:
    """Iterate on the compression until little is gained: an iteration there costs a small part of one on the whole."""
    (W, H), objectives = start, []
    iterates = extrapolate(Problem(compressed, Digital(sweeps=_COMPRESSED_SWEEPS), *penalties), W, H)
    for _, iterate in zip(range(_MOST_COMPRESSED), iterates, strict=False):
        W, H = iterate.W, iterate.H
        objectives.append(iterate.objective)
        if not iterate.objective or stalled(objectives, _COMPRESSED_TOL * iterate.objective / objectives[0]):
            break
    return W, H


def _warn_of_empty(X: Matrix, weighted: Weighted | None) -> None:
    told = X if weighted is None else weighted
    rows, columns = int(told.empty_rows.sum()), int(told.T.empty_rows.sum())
    if rows or columns:
        what = "hold no known entry above zero" if told.missing else "are all zero"
        checks.warn(f"{rows} rows and {columns} columns of X {what}; their factors are zero")
