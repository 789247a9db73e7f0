"""Mutational signatures: found in catalogues of counts by many starts, matched with known ones, refitted."""

from mho.signatures.estimator import Match, Signatures, match, refit

__all__ = ["Match", "Signatures", "match", "refit"]
