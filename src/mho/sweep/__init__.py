"""Monte Carlo over chip designs: many chips at every point of a plan."""

from mho.moved import moved
from mho.sweep.hypercube import SweepRange
from mho.sweep.parameters import Property, properties
from mho.sweep.plan import TREATMENTS, Sweep
from mho.sweep.plot import check_plotting, plot
from mho.sweep.run import run, trials
from mho.sweep.table import read_trials, write_trials
from mho.sweep.unmoved import unmoved
from mho.sweep.yields import KNOBS, ChipYield, Requirement, requirement, with_cells, yields

__all__ = [
    "KNOBS",
    "TREATMENTS",
    "ChipYield",
    "Property",
    "Requirement",
    "Sweep",
    "SweepRange",
    "check_plotting",
    "plot",
    "properties",
    "read_trials",
    "requirement",
    "run",
    "trials",
    "unmoved",
    "with_cells",
    "write_trials",
    "yields",
]

__getattr__ = moved(__name__)
