"""Settings that are tried for a table, by the name of the model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Any

from mho.recommend.implicit_model import ImplicitModel
from mho.recommend.mixed_model import MixedModel
from mho.recommend.mixed_rating_model import MixedRatingModel
from mho.recommend.neighbour_model import NeighbourModel
from mho.recommend.rating_model import RatingModel

__all__ = ["settings_for"]

_L2, _PRODUCT = (2.0, 3.0, 4.5, 7.0, 10.0), (0.5, 0.75)
_CONFIDENCE, _LIST_L2 = (1.0, 3.0, 10.0), (4.0, 8.0, 16.0, 32.0, 64.0)
_CAP, _NEIGHBOUR_L2 = (50, 100, 200), (800.0, 400.0, 200.0, 100.0, 50.0, 25.0, 12.5)
_SHARE = (0.0, 0.25, 0.5, 0.75, 1.0)


def settings_for(name: str, n_items: int, lowest: float = 0.0) -> list[tuple[dict[str, Any], Any]]:
    """Return trials of a model: settings by name, and the model with them.

    Parameters
    ----------
    name : {"ratings", "implicit", "neighbours", "mixed", "mixed-ratings"}
        As `mho.Recommender` takes it.
    n_items : int
        Of the table: an item has fewer neighbours.
    lowest : float
        Lowest rating that there can be.
    """
    if name == "ratings":
        return list(_of(RatingModel(lowest=lowest), l2=_L2, product=_PRODUCT))
    if name == "implicit":
        return list(_of(ImplicitModel(), confidence=_CONFIDENCE, l2=_LIST_L2))
    if name == "neighbours":
        return list(_of(NeighbourModel(), cap=_caps(n_items), l2=_NEIGHBOUR_L2))
    if name == "mixed":
        return list(_of(MixedModel(), share=_SHARE))
    factors = RatingModel(lowest=lowest)
    both = product(_L2, _PRODUCT)
    tried = (({"l2": l2, "product": part}, replace(factors, l2=l2, product=part)) for l2, part in both)
    return [(told, MixedRatingModel(factors=own)) for told, own in tried]


def _caps(n_items: int) -> list[int]:
    return sorted({min(cap, n_items - 1) for cap in _CAP} - {0}) or [1]


def _of(model: Any, **values: Iterable[Any]) -> Iterable[tuple[dict[str, Any], Any]]:
    for chosen in product(*values.values()):
        settings = dict(zip(values, chosen, strict=True))
        yield settings, replace(model, **settings)
