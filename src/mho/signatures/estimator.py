"""The estimator: signatures and exposures of a catalogue of mutation counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from mho import checks
from mho.nmf import consensus, select
from mho.nmf.divergence import fold_in
from mho.operands import Dense
from mho.penalty import NO_PENALTY

__all__ = ["Match", "Signatures", "match", "refit"]


@dataclass(frozen=True, eq=False)
class Match:
    """Signatures beside the known ones that they are most like, each known one once.

    Attributes
    ----------
    known : ndarray of int of shape (p,)
        Number of the known signature.
    found : ndarray of int of shape (p,)
        Number of the signature that was found.
    cosine : ndarray of shape (p,)
        Likeness of the two, from 0 to 1.

    Examples
    --------
    >>> from mho.signatures import match
    >>> match([[0.9, 0.1], [0.2, 0.8]], [[0.0, 1.0], [1.0, 0.0]]).known.tolist()
    [1, 0]
    """

    known: np.ndarray
    found: np.ndarray
    cosine: np.ndarray


def match(signatures: Any, known: Any) -> Match:
    """Return signatures beside known ones, assigned so that the sum of their cosines is the largest.

    Parameters
    ----------
    signatures, known : array_like of shape (k, n_channels) and (l, n_channels)
        Non-negative.
    """
    found, known = checks.as_matrix(signatures, "signatures"), _as_known(known, np.shape(signatures)[1])
    lengths = np.linalg.norm(found, axis=1)[:, None] * np.linalg.norm(known, axis=1)
    cosine = found @ known.T / np.where(lengths > 0, lengths, 1)
    rows, columns = linear_sum_assignment(-cosine)
    return Match(columns, rows, cosine[rows, columns])


def refit(X: Any, known: Any) -> np.ndarray:
    """Return the exposures (n_samples, l) of samples to known signatures, by the likelihood of Poisson counts.

    Parameters
    ----------
    X : array_like of shape (n_samples, n_channels)
        Counts >= 0.
    known : array_like of shape (l, n_channels)
        Signatures >= 0, each with a channel above zero.

    Examples
    --------
    >>> from mho.signatures import refit
    >>> refit([[30.0, 10.0]], [[1.0, 0.0], [0.5, 0.5]]).round(1).tolist()
    [[20.0, 20.0]]
    """
    X = checks.as_matrix(X, "X").astype(float)
    known = _as_known(known, X.shape[1])
    spectra = known / known.sum(axis=1, keepdims=True)
    return np.ascontiguousarray(fold_in(spectra.T, Dense(X).T, "kullback-leibler", NO_PENALTY).T)


class Signatures(TransformerMixin, BaseEstimator):
    """Mutational signatures: counts ~ exposures x signatures, by the likelihood of Poisson counts, from many starts.

    Signatures of all starts are clustered, and each cluster's median is a signature (Alexandrov-2020).

    Parameters
    ----------
    n_signatures : int or sequence of int
        Number k of signatures, or numbers to choose from by counts held out, see `mho.select`.
    starts : int
        Factorizations that are agreed upon.
    max_iter : int
        Iterations of each at the most.
    random_state : int, RandomState, Generator or None
        For the starts.

    Attributes
    ----------
    components_ : ndarray of shape (k, n_channels)
        Signatures; each has sum 1.
    exposures_ : ndarray of shape (n_samples, k)
        Counts of each sample that each signature accounts for.
    silhouette_ : float
        Mean silhouette of the clusters, the starts' agreement; NaN of one signature.
    selection_ : mho.nmf.Selection
        With numbers to choose from: deviances of counts held out for each.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.signatures import Signatures
    >>> known = np.array([[0.6, 0.3, 0.1, 0.0], [0.0, 0.1, 0.2, 0.7]])
    >>> rng = np.random.default_rng(0)
    >>> X = rng.poisson(rng.gamma(0.5, 2000, (30, 2)) @ known)
    >>> Signatures([1, 2], starts=5, random_state=0).fit(X).components_.shape
    (2, 4)
    """

    def __init__(
        self, n_signatures: Any = 5, *, starts: int = 20, max_iter: int = 200, random_state: Any = None
    ) -> None:
        self.n_signatures = n_signatures
        self.starts = starts
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the signatures of a catalogue.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_channels)
            Counts >= 0 of each kind of mutation, a row for each sample.
        y : ignored
            For scikit-learn's sake.

        Raises
        ------
        ValueError, TypeError
            An argument is not what it must be.
        """
        X = checks.as_matrix(X, "X")
        X = X.astype(np.float32)  # counts have no more digits than that, and starts take two thirds of the time
        checks.at_least(checks.positive_int(self.starts, "starts"), "starts", 2)
        numbers = [self.n_signatures] if np.ndim(self.n_signatures) == 0 else list(self.n_signatures)
        if not len(numbers):
            raise ValueError("n_signatures must name at least one number, got none")
        for k in numbers:
            checks.positive_int(k, "n_signatures", limit=min(X.shape), what="min(samples, channels)")
        k = numbers[0]
        if len(numbers) > 1:
            self.selection_ = select(X, numbers, loss="kullback-leibler", random_state=self.random_state)
            k = self.selection_.best
        best = self._agreed(X, int(k))
        self.silhouette_ = best.silhouette
        self.components_ = np.zeros((len(best.spectra), X.shape[1]))
        self.components_[:, best.columns] = best.spectra
        self.exposures_ = self.transform(X)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the exposures (n_samples, k) of samples to the signatures found.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_channels)
            Counts >= 0.
        """
        check_is_fitted(self, "components_")
        return refit(X, self.components_)

    def _agreed(self, X: np.ndarray, k: int) -> Any:
        settings = {"starts": self.starts, "max_iter": self.max_iter, "random_state": self.random_state}
        return consensus(X, k, loss="kullback-leibler", scale=False, threshold=2.0, **settings)


def _as_known(known: Any, channels: int) -> np.ndarray:
    known = checks.as_matrix(known, "known").astype(float)
    if known.shape[1] != channels:
        raise ValueError(
            f"known must have {channels} channels, as the counts, got {known.shape[1]}; turn it if need be"
        )
    if not known.any(axis=1).all():
        raise ValueError(f"known: signature {int(np.argmin(known.any(axis=1)))} is zero in every channel")
    return known
