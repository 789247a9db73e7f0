"""A recommender as a folder of static files, that works on a phone without a network.

    from mho.recommend.phone import catalogue_of, write_app
    write_app("app", catalogue_of(recommender, titles), name="Films")

The page folds a visitor's own ratings in by one non-negative least-squares problem and never sends them anywhere.
"""

from mho.recommend.phone.app import write_app
from mho.recommend.phone.catalogue import Catalogue
from mho.recommend.phone.fitted import catalogue_of
from mho.recommend.phone.rules import ChoiceRule, RatingRule
from mho.recommend.phone.titles import read_titles

__all__ = ["Catalogue", "ChoiceRule", "RatingRule", "catalogue_of", "read_titles", "write_app"]
