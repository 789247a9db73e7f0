"""Features of a waveform: envelope spectra, kurtosis, level and band spectrum, from one Fourier transform a hop.

A window overlaps the next by three quarters. Filtering is therefore done once for each hop, by overlap-save: a block
reaches a margin beyond the hop on either side, where the ringing of the filters is thrown away. Windows put four hops
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import fft as scipy_fft

from mho.caching import cached_property

__all__ = ["HOPS", "IN_BLOCK", "IN_HOP", "Hops", "WaveformFeatures", "interpolated"]

fft = cast(Any, scipy_fft)
"""Its functions are written as what they dispatch on, not as the arrays and numbers that they return."""

HOPS = 4
"""Hops of a window."""

_BANDS = ((1000.0, 4000.0), (2000.0, 9500.0))
"""Hz; where housings ring when a rolling element hits a defect."""

_WHOLE = (300.0, 10_000.0)
_TOP = 0.42
"""Share of the rate up to which a sensor's own filter is flat."""

_EDGE = 0.05
"""Share of a band over which its filter rises, and falls."""

_ENVELOPE = (8.0, 500.0)
_OVERSAMPLED = 2
"""The magnitude of a signal has about twice its bandwidth."""

_ENVELOPE_RATE = 6 * _ENVELOPE[1]
"""Hz to which magnitudes are averaged down, at least: what aliases is a tenth in amplitude or less."""

IN_HOP, IN_BLOCK = 8, 10
"""Margins in a hop, and in a hop with one on either side."""

_SPECTRUM_BANDS = 48
_TINY = 1e-300
_LEAST = np.float32(1e-36)
_BATCH = 32
"""Hops and windows that are transformed together: memory stays small."""


@dataclass(frozen=True, eq=False)
class Hops:
    """Filtered hops.

    Attributes
    ----------
    sums : ndarray of shape (n, 2 b + d)
        Mean of the squared magnitude in each of b bands, of its square, and the power of the band spectrum.
    magnitudes : tuple of ndarray of shape (n, l)
        Magnitude in each of the envelope's bands.
    """

    sums: np.ndarray
    magnitudes: tuple[np.ndarray, ...]

    def __len__(self) -> int:
        return len(self.sums)

    def last(self, count: int) -> Hops:
        """Return the last `count`."""
        begin = max(0, len(self) - count)
        return Hops(self.sums[begin:], tuple(m[begin:] for m in self.magnitudes))

    @classmethod
    def joined(cls, parts: Sequence[Hops]) -> Hops:
        """Return several one after the other."""
        magnitudes = zip(*(part.magnitudes for part in parts), strict=True)
        return cls(np.concatenate([part.sums for part in parts]), tuple(map(np.concatenate, magnitudes)))


