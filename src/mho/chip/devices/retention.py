"""Retention: heat makes a stored conductance age faster."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.constants import Boltzmann

from mho import checks
from mho.chip.devices.measured import Measured
from mho.circuits.errors import ChipError

__all__ = ["Retention"]


@dataclass(frozen=True, kw_only=True)
class Retention(Measured):
    """Arrhenius: t seconds at T kelvin age a cell as ``t exp(E/k (1/T_ref - 1/T))`` seconds at T_ref.

    One activation energy for every level and one course of ageing at every temperature: measured cells need not follow
    it (docs/lookup/devices.md says what is known), so that temperatures outside the fitted range are refused.

    Attributes
    ----------
    activation : float
        Activation energy E, joules.
    reference : float
        Temperature at which the relaxation was measured, kelvin.
    coldest, hottest : float
        Range in which E was found, kelvin.

    Examples
    --------
    >>> import math
    >>> from mho.chip import Retention
    >>> law = Retention(activation=1.1 * 1.602177e-19, reference=300.0, coldest=300.0, hottest=400.0)
    >>> round(law.acceleration(350.0) / math.exp(1.1 / 8.617333e-5 * (1 / 300 - 1 / 350)), 4)
    1.0
    """

    activation: float
    reference: float
    coldest: float
    hottest: float

    def __post_init__(self) -> None:
        checks.python_numbers(self)
        checks.nonnegative_number(self.activation, "activation")
        for name in ("coldest", "hottest", "reference"):
            checks.positive_number(getattr(self, name), name)
        checks.at_least(self.hottest, "hottest", self.coldest)

    def acceleration(self, kelvin: float) -> float:
        """Return the acceleration of ageing at `kelvin` over that at the reference.

        Raises
        ------
        ChipError
            A temperature outside the fitted range.
        """
        checks.positive_number(kelvin, "kelvin")
        if not self.coldest <= kelvin <= self.hottest:
            raise ChipError(
                f"cells cannot be aged at {kelvin:g} K: their retention was fitted from {self.coldest:g} to "
                f"{self.hottest:g} K"
            )
        return float(np.exp(self.activation / Boltzmann * (1 / self.reference - 1 / kelvin)))
