"""The ledger: how often each physical event happened. `mho.cost` turns it into seconds, joules and area."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

__all__ = ["Ledger"]


@dataclass(kw_only=True)
class Ledger:
    """Counts of events, all additive.

    Attributes
    ----------
    cells : float
        Cells written.
    pulses : float
        Write pulses, each followed by a verify read.
    row_pulses : float
        Pulses one after the other if a whole row of one array is written at once.
    solves : float
        Right-hand sides settled, one after the other.
    settle_seconds : float
        Time the loops were given to settle, s.
    amplifier_seconds : float
        The same, times the amplifiers that were on, s.
    array_joules : float
        Energy turned into heat in cells, input and compensation conductances while settling, J.
    dac_conversions, adc_conversions : float
        Conversions.
    word_lines : float
        Word lines switched, to leave rows out.
    """

    cells: float = 0.0
    pulses: float = 0.0
    row_pulses: float = 0.0
    solves: float = 0.0
    settle_seconds: float = 0.0
    amplifier_seconds: float = 0.0
    array_joules: float = 0.0
    dac_conversions: float = 0.0
    adc_conversions: float = 0.0
    word_lines: float = 0.0

    def add(self, other: Ledger) -> None:
        """Add the counts of `other` to this one's."""
        for f in fields(self):
            setattr(self, f.name, getattr(self, f.name) + getattr(other, f.name))

    def since(self, earlier: Ledger) -> Self:
        """Return what has been counted since this ledger was as `earlier`."""
        return type(self)(**{f.name: getattr(self, f.name) - getattr(earlier, f.name) for f in fields(self)})

    def copy(self) -> Self:
        """Return a copy that later events do not reach."""
        return type(self)(**{f.name: getattr(self, f.name) for f in fields(self)})
