"""Dialects of the simulators: options, saved nodes, commands of an analysis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mho.spice.text import number

__all__ = ["DIALECTS", "OPTIONS", "saved", "transient"]

DIALECTS = ("ngspice", "xyce")

# The simulators' defaults (1e-3 relative, 1 pA, 1 uV) suit volts and milliamperes. Here the answer is read to a part
# in a million, a cell carries nanoamperes, and a finite-gain error at virtual ground is below a microvolt.
# Gear, because a large step of the trapezoidal rule rings behind the fast clamped loops.
OPTIONS = ".options method=gear reltol=1e-6 abstol=1e-15 vntol=1e-10 chgtol=1e-20"
_XYCE_OPTIONS = (".options timeint method=gear reltol=1e-6 abstol=1e-10", ".options nonlin-tran abstol=1e-15")


def transient(dialect: str, nodes: Iterable[str], duration: float, step: float) -> Iterator[str]:
    """Yield the commands of a transient from zero, seconds, that keeps the voltages of `nodes`."""
    analysis = f".tran {number(step)} {number(duration)} 0 {number(step)} uic"
    if dialect == "ngspice":
        yield OPTIONS
        yield from saved(nodes)
    else:
        yield from _XYCE_OPTIONS
        yield f".print tran format=csv {' '.join(f'v({node})' for node in nodes)}"
    yield analysis


def saved(nodes: Iterable[str]) -> Iterator[str]:
    """Yield the commands by which ngspice keeps the voltages of `nodes` alone."""
    yield from (f".save v({node})" for node in nodes)