@dataclass(frozen=True)
class WaveformFeatures:
    """Feature extraction of one channel.

    Parameters
    ----------
    rate : float
        Samples a second.
    seconds : float
        Length of a window, about: it is made of a number of samples that transforms fast.
    """

    rate: float
    seconds: float = 1.0

    @cached_property
    def margin(self) -> int:
        """Samples of a block on either side of its hop."""
        return fft.prev_fast_len(max(2, round(self.rate * self.seconds / (HOPS * IN_HOP))), real=True)

    @cached_property
    def hop(self) -> int:
        """Samples from one window to the next."""
        return IN_HOP * self.margin

    @cached_property
    def block(self) -> int:
        """Samples of a hop with its margins."""
        return IN_BLOCK * self.margin

    @cached_property
    def samples(self) -> int:
        """Samples of a window."""
        return HOPS * self.hop

    @cached_property
    def bands(self) -> tuple[tuple[float, float], ...]:
        """Hz of the envelopes' bands; the last one is that of kurtosis and level alone."""
        top = _TOP * self.rate
        scale = min(1.0, top / _WHOLE[1])
        return tuple((low * scale, high * scale) for low, high in (*_BANDS, _WHOLE))

    @cached_property
    def envelope_hertz(self) -> np.ndarray:
        """Centre frequencies of the envelope spectrum, one band after the other."""
        first, last = self.envelope_lines
        pairs = (last - first) // 2
        centres = (first + 2 * np.arange(pairs) + 0.5) * self._resolution
        return np.tile(centres, len(_BANDS))

    @cached_property
    def spectrum_hertz(self) -> np.ndarray:
        """Centre frequencies of the band spectrum."""
        edges = self.spectrum_edges * self._block_resolution
        return np.sqrt(edges[1:] * edges[:-1])

    def envelope_name(self, place: int) -> str:
        """Return the words for the band of a line of the envelope spectra."""
        low, high = self.bands[place * len(_BANDS) // len(self.envelope_hertz)]
        return f"envelope {low:.0f}-{high:.0f} Hz"

    def hops(self, samples: np.ndarray) -> Hops:
        """Return the hops of samples (n,), the first of which begins a margin after the first sample."""
        count = max(0, (len(samples) - self.block) // self.hop + 1)
        parts = [
            self._filtered(samples[begin * self.hop :], min(_BATCH, count - begin)) for begin in range(0, count, _BATCH)
        ]
        if len(parts) == 1:
            return parts[0]
        return Hops.joined(parts) if parts else self._filtered(samples, 0)

    def _filtered(self, samples: np.ndarray, count: int) -> Hops:
        spectra = fft.rfft(self._blocks(samples, count), axis=1)
        magnitudes, bands = [], len(self.bands)
        sums = np.empty((count, 2 * bands + len(self.spectrum_edges) - 1))
        for number, band in enumerate(self.filters):
            one = band.magnitude(spectra)
            if number < len(_BANDS):
                magnitudes.append(band.average(one))
            square = one * one
            mean = _means(square)
            sums[:, number] = mean[:, 0]
            square /= np.maximum(mean, _LEAST)  # so that its own is in float32's range
            sums[:, bands + number] = _squares(square) / np.float32(one.shape[1])
        sums[:, bands : 2 * bands] *= sums[:, :bands] ** 2
        first, last = self.spectrum_edges[[0, -1]]
        lines = spectra[:, first:last].view(np.float32)
        sums[:, 2 * bands :] = np.add.reduceat(lines * lines, 2 * (self.spectrum_edges[:-1] - first), axis=1)
        return Hops(sums, tuple(magnitudes))

    def _blocks(self, samples: np.ndarray, count: int) -> np.ndarray:
        """Return the blocks (count, block) that begin with each hop, without gaps, in single precision."""
        rows = np.empty((count, self.block), np.float32)
        if not np.isnan(np.add.reduce(samples[: count * self.hop + self.block - self.hop])):  # as nearly always
            for number, row in enumerate(rows):
                row[:] = samples[number * self.hop :][: self.block]
            return rows
        for number, row in enumerate(rows):
            row[:] = interpolated(samples[number * self.hop :][: self.block])
        return rows

    def windows(self, hops: Hops) -> dict[str, np.ndarray]:
        """Return the features of the windows that begin with each hop but the last three: (n, d) by group."""
        bands, sums = len(self.bands), _over_windows(hops.sums) / HOPS
        square, fourth, lines = sums[:, :bands], sums[:, bands : 2 * bands], sums[:, 2 * bands :]
        return {
            "envelope": self._envelopes(hops.magnitudes),
            "kurtosis": np.log(fourth / np.maximum(square**2, _TINY) + _TINY),
            "level": 0.5 * np.log(square + _TINY),
            "spectrum": 0.5 * np.log(lines / self._line_counts + _TINY),
        }

    def __call__(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        """Return the features of all windows of samples (n,): arrays (n, d) by the name of their group."""
        return self.windows(self.hops(samples))

    def _envelopes(self, magnitudes: tuple[np.ndarray, ...]) -> np.ndarray:
        count = len(magnitudes[0]) - HOPS + 1
        if count <= _BATCH:
            return self._envelope_spectra(magnitudes)
        parts = (slice(begin, begin + _BATCH + HOPS - 1) for begin in range(0, count, _BATCH))
        return np.concatenate([self._envelope_spectra(tuple(one[part] for one in magnitudes)) for part in parts])

    def _envelope_spectra(self, magnitudes: tuple[np.ndarray, ...]) -> np.ndarray:
        """Return amplitudes over the deviation, free of the level, of the windows of hops (n + 3, l) of each band."""
        first, last = self.envelope_lines
        last -= (last - first) % 2
        lines = np.empty((len(magnitudes[0]) - HOPS + 1, len(magnitudes), last - first), np.complex64)
        scale = np.empty((*lines.shape[:2], 1), np.float32)
        for band, magnitude in enumerate(magnitudes):
            windows = _windows(magnitude)
            swing = windows - _means(windows)
            scale[:, band, 0] = _squares(swing)
            swing *= self._taper(swing.shape[1])
            lines[:, band] = fft.rfft(swing, axis=1)[:, first:last]
        square = lines.view(np.float32)
        square *= square
        power = square[..., ::2] + square[..., 1::2]
        highest = np.maximum(power[..., ::2], power[..., 1::2])
        amplitudes = np.sqrt(highest, out=highest)
        amplitudes /= np.sqrt(scale) + _LEAST
        return amplitudes.reshape(len(lines), -1).astype(np.float64)

    @cached_property
    def filters(self) -> tuple[_Filter, ...]:
        """Filters of the bands."""
        return tuple(
            _Filter.of(band, self._block_resolution, self.block, number < len(_BANDS))
            for number, band in enumerate(self.bands)
        )

    @cached_property
    def _line_counts(self) -> np.ndarray:
        """Lines in each band of the band spectrum."""
        return np.diff(self.spectrum_edges)

    @cached_property
    def _tapers(self) -> dict[int, np.ndarray]:
        return {}

    def _taper(self, length: int) -> np.ndarray:
        if length not in self._tapers:
            self._tapers[length] = np.hanning(length).astype(np.float32)
        return self._tapers[length]

    @cached_property
    def _resolution(self) -> float:
        """Hz from one line of a window to the next."""
        return self.rate / self.samples

    @cached_property
    def _block_resolution(self) -> float:
        """Hz from one line of a block to the next."""
        return self.rate / self.block

    @cached_property
    def envelope_lines(self) -> tuple[int, int]:
        """First line of an envelope spectrum, and the one after its last."""
        narrowest = min(high - low for low, high in self.bands[:-1])
        low, high = _ENVELOPE
        return max(2, round(low / self._resolution)), round(min(high, narrowest) / self._resolution)

    @cached_property
    def spectrum_edges(self) -> np.ndarray:
        """Lines of a block between which the band spectrum adds up."""
        low, high = self.bands[-1]
        edges = np.geomspace(low, high, _SPECTRUM_BANDS + 1) / self._block_resolution
        return np.unique(np.round(edges).astype(int))


@dataclass(frozen=True, eq=False)
class _Filter:
    """Magnitude of the analytic signal within a band, at the rate that the band needs.

    Attributes
    ----------
    first : int
        Line of the band's lower edge.
    weights : ndarray of shape (l,)
        Gain at each line.
    margin : int
        Samples of a margin at that rate.
    averaged : int
        Magnitudes that are averaged to one.
    edge : int
        Lines over which the weights rise, and fall.
    """

    first: int
    weights: np.ndarray
    margin: int
    averaged: int
    edge: int

    @classmethod
    def of(cls, band: tuple[float, float], resolution: float, block: int, envelope: bool) -> _Filter:
        first, last = (round(hertz / resolution) for hertz in band)
        edge = max(1, round(_EDGE * (last - first)))
        rise = np.sin(np.pi / 2 * (np.arange(edge) + 0.5) / edge)
        weights = np.full(last - first, 2 / block)
        weights[:edge] *= rise
        weights[-edge:] *= rise[::-1]
        oversampled = _OVERSAMPLED if envelope else 1
        margin = fft.next_fast_len(-(-oversampled * (last - first) // IN_BLOCK))
        rate = margin * IN_BLOCK * resolution
        averaged = max([count for count in (2, 4, 8) if rate / count >= _ENVELOPE_RATE], default=1)
        return cls(first, weights.astype(np.float32), margin, averaged, edge)

    def magnitude(self, spectra: np.ndarray) -> np.ndarray:
        """Return the magnitude over each hop (n, l), from the lines of blocks."""
        width = len(self.weights)
        shifted = np.empty((len(spectra), IN_BLOCK * self.margin), np.complex64)
        np.multiply(spectra[:, self.first : self.first + width], self.weights, out=shifted[:, :width])
        shifted[:, width:] = 0
        signal = fft.ifft(shifted, axis=1, norm="forward", overwrite_x=True)
        return np.abs(signal[:, self.margin : -self.margin])

    def average(self, magnitude: np.ndarray) -> np.ndarray:
        """Return means of so many neighbours."""
        while self.averaged > 1 and magnitude.shape[1] > IN_HOP * self.margin // self.averaged:
            magnitude = 0.5 * (magnitude[:, ::2] + magnitude[:, 1::2])
        return magnitude


def _windows(magnitude: np.ndarray) -> np.ndarray:
    """Return the windows (n, 4 l) of hops (n + 3, l), as a view."""
    hop, count = magnitude.shape[1], len(magnitude) - HOPS + 1
    if count == 1:  # the usual case beside a machine, where each call counts
        return magnitude.reshape(1, -1)
    flat = np.ascontiguousarray(magnitude).ravel()
    return np.ndarray((count, HOPS * hop), flat.dtype, cast(Any, flat), strides=(hop * flat.itemsize, flat.itemsize))


def _means(rows: np.ndarray) -> np.ndarray:
    """Return means (n, 1) of rows (n, l); `ndarray.mean` takes longer to begin than to add up."""
    return np.add.reduce(rows, axis=1, keepdims=True) / np.float32(rows.shape[1])


def _squares(rows: np.ndarray) -> np.ndarray:
    """Return the sums (n,) of the squares of rows (n, l)."""
    return np.einsum("ij,ij->i", rows, rows)


def interpolated(samples: np.ndarray) -> np.ndarray:
    """Return samples (n,) with straight lines where some are NaN; zeros if all are."""
    known = ~np.isnan(samples)
    if known.all():
        return samples
    places = np.flatnonzero(known)
    return np.interp(np.arange(len(samples)), places, samples[places]) if len(places) else np.zeros(len(samples))


def _over_windows(hops: np.ndarray) -> np.ndarray:
    """Return sums (n - 3, d) over four rows (n, d) each."""
    return hops[:-3] + hops[1:-2] + hops[2:-1] + hops[3:]
