"""Wire resistance between the cells of the two arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from mho import checks
from mho.units import OHMS

__all__ = ["Wires"]


@dataclass(frozen=True, kw_only=True)
class Wires:
    """Resistance of the wires, ohms; zero is a perfect wire.

    One wire carries row i through both arrays: the input conductance meets it at cell 0 of the driving array, cell 0 of
    the sensing array follows the last one of the driving array, and the compensation leaves from the last cell of all.
    The wire of a column, in either array, runs from its op-amp to row 0 and on to row m-1. A reference column, if there
    is one, lies before column 0 of its array. In row tiles each column has a wire for each tile, from the tile's own
    first row on, and a bus that runs from its op-amp past the first rows of all tiles.

    Attributes
    ----------
    row_ohms, column_ohms : float
        Of the segment between neighbouring cells, ohms.
    driver_ohms : float
        Between the output of an op-amp and row 0 of its column in the driving array, ohms.
    sense_ohms : float
        Between the input of an op-amp and row 0 of its column in the sensing array, ohms.
    bus_ohms : float
        Of the bus between neighbouring tiles, ohms.
    tile_rows : int or None
        Rows of a tile; None: all rows are one. In the compact circuit.

    Examples
    --------
    >>> from mho.circuits import Wires
    >>> bool(Wires()), bool(Wires(row_ohms=2.0, column_ohms=2.0))
    (False, True)
    """

    row_ohms: float = field(default=0.0, metadata=OHMS)
    column_ohms: float = field(default=0.0, metadata=OHMS)
    driver_ohms: float = field(default=0.0, metadata=OHMS)
    sense_ohms: float = field(default=0.0, metadata=OHMS)
    bus_ohms: float = field(default=0.0, metadata=OHMS)
    tile_rows: int | None = None

    def __post_init__(self) -> None:
        for name in _RESISTANCES:
            object.__setattr__(self, name, checks.nonnegative_number(getattr(self, name), name))
        if self.tile_rows is not None:
            object.__setattr__(self, "tile_rows", checks.positive_int(self.tile_rows, "tile_rows"))
        elif self.bus_ohms:
            raise ValueError(f"bus_ohms must be 0 without tile_rows, got {self.bus_ohms:g}: a bus joins tiles")

    def __bool__(self) -> bool:
        return any(getattr(self, name) > 0 for name in _RESISTANCES)


_RESISTANCES = tuple(f.name for f in fields(Wires) if f.name != "tile_rows")
