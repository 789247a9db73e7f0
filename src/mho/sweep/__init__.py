"""Monte Carlo over chip designs: many chips at every point of a plan."""

from mho.sweep.parameters import Property, properties

__all__ = ["Property", "properties"]
