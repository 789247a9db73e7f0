"""One group of features of a healthy machine: its scale, its non-negative factors, the residual that they leave."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mho.caching import cached_property
from mho.engines import Digital, Engine, Penalty, Programmed
from mho.engines.digital import ExactFactor
from mho.engines.hybrid import HybridFactor
from mho.engines.solve import as_known

__all__ = ["BLOCK", "PLANS", "RIDGE", "Group", "GroupPlan", "fit_group"]

BLOCK = 16
"""Windows that are solved together, always: a window's codes do not depend on the ones that came with it."""

_REACH = 4.0
"""Deviations to either side that the two-sided code tells apart."""

RIDGE = 1e-3
_LARGEST = 5
_ADJACENT = 3
"""Bands that a resonance is wide, which rings when a rolling element hits a defect; a shaft's tone is in one or two."""

_FEW_FEATURES = 16
_FLOOR = 1e-6
_MOST_WINDOWS = 600
"""Windows that are factorized, evenly spread: they overlap."""


@dataclass(frozen=True, kw_only=True)
class GroupPlan:
    """Kind of a feature group, before anything is learned.

    Attributes
    ----------
    name : str
    factored : bool
        Whether it is factorized; else its standardised deviation itself is scored.
    two_sided : bool
        Whether features of either sign are coded as ``[4 + z, 4 - z]``; else they are non-negative already.
    largest : int or None
        Entries of the residual that are scored, the largest; None: the mean square of all.
    adjacent : int or None
        Entries side by side whose mean deviation is scored where it is largest, in place of the residual's size.
    adapts : bool
        Whether its centre follows the healthy machine.
    codes : bool
        Whether the codes themselves are scored, in place of what they leave: Hotelling's T2 without correlations.
    of : str
        Features that it takes; "": those of its name.
    """

    name: str
    factored: bool = True
    two_sided: bool = True
    largest: int | None = None
    adjacent: int | None = None
    adapts: bool = False
    codes: bool = False
    of: str = ""

    @property
    def features(self) -> str:
        """Name of the features that it takes."""
        return self.of or self.name

    def width(self, features: int, k: int) -> int:
        """Return the entries of what is scored, of so many features and components."""
        return k if self.codes else features * (1 + self.two_sided) * self.factored


