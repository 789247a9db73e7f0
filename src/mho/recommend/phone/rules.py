"""How a visitor is folded in: the least-squares problem of one new user, with the items as they are."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mho import checks

__all__ = ["ChoiceRule", "RatingRule"]


@dataclass(frozen=True, kw_only=True)
class RatingRule:
    """Stars: min over x >= 0 of the squared length of A x - t, and sum_f l2_f (x_f - prior_f)^2.

    A has a row [1, q_i] for each item i that the visitor rated and t is r_i / unit - d_i, where item i has the row
    [d_i, q_i] in the catalogue. The prediction for an item is unit (x_0 + d_i + x_1 q_i1 + ... + x_k q_ik), within the
    range of the ratings.

    Attributes
    ----------
    unit : float
        One unit of the model, in ratings, > 0.
    lowest, highest : float
        Range of the ratings.
    l2 : tuple of float, length 1 + k
        Ridge on the visitor's offset and factors, > 0.
    prior : tuple of float, length 1 + k
        What the ridge pulls to, >= 0.
    """

    unit: float
    lowest: float
    highest: float
    l2: tuple[float, ...]
    prior: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("unit", "lowest", "highest"):
            checks.nonnegative_number(getattr(self, name), name)
        checks.at_least(self.unit, "unit", 0, strict=True)
        checks.at_least(self.highest, "highest", self.lowest, strict=True)
        for strength in self.l2:
            checks.at_least(checks.nonnegative_number(strength, "l2"), "l2", 0, strict=True)
        for mean in self.prior:
            checks.nonnegative_number(mean, "prior")

    def check_columns(self, columns: int) -> None:
        """Refuse a catalogue whose rows have another number of `columns` than the rule."""
        for name in ("l2", "prior"):
            if len(getattr(self, name)) != columns:
                raise ValueError(f"{name} must have a number for each of {columns} columns, got {getattr(self, name)}")

    def as_dict(self) -> dict[str, Any]:
        """Return it for the page."""
        return {"kind": "ratings", **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class ChoiceRule:
    """Likes: min over x >= 0 of sum_i w_i (c_i - x . q_i)^2, and l2 times the squared length of x.

    All items take part: c_i is 1 with the weight w_i = 1 + confidence for one that the visitor likes, 0 with the
    weight 1 for any other (Hu-2008). Items are ordered by x . q_i.

    Attributes
    ----------
    confidence : float
        How much more a like weighs, > 0.
    l2 : float
        Ridge, > 0.
    """

    confidence: float
    l2: float

    def __post_init__(self) -> None:
        for name in ("confidence", "l2"):
            checks.at_least(checks.nonnegative_number(getattr(self, name), name), name, 0, strict=True)

    def check_columns(self, columns: int) -> None:
        """Take rows of any number of `columns`."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for the page."""
        return {"kind": "choices", **asdict(self)}
