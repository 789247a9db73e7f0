"""Netlists of the chip's circuits, and ngspice to solve them: the independent witness of the fast circuit model.

This room knows circuits, not chips: arrays in, text out. ngspice is a separate program, never linked or imported.
"""

from mho.spice.circuit import Circuit
from mho.spice.classic import ClassicGinv
from mho.spice.compact import CompactGinv
from mho.spice.dialect import DIALECTS
from mho.spice.errors import NgspiceError, NgspiceMissing
from mho.spice.gram import GramInv
from mho.spice.mvm import Mvm
from mho.spice.netlists import netlist, noise_netlist, rest_netlist
from mho.spice.ngspice import Result, available, noise, operating_point, run, version
from mho.spice.opamp import OpAmp
from mho.spice.reference import ReferenceColumns
from mho.spice.settling import Rest, rest, time_constant
from mho.spice.state_space import StateSpace
from mho.spice.wires import Wires

__all__ = [
    "DIALECTS",
    "Circuit",
    "ClassicGinv",
    "CompactGinv",
    "GramInv",
    "Mvm",
    "NgspiceError",
    "NgspiceMissing",
    "OpAmp",
    "ReferenceColumns",
    "Rest",
    "Result",
    "StateSpace",
    "Wires",
    "available",
    "netlist",
    "noise",
    "noise_netlist",
    "operating_point",
    "rest",
    "rest_netlist",
    "run",
    "time_constant",
    "version",
]