PLANS = {
    "mean": GroupPlan(name="mean", adapts=True),
    "codes": GroupPlan(name="codes", of="mean", adapts=True, codes=True),
    "spread": GroupPlan(name="spread"),
    "envelope": GroupPlan(name="envelope", two_sided=False, largest=_LARGEST),
    "kurtosis": GroupPlan(name="kurtosis", factored=False, two_sided=False),
    "level": GroupPlan(name="level", factored=False),
    "spectrum": GroupPlan(name="spectrum", adjacent=_ADJACENT),
}
"""Feature groups: means, their codes and spreads of level channels, and those of waveforms."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """A learned feature group.

    Attributes
    ----------
    plan : GroupPlan
    center, scale : ndarray of shape (d,)
        Healthy mean and deviation of the features.
    factors : ndarray of shape (e, k)
        Non-negative, columns scaled to a maximum of one; e is d, or 2 d if two-sided; (0, 0) if not factored.
    mean, spread : ndarray of shape (e,)
        Of the healthy residual; of the healthy codes, (k,), if these are scored. The mean is that of the array that
        runs. The spread is that of exact codes: a chip's errors would add most to entries that are explained best, so
        that these would count least, and it is the tail of the scores that has to know of them.
    engine : Engine
        Solver of the codes.
    """

    plan: GroupPlan
    center: np.ndarray
    scale: np.ndarray
    factors: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    engine: Engine

    def coded(self, features: np.ndarray, center: np.ndarray) -> np.ndarray:
        """Return features (n, d) as the factors take them, (n, e); NaN where they are."""
        if self.plan.two_sided:
            z = (features - center) / self.scale
            return np.maximum(np.hstack([_REACH + z, _REACH - z]), 0.0)
        return features / self.scale

    def residual(self, features: np.ndarray, center: np.ndarray, at: int = 0) -> np.ndarray:
        """Return the whitened residual (n, e) of at most `BLOCK` windows (n, d) about a centre (d,).

        NaN where features are. `at` is the place of the first window in its block: the same window at the same place
        gives the same bits, whatever came with it.
        """
        if not self.plan.factored:
            return (features - center) / self.scale
        coded = self.coded(features, center)
        if self.engine.ledger() is not None or isinstance(self._programmed, ExactFactor):
            return self._whitened(coded, self.codes(coded))  # no windows of zeros that a chip would spend energy on
        block = np.zeros((BLOCK, coded.shape[1]))
        block[at : at + len(coded)] = coded
        return self._whitened(coded, self.codes(block)[at : at + len(coded)])

    def estimates(self, features: np.ndarray, center: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the whitened residuals (n, e) of a hybrid engine's chip: with answers as they are, and corrected."""
        if not self.plan.factored:
            left = (features - center) / self.scale
            return left, left.copy()
        assert isinstance(self._programmed, HybridFactor)
        coded, solve = self.coded(features, center), self._programmed.estimates
        plain, corrected = (self._whitened(coded, codes) for codes in self._codes(coded, solve))
        return plain, corrected

    def digital(self, features: np.ndarray, center: np.ndarray) -> np.ndarray:
        """Return the whitened residuals (n, e) with a hybrid engine's digital answers."""
        if not self.plan.factored:
            return (features - center) / self.scale
        assert isinstance(self._programmed, HybridFactor)
        coded, solve = self.coded(features, center), self._programmed.solve_digitally
        return self._whitened(coded, self._codes(coded, lambda B: (solve(B),))[0])

    def _whitened(self, block: np.ndarray, codes: np.ndarray) -> np.ndarray:
        """Whitened residuals, or codes, of coded windows (n, e) with these codes (n, k)."""
        if self.plan.codes:
            left = np.where(np.isnan(block).all(axis=1, keepdims=True), np.nan, codes)
        else:
            left = block - np.matmul(codes[:, None], self.factors.T)[:, 0]  # window by window: the same bits, always
        left -= self.mean
        left /= self.spread
        return left

    def codes(self, coded: np.ndarray) -> np.ndarray:
        """Return the codes (n, k) of coded windows (n, e); zero where nothing is known."""
        if isinstance(self._programmed, ExactFactor):
            found = self._programmed.solve_few(coded)
            return self._exact(coded, self._programmed) if found is None else found
        return self._codes(coded, lambda B: (self._programmed.solve(B),))[0]

    def _exact(self, coded: np.ndarray, factor: ExactFactor) -> np.ndarray:
        """Codes (n, k) of which some are of partly known windows: the bits of each do not depend on the others."""
        whole, codes = ~np.isnan(coded).any(axis=1), np.empty((len(coded), self.factors.shape[1]))
        few = factor.solve_few(coded[whole])
        for rows, found in ((whole, few), (~whole, None)):
            codes[rows] = self._codes(coded[rows], lambda B: (factor.solve(B),))[0] if found is None else found
        return codes

    def _codes(self, coded: np.ndarray, solve: Callable[[Any], tuple[np.ndarray, ...]]) -> list[np.ndarray]:
        """Codes (n, k) of coded windows (n, e), of each of the answers that `solve` finds."""
        if not np.isnan(coded).any():
            return [X.T for X in solve(coded.T)]
        known = np.isfinite(coded).any(axis=1)
        if not known.any():
            return 2 * [np.zeros((len(coded), self.factors.shape[1]))]
        found = []
        for X in solve(as_known(coded[known].T, "nan", "windows")):
            codes = np.zeros((len(coded), self.factors.shape[1]))
            codes[known] = X.T
            found.append(codes)
        return found

    def residuals(self, features: np.ndarray, center: np.ndarray) -> np.ndarray:
        """Return the whitened residuals (n, e) of any number of windows (n, d)."""
        blocks = range(0, len(features), BLOCK)
        return np.concatenate([self.residual(features[begin : begin + BLOCK], center) for begin in blocks])

    def reduce(self, residual: np.ndarray) -> np.ndarray:
        """Return scores (n,) of whitened residuals (n, e); NaN where none is known.

        Missing entries count as zero, so that a window of which less is known has to be worse to score as high.
        """
        scores = self.reduce_known(residual)
        if not np.isnan(scores).any():  # one that is missing makes the score so
            return scores
        missing = np.isnan(residual)
        return np.where(missing.all(axis=1), np.nan, self.reduce_known(np.where(missing, 0.0, residual)))

    def reduce_known(self, residual: np.ndarray) -> np.ndarray:
        """Return scores (n,) of whitened residuals (n, e); NaN where an entry is."""
        if not self.plan.factored:
            return np.maximum.reduce(np.abs(residual) if self.plan.two_sided else residual, axis=1)
        if self.plan.adjacent is not None:
            return self._highest_run(residual, self.plan.adjacent)
        if self.plan.largest is None:
            return np.sqrt((residual * residual).mean(axis=1))
        count = min(self.plan.largest, residual.shape[1])
        return np.sort(np.partition(residual, -count, axis=1)[:, -count:], axis=1).sum(axis=1) / count

    def _highest_run(self, residual: np.ndarray, count: int) -> np.ndarray:
        """Return the highest mean (n,) over so many neighbours of how far features are above what is explained."""
        above, below = residual[:, : len(self.center)], residual[:, len(self.center) :]
        deviation, width = (above - below) / 2, min(count, len(self.center))
        places = deviation.shape[1] - width + 1
        runs = deviation[:, :places]
        for begin in range(1, width):
            runs = runs + deviation[:, begin : begin + places]
        return runs.max(axis=1) / count

    def whitened_by(self, mean: np.ndarray, spread: np.ndarray) -> Group:
        """Return the group with another mean and spread (e,) of its residuals, on the array that is programmed."""
        other = replace(self, mean=mean, spread=spread)
        vars(other)["_programmed"] = self._programmed  # a chip would write another, with errors of its own
        return other

    @cached_property
    def _programmed(self) -> Programmed:
        return self.engine.program(self.factors, penalty=Penalty(l2=RIDGE))


