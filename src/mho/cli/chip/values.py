"""From `NAME=VALUES` on the command line to what a property takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from mho.chip import ChipDesign
    from mho.sweep import SweepRange

__all__ = ["changed_preset", "spans", "swept"]

_FORMS = "NAME=A,B,C or NAME=FIRST:LAST:COUNT or NAME=FIRST:LAST:COUNT:log"
_RANGE_FORMS = "NAME=LOW:HIGH or NAME=LOW:HIGH:log, finite, LOW below HIGH and above 0 where log"
_MOST = 10_000

Value = float | int | str | None
T = TypeVar("T")


def swept(texts: Sequence[str], design: ChipDesign) -> dict[str, list[Value]]:
    """Read every `--set` NAME=VALUES; ValueError says which one is wrong and what is taken."""
    words = _words(design)

    def values(name: str, text: str) -> list[Value]:
        return [*text.split(",")] if name in words else _values(text)

    return _read(texts, "--set", _FORMS, values)


def changed_preset(preset: str, texts: Sequence[str]) -> ChipDesign:
    """Return a preset with the properties of every `--set` NAME=VALUE; ValueError as of `swept`."""
    from mho import chip

    design = chip.preset(preset)
    words = _words(design)
    values = _read(texts, "--set", "NAME=VALUE", lambda name, text: text if name in words else _value(text))
    return design.with_(**values)


def _words(design: ChipDesign) -> Collection[str]:
    """Properties whose values are words, not numbers."""
    from mho.sweep import properties

    return {name for name, known in properties(design).items() if isinstance(known.value, str)}


def spans(texts: Sequence[str]) -> dict[str, SweepRange]:
    """Read every `--range`; ValueError says which one is wrong and what is taken."""
    return _read(texts, "--range", _RANGE_FORMS, lambda _, text: _span(text))


def _read(texts: Sequence[str], option: str, forms: str, read: Callable[[str, str], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not (name and equals and values):
            raise ValueError(f"{option} must be {forms}, got {text!r}")
        if name in found:
            raise ValueError(f"{option} must name a property once, got {name!r} twice")
        try:
            found[name] = read(name, values)
        except (ValueError, OverflowError):
            raise ValueError(f"{option} must be {forms}, got {text!r}") from None
    return found


def _values(text: str) -> list[Value]:
    return _steps(text) if ":" in text else [_value(value) for value in text.split(",")]


def _value(text: str) -> Value:
    if text == "none":
        return None
    number = float(text)
    return int(text) if text.lstrip("+-").isdecimal() else number


def _steps(text: str) -> list[Value]:
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


def _span(text: str) -> SweepRange:
    from mho.sweep import SweepRange

    low, high, *scale = text.split(":")
    if scale not in ([], ["log"]):
        raise ValueError
    return SweepRange(float(low), float(high), log=bool(scale))
