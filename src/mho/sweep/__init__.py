"""Monte Carlo over chip designs: many chips at every point of a plan."""

from mho.moved import moved
from mho.sweep.hypercube import SweepRange
from mho.sweep.parameters import Property, properties
from mho.sweep.plan import Sweep
from mho.sweep.plot import check_plotting, plot
from mho.sweep.run import run, trials
from mho.sweep.table import read_trials, write_trials
from mho.sweep.unmoved import unmoved

__all__ = [
    "Property",
    "Sweep",
    "SweepRange",
    "check_plotting",
    "plot",
    "properties",
    "read_trials",
    "run",
    "trials",
    "unmoved",
    "write_trials",
]

__getattr__ = moved(__name__)
