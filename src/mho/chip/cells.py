"""Cells that were written: where they were meant to be, and where they have come to lie since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from mho.chip.devices.device import Device

__all__ = ["CellSites", "Cells", "fresh"]


@dataclass(frozen=True)
class CellSites:
    """Random numbers of each cell site that survive rewriting: one stream for each kind.

    Attributes
    ----------
    seed : int
    columns : int
        Width of the chip: a place keeps its numbers when a matrix has fewer columns.
    """

    seed: int
    columns: int

    @classmethod
    def of(cls, rng: np.random.Generator, columns: int) -> Self:
        """Return the places of a chip whose errors come from `rng`, which none of its numbers are taken from."""
        return cls(int(rng.spawn(1)[0].integers(1 << 63)), columns)

    def uniform(self, kind: int, shape: tuple[int, ...]) -> np.ndarray:
        """Return a number in [0, 1) for each place."""
        return np.random.default_rng([self.seed, kind]).random((shape[0], self.columns))[:, : shape[1]]

    def each(self, kind: int, rows: int, count: int) -> np.ndarray:
        """Return a number in [0, 1) for each of `count` places in parallel in each row, (rows, count)."""
        blocks = range(-(-count // self.columns))
        drawn = [np.random.default_rng([self.seed, kind, b]).random((rows, self.columns)) for b in blocks]
        return np.hstack([np.zeros((rows, 0)), *drawn])[:, :count]

    def normal(self, kind: int, shape: tuple[int, ...]) -> np.ndarray:
        """Return a standard normal number for each place."""
        return np.random.default_rng([self.seed, kind]).standard_normal((shape[0], self.columns))[:, : shape[1]]


@dataclass(frozen=True)
class Cells:
    """Conductances made of one cell or of several in parallel, whose independent errors add up.

    Attributes
    ----------
    target : ndarray of shape (m, ...)
        Siemens; zero where there is no cell.
    parallel : ndarray of shape (m, ...)
        How many cells make it.
    error : ndarray of shape (m, ...)
        Of writing, siemens.
    pulses : ndarray of shape (m, ...)
        Pulses that one cell took.
    unverified : ndarray of bool of shape (m, ...)
        Verifying gave up on it.
    relaxation_deviate : ndarray of shape (m, ...)
        Standard normal: where a cell stands among those that relax with it.
    temperature_deviate : ndarray of shape (m, ...)
        Standard normal: where it stands among the temperature coefficients.
    healthy_fraction : ndarray of shape (m, ...) or None
        Share of those in parallel that are not faulty; None: all.
    stuck_conductance : ndarray of shape (m, ...) or None
        What the faulty ones conduct, siemens.
    """

    target: np.ndarray
    parallel: np.ndarray
    error: np.ndarray
    pulses: np.ndarray
    unverified: np.ndarray
    relaxation_deviate: np.ndarray
    temperature_deviate: np.ndarray
    healthy_fraction: np.ndarray | None = None
    stuck_conductance: np.ndarray | None = None

    def conductance(self, device: Device, elapsed: np.ndarray, kelvin: float) -> np.ndarray:
        """Return the cells' conductance `elapsed` (m,) seconds after writing, at `kelvin`; siemens, (m, ...)."""
        seconds = elapsed if self.target.ndim == 1 else elapsed[:, None]
        g = self._relaxed(device, seconds)
        if kelvin != device.temperature.written_at:
            g = g * device.temperature.factor(self.temperature_deviate, kelvin)
        if self.healthy_fraction is not None:
            g = self.healthy_fraction * g + self.stuck_conductance
        return np.where(self.target > 0, g, 0.0)

    def aged(self, device: Device, before: np.ndarray, after: np.ndarray, rng: np.random.Generator) -> Self:
        """Return them with `after` (m,) seconds behind them instead of `before`.

        What is added to their spread is independent of what they did earlier. Measured cells come close: in the
        relaxation data of docs/lookup/devices.md deviations at 1 s and at 4 s are correlated by 0.75 where this makes
        it 0.91.
        """
        if device.relaxation is None:
            return self
        across = (slice(None),) + (None,) * (self.target.ndim - 1)
        old, new = (self._added(device, seconds[across]) for seconds in (before, after))
        kept = np.divide(old, new, out=np.ones_like(new), where=new > old)
        fresh_part = np.sqrt(1 - kept**2) * rng.standard_normal(self.relaxation_deviate.shape)
        return replace(self, relaxation_deviate=kept * self.relaxation_deviate + fresh_part)

    def _relaxed(self, device: Device, seconds: np.ndarray) -> np.ndarray:
        if device.relaxation is None:
            return np.maximum(self.target + self.error, 0.0)
        shift, spread = device.relaxation.moments(self._each(), seconds)
        start, first = device.relaxation.moments(self._each(), 0.0)
        added = np.sqrt(np.maximum(spread**2 - first**2, 0.0))
        root = np.sqrt(self.parallel)
        deviation = (self.error - self.parallel * start) / np.maximum(root, 1) + added * self.relaxation_deviate
        total = np.sqrt(first**2 + added**2)
        deviate = np.divide(deviation, total, out=np.zeros_like(total), where=total > 0)
        return _positive(self.target + self.parallel * shift, root * spread, deviate)

    def _each(self) -> np.ndarray:
        """Target of one of the cells in parallel."""
        return self.target / np.maximum(self.parallel, 1)

    def _added(self, device: Device, seconds: np.ndarray) -> np.ndarray:
        """Spread that has come since writing, of one cell."""
        assert device.relaxation is not None
        spread = device.relaxation.moments(self._each(), seconds)[1]
        return np.sqrt(np.maximum(spread**2 - device.relaxation.moments(self._each(), 0.0)[1] ** 2, 0.0))


