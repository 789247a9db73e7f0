"""The analogue chip: device, programming, converters, loop at rest, ledger."""

from mho.chip.array import ProgrammedArray
from mho.chip.chip import Chip
from mho.chip.components import Amplifier, Array, Converters, Operation
from mho.chip.design import ChipDesign
from mho.chip.device import Device
from mho.chip.errors import ChipError
from mho.chip.laws import Faults, ReadNoise, Relaxation, Retention, TemperatureCoefficient
from mho.chip.ledger import Ledger
from mho.chip.netlist import as_circuit, as_netlist
from mho.chip.presets import preset, presets
from mho.chip.verify import WriteVerify
from mho.spice import Wires

__all__ = [
    "Amplifier",
    "Array",
    "Chip",
    "ChipDesign",
    "ChipError",
    "Converters",
    "Device",
    "Faults",
    "Ledger",
    "Operation",
    "ProgrammedArray",
    "ReadNoise",
    "Relaxation",
    "Retention",
    "TemperatureCoefficient",
    "Wires",
    "WriteVerify",
    "as_circuit",
    "as_netlist",
    "preset",
    "presets",
]
