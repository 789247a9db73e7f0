"""Coherence of topics: co-occurrence of their first words in documents or windows, and the variety of these words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import numpy as np

__all__ = ["c_v", "diversity", "npmi"]

_WORDS = re.compile(r"(?u)\b\w\w+\b")
_WINDOW = 110
"""Words of a sliding window, as Roeder-2015 found best for C_v."""

_SMALL = 1e-12
"""Added to probabilities, as Roeder-2015 has it."""


def npmi(topics: Sequence[Sequence[str]], texts: Iterable[str]) -> np.ndarray:
    """Return each topic's normalised pointwise mutual information (t,), from -1 to 1 (Bouma-2009, Roeder-2015).

    The mean over pairs of its words of log(p_ij / (p_i p_j)) / -log p_ij, p the share of texts that have the words;
    p_ij is 1e-12 more, so that words which never meet come near to -1.

    Parameters
    ----------
    topics : sequence of sequences of str
        First words of each topic, in lower case, two at least.
    texts : iterable of str
        Reference documents.

    Examples
    --------
    >>> from mho.topics import npmi
    >>> npmi([["cat", "dog"], ["cat", "sun"]], ["cat dog", "sun", "a cat a dog"]).round(2).tolist()
    [1.0, -0.95]
    """
    return _each_topic(topics, _probabilities(topics, texts, None), _mean_of_pairs)


def c_v(topics: Sequence[Sequence[str]], texts: Iterable[str]) -> np.ndarray:
    """Return each topic's C_v (t,), from 0 to 1 (Roeder-2015).

    A word's vector holds its normalised pointwise mutual information with each word of the topic, found in windows of
    110 words; C_v is the mean cosine between these and their sum.

    Parameters
    ----------
    topics, texts
        As for `npmi`.

    Examples
    --------
    >>> from mho.topics import c_v
    >>> c_v([["cat", "dog"]], ["cat dog", "sun", "a cat a dog"]).round(2).tolist()
    [1.0]
    """
    return _each_topic(topics, _probabilities(topics, texts, _WINDOW), _mean_cosine)


def diversity(topics: Sequence[Sequence[str]]) -> float:
    """Return the share of different words among the first words of all topics (Dieng-2020).

    Parameters
    ----------
    topics : sequence of sequences of str
        First words of each topic.

    Examples
    --------
    >>> from mho.topics import diversity
    >>> diversity([["cat", "dog"], ["cat", "sun"]])
    0.75
    """
    words = [word for topic in topics for word in topic]
    return len(set(words)) / len(words)


def _probabilities(
    topics: Sequence[Sequence[str]], texts: Iterable[str], window: int | None
) -> tuple[dict[str, int], np.ndarray]:
    """Places of the topics' words, and shares of texts or windows that have each pair; on the diagonal each word."""
    if any(len(topic) < 2 for topic in topics):
        raise ValueError("topics must have at least two words each, of which pairs are made")
    place = {word: i for i, word in enumerate(dict.fromkeys(word for topic in topics for word in topic))}
    together, total = np.zeros((len(place), len(place))), 0
    for text in texts:
        tokens = _WORDS.findall(text.lower())
        found = np.array([(place[token], at) for at, token in enumerate(tokens) if token in place], int).reshape(-1, 2)
        words = np.unique(found[:, 0])
        windows = 1 if window is None else max(1, len(tokens) - window + 1)
        total += windows
        has = np.ones((len(words), 1)) if windows == 1 else _in_windows(found, words, windows, window or 0)
        together[np.ix_(words, words)] += has @ has.T
    if not total:
        raise ValueError("texts must have at least one document, got none")
    return place, together / total


def _in_windows(found: np.ndarray, words: np.ndarray, windows: int, length: int) -> np.ndarray:
    """Whether each word occurs in each window, (words, windows)."""
    steps = np.zeros((len(words), windows + 1))
    rows = np.searchsorted(words, found[:, 0])
    np.add.at(steps, (rows, np.clip(found[:, 1] - length + 1, 0, windows)), 1)
    np.add.at(steps, (rows, np.minimum(found[:, 1] + 1, windows)), -1)
    return (np.cumsum(steps, axis=1)[:, :windows] > 0).astype(float)


def _each_topic(
    topics: Sequence[Sequence[str]], found: tuple[dict[str, int], np.ndarray], measure: Callable[[np.ndarray], float]
) -> np.ndarray:
    place, together = found
    chosen = [[place[word] for word in topic] for topic in topics]
    return np.array([measure(_npmi(together[np.ix_(places, places)])) for places in chosen])


def _npmi(together: np.ndarray) -> np.ndarray:
    """Normalised pointwise mutual information of each pair of words; -1 where they never meet."""
    alone = together.diagonal()
    joint = together + _SMALL
    return np.log(joint / (np.outer(alone, alone) + _SMALL**2)) / -np.log(np.minimum(joint, 1 - _SMALL))


def _mean_of_pairs(matrix: np.ndarray) -> float:
    return float(np.clip(matrix[np.triu_indices(len(matrix), 1)], -1, 1).mean())


def _mean_cosine(matrix: np.ndarray) -> float:
    whole = matrix.sum(axis=0)
    lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(whole)
    return float(np.mean(matrix @ whole / np.where(lengths > 0, lengths, 1)))
