"""The analogue chip: cells, mapping, crossbar and converters around one circuit; energy, events, ledger."""

from mho.chip.chip import Chip
from mho.chip.comparison import TOPOLOGY_NOTES, TopologyNotes, TopologySummary, compare_topologies
from mho.chip.design import Amplifier, Array, ChipDesign, Converters, Operation
from mho.chip.devices import Device, Faults, ReadNoise, Relaxation, Retention, TemperatureCoefficient, WriteVerify
from mho.chip.ledger import Ledger
from mho.chip.presets import preset, presets
from mho.chip.programmed_array import ProgrammedArray
from mho.chip.programmed_circuit import TOPOLOGIES, ProgrammedCircuit, program_circuit
from mho.chip.spice_export import as_circuit, as_netlist, ngspice_rest
from mho.circuits.errors import ChipError
from mho.circuits.wires import Wires
from mho.moved import moved_module

__all__ = [
    "TOPOLOGIES",
    "TOPOLOGY_NOTES",
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
    "ProgrammedCircuit",
    "ReadNoise",
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
    "preset",
    "presets",
    "program_circuit",
]

moved_module(
    "mho.chip.topology",
    {
        "FACTS": "mho.chip.TOPOLOGY_NOTES",
        "TOPOLOGIES": "mho.chip.TOPOLOGIES",
        "Constraint": "mho.penalty.Penalty",
        "Facts": "mho.chip.TopologyNotes",
        "Noise": "mho.circuits.Noise",
        "ProgrammedCircuit": "mho.chip.ProgrammedCircuit",
        "Summary": "mho.chip.TopologySummary",
        "offset_gain": "mho.circuits.offset_gain",
        "output_noise": "mho.circuits.output_noise",
        "program": "mho.chip.program_circuit",
        "regime": "mho.circuits.clamped_equations",
        "steady_state": "mho.circuits.operating_point",
        "summaries": "mho.chip.compare_topologies",
    },
)
moved_module(
    "mho.chip.transient",
    {
        **{
            name: f"mho.circuits.transient.{name}"
            for name in ("PICTURES", "Regime", "Waveform", "picture", "settling_bound", "settling_time", "transient")
        },
        "Dynamics": "mho.circuits.LoopEquations",
        "dynamics": "mho.circuits.equations",
    },
)
