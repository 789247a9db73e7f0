"""Write and verify: pulses, each followed by a read, until a cell lies in a window about its target."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mho import checks
from mho.units import SIEMENS

__all__ = ["WriteVerify"]


@dataclass(frozen=True, kw_only=True)
class WriteVerify:
    """A first pulse that lands somewhere near, then incremental ones towards the target.

    The order of events is that of the published procedure (Wan-2022, Methods); the Gaussian first error and
    increments that vary independently are our hypothesis. How many pulses a cell takes comes out.

    Attributes
    ----------
    window : float
        A cell is done within this of its target, siemens; infinite: no verifying, see `Device.sigma` and `pulses`.
    first_error : float
        Standard deviation of where the first pulse lands, siemens.
    increment : float
        What each further pulse moves a cell by, siemens.
    variability : float
        Standard deviation of that, as a share of it.
    retries : int
        Further pulses at most; a cell that is outside the window then stays there.

    Examples
    --------
    >>> from mho.chip import preset
    >>> preset("ideal").with_(window=1e-6, first_error=0.05).device.verify.retries
    50
    """

    window: float = field(default=np.inf, metadata=SIEMENS)
    first_error: float = field(default=0.0, metadata=SIEMENS)
    increment: float = field(default=1e-6, metadata=SIEMENS)
    variability: float = 0.5
    retries: int = 50

    def __post_init__(self) -> None:
        checks.python_numbers(self)
        checks.at_least(self.window, "window", 0, strict=True)
        checks.nonnegative_number(self.first_error, "first_error")
        checks.positive_number(self.increment, "increment")
        checks.nonnegative_number(self.variability, "variability")
        checks.nonnegative_int(self.retries, "retries")

    def __bool__(self) -> bool:
        return bool(np.isfinite(self.window))

    def write(self, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the error that is left, siemens, the pulses that each cell took, and whether it is outside the window.

        Parameters
        ----------
        shape : tuple of int
            Of the array of cells.
        rng : Generator
            Source of random numbers.
        """
        error = (self.first_error * rng.standard_normal(shape)).ravel()
        pulses = np.ones(len(error), np.int64)
        for _ in range(self.retries):
            outside = np.flatnonzero(np.abs(error) > self.window)
            if not len(outside):
                break
            moved = self.increment * (1 + self.variability * rng.standard_normal(len(outside)))
            error[outside] -= np.sign(error[outside]) * moved
            pulses[outside] += 1
        return error.reshape(shape), pulses.reshape(shape), (np.abs(error) > self.window).reshape(shape)
