"""Resistance of the wires between the cells of the two arrays, and how a netlist spells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields

from mho import checks
from mho.units import OHMS

__all__ = ["Wires"]


@dataclass(frozen=True, kw_only=True)
class Wires:
    """Resistance of the wires, ohms; zero is a perfect wire.

    One wire carries row i through both arrays: the input conductance meets it at cell 0 of the driving copy, cell 0 of
    the sensing copy follows the last one of the driving copy, and the compensation leaves from the last cell of all.
    The wire of a column, in either copy, runs from its op-amp to row 0 and on to row m-1. A reference column, if there
    is one, lies before column 0 of its copy.

    Attributes
    ----------
    row_ohms, column_ohms : float
        Of the segment between neighbouring cells, ohms.
    driver_ohms : float
        Between the output of an op-amp and row 0 of its column in the driving copy, ohms.
    sense_ohms : float
        Between the input of an op-amp and row 0 of its column in the sensing copy, ohms.
    """

    row_ohms: float = field(default=0.0, metadata=OHMS)
    column_ohms: float = field(default=0.0, metadata=OHMS)
    driver_ohms: float = field(default=0.0, metadata=OHMS)
    sense_ohms: float = field(default=0.0, metadata=OHMS)

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, checks.nonnegative_number(getattr(self, f.name), f.name))

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) > 0 for f in fields(self))

    def row_node(self, row: int, position: int) -> str:
        """Name the node of a row at a position along its wire; one node where the wire is perfect."""
        return f"r{row}_{position}" if self.row_ohms and position else f"r{row}"

    def column_node(self, column: str, row: int) -> str:
        """Name the node of a column, ``x0`` on and ``y`` in the driving copy, ``s0`` on and ``p``, at a row."""
        if self.column_ohms and row:
            return f"{column}_{row}"
        return f"{column}_0" if self._end(column) else column

    def resistors(self, rows: int, columns: Iterable[str], length: int) -> Iterator[str]:
        """Yield the lines of all wires of two arrays.

        Parameters
        ----------
        rows : int
        columns : iterable of str
            Columns of both copies.
        length : int
            Positions along the wire of a row.
        """
        if self.row_ohms:
            for i in range(rows):
                for p in range(1, length):
                    yield f"Rrow{i}_{p} {self.row_node(i, p - 1)} {self.row_node(i, p)} {self.row_ohms!r}"
        for column in columns:
            if self._end(column):
                yield f"Rend_{column} {column} {column}_0 {self._end(column)!r}"
            if self.column_ohms:
                for i in range(1, rows):
                    upper, lower = self.column_node(column, i - 1), self.column_node(column, i)
                    yield f"Rcol_{lower} {upper} {lower} {self.column_ohms!r}"

    def _end(self, column: str) -> float:
        return self.driver_ohms if column[0] in "xy" else self.sense_ohms
