"""Non-negative CP: a tensor as a sum of products of non-negative vectors, by the kernels of matrices."""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import copy
from functools import reduce
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from mho import checks, kernels
from mho.engines.products import cross, gram
from mho.nmf.compress import OVERSAMPLING, compress
from mho.nmf.loop import stalled
from mho.operands import Dense

__all__ = ["CP"]

_SWEEPS = 2
"""Of a half-step: beside the products with the tensor they cost nothing, but four end in worse minima."""

_FIRST, _GROWTH, _DECAY, _MOST = 0.1, 1.2, 1.5, 1.0
"""Momentum: its first value, what a better and a worse iterate do to it, its limit (Ang-2019); of simulated tensors."""


_THIN, _FEWEST, _POLISH = 4, 15, 3
"""Sides of the matrix over its compression's rank, and iterations, from which compressing pays; iterations after it."""

_COARSE = 1e-4
"""Tolerance on the compression: what is left to gain the iterations on the tensor itself gain."""


class CP(BaseEstimator):
    """Non-negative CP decomposition of a tensor, x[i, j, l, ...] ~ sum_r a[i, r] b[j, r] c[l, r] ..., on this CPU.

    One factor after the other is improved by coordinate sweeps on its least squares (Cichocki-2009), with momentum. The
    tensor is read twice in an iteration, whatever the number of modes: the modes' first half shares one product with it
    and the second half another (Phan-2013). A large tensor is compressed first, as the matrix of its first modes by the
    others (Halko-2011), and only the last iterations read it whole.

    Parameters
    ----------
    n_components : int
        Number k of products.
    max_iter : int
        Iterations at the most.
    tol : float
        Stop when the relative error falls by less than this share of its first value per iteration; 0 never stops.
    random_state : int, RandomState, Generator or None
        For the start.

    Attributes
    ----------
    factors_ : list of ndarray of shape (n_i, k)
        One for each mode; columns of sum 1 but in the first, largest share first.
    reconstruction_err_ : float
        |X - model| / |X|.
    history_ : list of dict
        Per iteration ``iteration``, ``error`` (relative; on a compression close to that) and ``seconds`` so far.
    n_iter_ : int
        Iterations done.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.nmf import CP
    >>> rng = np.random.default_rng(0)
    >>> a, b, c = (rng.random((n, 2)) for n in (6, 5, 4))
    >>> model = CP(2, max_iter=300, tol=0, random_state=0).fit(np.einsum("ir,jr,lr->ijl", a, b, c))
    >>> model.reconstruction_err_ < 1e-3
    True
    """

    def __init__(
        self, n_components: int = 8, *, max_iter: int = 200, tol: float = 1e-5, random_state: Any = None
    ) -> None:
        self.n_components = n_components
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, *, factors: Sequence[Any] | None = None) -> Self:
        """Factorize a tensor.

        Parameters
        ----------
        X : array_like of shape (n_1, n_2, n_3, ...)
            Non-negative, of three modes or more; float32 is computed in float32, anything else in float64.
        y : ignored
            For scikit-learn's sake.
        factors : sequence of array_like of shape (n_i, k), optional
            Non-negative factors to start from, one for each mode; random ones by default.

        Raises
        ------
        ValueError, TypeError
            An argument is not what it must be.
        """
        checks.positive_int(self.max_iter, "max_iter")
        checks.nonnegative_number(self.tol, "tol")
        k = checks.positive_int(self.n_components, "n_components")
        tensor = _Tensor(X)
        rng = checks.generator(self.random_state, "random_state")
        start = tensor.start(k, rng) if factors is None else tensor.read(factors, k)
        self.factors_ = _ordered(self._iterate(tensor, start))
        return self

    def inverse_transform(self) -> np.ndarray:
        """Return the tensor that the factors make."""
        shape = tuple(len(factor) for factor in self.factors_)
        return (self.factors_[0] @ _products(self.factors_[1:]).T).reshape(shape)

    def _iterate(self, tensor: _Tensor, factors: list[np.ndarray]) -> list[np.ndarray]:
        self._begun, self.history_ = time.perf_counter(), []
        k = factors[0].shape[1]
        if self.max_iter > _FEWEST and min(tensor.matrix.shape) >= _THIN * (k + OVERSAMPLING):
            factors = self._improved(tensor.compressed(k), factors, self.max_iter - _POLISH, max(self.tol, _COARSE))
        factors = self._improved(tensor, factors, self.max_iter - len(self.history_), self.tol)
        self.n_iter_ = len(self.history_)
        return factors

    def _improved(self, tensor: _Tensor, factors: list[np.ndarray], most: int, tol: float) -> list[np.ndarray]:
        """Factors after `most` iterations, or as many as gain something."""
        best, least, momentum, errors = factors, np.inf, _FIRST, []
        for _ in range(most):
            after, error = tensor.improved(factors)
            if error > least and factors is not best:  # the momentum led astray: on from the best, without it
                momentum /= _DECAY
                after, error = tensor.improved(best)
            else:
                momentum = min(_MOST, momentum * _GROWTH)
            factors = [np.maximum(a + momentum * (a - b), 0) for a, b in zip(after, best, strict=True)]
            best, least = after, error
            self._record(error)
            errors.append(error)
            if stalled(errors, tol):
                break
        self.reconstruction_err_ = least
        return best

    def _record(self, error: float) -> None:
        number, seconds = len(self.history_) + 1, time.perf_counter() - self._begun
        self.history_.append({"iteration": number, "error": error, "seconds": seconds})


