"""Metadata of dataclass fields that hold quantities: the SI symbol of their unit, kept when docstrings are not."""

AMPERES = {"unit": "A"}
HERTZ = {"unit": "Hz"}
KELVIN = {"unit": "K"}
OHMS = {"unit": "ohm"}
PER_KELVIN = {"unit": "1/K"}
SECONDS = {"unit": "s"}
SIEMENS = {"unit": "S"}
VOLTS = {"unit": "V"}
