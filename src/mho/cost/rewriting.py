"""Rewrites that the drift of cells asks for: time until their error passes what an application bears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho import checks
from mho.chip import Device, Relaxation
from mho.circuits.errors import ChipError
from mho.cost.arithmetic import Expression, term
from mho.cost.interval import Interval

__all__ = ["DAY", "Holding", "cell_error", "hold_seconds", "rewrites"]

DAY = 86400.0
_POINTS = 400
"""Times that are looked at, on a logarithmic scale."""

_LEVELS = 16
"""States of a cell that takes any."""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Time for which cells hold a matrix well enough.

    Attributes
    ----------
    seconds : float
        Until the error passes what is borne, or until the last time that was measured; infinite: cells do not drift.
    measured : bool
        Whether the error passes it within the measured times; else nothing is known beyond `seconds`.

    Examples
    --------
    >>> from mho.chip import preset
    >>> from mho.cost import hold_seconds
    >>> hold_seconds(preset("pku-2025").device, 0.1).seconds
    inf
    """

    seconds: float
    measured: bool


def cell_error(device: Device, seconds: np.ndarray) -> np.ndarray:
    """Return the root mean square error of cells over their levels, as a share of `g_max`, at each time (t,).

    Parameters
    ----------
    device : Device
        The cells.
    seconds : ndarray of shape (t,)
        Since writing, at the temperature at which their relaxation was measured.
    """
    law = device.relaxation
    if law is None:
        return np.full(len(seconds), float(np.hypot(device.sigma, device.sigma_cell)))
    states = np.linspace(device.g_min, device.g_max, device.levels or _LEVELS)
    shift, spread = law.moments(states[:, None], seconds[None])
    return np.sqrt(np.mean(shift**2 + spread**2, axis=0)) / device.g_max


def hold_seconds(device: Device, borne: float, *, kelvin: float | None = None) -> Holding:
    """Return the time after which cells have to be written again.

    Parameters
    ----------
    device : Device
        The cells.
    borne : float
        Largest root mean square error of cells that is borne, as a share of `g_max`.
    kelvin : float, optional
        Temperature meanwhile; by default the one at which their relaxation was measured.

    Raises
    ------
    ChipError
        The cells are as far off when they have just been written, or nothing is known of them at this temperature.
    """
    checks.at_least(borne, "borne", 0, strict=True)
    law, faster = device.relaxation, _acceleration(device, kelvin)
    times = np.zeros(1) if law is None else _times(law)
    errors = cell_error(device, times)
    if errors[0] > borne:
        raise ChipError(
            f"cells are off by {errors[0]:.3g} of g_max when they have just been written, and {borne:.3g} is borne: no "
            "rewriting helps; take another device or a bar that is less strict"
        )
    if law is None:
        return Holding(seconds=np.inf, measured=True)
    beyond = np.flatnonzero(errors > borne)
    last = times[-1] if not len(beyond) else times[max(1, beyond[0] - 1)]
    return Holding(seconds=float(last / faster), measured=bool(len(beyond)))


def rewrites(device: Device, borne: Interval, *, kelvin: float | None = None) -> Expression:
    """Return rewrites a day, with their source.

    Where the error is borne at all times that were measured: none (low), and one each time that as long has passed as
    was measured (typical and high).

    Parameters
    ----------
    device : Device
        The cells.
    borne : Interval
        Root mean square error of cells that is borne, as a share of `g_max`: strict (low) to lenient (high).
    kelvin : float, optional
        As for `hold_seconds`.
    """
    fresh = float(cell_error(device, np.zeros(1))[0])
    strict = borne.low if fresh <= borne.low else borne.typical
    held = [hold_seconds(device, value, kelvin=kelvin) for value in (borne.high, borne.typical, strict)]
    if np.isinf(held[0].seconds):
        return term("rewrites a day", 0.0, "its cells do not drift, as far as is published")
    low, typical, high = (DAY / one.seconds for one in held)
    known = held[1].measured
    how = "their error passes it then" if known else "borne as long as they were measured; nothing is known beyond"
    how += "" if strict == borne.low else "; the strict end is not met by cells just written"
    value = Interval(low if held[0].measured else 0.0, typical, high)
    return term("rewrites a day", value, f"cells that err by {borne} of g_max are borne: {how}")


def _acceleration(device: Device, kelvin: float | None) -> float:
    if kelvin is None:
        return 1.0
    if device.retention is None:
        raise ChipError(
            f"cells cannot be held at {kelvin:g} K: nothing is known of how heat ages this device; leave the "
            "temperature out, or take a device with a retention"
        )
    return device.retention.acceleration(kelvin)


def _times(law: Relaxation) -> np.ndarray:
    """Zero, and times up to the last that was measured, s."""
    first = next((t for t in law.times if t > 0), 1.0)
    if law.times[-1] <= first:
        return np.array([0.0, law.times[-1] or first])
    return np.concatenate([[0.0], np.geomspace(first, law.times[-1], _POINTS)])
