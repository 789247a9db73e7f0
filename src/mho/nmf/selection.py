"""Number of components: the one that predicts entries held out best, and the stability of many starts beside it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.base import clone

from mho import checks
from mho.engines import Digital
from mho.nmf.compress import compress, singular_triplets
from mho.nmf.divergence import LOSSES, deviances
from mho.nmf.filled import Gaps, best_of_two
from mho.nmf.multiplicative import general_loss
from mho.nmf.settings import loss_name, old_generator, penalties_of
from mho.nmf.start import starting_factors
from mho.operands import Dense, Matrix

__all__ = ["HELD_OUT", "Selection", "select_components", "values_of"]

Deviances = Callable[[np.ndarray, np.ndarray], np.ndarray]

HELD_OUT = 0.1
_MOST_COMPONENTS = 40
_LARGEST_DENSE = 1 << 27
"""Entries of a sparse matrix, zeros counted, that is made dense to hold some of them out."""

_FLOOR = 0.03
"""Least share of rows' and columns' means in a prediction of a divergence: a zero where X is not has no value."""

_COARSE_ITERATIONS = 30

_MOST_GAPS = 0.5
"""Share of entries unknown up to which they are filled as the factors go; more would slow the convergence."""

_STRIDE = 0.41
"""Share by which a search goes on to more components: two strides double them."""

_ROUNDING = 30
"""Tolerances from their value that fits of an exact product may leave its entries, in the mean."""

_ZERO = 1e-6
"""Singular value, beside the largest, that rounding made."""

_CLEAR = 2.0
"""Standard errors by which a number is to be ahead of its neighbours, or a search takes another mask."""

_LEAST_SEARCHED = 32
"""Components that a search tries at least: many weak ones may pay together where two do not."""


@dataclass(frozen=True, eq=False)
class Selection:
    """Errors of entries held out, for each number of components tried.

    Attributes
    ----------
    components : ndarray of shape (c,)
        Numbers of components, ascending.
    errors : ndarray of shape (masks, c)
        Mean squared error of the entries held out, over their mean square; of a divergence their mean deviance.
    stability : dict of int to mho.nmf.stability.Stability
        Of many starts, where they were asked for.
    shuffled : dict of int to mho.nmf.stability.Stability
        The same for X with every row's entries in random order.
    rounding : float
        Mean error that fits leave of what is predicted exactly; those below it do not differ.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.nmf import Selection
    >>> found = Selection(np.array([1, 2, 3]), np.array([[0.5, 0.1, 0.2], [0.4, 0.2, 0.2]]))
    >>> found.best, found.mean.round(2).tolist()
    (2, [0.45, 0.15, 0.2])
    """

    components: np.ndarray
    errors: np.ndarray
    stability: dict[int, Any] = field(default_factory=dict)
    shuffled: dict[int, Any] = field(default_factory=dict)
    rounding: float = 0.0

    @property
    def mean(self) -> np.ndarray:
        """Mean error over the masks, (c,)."""
        return self.errors.mean(axis=0)

    @property
    def standard_error(self) -> np.ndarray:
        """Standard error of that mean, (c,): shown, not a rule, for it would choose too few."""
        if len(self.errors) < 2:
            return np.full(len(self.components), np.nan)
        return self.errors.std(axis=0, ddof=1) / np.sqrt(len(self.errors))

    @property
    def best(self) -> int:
        """Number of components with the least mean error; the smallest of those that predict exactly."""
        return int(self.components[np.argmin(np.maximum(self.mean, self.rounding))])

    def __str__(self) -> str:
        """Return a line for each number of components: its mean error and the standard error of that."""
        rows = zip(self.components.tolist(), self.mean, self.standard_error, strict=True)
        best = ["", ", the best"]
        return "\n".join(f"{k:4} components: {e:.4g} +- {spread:.2g}{best[k == self.best]}" for k, e, spread in rows)

    def table(self) -> list[dict[str, float]]:
        """Return one record for each number of components."""
        rows = []
        for k, mean, spread in zip(self.components.tolist(), self.mean, self.standard_error, strict=True):
            row = {"components": k, "error": float(mean), "standard_error": float(spread)}
            for name, found in (("", self.stability), ("shuffled_", self.shuffled)):
                if k in found:
                    row |= {name + key: value for key, value in found[k].summary().items()}
            rows.append(row)
        return rows

    def plot(self, path: str | Path | None = None) -> Any:
        """Draw errors held out, and stability where it was asked for, by number of components.

        Parameters
        ----------
        path : str or Path, optional
            Where to write the picture.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from mho.nmf.selection_plot import draw

        return draw(self, path)


