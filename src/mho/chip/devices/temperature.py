"""The conductance of a cell while it is warm."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mho import checks
from mho.units import KELVIN, PER_KELVIN

__all__ = ["TemperatureCoefficient"]


@dataclass(frozen=True, kw_only=True)
class TemperatureCoefficient:
    """g(T) = g (1 + a (T - T_ref)), every cell with its own a, of either sign (Temperature-2021).

    Linear, with one distribution for all levels: a hypothesis. Published shares lie at -0.1 to -0.2 %/K for cells that
    conduct well, while those that hardly conduct are thermally activated; both as recalled.

    Attributes
    ----------
    temperature_slope : float
        Mean of a, per kelvin.
    temperature_spread : float
        Standard deviation of a, per kelvin.
    written_at : float
        T_ref, at which the cells were written and verified, kelvin.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.chip import TemperatureCoefficient
    >>> law = TemperatureCoefficient(temperature_slope=-1e-3)  # of 300 K, when it was written
    >>> round(float(law.factor(np.zeros(1), 350.0)[0]), 6)
    0.95
    """

    temperature_slope: float = field(default=0.0, metadata=PER_KELVIN)
    temperature_spread: float = field(default=0.0, metadata=PER_KELVIN)
    written_at: float = field(default=300.0, metadata=KELVIN)

    def __post_init__(self) -> None:
        checks.python_numbers(self)
        checks.finite_number(self.temperature_slope, "temperature_slope")
        checks.nonnegative_number(self.temperature_spread, "temperature_spread")
        checks.positive_number(self.written_at, "written_at")

    def factor(self, deviate: np.ndarray, kelvin: float) -> np.ndarray:
        """Return the factor of conductances at `kelvin`, from the standard normal `deviate` of each cell."""
        slope = self.temperature_slope + self.temperature_spread * deviate
        return np.maximum(1 + slope * (kelvin - self.written_at), 0.0)
