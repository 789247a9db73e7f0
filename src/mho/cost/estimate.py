"""From a ledger of events to seconds and joules."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from mho import checks
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
    """Time and energy of a run, by part.

    Attributes
    ----------
    parts : tuple of Part
        Their seconds and joules add up to the whole.
    output_stages : int
        Output stages that the op-amp with the largest load needs in parallel; 1 where one can deliver it.
    """

    parts: tuple[Part, ...]
    output_stages: int = 1

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


def estimate(
    ledger: Ledger, technology_: Technology | str = "40nm", *, solvers: int = 1, write: str = "row"
) -> Estimate:
    """Return what the events of a ledger take [5].

    Parameters
    ----------
    ledger : Ledger
    technology_ : Technology or str
        What one event costs.
    solvers : int
        Copies of the chip that share the right-hand sides. Each is written, at the same time as the others: solving
        takes that much less time, writing that much more energy.
    write : {"row", "serial"}
        Whether the cells of a row are pulsed at once or one after the other.
    """
    t = technology(technology_) if isinstance(technology_, str) else technology_
    copies = checks.positive_int(solvers, "solvers")
    steps = ledger.row_pulses if checks.one_of(write, "write", ("row", "serial")) == "row" else ledger.pulses
    pulses = copies * ledger.pulses
    input_joules = ledger.array_joules - ledger.load_joules
    return Estimate(
        (
            Part("write pulses", steps * t.pulse_seconds, pulses * t.pulse_joules, True),
            Part("verify reads", steps * t.verify_seconds, pulses * t.verify_joules, True),
            Part("word lines", 0.0, ledger.word_lines * t.word_line_joules, False),
            Part("DAC", ledger.solves * t.dac_seconds / copies, ledger.dac_conversions * t.dac_joules, False),
            Part("input drivers", 0.0, _lost(t, ledger.input_coulombs, input_joules), False),
            Part("arrays settling", ledger.settle_seconds / copies, ledger.array_joules, False),
            Part("op-amp bias", 0.0, ledger.amplifier_seconds * t.amplifier_watts, False),
            Part("op-amp outputs", 0.0, _lost(t, ledger.load_coulombs, ledger.load_joules), False),
            Part("ADC", ledger.solves * t.adc_seconds / copies, ledger.adc_conversions * t.adc_joules, False),
            Part("memory", 0.0, (ledger.bytes_read + ledger.bytes_written) * t.memory_joules_per_byte, False),
        ),
        output_stages=max(1, ceil(ledger.peak_amperes / t.output_amperes)),
    )


def _lost(t: Technology, coulombs: float, delivered: float) -> float:
    """What a class-AB output takes from its supply beyond what it hands on to the network, J."""
    return max(0.0, t.supply_volts * coulombs - delivered)
