"""The ledger: how often each physical event happened. `mho.cost` turns it into seconds, joules and area."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import ClassVar, Self

__all__ = ["Ledger"]


def _largest() -> float:
    """A field of which the largest value is kept, not the sum."""
    return field(default=0.0, metadata={"combine": max})


@dataclass(kw_only=True)
class Ledger:
    """Counts of events, additive but for the last six fields.

    Attributes
    ----------
    cells : float
        Cells written.
    pulses : float
        Write pulses, each followed by a verify read.
    row_pulses : float
        Pulses one after the other if a whole row of one array is written at once.
    tile_pulses : float
        The same if every tile writes its rows one after the other while the other tiles do: those of the slowest tile.
    unverified : float
        Conductances that verifying gave up on, outside their window.
    solves : float
        Right-hand sides settled, one after the other.
    followed : float
        Right-hand sides whose operating point was found by following their transient: the loop may have several.
    operations : float
        Digital multiplications and additions beside the chip: gradients and directions of refinements, products of
        probes, critical answers. Those of digital iterations after the chip's are not among them.
    clipped : float
        Right-hand sides for which an op-amp left the range of the outputs; they are solved again at smaller inputs.
    overloaded : float
        Right-hand sides that asked an op-amp for more than its current limit; they are solved again likewise.
    settle_seconds : float
        Time the loops were given to settle, s.
    amplifier_seconds : float
        The same, times the amplifiers that were on, s.
    amplifier_cycles : float
        The same, times the gain-bandwidth product of the amplifiers, of which bias power is a multiple.
    array_joules : float
        Energy turned into heat in cells, wires, input and compensation conductances while settling, J.
    load_joules : float
        The part of it that the op-amps' outputs delivered, J.
    load_coulombs : float
        Charge that the op-amps' outputs drew from their positive supply meanwhile, C.
    input_coulombs : float
        Charge through the input drivers, C.
    dac_conversions, adc_conversions : float
        Conversions.
    word_lines : float
        Word lines switched, to leave rows out.
    bytes_read, bytes_written : float
        To the chip from memory: matrices to write, right-hand sides, rows that are on. From the chip: answers.
    peak_amperes : float
        The largest current that any one output had to deliver at rest, A.
    rows, columns : float
        Size of the largest matrix programmed, a ridge's rows included.
    tiles : float
        Arrays of `ArrayGeometry.rows` rows that each array of the tallest matrix programmed is spread over.
    row_extras : float
        Cells beside those of both arrays in the row that has most of them: compensation and reference columns.
    opamps : float
        Op-amps of the largest circuit that was solved with; zero before any solve, and in records that do not tell it.

    Examples
    --------
    >>> import numpy as np
    >>> from mho import Chip
    >>> chip = Chip("ideal")
    >>> before = chip.ledger.copy()
    >>> x = chip.program(np.eye(4, 2)).solve(np.ones((4, 3)))
    >>> chip.ledger.since(before).solves, chip.ledger.cells
    (3.0, 8.0)
    """

    metered: ClassVar[bool] = True
    """Whether energy, charge and current of solving count."""

    cells: float = 0.0
    pulses: float = 0.0
    row_pulses: float = 0.0
    tile_pulses: float = 0.0
    unverified: float = 0.0
    solves: float = 0.0
    followed: float = 0.0
    operations: float = 0.0
    clipped: float = 0.0
    overloaded: float = 0.0
    settle_seconds: float = 0.0
    amplifier_seconds: float = 0.0
    amplifier_cycles: float = 0.0
    array_joules: float = 0.0
    load_joules: float = 0.0
    load_coulombs: float = 0.0
    input_coulombs: float = 0.0
    dac_conversions: float = 0.0
    adc_conversions: float = 0.0
    word_lines: float = 0.0
    bytes_read: float = 0.0
    bytes_written: float = 0.0
    peak_amperes: float = _largest()
    rows: float = _largest()
    columns: float = _largest()
    tiles: float = _largest()
    row_extras: float = _largest()
    opamps: float = _largest()

    def add(self, other: Ledger) -> None:
        """Add the counts of `other` to this one's."""
        for f in fields(self):
            combine = f.metadata.get("combine", _sum)
            setattr(self, f.name, combine(getattr(self, f.name), getattr(other, f.name)))

    def since(self, earlier: Ledger) -> Self:
        """Return the counts since this ledger was as `earlier`; largest values are those of all time."""
        return type(self)(
            **{
                f.name: getattr(self, f.name) - (0 if "combine" in f.metadata else getattr(earlier, f.name))
                for f in fields(self)
            }
        )

    def times(self, factor: float) -> Self:
        """Return the ledger of `factor` times these events."""
        return type(self)(
            **{f.name: getattr(self, f.name) * (1 if "combine" in f.metadata else factor) for f in fields(self)}
        )

    def copy(self) -> Self:
        """Return a copy that later events do not reach."""
        return self.times(1)


def _sum(a: float, b: float) -> float:
    return a + b