def select_components(
    X: Matrix, model: Any, components: Iterable[int] | None = None, *, masks: int = 3, held_out: float = HELD_OUT
) -> Selection:
    """Return the selection for an X (m, n) that has been read, with the settings of a `mho.NMF`.

    Parameters
    ----------
    X : Dense or Sparse of shape (m, n)
        Non-negative.
    model : mho.NMF
        Its number of components does not count.
    components, masks, held_out
        As for `select`.
    """
    checks.positive_int(masks, "masks")
    if not 0 < checks.positive_number(held_out, "held_out") < 0.9:
        raise ValueError(f"held_out must be above 0 and below 0.9, got {held_out}")
    trial = _Trial(X, model, masks, held_out)
    if components is None:
        return trial.searched()
    if isinstance(components, str) or not isinstance(components, Iterable):
        raise TypeError(f"components must be an iterable of numbers to try, got {components!r}")
    asked = sorted({checks.positive_int(k, "components", limit=min(X.shape), what="min(m, n)") for k in components})
    if not asked:
        raise ValueError("components must name at least one number, got none")
    return trial.selection(asked)


class _Trial:
    """Masks of one matrix, and the errors found so far."""

    def __init__(self, X: Matrix, model: Any, masks: int, held_out: float) -> None:
        rng = old_generator(model.random_state)
        self.model, self.loss, self.most = model, loss_name(model.loss), min(_MOST_COMPONENTS, *X.shape)
        self.deviances = _deviances_of(model)
        self.penalties = penalties_of(model, X.shape, fitting=True)
        self.values, self.held_out, self.masks = values_of(X), held_out, masks
        self.known = ~np.isnan(self.values)
        self.rank = _rank(self.values, self.most) if self.deviances is None and self.known.all() else None
        self.rounding = 0.0 if self.rank is None else (_ROUNDING * model.tol) ** 2
        self.folds = np.where(self.known, rng.random_sample(self.values.shape), np.inf)
        self.draws = [
            rng.random_sample(self.values.shape) < held_out for _ in range(masks if masks * held_out > 1 else 0)
        ]
        self.most_masks = max(masks, int(1 / held_out))
        self.seeds = rng.randint(2**31, size=self.most_masks)
        self.found: dict[int, list[float]] = {}
        self.coarse: dict[int, float] = {}

    def _part(self, mask: int) -> _Part:
        """The matrix without the entries of a mask: made anew, as many kept would take their memory."""
        if self.draws:
            return _Part.of(self.values, self.known, self.known & self.draws[mask])
        begin, end = mask * self.held_out, (mask + 1) * self.held_out
        return _Part.of(self.values, self.known, (self.folds >= begin) & (self.folds < end))

    def errors(self, k: int) -> np.ndarray:
        """Error of each mask with k components."""
        known = self.found.setdefault(k, [])
        for mask in range(len(known), self.masks):
            known.append(self._error(self._part(mask), k, self.seeds[mask]))
        return np.array(known)

    def _coarse(self, k: int) -> float:
        """The lesser error of two masks after few iterations.

        Of one entry too many components may say something wild, which is not to turn the search away from there.
        """
        if k not in self.coarse:
            masks = range(min(2, self.masks))
            self.coarse[k] = min(self._error(self._part(i), k, self.seeds[i], _COARSE_ITERATIONS) for i in masks)
        return self.coarse[k]

    def _error(self, part: _Part, k: int, seed: int, max_iter: int | None = None) -> float:
        settings = {"max_iter": min(max_iter or self.model.max_iter, self.model.max_iter), "tol": self.model.tol}
        if self._has_few_gaps(part):
            problem = Gaps.of(part.filled.array, ~np.isnan(part.shown), self.loss, self.penalties)
            W, H = best_of_two(problem, k, int(seed), **settings)
        else:
            W, H = self._fitted(part, k, seed, settings["max_iter"], coarse=max_iter is not None)
        return part.error(W, H, self.deviances)

    def _has_few_gaps(self, part: _Part) -> bool:
        """Whether filling what is not known is quicker than leaving it out, and the settings are those it is for."""
        model = self.model
        plain = self.loss in ("frobenius", *LOSSES) and model.l2_per == "row" and not model._is_constrained()
        few = np.isnan(part.shown).mean() < _MOST_GAPS
        return plain and few and model.engine in ("digital", Digital())

    def _fitted(self, part: _Part, k: int, seed: int, max_iter: int, *, coarse: bool) -> tuple[np.ndarray, np.ndarray]:
        """Factors from the estimator itself, the better of two starts on what was shown unless it is `coarse`."""
        model = cast(Any, clone(self.model)).set_params(
            n_components=k, missing="nan", random_state=int(seed), init="random", callback=None, scaled=False
        )
        model.set_params(max_iter=max_iter)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of rows that are unknown now, or of a fit that would go on
            W, H = starting_factors(part.filled, k, "nndsvdar", np.random.RandomState(int(seed)))
            found = [cast(Any, clone(model)).fit(part.shown, W=W, H=H)]
            if not coarse:
                found.append(model.fit(part.shown))
        best = min(found, key=lambda fitted: fitted.history_[-1]["error"])
        return best.W_, best.components_

    def searched(self) -> Selection:
        """Search roughly, unless X is exact and tells its rank, then all masks of the numbers about the least."""
        best = self.rank or self._roughly_best()
        while True:
            near = [k for k in range(best - 2, best + 3) if 1 <= k <= self.most]
            better = min(near, key=lambda k: max(self.errors(k).mean(), self.rounding))
            if better != best:
                best = better
            elif self.masks < self.most_masks and self._in_doubt(best, near):
                self.masks += 1
            else:
                return self.selection(sorted(self.found))

    def _roughly_best(self) -> int:
        """The best number after few iterations, by strides and halving."""
        tried = [1]
        while tried[-1] < self.most:
            tried.append(min(tried[-1] + max(1, round(_STRIDE * tried[-1])), self.most))
            least = min(map(self._coarse, tried))
            if tried[-1] >= _LEAST_SEARCHED and min(self._coarse(tried[-1]), self._coarse(tried[-2])) > least:
                break
        while (between := self._between()) is not None:
            self._coarse(between)
        return min(self.coarse, key=self._coarse) if self.coarse else 1

    def _in_doubt(self, best: int, near: list[int]) -> bool:
        """Whether another number's lead over all masks could be the masks' chance."""
        for k in near if self.masks > 1 else ():
            behind = np.maximum(self.errors(k), self.rounding) - np.maximum(self.errors(best), self.rounding)
            if k != best and behind.any() and behind.mean() < _CLEAR * behind.std(ddof=1) / np.sqrt(len(behind)):
                return True
        return False

    def _between(self) -> int | None:
        """A number halfway between the best so far and a neighbour of it, where there is one."""
        if not self.coarse:
            return None
        tried = sorted(self.coarse)
        place = tried.index(min(tried, key=self._coarse))
        for other in (*tried[place + 1 : place + 2], *tried[max(0, place - 1) : place]):
            if abs(other - tried[place]) > 1:
                return (other + tried[place]) // 2
        return None

    def selection(self, components: list[int]) -> Selection:
        """Return the errors of these numbers."""
        errors = np.stack([self.errors(k) for k in components], axis=1)
        return Selection(np.array(components), errors, rounding=self.rounding)


