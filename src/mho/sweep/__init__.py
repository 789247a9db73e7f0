"""Monte Carlo over chip designs: many chips at every point of a plan."""

from mho.moved import moved
from mho.sweep.hypercube import SweepRange
from mho.sweep.own_data import OwnData, Picture, RatedTable
from mho.sweep.parameters import Property, properties
from mho.sweep.plan import KNOBS, TREATMENTS, Sweep
from mho.sweep.plot import check_plotting, plot, plot_requirements, plot_yields
from mho.sweep.run import run, trials
from mho.sweep.table import read_trials, write_trials
from mho.sweep.unmoved import unmoved
from mho.sweep.yields import ChipYield, Requirement, refitted, requirement, with_cells, yields

__all__ = [
    "KNOBS",
    "TREATMENTS",
    "ChipYield",
    "OwnData",
    "Picture",
    "Property",
    "RatedTable",
    "Requirement",
    "Sweep",
    "SweepRange",
    "check_plotting",
    "plot",
    "plot_requirements",
    "plot_yields",
    "properties",
    "read_trials",
    "refitted",
    "requirement",
    "run",
    "trials",
    "unmoved",
    "with_cells",
    "write_trials",
    "yields",
]

__getattr__ = moved(__name__)
