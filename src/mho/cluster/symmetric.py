"""The estimator: clusters by symmetric NMF."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from scipy.linalg import eigh, qr, svd
from scipy.sparse.linalg import eigsh
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.utils.validation import validate_data

from mho import checks
from mho.cluster.graph import as_affinity, neighbor_graph, normalized
from mho.cluster.problem import SymmetricProblem
from mho.engines import Digital, Engine, engine_for
from mho.nmf.loop import Iterate, alternate, phase_ends, stalled

__all__ = ["SymNMF"]

_SWEEPS = 4
_AVERAGED = 10
"""Last iterates whose factors are averaged where each has random errors of its own, drawn anew at each writing."""

_DENSE = 200
"""Samples up to which all eigenvectors are cheaper than a few."""


class SymNMF(ClusterMixin, BaseEstimator):
    """Clustering by symmetric non-negative factorization S ~ H'H of a graph's normalised affinities (Kuang-2015).

    S is D^-1/2 A D^-1/2, A the affinities and D their row sums: the relaxation that spectral clustering solves with
    orthogonal H is solved here with H >= 0, whose largest entry in a column names the cluster.

    Parameters
    ----------
    n_clusters : int
        Number k of clusters.
    affinity : {"nearest_neighbors", "precomputed"}
        X holds samples, whose graph `neighbor_graph` makes, or a graph's affinities (n, n): symmetric, >= 0.
    n_neighbors : int
        Neighbours of a sample in the graph that is made.
    engine : {"digital", "analog", "hybrid"} or Engine
        Solver of the half-steps. A name makes an engine from `random_state`. A chip, whose cells are written anew for
        each half-step, iterates until that gains nothing; the factors of the last ten iterations are averaged.
    init : {"spectral", "random"}
        Start: the leading eigenvectors of S, rotated onto the axes (Damle-2019) and clipped at zero, or uniform
        random numbers. The first is the same for every seed, and takes a tenth of the iterations.
    max_iter : int
        Iterations at the most.
    tol : float
        Stop when the objective falls by less than this share of its first value per iteration; 0 never stops early. A
        chip stops where its errors hide what an iteration gains.
    coupling : float, optional
        Weight of |W - H'|^2 beside |S - W H|^2; by default the square of the largest entry of S.
    random_state : int, RandomState, Generator or None
        For the start and a chip's errors.

    Attributes
    ----------
    labels_ : ndarray of int of shape (n_samples,)
        Cluster of each sample, from 0; -1 for one without an edge, of which the graph says nothing.
    membership_ : ndarray of shape (n_samples, k)
        H', the strength of each sample's tie to each cluster.
    affinity_matrix_ : csr_array of shape (n_samples, n_samples)
        The graph, as it was given or made.
    reconstruction_err_ : float
        |S - H'H|.
    history_ : list of dict
        Per iteration ``iteration``, ``error`` (|S - H'H| / |S|), ``seconds`` so far and ``engine``.
    n_iter_ : int
        Iterations done.
    engine_ : Engine
        The engine that was used.

    Examples
    --------
    >>> from mho.cluster import SymNMF
    >>> X = [[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]]
    >>> SymNMF(2, n_neighbors=2).fit_predict(X).tolist() in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0])
    True
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        affinity: str = "nearest_neighbors",
        n_neighbors: int = 10,
        engine: str | Engine = "digital",
        init: str = "spectral",
        max_iter: int = 200,
        tol: float = 1e-6,
        coupling: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.affinity = affinity
        self.n_neighbors = n_neighbors
        self.engine = engine
        self.init = init
        self.max_iter = max_iter
        self.tol = tol
        self.coupling = coupling
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Cluster samples, or the vertices of a graph.

        Parameters
        ----------
        X : array_like or scipy sparse of shape (n_samples, n_features) or (n_samples, n_samples)
            As `affinity` says.
        y : ignored
            For scikit-learn's sake.

        Raises
        ------
        ValueError, TypeError
            An argument is not what it must be; nothing has been done.
        """
        checks.positive_int(self.max_iter, "max_iter")
        checks.nonnegative_number(self.tol, "tol")
        self.affinity_matrix_ = graph = self._graph(X)
        k = int(self.n_clusters)
        rng = checks.generator(self.random_state, "random_state")
        self.engine_ = engine_for(self.engine, seed=int(rng.integers(2**31)))
        S = normalized(graph)
        last = self._iterate(S, _start(S, k, checks.one_of(self.init, "init", ("spectral", "random")), rng))
        self.membership_ = np.ascontiguousarray(last.H.T)
        self.labels_ = np.where(self.membership_.any(axis=1), self.membership_.argmax(axis=1), -1)
        self.reconstruction_err_ = last.error * float(np.linalg.norm(S.data))
        if alone := int(np.sum(np.diff(graph.indptr) == 0)):
            checks.warn(f"X has {alone} samples without an edge, whose label is -1")
        return self

    def _graph(self, X: Any) -> Any:
        kinds = ("nearest_neighbors", "precomputed")
        made = checks.one_of(self.affinity, "affinity", kinds) == "nearest_neighbors"
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, ensure_min_samples=2)
        k = checks.positive_int(self.n_clusters, "n_clusters", limit=X.shape[0], what="the number of samples")
        if not made:
            return as_affinity(X)
        _check_different(X, k)
        return neighbor_graph(X, min(self.n_neighbors, X.shape[0] - 1))

    def _iterate(self, S: Any, H: np.ndarray) -> Iterate:
        coupling = float(S.max()) ** 2 if self.coupling is None else self.coupling
        checks.positive_number(coupling, "coupling")
        begun, self.history_ = time.perf_counter(), []
        last = Iterate(np.ascontiguousarray(H.T), H, np.nan, np.nan)
        for engine, length in phase_ends(self.engine_.phases(), self.max_iter):
            working = Digital(sweeps=_SWEEPS) if engine == Digital() else engine
            problem = SymmetricProblem(S, len(H), working, coupling)
            recent = self._phase(engine, islice(alternate(problem, last.W, last.H), length), begun)
            last = recent[-1] if engine.random_state is None else problem.mean(recent)
        self.n_iter_ = len(self.history_)
        return last

    def _phase(self, engine: Engine, iterates: Iterator[Iterate], begun: float) -> list[Iterate]:
        """The last iterates of one engine, up to where nothing more is gained."""
        objectives: list[float] = []
        noisy = engine.random_state is not None
        recent: deque[Iterate] = deque(maxlen=_AVERAGED)
        for iterate in iterates:
            self._record(iterate, engine, time.perf_counter() - begun)
            objectives.append(iterate.objective)
            recent.append(iterate)
            if engine.levels_off(objectives) if noisy else stalled(objectives, self.tol):
                break
        return list(recent)

    def _record(self, iterate: Iterate, engine: Engine, seconds: float) -> None:
        number, name = len(self.history_) + 1, type(engine).__name__.lower()
        self.history_.append({"iteration": number, "error": iterate.error, "seconds": seconds, "engine": name})

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = tags.input_tags.positive_only = self.affinity == "precomputed"
        return tags


def _check_different(X: Any, k: int) -> None:
    """Refuse samples of which fewer differ than there are clusters: those that are alike cannot be told apart."""
    seen: set[bytes] = set()
    for i in range(X.shape[0]):
        row = X[i : i + 1]
        seen.add((row.toarray() if sp.issparse(row) else row).tobytes())
        if len(seen) >= k:
            return
    raise ValueError(
        f"n_clusters must be at most {len(seen)}, the samples of X that differ, the others being their copies, got {k}"
    )


def _start(S: Any, k: int, init: str, rng: np.random.Generator) -> np.ndarray:
    """Starting H (k, n)."""
    if init == "random":
        return 2 * np.sqrt(S.mean() / k) * rng.random((k, S.shape[0]))
    values, vectors = _leading(S, k, rng)
    # Pivots of a QR factorization are samples far apart; the nearest rotation takes theirs to the axes.
    pivots = qr(vectors.T, mode="r", pivoting=True)[-1][:k]
    left, _, right = svd(vectors[pivots].T)
    return np.maximum(((vectors * np.sqrt(np.maximum(values, 0))) @ (left @ right)).T, 0.0)


def _leading(S: Any, k: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The k largest eigenvalues of S with their eigenvectors (n, k)."""
    n = S.shape[0]
    if n <= max(_DENSE, 2 * k):
        values, vectors = eigh(S.toarray(), subset_by_index=(n - k, n - 1))
    else:
        values, vectors = eigsh(S, k, which="LA", v0=rng.random(n))
    return values, vectors
