"""From a fitted recommender to a catalogue."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mho.recommend.implicit_model import ImplicitModel
from mho.recommend.model import Model
from mho.recommend.phone.catalogue import Catalogue
from mho.recommend.phone.rules import ChoiceRule, RatingRule
from mho.recommend.rating_model import RatingModel
from mho.recommend.recommender import Recommender

__all__ = ["catalogue_of"]


def catalogue_of(recommender: Recommender, titles: Sequence[str] = (), details: Sequence[str] = ()) -> Catalogue:
    """Return the items of a fitted `recommender` as a page needs them.

    Parameters
    ----------
    recommender : Recommender
        Of ratings: visitors give stars, as many as the highest known rating when all five are lit. Of implicit
        feedback: visitors give a heart, a choice of strength 1.
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
    return Catalogue(
        rows=np.hstack([offsets, factors]) if isinstance(rule, RatingRule) else factors,
        titles=list(titles) or [str(item) for item in recommender.item_ids_],
        details=details,
        popularity=np.bincount(known.indices, minlength=known.shape[1]),
        rule=rule,
    )


def _rule(model: Model, recommender: Recommender) -> RatingRule | ChoiceRule:
    if isinstance(model, RatingModel):
        k, stars = recommender.item_factors_.shape[1], recommender.known_.data
        return RatingRule(
            unit=recommender.unit_,
            lowest=float(stars.min()),
            highest=float(stars.max()),
            l2=(model.l2_offset,) + (model.l2,) * k,
            prior=tuple(model.prior(k).tolist()),
        )
    if isinstance(model, ImplicitModel) and model.l2 is not None:
        return ChoiceRule(confidence=model.confidence, l2=model.l2)
    raise TypeError(f"recommender must have a RatingModel or an ImplicitModel, got {type(model).__name__}")
