"""Parts common to both sections of the report."""

from __future__ import annotations

from mho.demo.markup import percent, quantity, table
from mho.demo.results import Run

__all__ = ["NAMES", "cost_table", "writing_share"]

NAMES = {"digital": "Digital", "analog": "Chip alone", "hybrid": "Chip, then digital"}


def cost_table(caption: str, runs: tuple[Run, ...]) -> str:
    """Return the table of times and energies."""
    header = (
        "Engine",
        "Digital arithmetic, here",
        "Simulating the chip, here",
        "Chip solving, modelled",
        "Chip writing, modelled",
        "Energy of solving, modelled",
        "Energy of writing, modelled",
    )
    return table(caption, header, [_costs(run) for run in runs])


def _costs(run: Run) -> tuple[str, ...]:
    chip = run.chip
    modelled: tuple[float | None, ...] = (None,) * 4
    if chip is not None:
        ranges = (chip.solve_seconds, chip.write_seconds, chip.solve_joules, chip.write_joules)
        modelled = tuple(r.typical for r in ranges)
    here = (value or None for value in (run.digital_seconds, run.simulation_seconds))
    values = zip((*here, *modelled), ("s", "s", "s", "s", "J", "J"), strict=True)
    return NAMES[run.engine], *(quantity(value, unit) for value, unit in values)


def writing_share(run: Run) -> str:
    """Return the share of writing in the chip's modelled time and energy, as words."""
    chip = run.chip
    assert chip is not None
    time = percent(chip.write_seconds.typical / chip.seconds.typical)
    energy = percent(chip.write_joules.typical / chip.joules.typical)
    return f"writing the arrays is {time} of that time and {energy} of its {quantity(chip.joules.typical, 'J')}"
