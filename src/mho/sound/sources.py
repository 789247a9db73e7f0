"""The estimator of sources: a dictionary for each, learned from what it sounds like alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from mho import checks
from mho.engines import Engine
from mho.sound.dictionary import (
    LOSSES,
    activations,
    check_loss,
    learn_patterns,
    learn_spectra,
    modelled,
    pattern_activations,
)
from mho.sound.sound import Sound
from mho.sound.spectrogram import Spectrogram, masked

__all__ = ["Sources"]


class Sources(BaseEstimator):
    """Separation of a mixture into sources that are known from other recordings, by non-negative dictionaries.

    Each source's magnitudes are factorized once; a mixture's magnitudes are explained by all dictionaries together, and
    each bin of its spectrum is shared out as their parts of the model are (Smaragdis-2007).

    Parameters
    ----------
    n_components : int
        Entries of each source's dictionary.
    length : int
        Frames of an entry: 1 for spectra, more for patterns in time, such as a drum's stroke.
    loss : {"kullback-leibler", "itakura-saito", "frobenius"}
        What is minimised; Itakura-Saito of the powers, the others of the magnitudes.
    engine : {"digital", "analog", "hybrid"} or Engine
        Solver of a mixture's activations; another than this CPU takes "frobenius" and length 1.
    window : float
        Seconds of a window, of which the nearest power of two of samples is taken.
    max_iter : int
        Iterations at the most, for a dictionary and for patterns in a mixture.
    random_state : int, RandomState, Generator or None
        For the dictionaries' starts and a chip's errors.

    Attributes
    ----------
    names_ : list of str
        Sources.
    dictionaries_ : list of ndarray of shape (length, bins, k)
        Of each source, entries of sum 1.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.sound import Sound, Sources
    >>> t = np.arange(8000) / 8000
    >>> low, high = (Sound(np.sin(2 * np.pi * f * t), 8000) for f in (300, 1000))
    >>> model = Sources(2, random_state=0).fit({"low": low, "high": high})
    >>> parts = model.separate(Sound(low.samples + high.samples, 8000))
    >>> bool(np.corrcoef(parts["low"].samples, low.samples)[0, 1] > 0.99)
    True
    """

    def __init__(
        self,
        n_components: int = 32,
        *,
        length: int = 1,
        loss: str = "kullback-leibler",
        engine: str | Engine = "digital",
        window: float = 0.064,
        max_iter: int = 100,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.length = length
        self.loss = loss
        self.engine = engine
        self.window = window
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: Mapping[str, Sound], y: Any = None) -> Self:
        """Learn a dictionary of each source.

        Parameters
        ----------
        X : mapping of str to Sound
            Two or more sources alone, all of one rate.
        y : ignored
            For scikit-learn's sake.

        Raises
        ------
        ValueError, TypeError
            An argument is not what it must be, or a sound is silent or too short.
        """
        checks.positive_int(self.max_iter, "max_iter")
        checks.positive_int(self.length, "length")
        check_loss(self.loss, self.engine, self.length)
        k = checks.positive_int(self.n_components, "n_components")
        if len(X) < 2:
            raise ValueError(f"X must have two sources or more, got {len(X)}")
        if len(rates := {sound.rate for sound in X.values()}) > 1:
            raise ValueError(f"X must have sounds of one rate, got {', '.join(map(str, sorted(rates)))}; resample some")
        self._transform = Spectrogram(rates.pop(), checks.positive_number(self.window, "window"))
        self._seed = int(checks.generator(self.random_state, "random_state").integers(2**31))
        self.names_ = list(X)
        self.dictionaries_ = [
            self._learn(sound.check(name, least=self._transform.size), k) for name, sound in X.items()
        ]
        return self

    def separate(self, sound: Sound) -> dict[str, Sound]:
        """Return each source's part of a mixture; together they are the mixture.

        Parameters
        ----------
        sound : Sound
            Of the rate that `fit` was given, with any number of channels.
        """
        check_is_fitted(self, "dictionaries_")
        if sound.rate != self._transform.rate:
            raise ValueError(f"sound must have rate {self._transform.rate}, as in fit, got {sound.rate}; resample it")
        sound.check("sound", least=self._transform.size)
        V = self._magnitudes(sound)
        W = np.concatenate(self.dictionaries_, axis=2)
        if self.length == 1:
            H = activations(W[0], V, self.loss, self.engine, self._seed)
        else:
            H = pattern_activations(W, V, self.loss, self.max_iter)
        ends = np.cumsum([each.shape[2] for each in self.dictionaries_])[:-1]
        models = [modelled(each, h) for each, h in zip(self.dictionaries_, np.split(H, ends), strict=True)]
        return dict(zip(self.names_, masked(self._transform, sound, models), strict=True))

    def _learn(self, sound: Sound, k: int) -> np.ndarray:
        V = self._magnitudes(sound)
        k = min(k, *V.shape)
        if self.length == 1:
            return learn_spectra(V, k, self.loss, self.max_iter, self._seed)
        return learn_patterns(V, self.length, k, self.loss, self.max_iter, self._seed)

    def _magnitudes(self, sound: Sound) -> np.ndarray:
        return self._transform.magnitudes(sound) ** LOSSES[self.loss]