@dataclass(frozen=True, eq=False)
class _Part:
    """A matrix with some entries held out, NaN in `shown`.

    Of each of those the truth, what the means of its row and column say (`floor`), and the sum of the largest entries
    of these that are shown (`most`), beyond which nothing is predicted.
    """

    shown: np.ndarray
    filled: Dense
    held: np.ndarray
    truth: np.ndarray
    floor: np.ndarray
    most: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, known: np.ndarray, held: np.ndarray) -> _Part:
        if not held.any() or not (known & ~held).any():
            raise ValueError("held_out leaves nothing to hold out, or nothing to fit")
        shown = np.where(held | ~known, np.nan, values)
        left = known & ~held
        filled = np.where(left, values, 0)
        rows, columns = (filled.sum(axis=i) / np.maximum(left.sum(axis=i), 1) for i in (1, 0))
        mean = filled.sum() / left.sum()
        expected = rows[:, None] * columns / (mean or 1)
        floor = expected[held] + 1e-12 * (mean or 1)
        whole = Dense.from_checked(np.where(left, values, expected).astype(values.dtype))
        most = np.add(filled.max(axis=1, keepdims=True), filled.max(axis=0))[held]
        return cls(shown, whole, held, values[held].astype(np.float64), floor.astype(np.float64), most)

    def error(self, W: np.ndarray, H: np.ndarray, deviances: Deviances | None) -> float:
        """Mean error of the entries held out, as the loss counts it.

        Under a divergence predicted is the best mixture of the factors and of what the means of row and column say,
        which is the best single component under Kullback-Leibler: only that is counted against many components which
        no share of it puts right of what they learnt from the noise.
        """
        i, j = np.nonzero(self.held)
        said = np.minimum(np.einsum("ij,ij->i", W[i], H.T[j]), self.most).astype(np.float64)
        x = self.truth
        if deviances is None:
            return float(np.mean((said - x) ** 2) / (np.mean(x**2) or 1))

        def mixed(share: float) -> float:
            return float(np.mean(deviances(x, (1 - share) * said + share * self.floor)))

        best: Any = minimize_scalar(mixed, bounds=(_FLOOR, 1), method="bounded", options={"xatol": 1e-3})
        return float(best.fun)


