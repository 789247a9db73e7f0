"""The estimator: topics of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from mho import checks
from mho.engines import Engine, engine_for, nnls
from mho.nmf import NMF, consensus

__all__ = ["Topics"]

_LABEL = 3
"""Words of a topic's label."""

_FIRST = 0.01
"""Start of a seeded topic's other words, beside its seeds."""


class Topics(TransformerMixin, BaseEstimator):
    """Topics of texts: non-negative factors of their weighted word counts, documents ~ mixtures x words.

    Words are weighted by tf-idf with logarithmic counts, and weights divided by the square roots of their document's
    and their word's sum, as for a normalised cut of the graph between documents and words (Dhillon-2001). Several
    random starts are factorized, and the topics that they agree on kept (Kotliar-2019); with `seeds` one start, that
    of the words given.

    Parameters
    ----------
    n_topics : int
        Number k of topics.
    seeds : mapping of str to sequence of str, optional
        Words with which topics begin, by the topic's name; at most n_topics of them.
    starts : int
        Factorizations that topics are agreed upon by.
    engine : {"digital", "analog", "hybrid"} or Engine
        Solver of the half-steps. A name makes an engine from `random_state`.
    max_words : int
        Words that are counted, the most frequent.
    min_documents : int
        Documents that a word must be in.
    max_share : float
        Share of the documents that a word may be in at most.
    stop_words : {"english"}, sequence of str or None
        Words that are not counted.
    random_state : int, RandomState, Generator or None
        For the starts and a chip's errors.

    Attributes
    ----------
    components_ : ndarray of shape (k, n_words)
        Topics in the divided weights; rows have length 1.
    word_weights_ : ndarray of shape (k, n_words)
        Weight of each word in each topic, best for the mixtures in the unit of tf-idf; rows have length 1.
    words_ : ndarray of str of shape (n_words,)
        Words that are counted; numbers of columns, as text, where X was no text.
    labels_ : list of str
        The name of each topic: that of its seeds, or its first words.
    mixtures_ : ndarray of shape (n_documents, k)
        Topics of the documents of `fit`.
    engine_ : Engine
        The engine that was used.

    Examples
    --------
    >>> from mho.topics import Topics
    >>> texts = ["cat and dog", "dog or cat", "sun and moon", "moon or sun"] * 5
    >>> model = Topics(2, min_documents=1, random_state=0).fit(texts)
    >>> sorted(sorted(words) for words in model.top_words(2))
    [['cat', 'dog'], ['moon', 'sun']]
    """

    def __init__(
        self,
        n_topics: int = 10,
        *,
        seeds: Mapping[str, Sequence[str]] | None = None,
        starts: int = 5,
        engine: str | Engine = "digital",
        max_words: int = 10_000,
        min_documents: int = 5,
        max_share: float = 0.5,
        stop_words: Any = "english",
        random_state: Any = None,
    ) -> None:
        self.n_topics = n_topics
        self.seeds = seeds
        self.starts = starts
        self.engine = engine
        self.max_words = max_words
        self.min_documents = min_documents
        self.max_share = max_share
        self.stop_words = stop_words
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the topics of texts.

        Parameters
        ----------
        X : sequence of str, or array_like or scipy sparse of shape (n_documents, n_words)
            Texts, or weights >= 0 of words that were counted elsewhere.
        y : ignored
            For scikit-learn's sake.

        Raises
        ------
        ValueError, TypeError
            An argument is not what it must be, or no word is left to count.
        """
        checks.positive_int(self.starts, "starts")
        rng = checks.generator(self.random_state, "random_state")
        weights = self._counted(X)
        full = np.asarray(weights.sum(axis=1)).ravel() > 0
        if (empty := int(np.sum(~full))) and full.any():
            checks.warn(f"X has {empty} documents without a word that is counted; they have no topic")
        k = checks.positive_int(self.n_topics, "n_topics", limit=int(full.sum()), what="documents with words")
        seed = int(rng.integers(2**31))
        self.engine_ = engine_for(self.engine, seed=seed)
        self._word_scale = _inverse_root(np.asarray(weights.sum(axis=0)).ravel())
        self.components_ = _unit_rows(self._topics(self._divided(weights[full]), k, seed))
        self.mixtures_ = self._mixtures(weights)
        self.word_weights_ = _unit_rows(nnls(self.mixtures_, weights))
        named = list(self.seeds or {})
        self.labels_ = named + [" ".join(words) for words in self.top_words(_LABEL)[len(named) :]]
        return self

    def fit_transform(self, X: Any, y: Any = None, **settings: Any) -> np.ndarray:
        """Find the topics of X and return its mixtures (n_documents, k); y is ignored, settings are those of `fit`."""
        return self.fit(X, **settings).mixtures_

    def transform(self, X: Any) -> np.ndarray:
        """Return the mixtures (n_documents, k) of documents, solved on the CPU whichever engine found the topics.

        Parameters
        ----------
        X : sequence of str, or array_like or scipy sparse of shape (n_documents, n_words)
            As `fit` was given.
        """
        check_is_fitted(self, "components_")
        if (self._vectorizer is not None) != _are_texts(X):
            raise TypeError(f"X must be {'texts' if self._vectorizer else 'a matrix'}, as fit was given")
        weights = _matrix(X) if self._vectorizer is None else self._vectorizer.transform(X)
        if weights.shape[1] != self.components_.shape[1]:
            raise ValueError(f"X must have {self.components_.shape[1]} columns, as in fit, got {weights.shape[1]}")
        return self._mixtures(weights)

    def predict(self, X: Any) -> np.ndarray:
        """Return the largest topic of each document of X (n_documents,); -1 for one without a word that is counted."""
        mixtures = self.transform(X)
        return np.where(mixtures.any(axis=1), mixtures.argmax(axis=1), -1)

    def top_words(self, n: int = 10) -> list[list[str]]:
        """Return the `n` heaviest words of each topic, those of weight zero left out."""
        check_is_fitted(self, "components_")
        order = np.argsort(-self.word_weights_, axis=1, kind="stable")[:, : checks.positive_int(n, "n")]
        return [
            [str(word) for word in self.words_[row[topic[row] > 0]]]
            for row, topic in zip(order, self.word_weights_, strict=True)
        ]

    def _counted(self, X: Any) -> Any:
        """Weights of words (n_documents, n_words)."""
        if not _are_texts(X):
            if self.seeds:
                raise ValueError("seeds are words: give texts, not a matrix")
            weights, self._vectorizer = _matrix(X), None
            self.words_ = np.arange(weights.shape[1]).astype(str)
            return weights
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._vectorizer = TfidfVectorizer(
            stop_words=self.stop_words,
            min_df=checks.positive_int(self.min_documents, "min_documents"),
            max_df=float(checks.positive_number(self.max_share, "max_share")),
            max_features=checks.positive_int(self.max_words, "max_words"),
            sublinear_tf=True,
            token_pattern=r"(?u)\b[^\W\d_]{3,}\b",
        )
        try:
            weights = self._vectorizer.fit_transform(X)
        except ValueError as error:
            raise ValueError(
                f"X: no word is left to count in {len(X)} documents with min_documents={self.min_documents} and "
                f"max_share={self.max_share} ({error}); lower the one or raise the other"
            ) from None
        self.words_ = self._vectorizer.get_feature_names_out()
        return weights

    def _topics(self, weights: Any, k: int, seed: int) -> np.ndarray:
        if self.seeds:
            return NMF(k, engine=self.engine_, random_state=seed).fit(weights, H=self._seeded(k, seed)).components_
        _check_different(weights)
        settings = {"scale": False, "threshold": 2.0, "starts": self.starts, "random_state": seed}
        if self.engine == "digital":  # topics of a compression agree less with the groups of 20 Newsgroups
            settings["algorithm"] = "extrapolated"
        else:
            settings["engine"] = self.engine_
        found = consensus(weights, k, **settings)
        components = np.zeros((k, weights.shape[1]))
        components[:, found.columns] = found.spectra
        return components

    def _seeded(self, k: int, seed: int) -> np.ndarray:
        """Starting topics (k, n_words): the words given, the others at random."""
        assert self.seeds is not None
        if len(self.seeds) > k:
            raise ValueError(f"seeds must be at most n_topics = {k}, got {len(self.seeds)}")
        place = {word: j for j, word in enumerate(self.words_)}
        H = np.random.default_rng(seed).random((k, len(place))) * _FIRST
        for row, (name, words) in zip(H, self.seeds.items(), strict=False):
            known = [place[word.lower()] for word in words if word.lower() in place]
            if not known:
                raise ValueError(f"seeds of {name!r}: none of {', '.join(words)} is among the words that are counted")
            row[known] = 1
        return H

    def _mixtures(self, weights: Any) -> np.ndarray:
        return np.ascontiguousarray(nnls(self.components_.T, self._divided(weights).T).T)

    def _divided(self, weights: Any) -> Any:
        """Weights over the square roots of their document's and their word's sum, of the documents of `fit`."""
        documents = _inverse_root(np.asarray(weights.sum(axis=1)).ravel())
        return sp.csr_array(sp.diags_array(documents) @ sp.csr_array(weights) @ sp.diags_array(self._word_scale))


def _check_different(weights: Any) -> None:
    count = weights.shape[0]
    if count < 2 or not abs(weights[1:] - weights[:-1]).max():
        raise ValueError(f"X: its documents with words, {count}, have all the same ones; no topic tells them apart")


def _are_texts(X: Any) -> bool:
    if isinstance(X, str):
        raise TypeError("X must be a sequence of texts, got one text; put it in a list")
    if sp.issparse(X):
        return False
    return isinstance(next(iter(X.to_numpy() if hasattr(X, "to_numpy") else X), None), str)


def _matrix(X: Any) -> Any:
    if not sp.issparse(X):
        return sp.csr_array(checks.as_matrix(X, "X"))
    weights = sp.csr_array(X)
    checks.check_values(weights.data, "X")
    return weights


def _inverse_root(sums: np.ndarray) -> np.ndarray:
    return np.where(sums > 0, 1 / np.sqrt(np.where(sums > 0, sums, 1)), 0)


def _unit_rows(H: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(H, axis=1, keepdims=True)
    return H / np.where(lengths > 0, lengths, 1)
