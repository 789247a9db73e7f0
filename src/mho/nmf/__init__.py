"""Non-negative matrix factorization: the estimator, the alternating loop, starting factors."""

from mho.nmf.estimator import NMF

__all__ = ["NMF"]
