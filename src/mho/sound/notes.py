"""The estimator of notes: harmonic dictionaries of every pitch, from a few notes of the instrument."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from mho import checks
from mho.engines import Engine
from mho.sound.dictionary import LOSSES, activations, check_loss
from mho.sound.harmonic import atoms, between, learn_tone, tuned
from mho.sound.sound import Sound
from mho.sound.spectrogram import Spectrogram, masked

__all__ = ["Note", "Notes", "note_name", "note_pitch"]

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11, "#": 1, "b": -1, "": 0}
_LOUDNESS = 0.1
"""Share of the loudest pitch that another needs to count as a note."""

_FRAMES = 24
"""Frames in which notes are looked for; all of them are taken to separate them."""


def note_pitch(name: str) -> int:
    """Return the pitch in semitones of a note's name such as F#3: C4 is 60, A4 = 440 Hz is 69."""
    found = re.fullmatch(r"([A-G])([#b]?)(-1|\d)", name.strip())
    if not found:
        raise ValueError(f"a note must be named like C4, F#3 or Bb2, got {name!r}")
    letter, sign, octave = found.groups()
    return 12 * (int(octave) + 1) + _STEPS[letter] + _STEPS[sign]


def note_name(pitch: float) -> str:
    """Return the name of the note nearest to a pitch in semitones."""
    octave, step = divmod(round(pitch), 12)
    return f"{_NAMES[step]}{octave - 1}"


@dataclass(frozen=True, eq=False)
class Note:
    """A note that was found in a sound.

    Attributes
    ----------
    pitch : float
        Semitones, A4 = 440 Hz being 69.
    sound : Sound
        Its part of the sound.
    strength : ndarray of shape (frames,)
        Sum of its magnitudes in each frame.
    hop : float
        Seconds from a frame to the next, the first at the beginning.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.sound import Note, Sound
    >>> Note(68.9, Sound(np.zeros(8), 8000), np.zeros(1), 0.04).name
    'A4'
    """

    pitch: float
    sound: Sound
    strength: np.ndarray
    hop: float

    @property
    def name(self) -> str:
        """Name of the nearest note."""
        return note_name(self.pitch)


