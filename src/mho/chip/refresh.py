"""Refresh policy: how long a matrix may stay in cells that relax, by the error that is predicted.

Chips are written and aged along their device's law, and solve problems like those to come; without a matrix it is the
error of the cells themselves. Beyond the measured times the law goes on along the logarithm of time as between its
last two, which is labelled: no measurement stands behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mho import checks
from mho.chip.calibration import KnownProblems
from mho.chip.chip import Chip
from mho.chip.design import ChipDesign
from mho.chip.devices.relaxation import Relaxation
from mho.circuits.errors import ChipError

__all__ = ["RefreshPlan", "plan_refresh"]

YEAR = 365.25 * 86400.0
"""Seconds."""

_TIMES, _CHIPS, _RHS = 9, 3, 16

_CELL_TIMES, _LEVELS = 400, 16
"""Times at which the cells' own error is looked at, and states of a cell that takes any."""


@dataclass(frozen=True, kw_only=True)
class RefreshPlan:
    """Time after which a matrix is to be written again.

    Attributes
    ----------
    error : float
        The bar, of answers or of cells.
    seconds : float
        Time until the predicted error is there; infinite: not before the horizon.
    times, errors : tuple of float
        Seconds since writing, and the predicted error: of answers the median of the chips.
    measured_until : float
        Last time for which the device was measured, as long as it lasts at the temperature, seconds.
    extrapolated : bool
        Whether `seconds`, or the horizon where that is infinite, or the temperature, is beyond what was measured.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.chip import plan_refresh
    >>> A = np.random.default_rng(0).random((32, 4))
    >>> plan = plan_refresh("neurram", A, error=0.2, horizon=86400.0)
    >>> plan.extrapolated, plan.measured_until
    (False, 172800.0)
    """

    error: float
    seconds: float
    times: tuple[float, ...]
    errors: tuple[float, ...]
    measured_until: float
    extrapolated: bool

    def __str__(self) -> str:
        when = f"after {self.seconds:.3g} s" if np.isfinite(self.seconds) else f"not within {self.times[-1]:.3g} s"
        label = f" (extrapolated: measured up to {self.measured_until:.3g} s)" if self.extrapolated else ""
        return f"refresh {when}: an error of {self.error:.3g} is predicted then{label}"


def plan_refresh(
    design: ChipDesign | str,
    A: Any = None,
    *,
    error: float,
    horizon: float = 10 * YEAR,
    kelvin: float | None = None,
    seed: int = 0,
) -> RefreshPlan:
    """Predict when the error of a matrix in ageing cells, or of the cells themselves, reaches a bar.

    Parameters
    ----------
    design : ChipDesign or str
        A chip whose cells relax, or a preset's name.
    A : array_like of shape (m, k), optional
        Matrix.
    error : float
        The bar: relative error of the answers, in the norm. Without a matrix: root mean square error of the cells over
        their levels, as a share of `g_max`.
    horizon : float
        The longest time looked at, seconds.
    kelvin : float, optional
        Temperature of the cells; by default that at which relaxation was measured.
    seed : int
        Of chips and problems.

    Raises
    ------
    ChipError
        Nothing is known of how these cells age, or of what heat does to that; or the error is above the bar at once.
    """
    design = Chip(design).design
    A = None if A is None else np.asarray(checks.as_matrix(A, "A"), np.float64)
    checks.positive_number(error, "error")
    checks.positive_number(horizon, "horizon")
    law, (faster, outside) = _relaxation(design), _acceleration(design, kelvin)
    whole = replace(design, device=replace(design.device, relaxation=law.extended(horizon * faster)))
    times, errors = _of_cells(whole, horizon, faster) if A is None else _of_answers(whole, A, horizon, faster, seed)
    return _plan(times, errors, error, until=law.times[-1] / faster, outside=outside)


def _plan(times: np.ndarray, errors: np.ndarray, error: float, *, until: float, outside: bool) -> RefreshPlan:
    seconds = _crossing(times, errors, error)
    return RefreshPlan(
        error=float(error),
        seconds=seconds,
        times=tuple(times.tolist()),
        errors=tuple(errors.tolist()),
        measured_until=until,
        extrapolated=bool(min(seconds, times[-1]) > until * (1 + 1e-9) or outside),
    )


def _relaxation(design: ChipDesign) -> Relaxation:
    law = design.device.relaxation
    if law is None:
        raise ChipError(
            f"nothing is known of how cells of {design.name!r} age: take a measured device (docs/lookup/devices.md), "
            "or fit one to your own reads with Device.fit"
        )
    return law


def _of_cells(design: ChipDesign, horizon: float, faster: float) -> tuple[np.ndarray, np.ndarray]:
    """Times since writing, and root mean square errors of the cells over their levels, as a share of `g_max`."""
    device, law = design.device, design.device.relaxation
    assert law is not None
    first = next((t for t in law.times if t > 0), 1.0) / faster
    times = np.geomspace(min(first, horizon), horizon, _CELL_TIMES)
    states = np.linspace(device.g_min, device.g_max, device.levels or _LEVELS)
    shift, spread = law.moments(states[:, None], times[None] * faster)
    return times, np.hypot(np.sqrt(np.mean(shift**2 + spread**2, axis=0)) / device.g_max, device.sigma_cell)


def _of_answers(
    design: ChipDesign, A: np.ndarray, horizon: float, faster: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Times since writing, and median errors of the chips' answers."""
    times = np.geomspace(min(1.0, horizon), horizon, _TIMES)
    return times, np.median([_ageing(design, A, times * faster, seed + chip) for chip in range(_CHIPS)], axis=0)


def _acceleration(design: ChipDesign, kelvin: float | None) -> tuple[float, bool]:
    """Acceleration of ageing at a temperature, and whether that is outside the fitted ones."""
    if kelvin is None:
        return 1.0, False
    retention = design.device.retention
    if retention is None:
        raise ChipError(
            f"nothing is known of how heat ages cells of {design.name!r}: leave the temperature out, or take a device "
            "with a retention"
        )
    checks.positive_number(kelvin, "kelvin")
    wide = replace(retention, coldest=min(kelvin, retention.coldest), hottest=max(kelvin, retention.hottest))
    return wide.acceleration(kelvin), wide != retention


def _ageing(design: ChipDesign, A: np.ndarray, times: np.ndarray, seed: int) -> list[float]:
    """Errors of one chip at those ages."""
    k = A.shape[1]
    rng = np.random.default_rng([seed, 1])
    problems = KnownProblems.solved(A, np.zeros(k), np.zeros(k), _RHS, rng)
    array, errors = Chip(design, seed=seed).program(A), []
    for step in np.diff(times, prepend=0.0).tolist():
        array.age(step)
        errors.append(problems.error(array, probe=False))
    return errors


def _crossing(times: np.ndarray, errors: np.ndarray, bar: float) -> float:
    """The first time at which the errors are at the bar, between the times along their logarithm."""
    if errors[0] > bar:
        raise ChipError(
            f"the error is {errors[0]:.3g} at once, above the bar of {bar:g}: no refresh helps; calibrate, repair, "
            "or take a larger bar"
        )
    above = np.flatnonzero(errors > bar)
    if not len(above):
        return float("inf")
    i = int(above[0])
    share = (bar - errors[i - 1]) / (errors[i] - errors[i - 1])
    return float(np.exp((1 - share) * np.log(times[i - 1]) + share * np.log(times[i])))
