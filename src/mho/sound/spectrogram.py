"""Short-time spectra of a sound, and the sound of spectra that a mask has changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from mho.sound.sound import Sound

__all__ = ["Spectrogram", "masked"]

_OVERLAP = 4
"""Windows that each sample lies in."""

_TINY = 1e-12


class Spectrogram:
    """Short-time Fourier transform with Hann windows that overlap by three quarters.

    Parameters
    ----------
    rate : int
        Samples per second.
    window : float
        Seconds of a window; the nearest power of two of samples is taken.
    """

    def __init__(self, rate: int, window: float) -> None:
        self.rate = rate
        self.size = 2 ** max(4, round(np.log2(rate * window)))
        self._transform = ShortTimeFFT(hann(self.size, sym=False), self.size // _OVERLAP, rate)

    @property
    def frequencies(self) -> np.ndarray:
        """Middle of each bin, (bins,), Hz."""
        return self._transform.f

    @property
    def hop(self) -> float:
        """Seconds from one frame to the next."""
        return self.size / _OVERLAP / self.rate

    def spectra(self, samples: np.ndarray) -> np.ndarray:
        """Return the complex spectra (bins, frames) of samples (n,)."""
        return self._transform.stft(samples)

    def magnitudes(self, sound: Sound) -> np.ndarray:
        """Return the magnitudes (bins, frames) of a sound's mean channel; one that is silent in a frame is not zero."""
        found = np.abs(self.spectra(sound.mono))
        return found + _TINY * found.max()

    def samples(self, spectra: np.ndarray, count: int) -> np.ndarray:
        """Return the samples (count,) of spectra (bins, frames)."""
        return np.ascontiguousarray(self._transform.istft(spectra, k1=count))


def masked(transform: Spectrogram, sound: Sound, models: Sequence[np.ndarray]) -> list[Sound]:
    """Return a sound's parts by Wiener masks: each bin is shared out as the powers of the models are.

    Parameters
    ----------
    transform : Spectrogram
        Of the sound's rate.
    sound : Sound
        Any number of channels, all with the same masks.
    models : sequence of ndarray of shape (bins, frames)
        Power of each part, >= 0.

    Returns
    -------
    list of Sound
        One for each model; their sum is the sound. Where no model has anything, all have the same share.
    """
    least = _TINY * max(float(model.max()) for model in models) or 1.0
    total = sum(models) + len(models) * least
    channels = sound.samples.reshape(len(sound.samples), -1).T
    spectra = [transform.spectra(channel) for channel in channels]
    parts = []
    for model in models:
        mask = (model + least) / total
        heard = [transform.samples(mask * one, channels.shape[1]) for one in spectra]
        parts.append(Sound(np.stack(heard, axis=1).reshape(sound.samples.shape), sound.rate))
    return parts
