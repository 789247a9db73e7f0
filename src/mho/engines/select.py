"""Engines by name."""

from __future__ import annotations

from typing import Any

from mho.engines.analog import Analog
from mho.engines.digital import Digital
from mho.engines.engine import Engine
from mho.engines.hybrid import Hybrid
from mho.engines.refined import Refined
from mho.engines.torch import Torch

__all__ = ["engine_for", "names"]

_BY_NAME = {
    "digital": lambda seed: Digital(),
    "analog": lambda seed: Analog(seed=seed),
    "hybrid": lambda seed: Hybrid(seed=seed),
    "refined": lambda seed: Refined(seed=seed),
    "torch": lambda seed: Torch(),
}


def names() -> tuple[str, ...]:
    """Return the names that `engine_for` takes."""
    return tuple(_BY_NAME)


def engine_for(engine: str | Engine, *, seed: Any = None) -> Engine:
    """Return an engine by name, or the engine itself.

    Parameters
    ----------
    engine : {"digital", "analog", "hybrid", "refined", "torch"} or Engine
        A name makes a new one.
    seed : int, Generator or None
        For the errors of a chip that is made here.
    """
    if isinstance(engine, Engine):
        return engine
    if isinstance(engine, str) and engine in _BY_NAME:
        return _BY_NAME[engine](seed)
    raise ValueError(f"engine must be one of {', '.join(map(repr, _BY_NAME))} or an Engine, got {engine!r}")
