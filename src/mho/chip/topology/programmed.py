"""A matrix programmed into one of the four circuits, and back from volts to numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.chip.topology.regime import steady_state
from mho.spice import Circuit

__all__ = ["ProgrammedCircuit"]


@dataclass(frozen=True, eq=False)
class ProgrammedCircuit:
    """One circuit with a matrix in it.

    Attributes
    ----------
    circuit : Circuit
        Conductances and op-amps.
    volts_per_unit : float or ndarray of shape (inputs,)
        Input voltages are this times the numbers that go in.
    units_per_volt : ndarray of shape (outputs,)
        Numbers that come out are this times the voltages.
    constant : ndarray
        Numbers that go in at inputs beyond those of the right-hand side.
    product : ndarray of shape (inputs, m), optional
        Right-hand sides are multiplied by this first, digitally, and `shift` is subtracted.
    shift : float
        See `product`.
    """

    circuit: Circuit
    volts_per_unit: Any
    units_per_volt: np.ndarray
    constant: np.ndarray
    product: np.ndarray | None = None
    shift: float = 0.0

    def volts(self, b: Any) -> np.ndarray:
        """Return the input voltages for a right-hand side b, or for the vector that an `mvm` multiplies."""
        b = np.asarray(b, np.float64)
        numbers = b if self.product is None else self.product @ b - self.shift
        return self.volts_per_unit * np.r_[numbers, self.constant]

    def solve(self, b: Any) -> np.ndarray:
        """Return the answer at rest for a right-hand side b, in the units of the matrix.

        Raises
        ------
        ChipError
            There is no state of rest.
        """
        outputs = steady_state(self.circuit, self.volts(b))[-len(self.units_per_volt) :]
        return outputs * self.units_per_volt
