"""Failures of ngspice."""

__all__ = ["NgspiceError", "NgspiceMissing"]


class NgspiceMissing(RuntimeError):
    """The program ngspice is not on the path."""


class NgspiceError(RuntimeError):
    """ngspice refused a netlist, gave up, took too long, or wrote what cannot be read."""
