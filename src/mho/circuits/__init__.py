"""Circuits of the chip: each topology described once, its equations once; operating point, noise, modes, transient.

Numbers only: no devices, no converters, no netlists.
"""

from mho.circuits.circuit import Circuit
from mho.circuits.classic import ClassicGinv
from mho.circuits.compact import CompactGinv
from mho.circuits.conductances import Conductances, Reference
from mho.circuits.equations import LoopEquations, equations
from mho.circuits.errors import ChipError
from mho.circuits.gram import GramInv
from mho.circuits.inverse import Egv, Inv
from mho.circuits.modes import Modes, least_second_pole, time_constant
from mho.circuits.mvm import Mvm
from mho.circuits.noise import Noise, offset_gain, output_noise
from mho.circuits.opamp import OpAmp
from mho.circuits.operating_point import clamped_equations, operating_point
from mho.circuits.reference_columns import ReferenceColumns
from mho.circuits.wires import Wires

__all__ = [
    "ChipError",
    "Circuit",
    "ClassicGinv",
    "CompactGinv",
    "Conductances",
    "Egv",
    "GramInv",
    "Inv",
    "LoopEquations",
    "Modes",
    "Mvm",
    "Noise",
    "OpAmp",
    "Reference",
    "ReferenceColumns",
    "Wires",
    "clamped_equations",
    "equations",
    "least_second_pole",
    "offset_gain",
    "operating_point",
    "output_noise",
    "time_constant",
]
