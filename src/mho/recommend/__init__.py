"""Recommendations, and ratings predicted from known ratings, on any engine.

    import mho
    shelf = mho.Recommender(32, model="implicit").fit(users, items)
    shelf.recommend([7], 10).items

    stars = mho.Recommender(16).fit(users, items, ratings)
    stars.predict([7], ["Fargo"])

The factors of ratings rank films worse than plain popularity does: use them to predict a rating, and an implicit model
to make a list of the best ten.
"""

from mho.recommend.bias import BiasBaseline
from mho.recommend.evaluate import Scores, evaluate, mae, rmse
from mho.recommend.explanation import Explanation
from mho.recommend.implicit_model import ImplicitModel
from mho.recommend.mixed_model import MixedModel
from mho.recommend.mixed_rating_model import MixedRatingModel
from mho.recommend.neighbour_model import NeighbourModel
from mho.recommend.rating_model import RatingModel
from mho.recommend.recommender import Recommender
from mho.recommend.splits import split_by_time, split_by_user, split_leave_last, split_random
from mho.recommend.strengths import decayed
from mho.recommend.top import Top
from mho.recommend.tune import Trial, tune

__all__ = [
    "BiasBaseline",
    "Explanation",
    "ImplicitModel",
    "MixedModel",
    "MixedRatingModel",
    "NeighbourModel",
    "RatingModel",
    "Recommender",
    "Scores",
    "Top",
    "Trial",
    "decayed",
    "evaluate",
    "mae",
    "rmse",
    "split_by_time",
    "split_by_user",
    "split_leave_last",
    "split_random",
    "tune",
]
