"""Memory cells: writing, relaxation, retention, temperature, read noise and faults, one small frozen law each."""

from mho.chip.devices.device import Device
from mho.chip.devices.faults import Faults
from mho.chip.devices.measured import Measured
from mho.chip.devices.read_noise import ReadNoise
from mho.chip.devices.relaxation import Relaxation
from mho.chip.devices.retention import Retention
from mho.chip.devices.temperature import TemperatureCoefficient
from mho.chip.devices.write_verify import WriteVerify

__all__ = [
    "Device",
    "Faults",
    "Measured",
    "ReadNoise",
    "Relaxation",
    "Retention",
    "TemperatureCoefficient",
    "WriteVerify",
]
