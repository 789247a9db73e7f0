"""The chips that solve for pictures."""

from __future__ import annotations

from typing import Any

__all__ = ["engine_of"]


def engine_of(name: str, seed: int) -> Any:
    """Return an engine by name; chips have 16 levels, sigma 2 % and 8-bit converters, and read their cells back."""
    from mho.chip import preset
    from mho.engines import Analog, Digital, Hybrid

    if name == "digital":
        return Digital()
    design = preset("pku-2025").with_(levels=16, sigma=0.02, adc_bits=8)
    return (Analog if name == "analog" else Hybrid)(design, seed=seed, readback=True)
