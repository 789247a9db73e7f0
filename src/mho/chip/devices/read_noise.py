"""Noise of reading: what a conductance differs by from one read to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.constants import Boltzmann

from mho import checks
from mho.units import SIEMENS, VOLTS

__all__ = ["ReadNoise"]


_SOONEST = 1e-3
"""Seconds from writing to the first read: this project's choice."""


@dataclass(frozen=True, kw_only=True)
class ReadNoise:
    """1/f noise and random telegraph noise in one Gaussian, and thermal noise.

    A spectrum (K g^2 + L) / f, integrated from the time t since writing to the time tau of one read, has the variance
    ``(K g^2 + L) ln((t + tau) / 2 tau)``, with L = 0 the form that CMO/HfO2 cells were fitted with
    (Falcone-2025). Thermal noise adds ``4 k T g / 2 tau`` over the square of the read voltage. That it stands still
    during a solve, which is far shorter than t, is our hypothesis; the heavy tails of telegraph noise are not modelled.
    No cell is read sooner than a millisecond after it is written, in which a thousand pulses write a row.

    Attributes
    ----------
    flicker : float
        Square root of K, a pure number; zero for none.
    flicker_siemens : float
        Square root of L, which all conductances have alike, siemens.
    read_volts : float
        Voltage across a cell while it is read, volts; infinite leaves thermal noise out.

    Examples
    --------
    >>> from mho.chip import preset
    >>> preset("pku-2025").with_(flicker=0.01).device.noise.flicker
    0.01
    """

    flicker: float = 0.0
    flicker_siemens: float = field(default=0.0, metadata=SIEMENS)
    read_volts: float = field(default=np.inf, metadata=VOLTS)

    def __post_init__(self) -> None:
        checks.python_numbers(self)
        checks.nonnegative_number(self.flicker, "flicker")
        checks.nonnegative_number(self.flicker_siemens, "flicker_siemens")
        checks.at_least(self.read_volts, "read_volts", 0, strict=True)

    def __bool__(self) -> bool:
        return bool(self.flicker or self.flicker_siemens or np.isfinite(self.read_volts))

    def spread(self, g: np.ndarray, seconds: np.ndarray | float, integration: float, kelvin: float) -> np.ndarray:
        """Return the standard deviation of one read, siemens.

        Parameters
        ----------
        g : ndarray
            Conductances, siemens.
        seconds : ndarray or float
            Since they were written.
        integration : float
            Time of one read, seconds.
        kelvin : float
            Temperature.
        """
        since = np.maximum(seconds, _SOONEST)
        decades = np.log(np.maximum((since + integration) / (2 * integration), 1.0))
        thermal = 4 * Boltzmann * kelvin * g / (2 * integration * self.read_volts**2)
        return np.sqrt(((self.flicker * g) ** 2 + self.flicker_siemens**2) * decades + thermal)
