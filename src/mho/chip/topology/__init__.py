"""The four circuits that a pair of arrays and some op-amps can be, behind one switch."""

from mho.chip.topology.constraint import Constraint
from mho.chip.topology.noise import Noise, offset_gain, output_noise
from mho.chip.topology.program import TOPOLOGIES, program
from mho.chip.topology.programmed import ProgrammedCircuit
from mho.chip.topology.regime import regime, steady_state
from mho.chip.topology.summary import FACTS, Facts, Summary, summaries

__all__ = [
    "FACTS",
    "TOPOLOGIES",
    "Constraint",
    "Facts",
    "Noise",
    "ProgrammedCircuit",
    "Summary",
    "offset_gain",
    "output_noise",
    "program",
    "regime",
    "steady_state",
    "summaries",
]
