"""The chip that solves for pictures."""

from __future__ import annotations

from mho.chip import ChipDesign, preset
from mho.engines import Analog, Engine, Hybrid, engine_for

__all__ = ["PICTURE_CHIP", "picture_engine"]

PICTURE_CHIP = preset("pku-2025-4bit")
"""4 bits a cell, an error of writing of 2 % of full scale, 8-bit converters on both sides."""


def picture_engine(engine: Engine | str, *, chip: ChipDesign = PICTURE_CHIP, seed: int | None = None) -> Engine:
    """Return an engine by name, or the engine itself.

    Parameters
    ----------
    engine : {"digital", "analog", "hybrid"} or Engine
        By name the chip reads its cells back, and the hybrid ends with two digital iterations.
    chip : ChipDesign
        What a named engine's chip is made to.
    seed : int, optional
        For the errors of a chip that is made here.
    """
    if engine in ("analog", "hybrid"):
        return (Analog if engine == "analog" else Hybrid)(chip, seed=seed, readback=True)
    return engine_for(engine)
