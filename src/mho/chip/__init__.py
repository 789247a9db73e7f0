"""The analogue chip: cells, mapping, crossbar and converters around one circuit; energy, events, ledger."""

from mho.chip.bit_slices import BitSlices
from mho.chip.calibration import Calibration
from mho.chip.chip import Chip
from mho.chip.comparison import TOPOLOGY_NOTES, TopologyNotes, TopologySummary, compare_topologies
from mho.chip.design import (
    CLOSED_LOOPS,
    REFUSED_MATRICES,
    REFUSED_OPERANDS,
    USES,
    Amplifier,
    ArrayGeometry,
    ChipDesign,
    Converters,
    Operation,
)
from mho.chip.devices import Device, Faults, ReadNoise, Relaxation, Retention, TemperatureCoefficient, WriteVerify
from mho.chip.health import FaultMap, Placement
from mho.chip.ledger import Ledger
from mho.chip.presets import preset, presets
from mho.chip.programmed_array import ProgrammedArray
from mho.chip.programmed_circuit import SQUARE_TOPOLOGIES, TOPOLOGIES, ProgrammedCircuit, program_circuit
from mho.chip.programmed_product import ProgrammedProduct
from mho.chip.programmed_square import ProgrammedEigenvector, ProgrammedInverse
from mho.chip.refresh import RefreshPlan, plan_refresh
from mho.chip.spice_export import as_circuit, as_netlist, ngspice_rest
from mho.circuits.errors import ChipError
from mho.circuits.wires import Wires
from mho.moved import moved, moved_modules

__all__ = [
    "CLOSED_LOOPS",
    "REFUSED_MATRICES",
    "REFUSED_OPERANDS",
    "SQUARE_TOPOLOGIES",
    "TOPOLOGIES",
    "TOPOLOGY_NOTES",
    "USES",
    "Amplifier",
    "ArrayGeometry",
    "BitSlices",
    "Calibration",
    "Chip",
    "ChipDesign",
    "ChipError",
    "Converters",
    "Device",
    "FaultMap",
    "Faults",
    "Ledger",
    "Operation",
    "Placement",
    "ProgrammedArray",
    "ProgrammedCircuit",
    "ProgrammedEigenvector",
    "ProgrammedInverse",
    "ProgrammedProduct",
    "ReadNoise",
    "RefreshPlan",
    "Relaxation",
    "Retention",
    "TemperatureCoefficient",
    "TopologyNotes",
    "TopologySummary",
    "Wires",
    "WriteVerify",
    "as_circuit",
    "as_netlist",
    "compare_topologies",
    "ngspice_rest",
    "plan_refresh",
    "preset",
    "presets",
    "program_circuit",
]

__getattr__ = moved(__name__)
moved_modules("mho.chip.topology", "mho.chip.transient")
