"""Laws of a memory cell, one small frozen object each: what time, heat, reading and wear do to it."""

from mho.chip.laws.faults import Faults
from mho.chip.laws.measured import Measured
from mho.chip.laws.noise import ReadNoise
from mho.chip.laws.relaxation import Relaxation
from mho.chip.laws.retention import Retention
from mho.chip.laws.temperature import TemperatureCoefficient

__all__ = ["Faults", "Measured", "ReadNoise", "Relaxation", "Retention", "TemperatureCoefficient"]
