"""A recommender as a folder of static files, that works on a phone without a network.

    from mho.recommend.phone import Catalogue, RatingRule, write_app
    write_app("app", Catalogue(rows=rows, titles=titles, rule=rule), name="Films")

The page folds a visitor's own ratings in by one non-negative least-squares problem and never sends them anywhere.
"""

from mho.recommend.phone.app import write_app
from mho.recommend.phone.catalogue import Catalogue
from mho.recommend.phone.rules import ChoiceRule, RatingRule

__all__ = ["Catalogue", "ChoiceRule", "RatingRule", "write_app"]
