"""Sensitivity of an estimate: tornado and curves over pulse, solvers, ports and precision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from mho.chip import ChipDesign, Ledger, preset
from mho.cost.estimate import Estimate, estimate
from mho.cost.technology import Technology
from mho.cost.workload import Workload, sweep_ledger
from mho.cost.writing import PORTS, WritePorts

__all__ = ["Curve", "Swing", "ports_curve", "precision_curve", "pulse_curve", "solvers_curve", "tornado"]

_ADC_JOULES = {4: 1.4e-12, 6: 1.6e-12, 8: 2.6e-12, 10: 5.0e-12, 12: 11e-12}
"""Best converters in 40 nm by resolution (Andrulis-2024); other technologies are taken to scale alike."""


@dataclass(frozen=True, kw_only=True)
class Swing:
    """Swing of the whole with one number, every other one typical.

    Attributes
    ----------
    name : str
        Of a number of the technology, or "write ports".
    seconds, joules : tuple of float
        With the number at its low and at its high end.

    Examples
    --------
    >>> from mho.cost import Swing
    >>> swing = Swing(name="pulse_joules", seconds=(1.0, 1.0), joules=(61e-3, 68.4e-3))
    >>> round(swing.joules[1] - swing.joules[0], 6)
    0.0074
    """

    name: str
    seconds: tuple[float, float]
    joules: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The chip's time and energy, writing counted, against something that a designer chooses.

    Attributes
    ----------
    name : str
    values, seconds, joules : tuple of float

    Examples
    --------
    >>> from mho.cost import Curve
    >>> Curve(name="pulse", values=(1e-7, 1e-6), seconds=(1.0, 2.0), joules=(3.0, 4.0)).times(10).seconds
    (10.0, 20.0)
    """

    name: str
    values: tuple[float, ...]
    seconds: tuple[float, ...]
    joules: tuple[float, ...]

    def times(self, factor: float) -> Curve:
        """Return the costs of the same work `factor` times.

        Parameters
        ----------
        factor : float
            Multiplier.
        """
        seconds, joules = (tuple(factor * value for value in side) for side in (self.seconds, self.joules))
        return replace(self, seconds=seconds, joules=joules)


def tornado(
    ledger: Ledger, technology: Technology, *, solvers: int = 1, write: str = "row", ports: str | None = None
) -> tuple[Swing, ...]:
    """Return the swing of every number that moves time or energy, the widest in energy first.

    Parameters
    ----------
    ledger : Ledger
        Events of the chip.
    technology : Technology
        Cost of each event.
    solvers : int
        Solvers side by side.
    write, ports
        As for `estimate`.
    """
    typical = technology.with_(**{name: n.value.typical for name, n in technology.numbers().items()})
    ends = {
        name: tuple(
            estimate(ledger, typical.with_(**{name: end}), solvers=solvers, write=write, ports=ports)
            for end in (number.value.low, number.value.high)
        )
        for name, number in technology.numbers().items()
    }
    if ports is None:
        ends["write ports"] = tuple(
            estimate(ledger, typical, solvers=solvers, write=write, ports=end) for end in ("array", "solver")
        )
    swings = [_swing(name, *found) for name, found in ends.items()]
    moving = [s for s in swings if s.seconds[0] < s.seconds[1] or s.joules[0] < s.joules[1]]
    return tuple(sorted(moving, key=lambda swing: swing.joules[0] - swing.joules[1]))


def _swing(name: str, low: Estimate, high: Estimate) -> Swing:
    seconds, joules = ((getattr(low, q).typical, getattr(high, q).typical) for q in ("seconds", "joules"))
    return Swing(name=name, seconds=seconds, joules=joules)


def pulse_curve(
    ledger: Ledger, technology: Technology, seconds: Iterable[float], *, solvers: int = 1, **writing: Any
) -> Curve:
    """Return the chip's costs against the length of a write pulse, at the same power of a pulse.

    Parameters
    ----------
    ledger : Ledger
        Events of the chip.
    technology : Technology
        Cost of each event.
    seconds : iterable of float
        Lengths.
    solvers : int
        Solvers side by side.
    **writing
        `write` and `ports`, as for `estimate`.
    """
    watts = technology.pulse_joules.value.typical / technology.pulse_seconds.value.typical
    found = {
        s: estimate(ledger, technology.with_(pulse_seconds=s, pulse_joules=watts * s), solvers=solvers, **writing)
        for s in seconds
    }
    return _curve("write pulse, s", found)


def solvers_curve(ledger: Ledger, technology: Technology, counts: Iterable[int], **writing: Any) -> Curve:
    """Return the chip's costs against the number of solvers.

    Parameters
    ----------
    ledger : Ledger
        Events of the chip.
    technology : Technology
        Cost of each event.
    counts : iterable of int
        Of solvers.
    **writing
        `write` and `ports`, as for `estimate`.
    """
    return _curve("solvers", {n: estimate(ledger, technology, solvers=n, **writing) for n in counts})


def ports_curve(ledger: Ledger, technology: Technology, *, solvers: int = 1, write: str = "row") -> Curve:
    """Return the chip's costs against the rows of one solver that are written at the same time.

    Parameters
    ----------
    ledger : Ledger
        Events of the chip.
    technology : Technology
        Cost of each event.
    solvers, write
        As for `estimate`.
    """
    found = {
        1 / WritePorts(ledger, write=write, ports=p).share.value.typical: estimate(
            ledger, technology, solvers=solvers, write=write, ports=p
        )
        for p in reversed(PORTS)
    }
    return _curve("rows written at once", found)


def precision_curve(
    workload: Workload,
    technology: Technology,
    design: ChipDesign | None = None,
    *,
    solvers: int = 1,
    **writing: Any,
) -> Curve:
    """Return the chip's costs against the bits of its converters: longer settling, dearer conversions.

    Parameters
    ----------
    workload : Workload
        One sweep of it.
    technology : Technology
        Cost of each event.
    design : ChipDesign, optional
        By default that of ``preset("pku-2025")``.
    solvers : int
        Solvers side by side.
    **writing
        `write` and `ports`, as for `estimate`.
    """
    design = preset("pku-2025") if design is None else design
    found = {}
    for bits, joules in _ADC_JOULES.items():
        scaled = technology.adc_joules.value.typical * joules / _ADC_JOULES[8]
        ledger = sweep_ledger(workload, design.with_(adc_bits=bits, dac_bits=bits))
        found[bits] = estimate(ledger, technology.with_(adc_joules=scaled), solvers=solvers, **writing)
    return _curve("bits of the converters", found)


def _curve(name: str, found: dict) -> Curve:
    estimates: list[Estimate] = list(found.values())
    return Curve(
        name=name,
        values=tuple(found),
        seconds=tuple(e.seconds.typical for e in estimates),
        joules=tuple(e.joules.typical for e in estimates),
    )