class Notes(BaseEstimator):
    """Notes of one instrument, found in a sound and separated, also those that were never heard alone.

    From a few notes alone the strengths of their partials and the stiffness of the strings are learned; a note of any
    other pitch has its partials where a stiff string has them, and strengths between those of its neighbours. A sound
    is explained by such dictionaries, whose groups of neighbouring partials (Vincent-2010) each have a course in time.

    Parameters
    ----------
    n_notes : int, optional
        Number of notes that are looked for; by default those with a tenth of the loudest one's magnitude.
    lowest, highest : int
        Pitches that are looked for, in semitones, A4 being 69; by default those of a piano.
    loss : {"kullback-leibler", "itakura-saito", "frobenius"}
        What is minimised; Itakura-Saito of the powers, the others of the magnitudes.
    engine : {"digital", "analog", "hybrid"} or Engine
        Solver of the activations; another than this CPU takes "frobenius".
    window : float
        Seconds of a window, of which the nearest power of two of samples is taken: the longer, the closer the notes
        may be.
    random_state : int, RandomState, Generator or None
        For a chip's errors.

    Attributes
    ----------
    tones_ : list of Tone
        Fundamental, stiffness and strengths of the notes that were learned, by ascending pitch.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.sound import Notes, Sound
    >>> t = np.arange(16000) / 8000
    >>> def string(f):
    ...     return np.exp(-t) * sum(np.sin(2 * np.pi * h * f * t) / h for h in range(1, 9))
    >>> model = Notes().fit({"A3": Sound(string(220.0), 8000)})
    >>> [note.name for note in model.separate(Sound(string(261.63) + string(329.63), 8000))]
    ['C4', 'E4']
    """

    def __init__(
        self,
        n_notes: int | None = None,
        *,
        lowest: int = 21,
        highest: int = 108,
        loss: str = "kullback-leibler",
        engine: str | Engine = "digital",
        window: float = 0.17,
        random_state: Any = None,
    ) -> None:
        self.n_notes = n_notes
        self.lowest = lowest
        self.highest = highest
        self.loss = loss
        self.engine = engine
        self.window = window
        self.random_state = random_state

    def fit(self, X: Mapping[str, Sound], y: Any = None) -> Self:
        """Learn the instrument from notes alone.

        Parameters
        ----------
        X : mapping of str to Sound
            Notes by their names, such as F#3; within half a semitone they need not be in tune.
        y : ignored
            For scikit-learn's sake.

        Raises
        ------
        ValueError, TypeError
            An argument is not what it must be, or a sound is silent or too short.
        """
        check_loss(self.loss, self.engine)
        if not X:
            raise ValueError("X must have a note at least, got none")
        pitches = {note: note_pitch(note) for note in X}
        self._seed = int(checks.generator(self.random_state, "random_state").integers(2**31))
        tones = []
        for note, sound in X.items():
            transform = self._transform(sound, note)
            tones.append(learn_tone(transform, transform.magnitudes(sound), pitches[note]))
        self.tones_ = sorted(tones, key=lambda tone: tone.fundamental)
        return self

    def separate(self, sound: Sound, notes: Sequence[str] | None = None) -> list[Note]:
        """Return the notes of a sound, by ascending pitch; together they are the sound.

        Parameters
        ----------
        sound : Sound
            Of any rate, with any number of channels.
        notes : sequence of str, optional
            Names of the notes where they are known; otherwise they are looked for.
        """
        check_is_fitted(self, "tones_")
        transform = self._transform(sound, "sound")
        V = transform.magnitudes(sound)
        pitches = self._pitches(transform, V) if notes is None else [note_pitch(note) for note in notes]
        mean = V.mean(axis=1)
        tones = [tuned(transform, mean, between(self.tones_, pitch)) for pitch in sorted(pitches)]
        parts = [atoms(transform, tone) ** LOSSES[self.loss] for tone in tones]
        H = activations(np.hstack(parts), V ** LOSSES[self.loss], self.loss, self.engine, self._seed)
        ends = np.cumsum([part.shape[1] for part in parts])[:-1]
        models = [part @ h for part, h in zip(parts, np.split(H, ends), strict=True)]
        strengths = [(model ** (1 / LOSSES[self.loss])).sum(axis=0) for model in models]
        found = zip(tones, masked(transform, sound, models), strengths, strict=True)
        return [Note(tone.pitch, part, strength, transform.hop) for tone, part, strength in found]

    def _transform(self, sound: Sound, name: str) -> Spectrogram:
        transform = Spectrogram(sound.rate, checks.positive_number(self.window, "window"))
        sound.check(name, least=transform.size)
        return transform

    def _pitches(self, transform: Spectrogram, V: np.ndarray) -> list[int]:
        """The pitches that all together explain V (bins, frames) most strongly."""
        lowest, highest = checks.positive_int(self.lowest, "lowest"), checks.positive_int(self.highest, "highest")
        highest = min(highest, int(69 + 12 * np.log2(transform.rate / 2 / 440)) - 1)
        if lowest > highest:
            raise ValueError(f"lowest must be at most {highest}, the highest pitch looked for, got {lowest}")
        candidates = range(lowest, highest + 1)
        most = checks.positive_int(self.n_notes or 1, "n_notes", limit=len(candidates), what="the pitches looked for")
        A = np.stack([atoms(transform, between(self.tones_, p)).sum(axis=1) for p in candidates], axis=1)
        H = activations(A, V[:, :: max(1, V.shape[1] // _FRAMES)], "kullback-leibler")
        loudness = A.sum(axis=0) * H.sum(axis=1)
        order = np.argsort(-loudness)
        if self.n_notes is None:
            most = int(np.sum(loudness >= _LOUDNESS * loudness.max()))
        return [candidates[i] for i in order[:most]]
