"""From a ledger of events to seconds and joules."""

from __future__ import annotations

from dataclasses import dataclass

from mho.chip import Ledger
from mho.cost.technology import Technology, technology

__all__ = ["Estimate", "Part", "estimate"]


@dataclass(frozen=True)
class Part:
    """One line of the table.

    Attributes
    ----------
    name : str
        Which events.
    seconds, joules : float
        What they take.
    writing : bool
        Whether they belong to writing the arrays.
    """

    name: str
    seconds: float
    joules: float
    writing: bool


@dataclass(frozen=True)
class Estimate:
    """Time and energy of a run, by part; solves one after the other, cells written a row at a time.

    Attributes
    ----------
    parts : tuple of Part
        Their seconds and joules add up to the whole.
    """

    parts: tuple[Part, ...]

    @property
    def seconds(self) -> float:
        """All of it, s."""
        return sum(p.seconds for p in self.parts)

    @property
    def joules(self) -> float:
        """All of it, J."""
        return sum(p.joules for p in self.parts)

    @property
    def write_seconds(self) -> float:
        """Writing the arrays, s."""
        return sum(p.seconds for p in self.parts if p.writing)

    @property
    def write_joules(self) -> float:
        """Writing the arrays, J."""
        return sum(p.joules for p in self.parts if p.writing)

    @property
    def solve_seconds(self) -> float:
        """Everything but writing, s."""
        return self.seconds - self.write_seconds

    @property
    def solve_joules(self) -> float:
        """Everything but writing, J."""
        return self.joules - self.write_joules

    def rows(self) -> list[tuple[str, float, float]]:
        """Return (part, seconds, joules) for a table."""
        return [(p.name, p.seconds, p.joules) for p in self.parts]


def estimate(ledger: Ledger, technology_: Technology | str = "40nm") -> Estimate:
    """Return what the events of a ledger take [5].

    Parameters
    ----------
    ledger : Ledger
    technology_ : Technology or str
        What one event costs.
    """
    t = technology(technology_) if isinstance(technology_, str) else technology_
    return Estimate(
        (
            Part("write pulses", ledger.row_pulses * t.pulse_seconds, ledger.pulses * t.pulse_joules, True),
            Part("verify reads", ledger.row_pulses * t.verify_seconds, ledger.pulses * t.verify_joules, True),
            Part("word lines", 0.0, ledger.word_lines * t.word_line_joules, False),
            Part("DAC", ledger.solves * t.dac_seconds, ledger.dac_conversions * t.dac_joules, False),
            Part("arrays settling", ledger.settle_seconds, ledger.array_joules, False),
            Part("op-amps", 0.0, ledger.amplifier_seconds * t.amplifier_watts, False),
            Part("ADC", ledger.solves * t.adc_seconds, ledger.adc_conversions * t.adc_joules, False),
        )
    )
