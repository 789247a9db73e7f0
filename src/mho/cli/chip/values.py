"""From `NAME=VALUES` on the command line to what a property takes."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["swept"]

_FORMS = "NAME=A,B,C or NAME=FIRST:LAST:COUNT or NAME=FIRST:LAST:COUNT:log"
_MOST = 10_000

Value = float | int | None


def swept(texts: Sequence[str]) -> dict[str, list[Value]]:
    """Read every `--set`; ValueError says which one is wrong and what is taken."""
    found: dict[str, list[Value]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not (name and equals and values):
            raise ValueError(f"--set must be {_FORMS}, got {text!r}")
        if name in found:
            raise ValueError(f"--set must name a property once, got {name!r} twice")
        try:
            found[name] = _range(values) if ":" in values else [_value(value) for value in values.split(",")]
        except (ValueError, OverflowError):
            raise ValueError(f"--set must be {_FORMS}, got {text!r}") from None
    return found


def _value(text: str) -> Value:
    if text == "none":
        return None
    number = float(text)
    return int(text) if text.lstrip("+-").isdecimal() else number


def _range(text: str) -> list[Value]:
    import numpy as np

    first, last, count, *scale = text.split(":")
    ends, steps = (float(first), float(last)), int(count)
    if scale not in ([], ["log"]) or not 1 <= steps <= _MOST or not np.isfinite(ends).all():
        raise ValueError
    if scale and min(ends) <= 0:
        raise ValueError
    numbers = (np.geomspace if scale else np.linspace)(*ends, steps).tolist()
    whole = first.isdecimal() and last.isdecimal() and all(number.is_integer() for number in numbers)
    return [int(number) for number in numbers] if whole else numbers
