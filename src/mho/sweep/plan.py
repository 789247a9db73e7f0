"""The plan of a Monte Carlo: designs, and least-squares problems for many chips of each."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mho import checks
from mho.chip import ChipDesign, Device
from mho.sweep.hypercube import SweepRange, latin_hypercube
from mho.sweep.own_data import OwnData
from mho.sweep.parameters import properties
from mho.sweep.streams import POINTS, stream

__all__ = ["KNOBS", "TREATMENTS", "Sweep", "changes"]

KNOBS: dict[str, tuple[float, ...]] = {
    "levels": (64, 32, 16, 8, 4),
    "sigma": (0.005, 0.01, 0.02, 0.04, 0.08),
    "gain": (1e5, 1e4, 3e3, 1e3, 300.0),
    "offset": (5e-6, 2e-5, 1e-4, 3e-4, 1e-3),
    "ohms": (0.5, 1.0, 2.0, 4.0, 8.0),
    "stuck": (0.001, 0.003, 0.01, 0.03, 0.1),
}
"""Properties of a design and the values that are tried, from mild to harsh; ohms are those of a segment of row and
column, stuck the share of cells, half of them at either end."""

TREATMENTS = (
    "as written",
    "repaired",
    "calibrated",
    "repaired and calibrated",
    "repaired, calibrated and probed",
)
"""What may be done about a chip's errors: `Chip.repair` without spare rows; `mho.Analog` with ``calibrate=True``, which
is False else; with ``probe=True``."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Many chips at every point of a grid, of a Latin hypercube, or of a hypercube repeated over a grid.

    Attributes
    ----------
    design : ChipDesign
        What is not swept.
    values : mapping of str to sequence
        Properties of the design and the values each takes; every combination is tried.
    ranges : mapping of str to SweepRange
        Properties that are sampled together, the same `samples` points at every combination of `values`.
    samples : int
        Points of the Latin hypercube over `ranges`.
    chips : int
        Chips at each point.
    rows, columns, rhs : int
        Size m x k of the matrix, uniform in [0, 1), and how many right-hand sides it is solved for.
    noise : float
        Standard deviation of what is added to A x, as a share of its root mean square.
    treatments : tuple of str
        What is done about a chip's errors, each of `TREATMENTS` at every point; by default they are as written.
    knobs : mapping of str to sequence of float
        Properties that are varied one at a time, the others as in the design, as `KNOBS` has them; by default none.
    data : OwnData or None
        Use whose answers the chips give, in place of problems drawn at random.
    devices : tuple of Device
        Cells that chips are made with in turn, in place of the design's; see `refitted`.
    seed : int
        Chip c solves the same problem at every point; its errors depend on seed, point and c alone.

    Examples
    --------
    >>> from mho.chip import preset
    >>> from mho.sweep import Sweep
    >>> plan = Sweep(design=preset("ideal"), values={"sigma": [0.01, 0.02], "levels": [8, 16]}, chips=5)
    >>> len(plan.points()), plan.points()[0]
    (4, {'sigma': 0.01, 'levels': 8})
    """

    design: ChipDesign
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    ranges: Mapping[str, SweepRange] = field(default_factory=dict)
    samples: int = 100
    chips: int = 20
    rows: int = 128
    columns: int = 10
    rhs: int = 100
    noise: float = 0.05
    seed: int = 0
    treatments: tuple[str, ...] = ()
    knobs: Mapping[str, Sequence[float]] = field(default_factory=dict)
    data: OwnData | None = None
    devices: tuple[Device, ...] = ()

    def __post_init__(self) -> None:
        for name in ("samples", "chips", "rows", "columns", "rhs"):
            checks.positive_int(getattr(self, name), name)
        checks.nonnegative_number(self.noise, "noise")
        checks.nonnegative_int(self.seed, "seed")
        for name, values in self.values.items():
            if not len(values):
                raise ValueError(f"values must give at least one value for {name!r}, got none")
        for name in self.values.keys() & self.ranges.keys():
            raise ValueError(f"a property must have values or a range, got both for {name!r}")
        for treatment in self.treatments:
            checks.one_of(treatment, "treatments", TREATMENTS)
        for knob in self.knobs:
            checks.one_of(knob, "knobs", tuple(KNOBS))
        for design in self.designs():
            design.check_least_squares("design")

    def points(self) -> list[dict[str, Any]]:
        """Return every combination of values, the last property changing fastest, with every sample of the ranges."""
        grid = [dict(zip(self.values, chosen, strict=True)) for chosen in itertools.product(*self.values.values())]
        known = properties(self.design)
        whole = frozenset(name for name in self.ranges if name in known and known[name].whole)
        samples = latin_hypercube(self.ranges, self.samples, stream(self.seed, POINTS), whole=whole)
        every = [chosen | sample for chosen, sample in itertools.product(grid, samples)]
        if self.knobs:
            alone = [{"knob": knob, "value": float(value)} for knob, values in self.knobs.items() for value in values]
            every = [point | one for point, one in itertools.product(every, alone)]
        if not self.treatments:
            return every
        return [point | {"treatment": treatment} for point, treatment in itertools.product(every, self.treatments)]

    def trials(self) -> list[tuple[int, dict[str, Any], int]]:
        """Return number of the point, its properties and number of the chip, of every chip in turn."""
        return [(number, point, chip) for number, point in enumerate(self.points()) for chip in range(self.chips)]

    def designs(self) -> list[ChipDesign]:
        """Return the design of every point; a wrong name or value is a ValueError here, before any work."""
        return [self.design_of(point) for point in self.points()]

    def design_of(self, point: Mapping[str, Any], chip: int = 0) -> ChipDesign:
        """Return the design of a chip at a point.

        Parameters
        ----------
        point : mapping
            One of `points`.
        chip : int
            Number of the chip, which has cells of its own where there are several `devices`.
        """
        given = {name: value for name, value in point.items() if name not in _NOT_OF_THE_DESIGN}
        if "knob" in point:
            given |= changes(point["knob"], point["value"])
        design = self.design
        if self.devices:
            design = replace(design, device=self.devices[chip % len(self.devices)])
        return design.with_(**given)


_NOT_OF_THE_DESIGN = {"treatment", "knob", "value"}


def changes(knob: str, value: float) -> dict[str, Any]:
    """Return the properties of a design that a value of a knob stands for.

    Parameters
    ----------
    knob : str
        One of `KNOBS`.
    value : float
        Its value.
    """
    if knob == "ohms":
        return {"row_ohms": value, "column_ohms": value}
    if knob == "stuck":
        return {"stuck_low": value / 2, "stuck_high": value / 2}
    return {knob: int(value) if knob == "levels" else value}
