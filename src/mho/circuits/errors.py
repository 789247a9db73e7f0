"""Refusals of the physics."""

__all__ = ["ChipError"]


class ChipError(RuntimeError):
    """The chip cannot do this; the message gives the physical reason and what would help."""
