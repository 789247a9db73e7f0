"""The estimator."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from mho import checks, cost
from mho.arrays import as_array_like, in_kind
from mho.engines import Digital, Engine, Penalty, engine_for
from mho.engines.least_squares import Bounds, solve_bounded
from mho.engines.solve import as_known, warn_of_unknown
from mho.kernels.blas import one_blas_thread
from mho.nmf.algorithm import Algorithm, choose
from mho.nmf.block_source import block_source
from mho.nmf.blocks import fit_blocks
from mho.nmf.compress import COMPRESSED_SWEEPS, compress
from mho.nmf.constrained import ConstrainedProblem, Constraints, Graph, held_components
from mho.nmf.divergence import LOSSES, DivergenceProblem, check_positive, divergence, fold_in, reachable
from mho.nmf.level_squares import level_squares_start
from mho.nmf.loop import (
    Iterate,
    LoopState,
    Problem,
    Stage,
    alternate,
    extrapolate,
    first_iterations,
    phase_ends,
    stalled,
    step_for,
)
from mho.nmf.multiplicative import GeneralLoss, MultiplicativeProblem, fold_in_generally, general_loss, lifted
from mho.nmf.revival import REVIVALS, dead_components, revived
from mho.nmf.sample import sampled_start
from mho.nmf.selection import select_components
from mho.nmf.settings import loss_name, old_generator, penalties_of, warn_of_dead, warn_of_unfinished
from mho.nmf.start import INITS, starting_factors
from mho.nmf.stream import LossStream, MissingStream, Stream
from mho.nmf.swaps import MOST_ENTRIES, MOST_SWAPS, swapped
from mho.nmf.weighted_engine import WeightedDigital
from mho.nmf.weighted_matrix import Weighted, as_weighted
from mho.operands import Dense, Matrix, Sparse

__all__ = ["NMF"]

_NEWTON_AFTER_SQUARES = "newton (steps of Newton's on the divergence, row by row, after iterations on squared errors)"

_AUTO_COMPONENTS = 16
_APART = 6
"""Iterations from one revival or swap to the next, in which it may show whether it gained anything."""

_WEIGHTED_SWEEPS = 4


def _streams(model: NMF) -> bool:
    if model.engine not in ("digital", Digital()):
        raise AttributeError("partial_fit takes engine='digital'; use fit with any other")
    return True


class NMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Non-negative matrix factorization X ~ W H by alternating least squares, on a CPU, a simulated chip, or both.

    Minimises |X - W H|^2 / 2 + l2_W |W|^2 / 2 + l1_W sum(W) + l2_H |H|^2 / 2 + l1_H sum(H) over the entries of X that
    are known.

    Parameters
    ----------
    n_components : int, "auto", "cv" or None
        Number k of components, at most as large as the larger side of X. "auto": that of `components` or of the factors
        to start from, else min(m, n, 16). "cv": the one that predicts entries held out best, see `mho.select`. None:
        the number of features.
    loss : {"frobenius", "kullback-leibler", "itakura-saito", "huber", "negative-binomial"} or float
        What is minimised: half the squared error, sum x log(x / y) - x + y (counts), sum x / y - log(x / y) - 1
        (power spectra; X > 0), Huber's, the negative binomial's deviance (counts that vary more than Poisson's), or the
        beta-divergence of any number (2, 1 and 0 are the first three). All but the first are digital only, all but the
        first three iterate by multiplicative steps, which take longer.
    engine : {"digital", "analog", "hybrid", "refined", "torch"} or Engine
        Who solves the half-steps. A name makes an engine from `random_state`.
    algorithm : {"auto", "hals", "extrapolated", "compressed", "sampled"}
        How the digital engine iterates; see `mho.nmf.algorithm.choose`. Iterations on a compression or a sample, and
        those of squared errors before Kullback-Leibler without penalties, belong to the start and are not counted.
    init : {"auto", "random", "nndsvd", "nndsvda", "nndsvdar", "custom"} or None
        Starting factors; see `mho.nmf.start.starting_factors`. "custom": the W and H that `fit` is given; None: "auto".
        A "random" start of a dense X of up to 200,000 entries, too small to compress, tries other components where it
        is at rest, and goes on from those that are ahead; tries are not counted.
    max_iter : int
        Iterations at the most; with "hybrid" the digital ones at the end are among them.
    tol : float
        Stop when the relative error falls by less than this share of its first value per iteration, over the last
        five; 0 never stops early. Under Kullback-Leibler the first value is that of the start's first iteration.
    missing : {None, "nan", "unstored"}
        What is not known: nothing; NaN in a dense X; every entry a sparse X does not store.
    l2_W, l2_H, l1_W, l1_H : float
        Ridge and price of the sum on each factor. A price on one factor alone is refused: the other would grow as this
        one shrinks, and the product stay as it is.
    alpha_W, alpha_H, l1_ratio : float, float or "same", float
        scikit-learn's penalties, in place of the former: l1_W = alpha_W l1_ratio n_features, l2_W = alpha_W
        (1 - l1_ratio) n_features, those of H with n_samples.
    l2_per : {"row", "known"}
        What one ridge is for: a row of W or column of H, or each known entry of X in that row or column, so that rows
        of which much is known are held as tightly as others.
    loss_parameter : float, optional
        Of loss="huber" the error from which on it is linear, in X's unit (1); of "negative-binomial" the size r, whose
        variance is y + y^2 / r (10).
    components : array_like of shape (p, n_features), optional
        The first rows of H, held as they are; p <= k.
    free : sequence of int or array_like of bool of shape (p,) or (p, n_features), optional
        Rows or entries of `components` that may change after all.
    upper_W, upper_H : float, optional
        Largest entry of a factor.
    sparseness_W, sparseness_H : float, optional
        Hoyer's sparseness, from 0 to 1, that each column of W or row of H is to have. The error may then rise.
    graph : array_like or scipy sparse of shape (n_samples, n_samples), optional
        Affinities >= 0 of samples whose rows of W are to be alike; symmetric.
    graph_weight : float
        Weight of graph_weight / 2 sum affinity_ij |w_i - w_j|^2 / 2.
    scaled : bool
        Whether rows of H have sum 1 in the end, those first that make up most of X. See also `normalize`.
    random_state : int, RandomState, Generator or None
        For the start and a chip's errors.
    callback : callable, optional
        Called after each iteration with its record in `history_`; a true answer stops.
    cluster : distributed.Client, optional
        Workers of a Dask cluster that take blocks of rows, as in `mho.fit_blocks`, whose sources `fit` then takes for
        X. For the plain squared error of an X that is known throughout.

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
    n_components_ : int
        The number of components.
    selection_ : mho.nmf.Selection
        With n_components="cv": errors of held-out entries for each number tried.
    algorithm_ : str
        What was chosen, and why.
    loop_state_ : LoopState or None
        From which `resume` goes on after an interrupt, the state of a chip's random errors included.
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
        n_components: int | str | None = "auto",
        *,
        loss: str | float = "frobenius",
        engine: str | Engine = "digital",
        algorithm: str = "auto",
        init: str | None = "auto",
        max_iter: int = 200,
        tol: float = 1e-4,
        missing: str | None = None,
        l2_W: float = 0.0,
        l2_H: float = 0.0,
        l1_W: float = 0.0,
        l1_H: float = 0.0,
        l2_per: str = "row",
        alpha_W: float = 0.0,
        alpha_H: float | str = "same",
        l1_ratio: float = 0.0,
        loss_parameter: float | None = None,
        components: Any = None,
        free: Any = None,
        upper_W: float | None = None,
        upper_H: float | None = None,
        sparseness_W: float | None = None,
        sparseness_H: float | None = None,
        graph: Any = None,
        graph_weight: float = 0.0,
        scaled: bool = False,
        random_state: Any = None,
        callback: Callable[[dict[str, Any]], Any] | None = None,
        cluster: Any = None,
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
        self.alpha_W = alpha_W
        self.alpha_H = alpha_H
        self.l1_ratio = l1_ratio
        self.loss_parameter = loss_parameter
        self.components = components
        self.free = free
        self.upper_W = upper_W
        self.upper_H = upper_H
        self.sparseness_W = sparseness_W
        self.sparseness_H = sparseness_H
        self.graph = graph
        self.graph_weight = graph_weight
        self.scaled = scaled
        self.random_state = random_state
        self.callback = callback
        self.cluster = cluster

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
            Factors to start from. Where one is given alone, the other begins as what is best for it.
        weights : array_like or scipy sparse of shape (n_samples, n_features), optional
            Of each entry's squared error, >= 0; zero is as good as missing. Sparse like a sparse X, entry by entry.
            With the digital engine and the Frobenius loss only.

        Raises
        ------
        ValueError, TypeError
            An argument is not what it must be; nothing has been done.
        """
        if self.cluster is not None:
            return self._fit_on_workers(X, W, H, weights)
        self._fit(self._read(X, reset=True), W, H, weights)
        return self

    def _fit_on_workers(self, X: Any, W: Any, H: Any, weights: Any) -> Self:
        """Factorize X in blocks on the workers of a Dask cluster."""
        others = [*_asked_for(self), *(["weights"] if weights is not None else [])]
        if others:
            raise ValueError(
                f"cluster is for the squared error alone, of an X that is known throughout; got {', '.join(others)} too"
            )
        source = block_source(X)
        self.engine_, self.algorithm_ = Digital(), "blocks (on the workers of a cluster)"
        self._begin()
        self._fit_weighted, self.n_features_in_ = False, source.shape[1]

        def kept(record: dict[str, Any]) -> Any:
            so_far = time.perf_counter() - self._begun
            told = record | {"seconds": so_far, "engine": "digital", "algorithm": self.algorithm_}
            self.history_.append(told)
            return self.callback is not None and self.callback(told)

        settings: dict[str, Any] = {"max_iter": self.max_iter, "tol": self.tol, "random_state": self.random_state}
        k = self._components(source.shape, W, H)
        fit = fit_blocks(X, k, W=W, H=H, cluster=self.cluster, callback=kept, **settings)
        self.W_, self.components_, self.n_components_, self.n_iter_ = fit.W, fit.H, k, len(fit.errors)
        self.reconstruction_err_ = fit.errors[-1] * fit.norm
        if self.scaled:
            self.W_, self.components_ = _with_unit_rows(self.W_, self.components_)
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
            An argument is not what it must be.
        """
        if not isinstance(state, LoopState):
            raise TypeError(f"state must be the loop_state_ of a fit, got {type(state).__name__}")
        self._fit(self._read(X, reset=True), state.last.W, state.last.H, None, state)
        return self

    def _fit(self, X: Matrix, W: Any, H: Any, weights: Any, state: LoopState | None = None) -> Weighted | None:
        """Factorize an X that has been read; return it with its weights if it has any."""
        checks.nonnegative_number(self.tol, "tol")
        checks.positive_int(self.max_iter, "max_iter")
        self._general = general_loss(self.loss, self.loss_parameter)
        if self.callback is not None and not callable(self.callback):
            raise TypeError(f"callback must be callable or None, got {self.callback!r}")
        rng = old_generator(self.random_state)
        self.n_components_ = k = self._chosen_components(X, W, H, weights)
        penalties = penalties_of(self, X.shape, fitting=True)
        self.engine_ = engine_for(self.engine, seed=rng.randint(2**31))
        plan = self._plan(X, k, weighted=weights is not None, given=H is not None and state is None)
        limits = self._constraints(X, k, weighted=weights is not None)
        self.algorithm_ = "as the engine does" if plan is None else f"{plan.name} ({plan.reason})"
        weighted = None if weights is None else as_weighted(X, weights)
        _warn_of_empty(X, weighted)
        self._begin()
        self._fit_weighted = weighted is not None
        given = state is None and (W is not None or H is not None)
        self._swaps = MOST_SWAPS if self._may_swap(X, plan, penalties) and not given else 0
        with nullcontext() if plan is None else one_blas_thread():
            seen = X if weighted is None or self._init() not in ("auto", "random") else weighted
            start = self._given(X, k, W, H) if state is not None else None
            start = start or self._start(seen, k, rng, (W, H), plan, penalties)
            before = 0 if state is None else state.iterations
            self._iterate(self._stages(X, plan, penalties, start, weighted, limits, before), X, state)
        if self.scaled:
            self.W_, self.components_ = _with_unit_rows(self.W_, self.components_)
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
        ndarray of shape (n_samples, k), or an array of X's library on its device
        """
        read = self._read(X, reset=True)
        return in_kind(self._fold_in(read, self._fit(read, W, H, weights)), X)

    @available_if(_streams)
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Take in some more rows; the components move towards the best for all rows so far.

        Earlier rows are not kept, only two matrices of k x k and k x n (with missing entries, n of k x k). The first
        rows set the start and the number of features. After `fit` its components are moved on from, its rows counting
        as what its factors say of them. There is one step for each call, and rows that come again count again, as in
        epochs: `algorithm`, `max_iter`, `tol` and `callback` are for `fit`.

        Parameters
        ----------
        X : array_like or scipy sparse of shape (m, n_features)
            Non-negative.
        y : ignored
            For scikit-learn's sake.

        Raises
        ------
        AttributeError
            The engine is not the digital one: a stream is for the CPU.
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
            self.W_ = stream.take(X, *penalties_of(self, X.shape))
        self.components_, self.n_components_ = stream.H, len(stream.H)
        return self

    def _begin_stream(self, X: Matrix) -> Any:
        """Return a stream that goes on from a fit if there was one, else from a start that suits X."""
        self._general = general_loss(self.loss, self.loss_parameter)
        if self.components is not None or self.graph is not None:
            raise ValueError("components and graph are for fit: partial_fit moves every component and knows no graph")
        fitted, loss = hasattr(self, "components_"), loss_name(self.loss)
        if fitted and self._fit_weighted:
            raise ValueError("weights were given to fit, and partial_fit knows of none; begin anew with fit")
        if fitted:
            H = self.components_
        else:
            init = "random" if self.missing is not None else self._init()
            _, H = starting_factors(X, self._components(X.shape), init, old_generator(self.random_state))
        if loss != "frobenius":
            stream = LossStream(
                lifted(H), self._general or GeneralLoss("beta", 1.0 if loss == "kullback-leibler" else 0.0)
            )
        elif self.missing is not None:
            stream = MissingStream(H)
        else:
            return Stream.after(self.W_, H) if fitted else Stream(H)
        if fitted:
            stream.recall(self.W_)
        return stream

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
        ndarray of shape (n_samples, k), or an array of X's library on its device
        """
        check_is_fitted(self, "components_")
        given, X = X, self._read(X, reset=False)
        if weights is not None and loss_name(self.loss) != "frobenius":
            raise ValueError(f"weights are for loss='frobenius', got loss={self.loss!r} and weights")
        weighted = None if weights is None else as_weighted(X, weights)
        warn_of_unknown((X if weighted is None else weighted).T, "rows of X", "W")
        return in_kind(self._fold_in(X, weighted), given)

    def _fold_in(self, X: Matrix, weighted: Weighted | None) -> np.ndarray:
        """Return W (n_samples, k) for an X that has been read, or for one with weights."""
        penalty, loss = penalties_of(self, (X.shape[0], self.components_.shape[1]))[0], loss_name(self.loss)
        if weighted is not None:
            programmed = WeightedDigital().program(self.components_.T, penalty=penalty)
            return np.ascontiguousarray(programmed.solve(weighted.T).T).astype(X.dtype, copy=False)
        if loss in LOSSES:
            check_positive(X, loss)
            return fold_in(self.components_.T, X.T, loss, penalty).T
        general = general_loss(self.loss, self.loss_parameter)
        if general is not None:
            return fold_in_generally(self.components_, X, general, penalty)
        if self.upper_W is not None and not X.missing:
            limits = Bounds.read((0.0, self.upper_W), len(self.components_))
            return np.ascontiguousarray(solve_bounded(self.components_.T, X.T, penalty, limits).T)
        programmed = Digital().program(self.components_.T, penalty=penalty)
        return np.ascontiguousarray(programmed.solve(X.T).T).astype(X.dtype, copy=False)

    def normalize(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return W (n_samples, k), d (k,), H (k, n_features) with X ~ W diag(d) H.

        Columns of W and rows of H have sum 1, or are zero, and d falls. Factors of several starts are comparable so,
        and a sample's largest entry of W diag(d) tells its component.
        """
        check_is_fitted(self, "components_")
        W, H = _with_unit_rows(self.W_, self.components_)
        d = W.sum(axis=0)
        return W / np.where(d > 0, d, 1), d, H

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return X @ components_, (n_samples, n_features), for X (n_samples, k)."""
        check_is_fitted(self, "components_")
        W = checks.as_matrix(X, "X", nonnegative=False)
        if W.shape[1] != len(self.components_):
            raise ValueError(f"X must have {len(self.components_)} columns, one per component, got {W.shape[1]}")
        return in_kind(W @ self.components_, X)

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
        if isinstance(X, str | Path):
            raise TypeError(
                f"X must be a matrix, got the path {X}; mho.data.read_matrix reads it, mho.fit_blocks in parts"
            )
        X = self._validated(as_array_like(X, "X"), reset=reset)
        return as_known(X, self.missing, "X", nonnegative=True)

    def _validated(self, X: Any, *, reset: bool) -> Any:
        """Return X as scikit-learn reads it, whose errors do not all name the argument."""
        settings = {"accept_sparse": ("csr", "csc"), "dtype": [np.float64, np.float32], "ensure_all_finite": False}
        try:
            return validate_data(self, X, reset=reset, **settings)
        except (TypeError, ValueError) as error:
            if "X" in str(error).split():
                raise
            said = [line for line in str(error).splitlines() if not line.startswith(("array=", "[", " "))]
            reason = " ".join(said)  # without the array, which scikit-learn prints
            raise type(error)(f"X must be a matrix of real numbers: {reason}") from error

    def _init(self) -> str:
        return "auto" if self.init in (None, "custom") else self.init

    def _chosen_components(self, X: Matrix, W: Any, H: Any, weights: Any) -> int:
        """Return the number of components, found by entries held out where that is asked for."""
        if self.n_components != "cv":
            return self._components(X.shape, W, H)
        if W is not None or H is not None or weights is not None or self.components is not None:
            raise ValueError("n_components='cv' finds the number of components: give no W, H, weights or components")
        self.selection_ = select_components(X, self)
        return self.selection_.best

    def _components(self, shape: tuple[int, int], W: Any = None, H: Any = None) -> int:
        given = [np.shape(part)[axis] for part, axis in ((H, 0), (W, 1)) if part is not None and np.ndim(part) == 2]
        if self.components is not None:
            given.append(np.shape(self.components)[0])
        if self.n_components is None:
            return shape[1]
        if isinstance(self.n_components, str):
            checks.one_of(self.n_components, "n_components", ("auto", "cv"))
            return given[0] if given else min(*shape, _AUTO_COMPONENTS)
        return checks.positive_int(self.n_components, "n_components", limit=max(shape), what="the larger side of X")

    def _constraints(self, X: Matrix, k: int, *, weighted: bool) -> Constraints:
        """Return the constraints of the factors, checked."""
        limits = {}
        for name in ("upper_W", "upper_H"):
            if (value := getattr(self, name)) is not None:
                limits[name] = checks.positive_number(value, name)
        for name in ("sparseness_W", "sparseness_H"):
            if (value := getattr(self, name)) is not None:
                limits[name] = checks.nonnegative_number(value, name)
                if value > 1:
                    raise ValueError(f"{name} must be from 0 to 1, got {value}")
        if self.graph is not None:
            limits["graph"] = Graph.read(self.graph, self.graph_weight, X.shape[0])
        if self.components is not None:
            limits["held"] = held_components(self._held(X, k), self.free, k)
        elif self.free is not None:
            raise ValueError("free names components of `components`, which were not given")
        found = Constraints(**limits)
        if found and (self.engine_ != Digital() or loss_name(self.loss) != "frobenius" or X.missing or weighted):
            names = ", ".join("components" if name == "held" else name for name in limits)
            raise ValueError(
                f"{names}: for engine='digital' and loss='frobenius', every entry of X known and without weights, "
                f"got engine={self.engine!r}, loss={self.loss!r}, missing={self.missing!r}"
                f"{' and weights' if weighted else ''}"
            )
        return found

    def _held(self, X: Matrix, k: int) -> np.ndarray:
        components = checks.as_matrix(self.components, "components")
        if components.shape[1] != X.shape[1] or len(components) > k:
            raise ValueError(
                f"components must have {X.shape[1]} columns, as X, and at most {k} rows, got {components.shape}"
            )
        return components.astype(X.dtype, copy=False)

    def _plan(self, X: Matrix, k: int, *, weighted: bool, given: bool) -> Algorithm | None:
        """Return the algorithm on the CPU; None where the engine is another."""
        loss = loss_name(self.loss)
        digital = self.engine_ == Digital()
        if loss != "frobenius" or weighted:
            if not digital or (weighted and loss != "frobenius"):
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
            if self._general is not None:
                check_positive(X, "itakura-saito" if self._general.refuses_zeros else "any")
                return Algorithm(name="multiplicative", reason="steps that cannot raise the loss", sweeps=1)
            check_positive(X, loss)
            return Algorithm(name="newton", reason="steps of Newton's on the divergence, row by row", sweeps=4)
        if digital and self._is_constrained():
            checks.one_of(self.algorithm, "algorithm with constraints", ("auto", "hals"))
            return Algorithm(name="hals", reason="sweeps within what the factors have to keep to", sweeps=4)
        if self.engine_.swept(1) is not None:
            return choose(self.algorithm, X, k, given=given)
        checks.one_of(self.algorithm, "algorithm with an engine other than 'digital' or 'torch'", ("auto",))
        return None

    def _is_constrained(self) -> bool:
        names = ("components", "upper_W", "upper_H", "sparseness_W", "sparseness_H", "graph")
        return any(getattr(self, name) is not None for name in names)

    def _start(
        self, X: Matrix | Weighted, k: int, rng: Any, given: tuple[Any, Any], plan: Algorithm | None, penalties: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        if self.init == "custom" and all(part is None for part in given):
            raise ValueError("init='custom' starts from the factors given to fit: give W, H or both")
        init = checks.one_of(self._init(), "init", INITS)
        if self._general is not None and init == "auto" and k <= min(X.shape) and not X.missing:
            init = "nndsvda"  # a multiplicative step takes long to make something of next to nothing
        start = self._given(X, k, *given, rng=rng)
        if start is None and loss_name(self.loss) == "kullback-leibler" and not (X.missing or any(penalties)):
            assert isinstance(X, Dense | Sparse)
            self.algorithm_ = _NEWTON_AFTER_SQUARES
            first, start = level_squares_start(X, k, init, rng)
            self._left_first = divergence(X, *first, "kullback-leibler")
        if self.components is not None:
            W, H = start or starting_factors(X, k, init, rng)
            H = np.array(H)
            H[: len(self.components)] = self.components
            return W, H
        if plan is not None and plan.name == "sampled":
            assert isinstance(X, Sparse)
            return sampled_start(X, start or starting_factors(X, k, init, rng), penalties, plan.sweeps, rng)
        if plan is None or plan.name != "compressed":
            return start or starting_factors(X, k, init, rng)
        assert isinstance(X, Dense)
        compressed = compress(X, k, rng)
        start = start or starting_factors(X, k, init, rng, compressed=compressed)
        _, last = first_iterations(Problem(compressed, Digital(sweeps=COMPRESSED_SWEEPS), *penalties), *start)
        return last.W, last.H

    def _given(
        self, X: Matrix | Weighted, k: int, W: Any, H: Any, *, rng: Any = None
    ) -> tuple[np.ndarray, np.ndarray] | None:
        if W is None and H is None:
            return None
        expected = (X.shape[0], k), (k, X.shape[1])
        given = [None if part is None else checks.as_matrix(part, name) for part, name in ((W, "W"), (H, "H"))]
        for part, name, shape in zip(given, ("W", "H"), expected, strict=True):
            if part is not None and part.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {part.shape}")
        W, H = (None if part is None else part.astype(X.dtype) for part in given)
        if W is None or H is None:
            other = starting_factors(X, k, "random", rng)
            W, H = (other[0], H) if W is None else (W, other[1])
            W, H = (_best_for(H.T, X.T, W.T).T, H) if given[0] is None else (W, _best_for(W, X, H))
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
        self._revived = self._swapped = -_APART
        self._left_first: float | None = None

    def _stages(
        self,
        X: Matrix,
        plan: Algorithm | None,
        penalties: Any,
        start: tuple[np.ndarray, np.ndarray],
        weighted: Weighted | None,
        limits: Constraints,
        before: int,
    ) -> list[Stage]:
        """Return the optimisation stages, `before` iterations included, and set the factors to start from."""
        most = before + self.max_iter
        self.W_, self.components_ = start
        if self._general is not None:
            self.W_, self.components_ = lifted(start[0]), lifted(start[1])
            problem = MultiplicativeProblem(X, self._general, *penalties)
            return [Stage(problem, alternate, most, "digital")]
        if loss_name(self.loss) != "frobenius":
            loss = loss_name(self.loss)
            self.W_, self.components_ = reachable(X, *start, loss)
            problem = DivergenceProblem(X, loss, *penalties)
            if self._left_first is None:
                return [Stage(problem, alternate, most, "digital")]
            return [Stage(problem, extrapolate, most, "digital", (problem.share(self._left_first),))]
        if limits:
            return [Stage(ConstrainedProblem(X, limits, *penalties), alternate, most, "digital")]
        if weighted is not None:
            problem = Problem(weighted, WeightedDigital(sweeps=_WEIGHTED_SWEEPS), *penalties)
            return [Stage(problem, alternate, most, "digital")]
        if plan is not None:
            step = alternate if plan.name in ("hals", "sampled") else extrapolate
            engine = self.engine_.swept(plan.sweeps)
            assert engine is not None
            return [Stage(Problem(X, engine, *penalties), step, most, type(engine).__name__.lower())]
        return [
            Stage(Problem(X, engine, *penalties), step_for(engine, first=not n), length, type(engine).__name__.lower())
            for n, (engine, length) in enumerate(phase_ends(self.engine_.phases(), most))
        ]

    def _iterate(self, stages: list[Stage], X: Matrix, state: LoopState | None) -> None:
        """Run the stages from a state on."""
        now, ended = state or LoopState(Iterate(self.W_, self.components_, np.nan, np.nan), stages[0].before), False
        if state is not None:
            self.engine_.restore(state.random_state)
        for number, stage in enumerate(stages):
            if number < now.stage:
                continue
            if number > now.stage:
                now = now.next_stage()
            objectives = list(now.objectives)
            iterates = self._iterates(stage, X, now)
            for _, iterate in zip(range(stage.length - now.stage_iterations), iterates, strict=False):
                objectives.append(iterate.objective)
                now = now.after(iterate, objectives, self.engine_.random_state)
                self._keep(iterate, stage)
                self.loop_state_ = now
                if self.callback is not None and self.callback(self.history_[-1]):
                    return
                if number + 1 < len(stages) and stage.levels_off(objectives):
                    break
                if stalled(objectives, self.tol) and not self._goes_on(stage, now.iterations):
                    ended = True
                    break
        warn_of_dead(self, X)
        if not ended and self.tol > 0 and self.history_[-1]["error"] > 0:
            warn_of_unfinished(self.max_iter)

    def _iterates(self, stage: Stage, X: Matrix, now: LoopState) -> Iterator[Iterate]:
        """Yield the iterates of a stage, components replaced now and then where that cannot raise the error."""
        done, objectives = now.iterations, list(now.objectives)
        iterates = stage.iterates(self.W_, self.components_, now.last if now.stage_iterations else None)
        compressed = self.algorithm_.startswith("compressed")
        while True:
            rests = stalled(objectives, self.tol)
            due = done in REVIVALS or (done == 0 and compressed) or rests
            if due and self._may_revive(stage, done):
                iterates, self._revived = stage.iterates(*revived(X, self.W_, self.components_)), done
            elif rests and self._swaps:
                iterates, objectives = self._after_swap(stage, objectives[-1], done) or iterates, objectives[:1]
            iterate = next(iterates)
            objectives.append(iterate.objective)
            yield iterate
            done += 1

    def _after_swap(self, stage: Stage, objective: float, done: int) -> Iterator[Iterate] | None:
        """Return the iterates from another component on; None, and nothing more is tried, where that gains nothing."""
        assert isinstance(stage.problem, Problem)
        found = swapped(stage.problem, Iterate(self.W_, self.components_, np.nan, objective))
        if found is None:
            self._swaps = 0
            return None
        self._swaps, self._swapped = self._swaps - 1, done
        return itertools.chain([found], stage.iterates(found.W, found.H, found))

    def _may_swap(self, X: Matrix, plan: Algorithm | None, penalties: tuple[Penalty, Penalty]) -> bool:
        """Whether a start at rest tries other components: a random one of a matrix so small that it takes no time."""
        if plan is None or plan.name != "extrapolated" or self.engine_ != Digital() or any(penalties):
            return False
        return isinstance(X, Dense) and X.shape[0] * X.shape[1] <= MOST_ENTRIES and self.init == "random"

    def _goes_on(self, stage: Stage, done: int) -> bool:
        """Whether a stage at rest has yet to show what other components gain."""
        return self._may_revive(stage, done) or self._swaps > 0 or done - self._swapped < _APART

    def _may_revive(self, stage: Stage, done: int) -> bool:
        """Whether there are dead components that new ones may replace without raising what is minimised."""
        problem = stage.problem
        if not isinstance(problem, Problem):
            return False
        if self.engine_.swept(1) is None or isinstance(problem.engine, WeightedDigital):
            return False
        if done > REVIVALS[-1] or done - self._revived < _APART:
            return False
        if any((problem.penalty_W, problem.penalty_H)):
            return False
        return len(dead_components(self.W_, self.components_)) > 0

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


_FOR_WORKERS = ("n_components", "max_iter", "tol", "scaled", "random_state", "callback", "cluster")


def _asked_for(model: NMF) -> list[str]:
    """Names of settings, not for blocks, that are not as they are by default."""
    found = []
    for name, default in NMF().get_params().items():
        value = getattr(model, name)
        if name not in _FOR_WORKERS and not (value is default or (np.isscalar(value) and value == default)):
            found.append(name)
    return [*found, *(["n_components='cv'"] if model.n_components == "cv" else [])]


def _best_for(A: np.ndarray, B: Any, start: np.ndarray) -> np.ndarray:
    """Return the non-negative factor (k, n) that is best for the other one, A (m, k)."""
    engine = WeightedDigital() if isinstance(B, Weighted) else Digital()
    return np.ascontiguousarray(engine.program(A).solve(B, start=start))


def _with_unit_rows(W: np.ndarray, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of the same product with H's rows of sum 1, the largest columns of W first."""
    sums = H.sum(axis=1)
    W, H = W * sums, H / np.where(sums > 0, sums, 1)[:, None]
    order = np.argsort(-W.sum(axis=0), kind="stable")
    return np.ascontiguousarray(W[:, order]), np.ascontiguousarray(H[order])


def _warn_of_empty(X: Matrix, weighted: Weighted | None) -> None:
    told = X if weighted is None else weighted
    rows, columns = int(told.empty_rows.sum()), int(told.T.empty_rows.sum())
    if rows or columns:
        what = "hold no known entry above zero" if told.missing else "are all zero"
        checks.warn(f"{rows} rows and {columns} columns of X {what}; their factors are zero")
