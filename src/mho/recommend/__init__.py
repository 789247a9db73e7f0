"""Ratings predicted from known ratings, on any engine.

    from mho.recommend import RatingModel
    model = RatingModel(engine="hybrid").fit(users, items, ratings)
    model.predict([7], ["Fargo"])

The factors of a rating model rank films worse than plain popularity does: use them to predict a rating, not to make
a list of the best ten.
"""

from mho.recommend.bias import BiasBaseline
from mho.recommend.model import RatingModel
from mho.recommend.ratings import rmse, split_random

__all__ = ["BiasBaseline", "RatingModel", "rmse", "split_random"]