class _Tensor:
    """A checked tensor, as the matrix of its modes' first half by their second half."""

    def __init__(self, X: Any) -> None:
        X = np.asarray(X)
        if X.ndim < 3:
            raise ValueError(f"X must have three modes or more, got shape {X.shape}; two are for mho.NMF")
        if not X.size:
            raise ValueError(f"X must have entries, got shape {X.shape}")
        self.shape = X.shape
        # As even as can be: what is contracted first is then the least.
        sizes = np.cumprod(X.shape)[:-1]
        self.split = 1 + int(np.argmin(np.abs(np.log(sizes / np.sqrt(X.size)))))
        self.matrix: Any = Dense(checks.as_matrix(X.reshape(sizes[self.split - 1], -1), "X"))
        if not self.matrix.square:
            raise ValueError("X must have an entry above zero, got none")

    def compressed(self, k: int) -> _Tensor:
        """Return the tensor with its matrix compressed for k components."""
        other = copy(self)
        other.matrix = compress(self.matrix, k, np.random.RandomState(0))
        return other

    @property
    def dtype(self) -> np.dtype:
        """Precision, float32 or float64."""
        return self.matrix.dtype

    def start(self, k: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Return random factors whose product has the sum of the tensor."""
        factors = [rng.random((n, k)) for n in self.shape]
        size = np.prod([factor.sum(axis=0) for factor in factors], axis=0).sum()
        factors[0] *= self.matrix.array.sum(dtype=np.float64) / size
        return [factor.astype(self.dtype) for factor in factors]

    def read(self, factors: Sequence[Any], k: int) -> list[np.ndarray]:
        """Return factors that were given, checked."""
        read = [checks.as_matrix(factor, f"factors[{i}]") for i, factor in enumerate(factors)]
        if [factor.shape for factor in read] != [(n, k) for n in self.shape]:
            raise ValueError(f"factors must be of {len(self.shape)} modes, {self.shape} by {k}, got others")
        return [np.ascontiguousarray(factor, self.dtype) for factor in read]

    def improved(self, factors: Sequence[np.ndarray]) -> tuple[list[np.ndarray], float]:
        """Return the factors after a half-step of each, and the relative error that they leave."""
        factors, s = [factor.copy() for factor in factors], self.split
        grams = [gram(factor) for factor in factors]
        C = factors[-1]
        for half, other, matrix in ((slice(s), slice(s, None), self.matrix.T), (slice(s, None), slice(s), self.matrix)):
            part = cross(_products(factors[other]), matrix).reshape(*self.shape[half], -1)
            for mode in range(len(factors))[half]:
                C = _contracted(part, factors[half], mode - (half.start or 0))
                G = np.multiply.reduce([g for i, g in enumerate(grams) if i != mode])
                kernels.sweep(G, C, factors[mode], _SWEEPS, kernels.thread_count())
                grams[mode] = gram(factors[mode])
        explained = 2 * np.vdot(C, factors[-1]) - np.multiply.reduce(grams).sum()
        return factors, float(np.sqrt(max(0.0, 1 - explained / self.matrix.square)))


def _products(factors: Sequence[np.ndarray]) -> np.ndarray:
    """Khatri-Rao product (n_1 n_2 ..., k) of factors (n_i, k)."""
    return reduce(lambda a, b: (a[:, None, :] * b[None]).reshape(-1, a.shape[1]), factors)


def _contracted(part: np.ndarray, factors: list[np.ndarray], kept: int) -> np.ndarray:
    """Cross products (n, k) of the mode `kept`: part (n_1, n_2, ..., k) times the other factors, column by column."""
    for mode in reversed(range(len(factors))):
        if mode != kept:
            part = np.moveaxis(part, mode, -2)
            part = np.einsum("...nk,nk->...k", part, factors[mode])
    return np.ascontiguousarray(part)


def _ordered(factors: list[np.ndarray]) -> list[np.ndarray]:
    """Factors with their scale in the first, the component with the largest sum first."""
    first, rest = factors[0].copy(), []
    for factor in factors[1:]:
        sums = factor.sum(axis=0)
        first *= sums
        rest.append(factor / np.where(sums > 0, sums, 1))
    order = np.argsort(-first.sum(axis=0), kind="stable")
    return [np.ascontiguousarray(factor[:, order]) for factor in (first, *rest)]
