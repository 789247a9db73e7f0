"""From a fitted recommender to a catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mho.recommend.implicit_model import ImplicitModel
from mho.recommend.mixed_model import MixedModel
from mho.recommend.model import Model
from mho.recommend.neighbour_model import NeighbourModel
from mho.recommend.phone.catalogue import Catalogue
from mho.recommend.phone.rules import MOST_VALUES, ChoiceRule, RatingRule
from mho.recommend.rating_model import RatingModel
from mho.recommend.recommender import Recommender

__all__ = ["catalogue_of"]


def catalogue_of(recommender: Recommender, titles: Sequence[str] = (), details: Sequence[str] = ()) -> Catalogue:
    """Return the items of a fitted `recommender` as a page needs them.

    Parameters
    ----------
    recommender : Recommender
        Of ratings: visitors give what the table gives, whole or half stars or up to ten steps of its own scale. Of
        implicit feedback, of neighbours or of both together: visitors give a heart, a choice of typical strength.
    titles, details : sequence of str, length n_items
        In the order of `Recommender.item_ids_`; without titles the ids are shown.

    Raises
    ------
    TypeError
        The recommender's model is of another kind.
    """
    rule = _rule(recommender.model_, recommender)
    known = recommender.known_
    unit = recommender.unit_
    factors = recommender.item_factors_ / np.sqrt(unit)
    offsets = recommender.item_offsets_[:, None] / unit
    order = recommender.list_offsets_[:, None] / unit
    return Catalogue(
        rows=np.hstack([offsets, factors, order] if order.any() else [offsets, factors]),
        titles=list(titles) or [str(item) for item in recommender.item_ids_],
        details=details,
        popularity=np.bincount(known.indices, minlength=known.shape[1]),
        rule=rule,
        neighbours=recommender.item_weights_ if isinstance(rule, ChoiceRule) else None,
    )


def scale_of(ratings: np.ndarray) -> tuple[float, ...]:
    """Return the values that a visitor can give, at most ten, where these distinct `ratings`, ascending, are known.

    All whole or half steps from the lowest to the highest where they are so few; else the ratings, or ten even steps
    without the lowest, rounded to the table's own step.
    """
    lowest, span = ratings[0], ratings[-1] - ratings[0]
    step = next((step for step in (1.0, 0.5) if np.allclose((ratings - lowest) % step, 0)), 0.0)
    if step and span / step < MOST_VALUES:
        values = lowest + step * np.arange(round(span / step) + 1)
    elif len(ratings) <= MOST_VALUES:
        values = ratings
    else:
        values = span * np.arange(1, MOST_VALUES + 1) / MOST_VALUES
        values = lowest + (step * np.rint(values / step) if step else values)
    return tuple(float(f"{value:.6g}") for value in values)


def _rule(model: Model, recommender: Recommender) -> RatingRule | ChoiceRule:
    if isinstance(model, RatingModel):
        k, ratings = recommender.item_factors_.shape[1], np.unique(recommender.known_.data) + model.lowest
        return RatingRule(
            unit=recommender.unit_,
            lowest=float(ratings[0]),
            highest=float(ratings[-1]),
            values=scale_of(ratings),
            zero=model.lowest,
            l2=(model.l2_offset,) + (model.l2,) * k,
            prior=tuple(model.prior(k).tolist()),
        )
    if isinstance(model, ImplicitModel) and model.l2 is not None:
        return ChoiceRule(confidence=model.confidence, l2=model.l2)
    if isinstance(model, NeighbourModel):
        return ChoiceRule(confidence=1.0, l2=1.0)  # of no factors
    if isinstance(model, MixedModel) and model.l2 is not None and model.share is not None:
        confidence, starts = model.factors.confidence, model.starts or 1
        return ChoiceRule(confidence=confidence, l2=model.l2, share=1 - model.share, starts=starts)
    raise TypeError(
        "recommender must be of ratings, implicit, neighbours or mixed; what neighbours of ratings need does not fit a "
        f"page yet: got a {type(model).__name__}"
    )
