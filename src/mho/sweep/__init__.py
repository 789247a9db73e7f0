"""Monte Carlo over chip designs: many chips at every point of a plan."""

from mho.sweep.parameters import Property, properties
from mho.sweep.plan import Sweep
from mho.sweep.run import run

__all__ = ["Property", "Sweep", "properties", "run"]
