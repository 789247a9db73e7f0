"""From a ledger of events to seconds, joules, square metres and watts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from mho import checks
from mho.chip import Ledger
from mho.cost.arithmetic import NOTHING, Expression, term
from mho.cost.interval import Interval
from mho.cost.technology import Technology, technology
from mho.cost.writing import WritePorts

__all__ = ["Estimate", "Part", "estimate"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One line of the bill.

    Attributes
    ----------
    name : str
        Which events.
    time, energy : Expression
        What they take, s and J, factor by factor.
    writing : bool
        Whether they belong to writing the arrays.

    Examples
    --------
    >>> from mho.cost import Part
    >>> from mho.cost.arithmetic import term
    >>> Part(name="ADC", energy=term("conversions", 10, "counted") * term("each", 2e-12, "assumed")).joules.typical
    2e-11
    """

    name: str
    time: Expression = NOTHING
    energy: Expression = NOTHING
    writing: bool = False

    @property
    def seconds(self) -> Interval:
        """Time of the events, s."""
        return self.time.value

    @property
    def joules(self) -> Interval:
        """Energy of the events, J."""
        return self.energy.value


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Time and energy of a run, by part; area and power of the chip.

    Attributes
    ----------
    parts : tuple of Part
        Their seconds and joules add up to the whole.
    areas : tuple of (str, Expression)
        Square metres of cells, converters, op-amps and write drivers of all copies, for the largest matrix programmed,
        held at once.
    output_stages : Interval
        Output stages that the op-amp with the largest load needs in parallel; at least 1.
    memory_seconds : Interval
        Time to move all bytes, s. It overlaps with solving; what is beyond is part "memory".

    Examples
    --------
    >>> from mho.chip import Ledger
    >>> from mho.cost import estimate
    >>> ledger = Ledger(pulses=1000, row_pulses=100, cells=100, rows=10, columns=10, tiles=1)
    >>> print(estimate(ledger, "40nm").write_joules)
    7.76e-08 (7.79e-09 to 8.2e-08)
    """

    parts: tuple[Part, ...]
    areas: tuple[tuple[str, Expression], ...]
    output_stages: Interval
    memory_seconds: Interval

    def __str__(self) -> str:
        """Return time, energy and area as lines: typical values, and their range."""
        held = {
            "time, s": self.seconds,
            "  writing": self.write_seconds,
            "  solving": self.solve_seconds,
            "energy, J": self.joules,
            "  writing ": self.write_joules,
            "  solving ": self.solve_joules,
            "area, m^2": self.square_metres,
        }
        return "\n".join(f"{name:11} {value}" for name, value in held.items())

    @property
    def time(self) -> Expression:
        """All of it, s, factor by factor."""
        return sum((p.time for p in self.parts), start=NOTHING)

    @property
    def energy(self) -> Expression:
        """All of it, J, factor by factor."""
        return sum((p.energy for p in self.parts), start=NOTHING)

    @property
    def seconds(self) -> Interval:
        """All of it, s."""
        return self.time.value

    @property
    def joules(self) -> Interval:
        """All of it, J."""
        return self.energy.value

    @property
    def write_seconds(self) -> Interval:
        """Writing the arrays, s."""
        return self._total(writing=True).time.value

    @property
    def write_joules(self) -> Interval:
        """Writing the arrays, J."""
        return self._total(writing=True).energy.value

    @property
    def solve_seconds(self) -> Interval:
        """Everything but writing, s."""
        return self._total(writing=False).time.value

    @property
    def solve_joules(self) -> Interval:
        """Everything but writing, J."""
        return self._total(writing=False).energy.value

    @property
    def shared_seconds(self) -> Interval:
        """Solving without a wait for memory, which more solvers share, s."""
        return sum((p.time for p in self.parts if not p.writing and p.name != "memory"), start=NOTHING).value

    @property
    def watts(self) -> Interval:
        """Mean power, W; its ends are the least energy in the longest time and the reverse."""
        return self.joules / self.seconds

    @property
    def solve_watts(self) -> Interval:
        """Mean power without writing, W."""
        return self.solve_joules / self.solve_seconds

    @property
    def square_metres(self) -> Interval:
        """Area of all copies, m^2."""
        return sum((area for _, area in self.areas), start=NOTHING).value

    def _total(self, *, writing: bool) -> Estimate:
        return replace(self, parts=tuple(p for p in self.parts if p.writing is writing))


def estimate(
    ledger: Ledger,
    technology_: Technology | str = "40nm",
    *,
    solvers: int = 1,
    write: str = "row",
    ports: str | None = None,
) -> Estimate:
    """Return time, energy and area of the events of a ledger.

    Parameters
    ----------
    ledger : Ledger
        Events of the chip.
    technology_ : Technology or str
        What one event costs.
    solvers : int
        Copies of the chip that share the right-hand sides. Each is written, at the same time as the others: solving
        takes that much less time, writing that much more energy.
    write : {"row", "serial"}
        Whether the cells of a row are pulsed at once or one after the other.
    ports : {"solver", "tile", "array"}, optional
        Rows of one solver that are written at the same time: one; one in each tile; one in each array of each tile,
        compensation included. By default an assumption: typical is one in each tile, the others are its ends.

    Raises
    ------
    ValueError
        No such technology, `write` or `ports`, or more solvers than right-hand sides.
    """
    t, copies = technology(technology_), _copies(solvers, ledger)
    writing = WritePorts(ledger, write=write, ports=ports)
    stages = _output_stages(ledger, t)
    moved = Interval.exact(ledger.bytes_read + ledger.bytes_written) * t.memory_seconds_per_byte.value
    return Estimate(
        parts=(*_writing(ledger, t, copies, writing), *_solving(ledger, t, copies), _memory(ledger, t, copies, moved)),
        areas=_areas(ledger, t, copies, stages, writing),
        output_stages=stages,
        memory_seconds=moved,
    )


def _copies(solvers: int, ledger: Ledger) -> int:
    copies = checks.positive_int(solvers, "solvers")
    if 0 < ledger.solves < copies:
        raise ValueError(f"solvers must be at most {ledger.solves:,.0f}, the right-hand sides, got {copies:,}")
    return copies


def _output_stages(ledger: Ledger, t: Technology) -> Interval:
    needed = Interval.exact(ledger.peak_amperes) / t.output_amperes.value
    return Interval(max(1.0, needed.low), max(1.0, needed.typical), max(1.0, needed.high))


def _writing(ledger: Ledger, t: Technology, copies: int, writing: WritePorts) -> tuple[Part, ...]:
    n, cost = partial(_count, ledger), t.term
    P, in_turn = term("solvers", copies, "given"), n(writing.steps) * writing.share
    return tuple(
        Part(
            name=name,
            time=in_turn * cost(f"{event}_seconds"),
            energy=n("pulses") * P * cost(f"{event}_joules"),
            writing=True,
        )
        for name, event in (("write pulses", "pulse"), ("verify reads", "verify"))
    )


def _solving(ledger: Ledger, t: Technology, copies: int) -> tuple[Part, ...]:
    n, cost = partial(_count, ledger), t.term
    shared = term("1 / solvers", 1 / copies, "given")
    return (
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
    )


def _memory(ledger: Ledger, t: Technology, copies: int, moved: Interval) -> Part:
    """Bytes are moved while the chip solves; where that takes longer the chip waits."""
    n, cost = partial(_count, ledger), t.term
    solving = sum((part.time for part in _solving(ledger, t, copies)), start=NOTHING).value
    low = max(0.0, moved.low - solving.low)
    typical = max(low, moved.typical - solving.typical)
    wait = Interval(low, typical, max(typical, moved.high - solving.high))
    source = f"what moving {ledger.bytes_read + ledger.bytes_written:.3g} bytes takes beyond solving, meanwhile"
    return Part(
        name="memory",
        time=term("wait for memory", wait, source) if wait.high else NOTHING,
        energy=(n("bytes_read") + n("bytes_written")) * cost("memory_joules_per_byte"),
    )


def _areas(
    ledger: Ledger, t: Technology, copies: int, stages: Interval, writing: WritePorts
) -> tuple[tuple[str, Expression], ...]:
    n, cost = partial(_count, ledger), t.term
    P, rows, columns = term("solvers", copies, "given"), n("rows"), n("columns")
    both = term("2", 2, "a driving and a sensing copy")
    needed = term("output_stages", stages, "peak_amperes / output_amperes, at least 1; each the size of an op-amp")
    beyond = ledger.opamps - ledger.columns
    others = term("op-amps beside the columns'", beyond, "of rows and reference columns") if beyond > 0 else NOTHING
    return (
        ("cells", P * rows * (both * columns + writing.row_extras) * cost("cell_area")),
        ("DAC", P * rows * cost("dac_area")),
        ("op-amps", P * (columns * needed + others) * cost("amplifier_area")),
        ("ADC", P * columns * cost("adc_area")),
        ("write drivers", P * writing.drivers * cost("write_driver_area")),
    )


def _count(ledger: Ledger, name: str, sign: int = 1) -> Expression:
    return term(name if sign > 0 else f"(-{name})", sign * float(getattr(ledger, name)), "counted by the ledger")
