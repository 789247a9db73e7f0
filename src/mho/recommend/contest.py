"""Recommenders beside each other on one split: figures with intervals, and whether a difference is one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import checks
from mho.recommend.list_defaults import entries_at, item_shares
from mho.recommend.list_metrics import list_metrics, ranked
from mho.recommend.peers import Fit, peers
from mho.recommend.recommender import Recommender

__all__ = ["Contest", "Entry", "Result", "contest", "own_entry", "peer_entries"]

_BLOCK = 1 << 22
"""Scores that are in memory at a time."""

_RESAMPLES = 2000
_TEST = 0.2


@dataclass(frozen=True)
class Entry:
    """A recommender that takes part.

    Attributes
    ----------
    name : str
    settings : list of (str, Fit)
        What is tried of it; if there are several, by nDCG on a split inside the training part.
    """

    name: str
    settings: Sequence[tuple[str, Fit]]


@dataclass(frozen=True, eq=False)
class Result:
    """A recommender's figures.

    Attributes
    ----------
    name, setting : str
        What it was, and with which setting.
    per_user : dict of str to ndarray of shape (u,)
        By the name of the metric.
    coverage : float
        Share of all items that is recommended to anybody.
    seconds : float
        Of the last fit, wall time.
    """

    name: str
    setting: str
    per_user: dict[str, np.ndarray]
    coverage: float
    seconds: float

    def mean(self, metric: str) -> float:
        """Return the mean of a metric over the users."""
        return float(self.per_user[metric].mean())

    def interval(self, metric: str) -> tuple[float, float]:
        """Return the 95 % interval of the mean, by resampling users."""
        return _interval(self.per_user[metric])

    def against(self, other: Result, metric: str = "ndcg") -> tuple[float, float, float, float]:
        """Return the mean difference to another, its 95 % interval and the two-sided p-value, user by user.

        The p-value is that of random signs of the differences (Fisher's randomization test).
        """
        difference = self.per_user[metric] - other.per_user[metric]
        return float(difference.mean()), *_interval(difference), _p_value(difference)


@dataclass(frozen=True, eq=False)
class Contest:
    """All figures of one split.

    Attributes
    ----------
    results : list of Result
        The best nDCG first.
    users : int
        How many have something held out: what means are over.
    length : int
        Of the lists.
    """

    results: list[Result]
    users: int
    length: int


def contest(
    train: Any,
    test: Any,
    entries: Sequence[Entry],
    *,
    length: int = 10,
    seed: int = 0,
    follow: Callable[[str], Any] = lambda _: None,
) -> Contest:
    """Fit and score recommenders on one split of a table.

    Parameters
    ----------
    train, test : csr_array of shape (m, n)
        Strengths of choices; what is held out is in `test` alone.
    entries : sequence of Entry
        Who takes part.
    length : int
        Of the lists.
    seed : int
        Of the inner split.
    follow : callable
        Is told the name of each as its turn comes.
    """
    checks.positive_int(length, "length")
    inner = _inner_split(train, seed)
    results = []
    for entry in entries:
        follow(entry.name)
        setting, fit = _best(entry, inner, length)
        begun = time.perf_counter()
        scores = fit(train)
        seconds = time.perf_counter() - begun
        results.append(_result((entry.name, setting), scores, (train, test), length, seconds))
    results.sort(key=lambda result: -result.mean("ndcg"))
    return Contest(results, int(np.count_nonzero(np.diff(test.indptr))), length)


def own_entry(name: str, make: Callable[[], Recommender]) -> Entry:
    """Return a recommender of this library, which chooses its settings inside its own training part.

    Parameters
    ----------
    name : str
        Its name.
    make : callable
        Returns it, not yet fitted.
    """

    def fit(train: Any) -> Callable[[np.ndarray], np.ndarray]:
        fitted = make().fit(train)
        return fitted.list_scores

    return Entry(name, [("as it comes", fit)])


def peer_entries(n_items: int) -> list[Entry]:
    """Return the peers that can be fitted here to a table of so many items."""
    return [Entry(name, settings) for name, settings in peers(n_items).items()]


def _best(entry: Entry, inner: tuple[Any, Any], length: int) -> tuple[str, Fit]:
    if len(entry.settings) == 1:
        return entry.settings[0]
    found = [_result((name, ""), fit(inner[0]), inner, length).mean("ndcg") for name, fit in entry.settings]
    return entry.settings[int(np.argmax(found))]


def _inner_split(train: Any, seed: int) -> tuple[Any, Any]:
    out = np.random.default_rng(seed).random(train.nnz) < _TEST
    return entries_at(train, ~out), entries_at(train, out)


def _result(
    label: tuple[str, str],
    scores: Callable[[np.ndarray], np.ndarray],
    split: tuple[Any, Any],
    length: int,
    seconds: float = 0.0,
) -> Result:
    train, test = split
    users = np.flatnonzero(np.diff(test.indptr))
    step = max(1, _BLOCK // train.shape[1])
    parts = [users[begin : begin + step] for begin in range(0, len(users), step)]
    lists = [ranked(np.array(scores(some), np.float64), train[some], length) for some in parts]
    listed = np.concatenate(lists)
    coverage = len(np.unique(listed[listed >= 0])) / train.shape[1]
    return Result(*label, list_metrics(listed, test[users], item_shares(train)), coverage, seconds)


def _interval(values: np.ndarray) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(_RESAMPLES // 2)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _p_value(difference: np.ndarray) -> float:
    """Return the share of random signs of the differences (u,) whose sum is as far from zero as theirs."""
    rng, seen = np.random.default_rng(0), abs(float(difference.sum())) * (1 - 1e-12)
    sums = [rng.choice([-1.0, 1.0], len(difference)) @ difference for _ in range(_RESAMPLES)]
    return (1 + int(np.count_nonzero(np.abs(sums) >= seen))) / (1 + _RESAMPLES)
