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
    is one, lies before column 0 of its array.

    Attributes
    ----------
    row_ohms, column_ohms : float
        Of the segment between neighbouring cells, ohms.
    driver_ohms : float
        Between the output of an op-amp and row 0 of its column in the driving array, ohms.
    sense_ohms : float
        Between the input of an op-amp and row 0 of its column in the sensing array, ohms.

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

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, checks.nonnegative_number(getattr(self, f.name), f.name))

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) > 0 for f in fields(self))
