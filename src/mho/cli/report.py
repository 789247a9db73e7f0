"""Figures of a command: laid out for people, or JSON for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

__all__ = ["Json", "as_json", "json_line"]

Json = Annotated[bool, Parameter(name="--json", negative="", show_default=False)]
"""The option of every command that reports."""


def as_json(figures: Any) -> str:
    """Return figures as JSON, which knows neither NumPy's numbers nor infinity: that is the word "inf"."""
    from json import dumps

    return dumps(_plain(figures), indent=1, allow_nan=False)


def json_line(figures: Any) -> str:
    """Return figures as JSON in one line, for one of several results."""
    from json import dumps

    return dumps(_plain(figures), allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "tolist"):  # a number or an array of NumPy's
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, Path) else value
