"""Share of good chips of a design (its yield) by treatment, and the harshest value of each property."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mho import checks
from mho.chip import ChipDesign, Device
from mho.chip.devices.read_table import Reads

__all__ = ["ChipYield", "Requirement", "refitted", "requirement", "with_cells", "yields"]


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
        95 % confidence interval of the share (Wilson); see `yields`.
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


def yields(rows: Iterable[Mapping[str, Any]], bar: float, *, devices: int = 1) -> list[ChipYield]:
    """Return the yield of each treatment, in the order in which they come.

    Where chips were made with several devices in turn, fits to one table say, the interval is no narrower than that of
    the mean of their yields by Student's t: what the table leaves open counts.

    Parameters
    ----------
    rows : iterable of mapping
        Chips as `trials` yields them, of a plan with treatments.
    bar : float
        Largest error that meets it.
    devices : int
        Devices of the plan that chips were made with in turn.
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
        low, high = _between(each <= bar, devices)
        found.append(
            ChipYield(
                treatment=treatment,
                chips=len(each),
                passed=passed,
                low=min(low, float(interval.low)),
                high=max(high, float(interval.high)),
                median=float(np.median(each)),
            )
        )
    return found


def _between(good: np.ndarray, devices: int) -> tuple[float, float]:
    """The 95 % interval of the share of good chips by the shares of each device."""
    from scipy.stats import t

    shares = np.array([good[first::devices].mean() for first in range(min(devices, len(good)))])
    if len(shares) < 2:
        return float(good.mean()), float(good.mean())
    half = t.ppf(0.975, len(shares) - 1) * shares.std(ddof=1) / np.sqrt(len(shares))
    return max(0.0, float(shares.mean() - half)), min(1.0, float(shares.mean() + half))


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
    return replace(design, name=f"{design.name} with cells as measured", device=Device.fit(table, **columns))


def refitted(table: Any, count: int, *, seed: int = 0, **columns: Any) -> tuple[Device, ...]:
    """Return devices fitted to a table whose reads are drawn again, level by level: what it leaves open (bootstrap).

    Parameters
    ----------
    table, **columns
        See `with_cells`.
    count : int
        Devices.
    seed : int
        Of the draws.

    Raises
    ------
    ValueError
        The table is too small to fit, or not one of reads.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.sweep import refitted
    >>> rng = np.random.default_rng(0)
    >>> level = np.repeat(["low", "high"], 100)
    >>> siemens = np.where(level == "low", 1e-6, 9e-6) + 1e-7 * rng.standard_normal(200)
    >>> devices = refitted({"level": level, "time": np.zeros(200), "conductance": siemens}, 5)
    >>> len({device.g_max for device in devices})
    5
    """
    names = {"level": "level", "time": "time", "conductance": "conductance", "target": None} | columns
    least = names.pop("least", None)
    reads, rng = Reads.of(table, **names), np.random.default_rng(seed)
    settings: dict[str, Any] = {} if least is None else {"least": least}
    if reads.target is not None:
        settings["target"] = "target"
    return tuple(Device.fit(_drawn(reads, rng), **settings) for _ in range(checks.positive_int(count, "count")))


def _drawn(reads: Reads, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return as many reads of each level, drawn with repeats."""
    groups = [np.flatnonzero(reads.level == one) for one in np.unique(reads.level)]
    rows = np.concatenate([rng.choice(group, len(group)) for group in groups])
    columns = {"level": reads.level, "time": reads.seconds, "conductance": reads.siemens, "target": reads.target}
    return {name: column[rows] for name, column in columns.items() if column is not None}
