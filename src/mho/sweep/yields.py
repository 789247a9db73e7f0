"""Share of good chips of a design (its yield) by treatment, and the harshest value of each property."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import checks
from mho.chip import ChipDesign, Device

__all__ = ["KNOBS", "ChipYield", "Requirement", "requirement", "with_cells", "yields"]

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


@dataclass(frozen=True, kw_only=True)
class ChipYield:
    """Share of chips that meet a bar.

    Attributes
    ----------
    treatment : str
        What was done about their errors.
    chips, passed : int
        All, and those that meet the bar; a chip that fails does not.
    low, high : float
        95 % confidence interval of the share (Wilson).
    median : float
        Of the errors; infinite where most chips fail.

    Examples
    --------
    >>> from mho.sweep import yields
    >>> rows = [{"treatment": "as written", "error": error} for error in (0.03, 0.04, 0.06, 0.02)]
    >>> found = yields(rows, 0.05)[0]
    >>> found.share, round(found.low, 3), round(found.high, 3)
    (0.75, 0.301, 0.954)
    """

    treatment: str
    chips: int
    passed: int
    low: float
    high: float
    median: float

    @property
    def share(self) -> float:
        """Share of the chips that meet the bar."""
        return self.passed / self.chips


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """Harshest value of a property at which enough chips meet the bar, everything else as in the design.

    Attributes
    ----------
    knob : str
        The property, one of `KNOBS`.
    tolerated : float or None
        Harshest value of those tried up to which the share of chips is at least what is asked; None: not one is.
    tried : tuple of (float, ChipYield)
        Values from mild to harsh, and their yield.

    Examples
    --------
    >>> from mho.sweep import ChipYield, requirement
    >>> good, bad = (ChipYield(treatment="", chips=9, passed=n, low=0, high=1, median=0) for n in (9, 2))
    >>> requirement("gain", [(1e4, good), (1e3, bad)], share=0.9).tolerated
    10000.0
    """

    knob: str
    tolerated: float | None
    tried: tuple[tuple[float, ChipYield], ...]


def yields(rows: Iterable[Mapping[str, Any]], bar: float) -> list[ChipYield]:
    """Return the yield of each treatment, in the order in which they come.

    Parameters
    ----------
    rows : iterable of mapping
        Chips as `trials` yields them, of a plan with treatments.
    bar : float
        Largest error that meets it.
    """
    from scipy.stats import binomtest

    checks.positive_number(bar, "bar")
    errors: dict[str, list[float]] = {}
    for row in rows:
        errors.setdefault(row["treatment"], []).append(row["error"])
    found = []
    for treatment, those in errors.items():
        each = np.nan_to_num(np.asarray(those, np.float64), nan=np.inf)
        passed = int(np.count_nonzero(each <= bar))
        interval = binomtest(passed, len(each)).proportion_ci(0.95, method="wilson")
        found.append(
            ChipYield(
                treatment=treatment,
                chips=len(each),
                passed=passed,
                low=float(interval.low),
                high=float(interval.high),
                median=float(np.median(each)),
            )
        )
    return found


def requirement(knob: str, tried: Sequence[tuple[float, ChipYield]], *, share: float) -> Requirement:
    """Return the harshest value up to which the yield is at least `share`.

    Parameters
    ----------
    knob : str
        The property.
    tried : sequence of (float, ChipYield)
        Values from mild to harsh, and their yield.
    share : float
        Share of chips that have to meet the bar.
    """
    tolerated = None
    for value, found in tried:
        if found.share < share:
            break
        tolerated = value
    return Requirement(knob=knob, tolerated=tolerated, tried=tuple(tried))


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


def with_cells(design: ChipDesign, table: Any, **columns: Any) -> ChipDesign:
    """Return a design with cells of your own: a device fitted to a table of reads.

    Parameters
    ----------
    design : ChipDesign
        Everything else.
    table : DataFrame, Arrow table, structured array or mapping
        One read a row; see `mho.chip.Device.fit`.
    **columns
        Names of its columns, as `mho.chip.Device.fit` takes them.

    Raises
    ------
    ValueError
        The table is too small to fit, or not one of reads.
    """
    from dataclasses import replace

    return replace(design, name=f"{design.name} with cells as measured", device=Device.fit(table, **columns))
