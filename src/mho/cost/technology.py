"""Cost of one event of each kind, with the source of the figure.

The numbers are in ``technologies/*.toml``, each with its low, typical and high value and its source. Keys such as
Murmann-2025 are listed in docs/references.md.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

from mho.cost.arithmetic import Expression, term
from mho.cost.interval import Interval

__all__ = ["Number", "Technology", "technologies", "technology"]

_FOLDER = Path(__file__).parent / "technologies"


@dataclass(frozen=True, kw_only=True)
class Number:
    """A figure and where it comes from.

    Attributes
    ----------
    value : Interval
        SI.
    source : str

    Examples
    --------
    >>> from mho.cost import technology
    >>> print(technology("40nm").pulse_seconds.value)
    1e-06 (1e-07 to 1e-06)
    """

    value: Interval
    source: str


@dataclass(frozen=True, kw_only=True)
class Technology:
    """Time, energy and area of single events and parts, SI.

    Attributes
    ----------
    name : str
    pulse_seconds, pulse_joules : Number
        One write pulse.
    verify_seconds, verify_joules : Number
        The read that follows it.
    dac_seconds, dac_joules : Number
        One conversion; all rows convert at once.
    adc_seconds, adc_joules : Number
        One conversion of 8 bits; all columns convert at once.
    amplifier_joules_per_cycle : Number
        Quiescent power of one op-amp over its gain-bandwidth product, W/Hz.
    word_line_joules : Number
        Switching one word line.
    supply_volts : Number
        Supply of the class-AB outputs of op-amps and input drivers: what they deliver is drawn from it.
    output_amperes : Number
        What one output stage can deliver; larger loads need several in parallel.
    memory_joules_per_byte, memory_seconds_per_byte : Number
        To or from the memory beside the chip, which all solvers share.
    cell_area, dac_area, adc_area, amplifier_area : Number
        One of each, m^2.
    write_driver_area : Number
        What applies pulses to one column of a tile and verifies its cells, m^2.
    bandwidth : Number
        Gain-bandwidth product that its op-amps have, Hz: for the design whose events are counted.

    Examples
    --------
    >>> from mho.cost import technology
    >>> technology("40nm").name, technology("28nm").supply_volts.value.typical
    ('40nm', 0.9)
    """

    name: str
    pulse_seconds: Number
    pulse_joules: Number
    verify_seconds: Number
    verify_joules: Number
    dac_seconds: Number
    dac_joules: Number
    adc_seconds: Number
    adc_joules: Number
    amplifier_joules_per_cycle: Number
    word_line_joules: Number
    supply_volts: Number
    output_amperes: Number
    memory_joules_per_byte: Number
    memory_seconds_per_byte: Number
    cell_area: Number
    dac_area: Number
    adc_area: Number
    amplifier_area: Number
    write_driver_area: Number
    bandwidth: Number

    def numbers(self) -> dict[str, Number]:
        """Return every number by its name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "name"}

    def term(self, name: str) -> Expression:
        """Return a number as a factor of a bill, with its source.

        Parameters
        ----------
        name : str
            One of the attributes.
        """
        number = getattr(self, name)
        return term(name, number.value, f"{self.name}: {number.source}")

    def with_(self, **values: Interval | float) -> Self:
        """Return a technology with some numbers replaced.

        Parameters
        ----------
        **values : Interval or float
            SI, by the names of the attributes.

        Raises
        ------
        ValueError
            There is no such number.
        """
        unknown = set(values) - set(self.numbers())
        if unknown:
            raise ValueError(f"{min(unknown)!r} is no number of a technology; there are: {', '.join(self.numbers())}")
        given = {
            name: value if isinstance(value, Interval) else Interval.exact(value) for name, value in values.items()
        }
        return replace(self, **{name: Number(value=value, source="set by the user") for name, value in given.items()})


def technologies() -> tuple[str, ...]:
    """Return the names that `technology` takes."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def technology(name: str | Technology) -> Technology:
    """Return a set of numbers by name.

    Parameters
    ----------
    name : str or Technology
        ``"130nm"``, ``"40nm"``, ``"28nm"``: one chip in that node. ``"board"``: the arrays on a circuit board between
        op-amps and converters that one can buy. A set of numbers is returned as it is.

    Raises
    ------
    ValueError
        There is no such technology.
    """
    return name if isinstance(name, Technology) else _read(name)


@cache
def _read(name: str) -> Technology:
    if name not in technologies():
        raise ValueError(f"there is no technology {name!r}; there are: {', '.join(map(repr, technologies()))}")
    with (_FOLDER / f"{name}.toml").open("rb") as stream:
        return Technology(name=name, **{key: _number(entry) for key, entry in tomllib.load(stream).items()})


def _number(entry: dict[str, Any]) -> Number:
    return Number(value=Interval(*map(float, entry["value"])), source=entry["source"])
