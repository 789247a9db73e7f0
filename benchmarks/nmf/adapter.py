"""What the adapter of a library gets, an `Input`, and what it returns: a function from iterations to factors."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from cases import Case

import data

__all__ = ["RIDGES", "THREADS", "Fit", "Input", "timed"]

THREADS = 2

RIDGES = {16: 0.05, 32: 0.07}
"""Of both factors' rows, for each rating of the row, by k: the best held-out RMSE of .03, .05, .07, .08, .09, .12."""

Fit = Callable[[int], tuple[float, tuple[np.ndarray, np.ndarray]]]
"""Iterations -> (seconds, (W (m, k), H (k, n)))."""


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Return how many seconds a call took, and what it returned."""
    begun = time.perf_counter()
    result = function()
    return time.perf_counter() - begun, result


class Input:
    """The arrays of a case, in memory.

    Attributes
    ----------
    load_seconds : float
        From triplets to the library's own form of the matrix, where it can be told apart from the fit.
    version : str
        Of a library that is not a Python distribution.
    """

    load_seconds = 0.0
    version = ""

    X: Any

    def __init__(self, case: Case) -> None:
        self.case = case
        if case.kind == "dense":
            self.X, self.W, self.H = data.load(case, "X", "W", "H")
        elif case.kind == "sparse":
            values, indices, indptr, self.W, self.H = data.load(case, "data", "indices", "indptr", "W", "H")
            self.X = sp.csr_array((values, indices, indptr), shape=(len(self.W), self.H.shape[1]))
        elif case.kind == "masked":
            self.users, self.items, self.values = data.load(case, "users", "items", "values")
            self.shape = case.arguments["m"], case.arguments["n"]
        else:
            self.A, self.B = data.load(case, "A", "B")

    def error(self, W: np.ndarray, H: np.ndarray) -> float:
        """Return the error of the case's target, in float64."""
        measure = {"dense": _dense_error, "sparse": _sparse_error, "masked": _held_out, "nnls": _kkt}
        return float(measure[self.case.kind](self, W, H))


def _dense_error(given: Input, W: np.ndarray, H: np.ndarray, rows: int = 512) -> float:
    H, error, square = H.astype(np.float64), 0.0, 0.0
    for begin in range(0, len(W), rows):
        X = given.X[begin : begin + rows].astype(np.float64)
        square += np.vdot(X, X)
        X -= W[begin : begin + rows].astype(np.float64) @ H
        error += np.vdot(X, X)
    return np.sqrt(error / square)


def _sparse_error(given: Input, W: np.ndarray, H: np.ndarray) -> float:
    X, W, H = given.X.astype(np.float64), W.astype(np.float64), H.astype(np.float64)
    square = np.vdot(X.data, X.data)
    return np.sqrt(1 - (2 * np.vdot((X.T @ W).T, H) - np.vdot(W.T @ W, H @ H.T)) / square)


def _held_out(given: Input, W: np.ndarray, H: np.ndarray, block: int = 1 << 20) -> float:
    users, items, values = data.load(given.case, "test_users", "test_items", "test_values")
    error, Ht = 0.0, np.ascontiguousarray(H.T)
    for begin in range(0, len(values), block):
        part = slice(begin, begin + block)
        said = np.einsum("ek,ek->e", W[users[part]], Ht[items[part]], dtype=np.float64)
        error += np.square(said - values[part]).sum()
    return np.sqrt(error / len(values))


def _kkt(given: Input, A: np.ndarray, X: np.ndarray) -> float:
    """Largest violation of x >= 0, A'(Ax - b) >= 0, their product zero; relative to the largest |A'b|."""
    columns = X.shape[1]  # fewer than all where a slow peer answers for a sample
    q = A.T @ given.B[:, :columns]
    return np.abs(np.minimum(X, (A.T @ A) @ X - q)).max() / np.abs(q).max()
