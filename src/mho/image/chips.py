"""The chip that solves for pictures."""

from __future__ import annotations

from mho.chip import preset
from mho.engines import Analog, Engine, Hybrid, engine_for

__all__ = ["PICTURE_CHIP", "picture_engine"]

PICTURE_CHIP = preset("pku-2025").with_(levels=16, sigma=0.02, adc_bits=8)
"""4 bits a cell, an error of writing of 2 % of full scale, 8-bit converters on both sides."""


def picture_engine(engine: Engine | str, *, seed: int | None = None) -> Engine:
    """Return an engine by name, or the engine itself.

    Parameters
    ----------
    engine : {"digital", "analog", "hybrid"} or Engine
        By name the chip is made to `PICTURE_CHIP` and reads its cells back, and the hybrid ends with two digital
        iterations.
    seed : int, optional
        For the errors of a chip that is made here.
    """
    if engine in ("analog", "hybrid"):
        return (Analog if engine == "analog" else Hybrid)(PICTURE_CHIP, seed=seed, readback=True)
    return engine_for(engine)
