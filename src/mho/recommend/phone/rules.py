"""Fold-in of a visitor: the least-squares problem of one new user, with the items as they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mho import checks

__all__ = ["MOST_VALUES", "ChoiceRule", "RatingRule"]

MOST_VALUES = 10
"""What a visitor chooses among: five stars and their halves."""


@dataclass(frozen=True, kw_only=True)
class RatingRule:
    """Stars: min over x >= 0 of the squared length of A x - t, and sum_f l2_f (x_f - prior_f)^2.

    A has a row [1, q_i] for each item i that the visitor rated and t is r_i / unit - d_i, where item i has the row
    [d_i, q_i] in the catalogue. The prediction for an item is unit (x_0 + d_i + x_1 q_i1 + ... + x_k q_ik), within the
    range of the ratings. Where the model counts from a negative rating, r_i is counted from there too. A row may end in
    one more number, which is added to the prediction, in units, only to put items in order.

    Attributes
    ----------
    unit : float
        One unit of the model, in ratings, > 0.
    lowest, highest : float
        Range of the ratings, in their own scale.
    l2 : tuple of float, length 1 + k
        Ridge on the visitor's offset and factors, > 0.
    prior : tuple of float, length 1 + k
        What the ridge pulls to, >= 0.
    values : tuple of float, length 2 to 10
        What a visitor can give, ascending; by default five even steps up to the highest rating.
    zero : float
        The rating from which the model counts, <= 0.
    """

    unit: float
    lowest: float
    highest: float
    l2: tuple[float, ...]
    prior: tuple[float, ...]
    values: tuple[float, ...] = ()
    zero: float = 0.0

    def __post_init__(self) -> None:
        checks.nonnegative_number(self.unit, "unit")
        checks.nonnegative_number(-self.zero, "-zero")
        for name in ("lowest", "highest"):
            checks.nonnegative_number(getattr(self, name) - self.zero, name)
        checks.at_least(self.unit, "unit", 0, strict=True)
        checks.at_least(self.highest, "highest", self.lowest, strict=True)
        if not self.values:
            steps = (max(self.lowest, self.highest * star / 5) for star in range(1, 6))
            object.__setattr__(self, "values", tuple(sorted(set(steps))))
        outside = self.values[0] < self.lowest or self.values[-1] > self.highest
        if outside or len(self.values) > MOST_VALUES or list(self.values) != sorted(set(self.values)):
            raise ValueError(f"values must be at most {MOST_VALUES} of the scale, ascending, got {self.values}")
        for strength in self.l2:
            checks.at_least(checks.nonnegative_number(strength, "l2"), "l2", 0, strict=True)
        for mean in self.prior:
            checks.nonnegative_number(mean, "prior")

    def check_columns(self, columns: int) -> None:
        """Refuse a catalogue whose rows have another number of `columns` than the rule, or one more."""
        for name in ("l2", "prior"):
            if columns - len(getattr(self, name)) not in (0, 1):
                raise ValueError(f"{name} must have a number for each of {columns} columns, got {getattr(self, name)}")

    def as_dict(self) -> dict[str, Any]:
        """Return it for the page."""
        return {"kind": "ratings", **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class ChoiceRule:
    """Likes: min over x >= 0 of sum_i w_i (c_i - x . q_i)^2, and l2 times the squared length of x.

    All items take part: c_i is 1 with the weight w_i = 1 + confidence for one that the visitor likes, 0 with the
    weight 1 for any other (Hu-2008). Items, which have the rows [d_i, q_i], are ordered by d_i + share x . q_i; to that
    neighbours add b_ji for every item j that the visitor likes. Where factors are those of several starts side by side,
    each start's part of x solves a problem of its own, with `starts` times the sum of its rows' outer products.

    Attributes
    ----------
    confidence : float
        How much more a like weighs, > 0.
    l2 : float
        Ridge, > 0.
    share : float
        What factors count for beside neighbours, between 0 and 1.
    starts : int
        Starts that share the columns of q, in their order; the first ones have one more where need be.
    """

    confidence: float
    l2: float
    share: float = 1.0
    starts: int = 1

    def __post_init__(self) -> None:
        for name in ("confidence", "l2"):
            checks.at_least(checks.nonnegative_number(getattr(self, name), name), name, 0, strict=True)
        if checks.nonnegative_number(self.share, "share") > 1:
            raise ValueError(f"share must be at most 1, got {self.share}")
        checks.positive_int(self.starts, "starts")

    def check_columns(self, columns: int) -> None:
        """Refuse a catalogue whose rows have not even an offset."""
        if columns < 1:
            raise ValueError(f"rows must have an offset, got {columns} columns")

    def as_dict(self) -> dict[str, Any]:
        """Return it for the page."""
        return {"kind": "choices", **asdict(self)}
