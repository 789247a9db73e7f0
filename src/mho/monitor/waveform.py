"""Features of a waveform's window, all from one Fourier transform: envelope spectra, kurtosis, level, band spectrum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import fft as scipy_fft

from mho.caching import cached_property

__all__ = ["WaveformFeatures"]

fft = cast(Any, scipy_fft)
"""Its functions are written as what they dispatch on, not as the arrays and numbers that they return."""

_BANDS = ((1000.0, 4000.0), (2000.0, 9500.0))
"""Hz; where housings ring when a rolling element hits a defect."""

_WHOLE = (300.0, 10_000.0)
_TOP = 0.42
"""Share of the rate up to which a sensor's own filter is flat."""

_ENVELOPE = (8.0, 500.0)
_OVERSAMPLED = 2
"""The magnitude of a signal has about twice its bandwidth."""

_SPECTRUM_BANDS = 48
_TINY = 1e-30


@dataclass(frozen=True)
class WaveformFeatures:
    """Feature extraction of one channel.

    Parameters
    ----------
    rate : float
        Samples a second.
    seconds : float
        Length of a window, about: it is made of a number of samples that transforms fast.

    Attributes
    ----------
    samples, hop : int
        Of a window, and from one to the next.
    """

    rate: float
    seconds: float = 1.0

    @cached_property
    def samples(self) -> int:
        """Samples of a window."""
        return 4 * fft.prev_fast_len(max(16, round(self.rate * self.seconds / 4)), real=True)

    @cached_property
    def hop(self) -> int:
        """Samples from one window to the next."""
        return self.samples // 4

    @cached_property
    def bands(self) -> tuple[tuple[float, float], ...]:
        """Hz of the envelopes' bands; the last one is that of kurtosis and level alone."""
        top = _TOP * self.rate
        scale = min(1.0, top / _WHOLE[1])
        return tuple((low * scale, high * scale) for low, high in (*_BANDS, _WHOLE))

    @cached_property
    def envelope_hertz(self) -> np.ndarray:
        """Centre frequencies of the envelope spectrum, one band after the other."""
        first, last = self._envelope_lines
        pairs = (last - first) // 2
        centres = (first + 2 * np.arange(pairs) + 0.5) * self._resolution
        return np.tile(centres, len(_BANDS))

    @cached_property
    def spectrum_hertz(self) -> np.ndarray:
        """Centre frequencies of the band spectrum."""
        edges = self._spectrum_edges * self._resolution
        return np.sqrt(edges[1:] * edges[:-1])

    def __call__(self, windows: np.ndarray) -> dict[str, np.ndarray]:
        """Return the features of windows (n, samples): arrays (n, d) by the name of their group."""
        rows = [self._window(window) for window in windows]
        return {name: np.array([row[name] for row in rows], np.float64) for name in rows[0]} if rows else {}

    def _window(self, window: np.ndarray) -> dict[str, np.ndarray]:
        lines = fft.rfft(np.asarray(window, np.float32), overwrite_x=False)
        power = lines.real**2 + lines.imag**2
        envelopes, kurtosis, level = [], [], []
        for number, band in enumerate(self.bands):
            magnitude = self._magnitude(lines, band)
            square = magnitude * magnitude
            mean = float(square.mean()) + _TINY
            kurtosis.append(np.log(float(np.dot(square, square)) / len(square) / mean**2 + _TINY))
            level.append(0.5 * np.log(mean))
            if number < len(_BANDS):
                envelopes.append(self._envelope_spectrum(magnitude))
        sums = np.add.reduceat(power, self._spectrum_edges[:-1])[: len(self._spectrum_edges) - 1]
        spectrum = 0.5 * np.log(sums / np.diff(self._spectrum_edges) + _TINY)
        return {
            "envelope": np.concatenate(envelopes),
            "kurtosis": np.array(kurtosis),
            "level": np.array(level),
            "spectrum": spectrum,
        }

    def _magnitude(self, lines: np.ndarray, band: tuple[float, float]) -> np.ndarray:
        """Return the magnitude of the analytic signal within a band, at the rate that the band needs."""
        first, last = (round(hertz / self._resolution) for hertz in band)
        shifted = np.zeros(fft.next_fast_len(_OVERSAMPLED * (last - first)), np.complex64)
        shifted[: last - first] = lines[first:last]
        return np.abs(fft.ifft(shifted, norm="forward", overwrite_x=True)) * np.float32(2 / self.samples)

    def _envelope_spectrum(self, magnitude: np.ndarray) -> np.ndarray:
        """Return amplitudes over the deviation: free of the level."""
        swing = magnitude - magnitude.mean()
        scale = float(np.sqrt(np.dot(swing, swing))) + _TINY
        lines = fft.rfft(swing * self._taper(len(swing)))
        first, last = self._envelope_lines
        amplitude = np.abs(lines[first:last])[: (last - first) // 2 * 2] / np.float32(scale)
        return amplitude.reshape(-1, 2).max(axis=1)

    @cached_property
    def _tapers(self) -> dict[int, np.ndarray]:
        return {}

    def _taper(self, length: int) -> np.ndarray:
        if length not in self._tapers:
            self._tapers[length] = np.hanning(length).astype(np.float32)
        return self._tapers[length]

    @cached_property
    def _resolution(self) -> float:
        """Hz from one line to the next."""
        return self.rate / self.samples

    @cached_property
    def _envelope_lines(self) -> tuple[int, int]:
        shortest = min(round(high / self._resolution) - round(low / self._resolution) for low, high in self.bands[:-1])
        low, high = _ENVELOPE
        return max(2, round(low / self._resolution)), min(round(high / self._resolution), shortest)

    @cached_property
    def _spectrum_edges(self) -> np.ndarray:
        low, high = self.bands[-1]
        edges = np.geomspace(low, high, _SPECTRUM_BANDS + 1) / self._resolution
        return np.unique(np.round(edges).astype(int))
