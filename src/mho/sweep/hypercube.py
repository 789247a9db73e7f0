"""Points of a Latin hypercube: each range in as many strata as there are points, and one point in every stratum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mho import checks

__all__ = ["SweepRange", "latin_hypercube"]


@dataclass(frozen=True)
class SweepRange:
    """Range of a swept property.

    Attributes
    ----------
    low, high : float
        Ends, in the unit of the property. A property that counts something takes whole numbers, both ends among them.
    log : bool
        Equal shares of the points for equal ratios, not for equal differences.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.sweep import SweepRange
    >>> SweepRange(1.0, 100.0, log=True).at(np.array([0.0, 0.5])).round(6)
    array([ 1., 10.])
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(f"low and high must be finite and low the lesser, got {self.low} and {self.high}")
        if self.log:
            checks.at_least(self.low, "low of a logarithmic range", 0, strict=True)

    def at(self, share: np.ndarray, *, whole: bool = False) -> np.ndarray:
        """Return the values at `share` in [0, 1) of the way from `low` to `high`, of the same shape.

        Parameters
        ----------
        share : ndarray
            Shares of the way, of any shape.
        whole : bool
            Whole numbers only, `high` among them.

        Raises
        ------
        ValueError
            Whole numbers between ends that are none.
        """
        if not whole:
            return self._between(self.high, share)
        if not (float(self.low).is_integer() and float(self.high).is_integer()):
            raise ValueError(f"ends of a range of whole numbers must be whole, got {self.low} and {self.high}")
        return np.minimum(np.floor(self._between(self.high + 1, share)), self.high).astype(int)

    def _between(self, high: float, share: np.ndarray) -> np.ndarray:
        return self.low * (high / self.low) ** share if self.log else self.low + (high - self.low) * share


def latin_hypercube(
    ranges: Mapping[str, SweepRange], samples: int, rng: np.random.Generator, *, whole: frozenset[str] = frozenset()
) -> list[dict[str, float]]:
    """Return `samples` points, each with a value for every range; one empty point where there is no range.

    Parameters
    ----------
    ranges : mapping of str to SweepRange
        By property.
    samples : int
        Number of points.
    rng : Generator
        Where the points come from.
    whole : frozenset of str
        Names that take whole numbers.
    """
    if not ranges:
        return [{}]
    from scipy.stats.qmc import LatinHypercube

    # The newer name rng= is not known to scipy before 1.15.
    shares = LatinHypercube(len(ranges), seed=rng).random(samples)  # pyright: ignore[reportCallIssue]
    columns = [
        r.at(share, whole=name in whole).tolist() for (name, r), share in zip(ranges.items(), shares.T, strict=True)
    ]
    return [dict(zip(ranges, values, strict=True)) for values in zip(*columns, strict=True)]
