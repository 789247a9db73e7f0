"""Rows that are written at the same time, and the drivers that this takes."""

from __future__ import annotations

from math import ceil

from mho import checks
from mho.chip import Ledger
from mho.cost.arithmetic import term
from mho.cost.interval import Interval

__all__ = ["PORTS", "WritePorts"]

PORTS = ("array", "tile", "solver")
"""From the most ports to the fewest."""

_TILE_ROWS = 128
_IN_A_ROW = 3
"""Driving, sensing and compensation cells of a row, which the ledger has one after the other."""

_SOURCE = (
    "one row at a time: of each array of every tile (low), of every tile (typical), of the whole solver (high); "
    "this project's assumption. Published macros of 128 x 128 cells have drivers of their own (GRAMC-2025)"
)


class WritePorts:
    """Write ports of one solver: rows that are written at the same time.

    Parameters
    ----------
    ledger : Ledger
        Events of the chip.
    write : {"row", "serial"}
        A port is a row wide, or a cell.
    ports : {"array", "tile", "solver"} or None
        One in each array of each tile, one in each tile, one in all; None: an assumption with all three as its ends.

    Attributes
    ----------
    steps : str
        Count of the ledger that one port takes one after the other.
    share : Expression
        What is left of it with so many ports.
    row_extras : Expression
        Compensation cells of every row.
    drivers : Expression
        Columns that have a write driver.
    """

    def __init__(self, ledger: Ledger, *, write: str = "row", ports: str | None = None) -> None:
        checks.one_of(ports, "ports", (*PORTS, None))
        self.steps = "row_pulses" if checks.one_of(write, "write", ("row", "serial")) == "row" else "pulses"
        self.share = term("1 / rows at once", _of(_shares(ledger), ports), _SOURCE)
        most = 2 * ledger.columns
        needed = ledger.row_extras if ledger.tiles else most
        self.row_extras = term(
            "compensation cells a row",
            Interval(needed, needed, max(needed, most)),
            "low, typical: as many as the row of the array programmed that needs most; high: 2 k, which bring any row "
            "up to the sum of any other",
        )
        self.drivers = term("write drivers", _of(_drivers(ledger, needed), ports, rising=False), _SOURCE)


def _shares(ledger: Ledger) -> tuple[float, ...]:
    tile = ledger.tile_pulses / ledger.row_pulses if ledger.tile_pulses else 1.0
    return tile / _IN_A_ROW, tile, 1.0


def _drivers(ledger: Ledger, extras: float) -> tuple[float, ...]:
    """A port that serves the arrays of a tile in turn is as wide as the widest of them."""
    k, tiles = ledger.columns, ledger.tiles or ceil(ledger.rows / _TILE_ROWS)
    return tiles * (2 * k + extras), tiles * max(k, extras), max(k, extras)


def _of(values: tuple[float, ...], ports: str | None, *, rising: bool = True) -> Interval:
    if ports is not None:
        return Interval.exact(values[PORTS.index(ports)])
    return Interval(*(values if rising else values[::-1]))