def fresh(target: np.ndarray, parallel: np.ndarray, device: Device, rng: np.random.Generator) -> Cells:
    """Write cells that are all healthy, with fresh errors.

    Parameters
    ----------
    target, parallel : ndarray of shape (m, ...)
        Siemens to write, and cells in parallel.
    device : Device
        The cells.
    rng : Generator
        Source of random numbers.
    """
    shape, root = target.shape, np.sqrt(parallel)
    pulses, unverified = np.full(shape, device.pulses), np.zeros(shape, bool)
    if device.verify:
        error, pulses, unverified = device.verify.write(shape, rng)
        error = root * error
    elif device.relaxation is not None:
        start, first = device.relaxation.moments(target / np.maximum(parallel, 1), 0.0)
        error = parallel * start + root * first * rng.standard_normal(shape)
    elif device.sigma:
        error = device.sigma * device.g_max * root * rng.standard_normal(shape)
    else:
        error = np.zeros(shape)
    relaxation_deviate = rng.standard_normal(shape) if device.relaxation is not None else np.zeros(shape)
    return Cells(target, parallel, error, pulses, unverified, relaxation_deviate, np.zeros(shape))


_ASKEW = 1.5
"""Spread over mean from which on a gamma distribution is inverted exactly, at a hundred times the cost."""


def _positive(mean: np.ndarray, spread: np.ndarray, deviate: np.ndarray) -> np.ndarray:
    """Numbers >= 0 of that mean and spread: a gamma distribution, by the transformation of Wilson-1931.

    Near zero a Gaussian cut off at zero would have too large a mean and too small a spread. Below a third of the
    spread, where noise of reading may even make a measured mean negative, the mean is taken as that third: numbers >= 0
    of a lesser one would be hardly anything but zeros.
    """
    mean = np.maximum(mean, spread / 3)
    ratio = np.divide(spread, mean, out=np.zeros_like(mean), where=mean > 0)
    c = ratio**2 / 9
    g = mean * np.maximum(1 - c + np.sqrt(c) * deviate, 0.0) ** 3
    askew = ratio > _ASKEW
    if askew.any():
        from scipy.special import gammainccinv, ndtr

        shape = ratio[askew] ** -2
        g[askew] = mean[askew] / shape * gammainccinv(shape, ndtr(-deviate[askew]))
    return g
