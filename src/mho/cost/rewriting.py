"""Rewrites that the drift of cells asks for, by the refresh policy of the chip."""

from __future__ import annotations

from mho.chip import Chip, ChipDesign, RefreshPlan, plan_refresh
from mho.cost.arithmetic import NOTHING, Expression, term
from mho.cost.interval import Interval

__all__ = ["DAY", "drift_or_update", "rewrites"]

DAY = 86400.0


def rewrites(design: ChipDesign | str, borne: Interval, *, kelvin: float | None = None) -> Expression:
    """Return rewrites a day by `mho.chip.plan_refresh`, with their source.

    Low: with the most that is borne, as the device's law goes on beyond the last time that was measured. Typical and
    high: no cells are trusted longer than they were measured.

    Parameters
    ----------
    design : ChipDesign or str
        A chip with the cells, or a preset's name.
    borne : Interval
        Root mean square error of cells that is borne, as a share of `g_max`: strict (low) to lenient (high).
    kelvin : float, optional
        Temperature meanwhile; by default the one at which their relaxation was measured.

    Raises
    ------
    ChipError
        The cells are as far off when they have just been written, or nothing is known of them at this temperature.

    Examples
    --------
    >>> from mho.cost import Interval, rewrites
    >>> print(rewrites("pku-2025", Interval.exact(0.1)).value, rewrites("neurram", Interval.exact(0.1)).value)
    0 0.5 (0 to 0.5)
    """
    design = Chip(design).design
    device = design.device
    if kelvin is not None and device.retention is not None:
        device.retention.acceleration(kelvin)  # refuses what is outside the fitted temperatures
    if device.relaxation is None:
        return term("rewrites a day", 0.0, "its cells do not drift, as far as is published")
    plan = plan_refresh(design, error=borne.typical, kelvin=kelvin)
    if max(plan.errors) <= plan.errors[0]:
        return term("rewrites a day", 0.0, "the error of its cells does not grow")
    lenient = plan_refresh(design, error=borne.high, kelvin=kelvin)
    strict = plan if plan.errors[0] > borne.low else plan_refresh(design, error=borne.low, kelvin=kelvin)
    value = Interval(DAY / lenient.seconds, *(DAY / min(one.seconds, one.measured_until) for one in (plan, strict)))
    return term("rewrites a day", value, f"cells that err by {borne} of g_max are borne: {_told(plan, strict)}")


def drift_or_update(
    cells: str, borne: Interval | None, *, updates: float = 0.0, kelvin: float | None = None
) -> Expression:
    """Return the more frequent of rewrites for drift and new matrices a day: a new one is written afresh.

    Parameters
    ----------
    cells : str
        Preset with the cells.
    borne : Interval or None
        As for `rewrites`; None: their drift is left out.
    updates : float
        New matrices a day.
    kelvin : float, optional
        As for `rewrites`.
    """
    drift = NOTHING if borne is None else rewrites(cells, borne, kelvin=kelvin)
    often = drift.value
    source = "; ".join([*(f.source for f in drift.factors()), f"new matrices: {updates:g} a day, given or assumed"])
    value = Interval(max(often.low, updates), max(often.typical, updates), max(often.high, updates))
    return term("rewrites a day", value, f"{cells}: {source}")


def _told(plan: RefreshPlan, strict: RefreshPlan) -> str:
    known = "their error passes it then" if plan.seconds <= plan.measured_until else "borne as long as measured"
    return known + ("; the strict end is not met by cells just written" if strict is plan else "")
