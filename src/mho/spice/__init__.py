"""Netlists of the chip's circuits, and ngspice to solve them: the independent witness of the fast circuit model.

This room knows circuits, not chips: arrays in, text out. ngspice is a separate program, never linked or imported.
"""

from mho.spice.circuit import CompactGinv
from mho.spice.netlists import netlist
from mho.spice.ngspice import NgspiceError, NgspiceMissing, Result, available, run, version
from mho.spice.settling import Rest, rest, time_constant
from mho.spice.wires import Wires

__all__ = [
    "CompactGinv",
    "NgspiceError",
    "NgspiceMissing",
    "Rest",
    "Result",
    "Wires",
    "available",
    "netlist",
    "rest",
    "run",
    "time_constant",
    "version",
]