def _deviances_of(model: Any) -> Deviances | None:
    """Return D(x, y) of entries as the loss counts it; None where that is the squared error."""
    loss, general = loss_name(model.loss), general_loss(model.loss, model.loss_parameter)
    if loss in ("frobenius", "huber"):
        return None
    return partial(deviances, loss=loss) if general is None else general.values


def _rank(values: np.ndarray, most: int) -> int | None:
    """Return the rank of a product without noise of at most so many components; None where it is none."""
    few = compress(Dense.from_checked(values), most, np.random.RandomState(0))
    sizes = singular_triplets(few, min(most + 1, *values.shape))[1]
    rank = int(np.sum(sizes > _ZERO * sizes[0]))
    return rank if 0 < rank < len(sizes) else None


def values_of(X: Matrix) -> np.ndarray:
    """The matrix as a dense array with NaN where it is not known."""
    if isinstance(X, Dense):
        return X.array
    if X.shape[0] * X.shape[1] > _LARGEST_DENSE:
        raise ValueError(
            f"X must have at most {_LARGEST_DENSE:,} entries to hold some out, got {X.shape[0]} x {X.shape[1]}; "
            "select on some of its rows and columns"
        )
    dense = X.columns.toarray()
    if X.missing:
        known = X.with_values(np.ones_like(X.columns.data)).columns.toarray()
        dense[known == 0] = np.nan
    return dense
