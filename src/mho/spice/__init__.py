"""Netlists of the chip's circuits, and ngspice to solve them: the independent witness of the fast circuit model.

This room reads descriptions of circuits, never their equations. ngspice is a separate program, never linked or
imported.
"""

from mho.moved import moved
from mho.spice.dialect import DIALECTS
from mho.spice.netlist import netlist, noise_netlist, operating_point_netlist
from mho.spice.ngspice import Result, available, noise, operating_point, run, version
from mho.spice.ngspice_errors import NgspiceError, NgspiceMissing
from mho.spice.settling import SettledTransient, settled_transient

__all__ = [
    "DIALECTS",
    "NgspiceError",
    "NgspiceMissing",
    "Result",
    "SettledTransient",
    "available",
    "netlist",
    "noise",
    "noise_netlist",
    "operating_point",
    "operating_point_netlist",
    "run",
    "settled_transient",
    "version",
]

__getattr__ = moved(__name__)
