"""Units: metadata of dataclass fields that hold quantities, kept when docstrings are not; spelled units of time."""

AMPERES = {"unit": "A"}
FARADS = {"unit": "F"}
HERTZ = {"unit": "Hz"}
KELVIN = {"unit": "K"}
OHMS = {"unit": "ohm"}
PER_KELVIN = {"unit": "1/K"}
SECONDS = {"unit": "s"}
SIEMENS = {"unit": "S"}
VOLTS = {"unit": "V"}

IN_SECONDS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
"""Units of time as people write them, in seconds."""