def fit_group(plan: GroupPlan, features: np.ndarray, *, k: int | str, engine: Engine, seed: int) -> Group:
    """Learn a group from healthy features.

    Parameters
    ----------
    plan : GroupPlan
        Its kind.
    features : ndarray of shape (n, d)
        Windows without a NaN.
    k : int or "auto"
        Components.
    engine : Engine
        Solver of the codes when the model runs.
    seed : int
        For the starting factors.
    """
    center, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 0, scale, _FLOOR * (np.abs(center) + 1e-12))
    if not plan.two_sided and plan.factored:
        scale = center + _FLOOR
    group: Any = {"plan": plan, "center": center, "scale": scale, "engine": engine}
    group |= {"factors": np.zeros((0, 0)), "mean": np.zeros(0), "spread": np.ones(0)}
    if not plan.factored:
        return Group(**group)
    coded = Group(**group).coded(features, center)
    some = coded[:: -(-len(coded) // _MOST_WINDOWS)]
    factors = _factors(some, _components(k, some.shape), seed)
    width = plan.width(features.shape[1], factors.shape[1])
    plain = Group(**group | {"factors": factors, "mean": np.zeros(width), "spread": np.ones(width)})
    raw = plain.residuals(features, center)
    exact = raw if isinstance(engine, Digital) else replace(plain, engine=Digital()).residuals(features, center)
    return plain.whitened_by(raw.mean(axis=0), exact.std(axis=0) + _FLOOR * coded.std() + 1e-9)


def _components(k: int | str, shape: tuple[int, int]) -> int:
    wanted = (4 if shape[1] < _FEW_FEATURES else 6) if k == "auto" else int(k)
    return max(1, min(wanted, shape[0] - 1, shape[1] - 1))


def _factors(coded: np.ndarray, k: int, seed: int) -> np.ndarray:
    from sklearn.exceptions import ConvergenceWarning

    from mho.nmf import NMF

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the residual is measured, however far it went
        model = NMF(k, random_state=seed, max_iter=200, tol=1e-5).fit(coded)
    factors = model.components_.T.astype(np.float64)
    return np.ascontiguousarray(factors / (factors.max(axis=0) + 1e-12))
