"""From a ledger of events to seconds, joules, square metres and watts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from mho import checks
from mho.chip import Ledger
from mho.cost.arithmetic import NOTHING, Sum, factor
from mho.cost.range import Range
from mho.cost.technology import Technology, technology

__all__ = ["Estimate", "Part", "estimate"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One line of the bill.

    Attributes
    ----------
    name : str
        Which events.
    time, energy : Sum
        What they take, s and J, factor by factor.
    writing : bool
        Whether they belong to writing the arrays.
    """

    name: str
    time: Sum = NOTHING
    energy: Sum = NOTHING
    writing: bool = False

    @property
    def seconds(self) -> Range:
        """What they take, s."""
        return self.time.value

    @property
    def joules(self) -> Range:
        """What they take, J."""
        return self.energy.value


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Time and energy of a run, by part; area and power of the chip.

    Attributes
    ----------
    parts : tuple of Part
        Their seconds and joules add up to the whole.
    areas : tuple of (str, Sum)
        Square metres of cells, converters and op-amps of all copies, for the largest matrix programmed, held at once.
    output_stages : Range
        Output stages that the op-amp with the largest load needs in parallel; at least 1.
    """

    parts: tuple[Part, ...]
    areas: tuple[tuple[str, Sum], ...]
    output_stages: Range

    @property
    def time(self) -> Sum:
        """All of it, s, factor by factor."""
        return sum((p.time for p in self.parts), start=NOTHING)

    @property
    def energy(self) -> Sum:
        """All of it, J, factor by factor."""
        return sum((p.energy for p in self.parts), start=NOTHING)

    @property
    def seconds(self) -> Range:
        """All of it, s."""
        return self.time.value

    @property
    def joules(self) -> Range:
        """All of it, J."""
        return self.energy.value

    @property
    def write_seconds(self) -> Range:
        """Writing the arrays, s."""
        return self._total(writing=True).time.value

    @property
    def write_joules(self) -> Range:
        """Writing the arrays, J."""
        return self._total(writing=True).energy.value

    @property
    def solve_seconds(self) -> Range:
        """Everything but writing, s."""
        return self._total(writing=False).time.value

    @property
    def solve_joules(self) -> Range:
        """Everything but writing, J."""
        return self._total(writing=False).energy.value

    @property
    def watts(self) -> Range:
        """Mean power, W; its ends are the least energy in the longest time and the reverse."""
        return self.joules / self.seconds

    @property
    def solve_watts(self) -> Range:
        """Mean power without writing, W."""
        return self.solve_joules / self.solve_seconds

    @property
    def square_metres(self) -> Range:
        """Area of all copies, m^2."""
        return sum((area for _, area in self.areas), start=NOTHING).value

    def _total(self, *, writing: bool) -> Estimate:
        return Estimate(
            parts=tuple(p for p in self.parts if p.writing is writing),
            areas=self.areas,
            output_stages=self.output_stages,
        )


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
    steps = "row_pulses" if checks.one_of(write, "write", ("row", "serial")) == "row" else "pulses"
    stages = Range.exact(ledger.peak_amperes) / t.output_amperes.value
    stages = Range(max(1.0, stages.low), max(1.0, stages.typical), max(1.0, stages.high))
    return Estimate(
        parts=_parts(ledger, t, copies, steps), areas=_areas(ledger, t, copies, stages), output_stages=stages
    )


def _parts(ledger: Ledger, t: Technology, copies: int, steps: str) -> tuple[Part, ...]:
    n, cost = partial(_count, ledger), partial(_cost, t)
    P, shared = factor("solvers", copies, "given"), factor("1 / solvers", 1 / copies, "given")
    moved = n("bytes_read") + n("bytes_written")
    return (
        Part(
            name="write pulses",
            time=n(steps) * cost("pulse_seconds"),
            energy=n("pulses") * P * cost("pulse_joules"),
            writing=True,
        ),
        Part(
            name="verify reads",
            time=n(steps) * cost("verify_seconds"),
            energy=n("pulses") * P * cost("verify_joules"),
            writing=True,
        ),
        Part(name="word lines", energy=n("word_lines") * cost("word_line_joules")),
        Part(
            name="DAC",
            time=n("solves") * shared * cost("dac_seconds"),
            energy=n("dac_conversions") * cost("dac_joules"),
        ),
        Part(name="arrays", time=n("settle_seconds") * shared, energy=n("array_joules")),
        # What a class-AB output takes from its supply beyond what it hands on to the arrays.
        Part(
            name="input drivers",
            energy=cost("supply_volts") * n("input_coulombs") + n("array_joules", -1) + n("load_joules"),
        ),
        Part(name="op-amp outputs", energy=cost("supply_volts") * n("load_coulombs") + n("load_joules", -1)),
        Part(name="op-amp bias", energy=n("amplifier_cycles") * cost("amplifier_joules_per_cycle")),
        Part(
            name="ADC",
            time=n("solves") * shared * cost("adc_seconds"),
            energy=n("adc_conversions") * cost("adc_joules"),
        ),
        Part(name="memory", energy=moved * cost("memory_joules_per_byte")),
    )


def _areas(ledger: Ledger, t: Technology, copies: int, stages: Range) -> tuple[tuple[str, Sum], ...]:
    n, cost = partial(_count, ledger), partial(_cost, t)
    P, rows, columns = factor("solvers", copies, "given"), n("rows"), n("columns")
    both = factor("2", 2, "a driving and a sensing copy")
    needed = factor("output_stages", stages, "peak_amperes / output_amperes, at least 1; each the size of an op-amp")
    return (
        ("cells", P * both * rows * columns * cost("cell_area") + P * rows * cost("cell_area")),
        ("DAC", P * rows * cost("dac_area")),
        ("op-amps", P * columns * needed * cost("amplifier_area")),
        ("ADC", P * columns * cost("adc_area")),
    )


def _count(ledger: Ledger, name: str, sign: int = 1) -> Sum:
    return factor(name if sign > 0 else f"(-{name})", sign * float(getattr(ledger, name)), "counted by the ledger")


def _cost(t: Technology, name: str) -> Sum:
    number = getattr(t, name)
    return factor(name, number.value, f"{t.name}: {number.source}")
