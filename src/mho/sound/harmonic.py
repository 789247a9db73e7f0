"""Harmonic dictionaries: partials of a stiff string, how strong they are, and pitches that were never heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mho.sound.dictionary import activations
from mho.sound.spectrogram import Spectrogram

__all__ = ["Tone", "atoms", "between", "frequency", "learn_tone", "tuned"]

_PARTIALS = 30
_CENTS = np.arange(-50, 51, 2.5)
_STIFFNESS = np.geomspace(3e-5, 2e-2, 24)
"""Inharmonicity of a piano's strings: 1e-4 below the middle to 1e-2 in the treble (Fletcher-1964)."""

_FLOOR = 1e-3
"""Least of a lobe about its middle, beside its peak: what decays and beats has wider lobes than a window."""

_WEAKEST = 1e-4
"""Least strength of a partial: one that a note did not have, another may."""

_GROUPS = (1, 3, 6, 12, 24)
"""Partials at the middle of a group, of one beside another: a partial between two belongs to both."""


def frequency(pitch: float) -> float:
    """Return the frequency in Hz of a pitch in semitones, A4 = 440 Hz being 69."""
    return 440.0 * 2.0 ** ((pitch - 69) / 12)


@dataclass(frozen=True, eq=False)
class Tone:
    """A string's partials, at h f sqrt(1 + B h^2) for h = 1, 2, ...

    Attributes
    ----------
    fundamental : float
        f, Hz.
    stiffness : float
        B.
    strengths : ndarray of shape (partials,)
        Mean magnitude of each partial over the strongest one's.
    """

    fundamental: float
    stiffness: float
    strengths: np.ndarray

    @property
    def pitch(self) -> float:
        """Semitones, A4 = 440 Hz being 69."""
        return 69 + 12 * float(np.log2(self.fundamental / 440))

    def partials(self, most: float) -> np.ndarray:
        """Return the frequencies (p,) of the partials below `most` Hz."""
        found = _partials(self.fundamental, self.stiffness)
        return found[found < most]


def atoms(transform: Spectrogram, tone: Tone) -> np.ndarray:
    """Return the magnitudes (bins, groups) of groups of a tone's partials, whose strengths are held within each."""
    at = tone.partials(transform.rate / 2)
    h = np.log(np.arange(1, len(at) + 1))
    middles = np.log([group for group in _GROUPS if group <= max(1, len(at))])
    shares = np.stack([np.interp(h, middles, row) for row in np.eye(len(middles))], axis=1)
    return _lobes(transform, at) @ (shares * tone.strengths[: len(at), None])


def learn_tone(transform: Spectrogram, V: np.ndarray, pitch: float) -> Tone:
    """Return the tone of a note, magnitudes V (bins, frames), that sounds alone near a pitch in semitones."""
    begun = Tone(frequency(pitch), 0.0, 1.0 / np.arange(1, _PARTIALS + 1))
    tone = tuned(transform, V.mean(axis=1), begun)
    at = tone.partials(transform.rate / 2)
    each = activations(_lobes(transform, at), V, "kullback-leibler").mean(axis=1)
    strengths = np.zeros(_PARTIALS)
    strengths[: len(at)] = each / each.max()
    return Tone(tone.fundamental, tone.stiffness, np.maximum(strengths, _WEAKEST))


def tuned(transform: Spectrogram, spectrum: np.ndarray, tone: Tone) -> Tone:
    """Return a tone moved within half a semitone, and of the stiffness, that a mean spectrum (bins,) speaks for."""
    cents, stiffness = (grid.ravel() for grid in np.meshgrid(_CENTS, _STIFFNESS))
    fundamentals = tone.fundamental * 2 ** (cents / 1200)
    heard = np.interp(_partials(fundamentals, stiffness), transform.frequencies, np.sqrt(spectrum), right=0.0)
    best = int(np.argmax(heard @ np.sqrt(tone.strengths)))
    return Tone(float(fundamentals[best]), float(stiffness[best]), tone.strengths)


def between(tones: Sequence[Tone], pitch: float) -> Tone:
    """Return the tone of any pitch from some, by ascending pitch: strengths between neighbours', stiffness on a line.

    Both in logarithms; beyond the last tone the strengths are those of the last.
    """
    known = np.array([tone.pitch for tone in tones])
    logs = np.log([tone.strengths for tone in tones])
    strengths = np.exp([np.interp(pitch, known, each) for each in logs.T])
    stiffness = np.log([tone.stiffness for tone in tones])
    line = np.polyfit(known, stiffness, 1) if np.ptp(known) > 1 else (0.0, stiffness.mean())
    return Tone(frequency(pitch), float(np.exp(np.polyval(line, pitch))), strengths / strengths.max())


def _partials(fundamental: np.ndarray | float, stiffness: np.ndarray | float) -> np.ndarray:
    """Frequencies (..., partials)."""
    h = np.arange(1, _PARTIALS + 1)
    f, b = np.asarray(fundamental)[..., None], np.asarray(stiffness)[..., None]
    return h * f * np.sqrt(1 + b * h**2)


def _lobes(transform: Spectrogram, frequencies: np.ndarray) -> np.ndarray:
    """Magnitudes (bins, p) that steady partials (p,) have in a Hann window, each of peak 1."""
    d = (transform.frequencies[:, None] - frequencies) * transform.size / transform.rate
    edge = np.abs(np.abs(d) - 1) < 1e-6
    inner = np.where(edge, 0.0, d)
    hann = np.where(edge, 0.5, np.abs(np.sinc(inner) / (1 - inner**2)))
    return np.maximum(hann, _FLOOR / (1 + d**2))
