"""Sounds: samples with their rate, read from files and written to WAV, and the defects that make one useless."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mho import checks

__all__ = ["Sound", "read_sound", "write_sound"]

_SILENT = 1e-5
"""Largest sample of a sound that counts as silent: what dithering a 16-bit file leaves is three times this."""

_FULL, _RUN = 0.999, 3
"""Share of the largest magnitude, and samples in a row above it, that only a clipped sound has."""

_LONGEST = 2**25
"""Samples of a file, its channels together: six minutes of stereo at 44.1 kHz, whose spectra take 1 GB."""


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples of a sound and their rate.

    Parameters
    ----------
    samples : array_like of shape (n,) or (n, channels)
        Full scale is 1.
    rate : int
        Samples per second.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.sound import Sound
    >>> tone = Sound(np.sin(2 * np.pi * 440 * np.arange(8000) / 8000), 8000)
    >>> tone.seconds, tone.clipped
    (1.0, 0)
    """

    samples: np.ndarray
    rate: int

    def __post_init__(self) -> None:
        samples = np.asarray(self.samples)
        if samples.ndim not in (1, 2) or samples.dtype.kind != "f":
            raise ValueError(
                "samples must be floating-point numbers of shape (n,) or (n, channels), full scale 1, got "
                f"{samples.dtype} of shape {samples.shape}"
            )
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "rate", checks.positive_int(self.rate, "rate"))

    @property
    def mono(self) -> np.ndarray:
        """Mean of the channels, (n,)."""
        return self.samples if self.samples.ndim == 1 else self.samples.mean(axis=1)

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.samples) / self.rate

    @property
    def clipped(self) -> int:
        """Number of samples in runs of three or more at the largest magnitude, cut off by what recorded them."""
        magnitude = np.abs(self.samples).reshape(len(self.samples), -1)
        peak = magnitude.max(initial=0.0)
        full = np.pad(magnitude >= _FULL * peak, ((1, 1), (0, 0)))
        edges = np.diff(full.astype(np.int8).T).ravel()
        lengths = np.flatnonzero(edges < 0) - np.flatnonzero(edges > 0)
        return int(lengths[lengths >= _RUN].sum()) if peak > _SILENT else 0

    def check(self, name: str, *, least: int = 1) -> Sound:
        """Return the sound if there is something to hear in it; warn of one that is clipped.

        Parameters
        ----------
        name : str
            What errors call it.
        least : int
            Samples that it must have.

        Raises
        ------
        ValueError
            It is silent, too short, or has samples that are no numbers.
        """
        if len(self.samples) < least:
            raise ValueError(f"{name}: has {len(self.samples)} samples, fewer than the {least} of one window")
        peak = float(np.abs(self.samples).max())
        if not np.isfinite(peak):
            raise ValueError(f"{name}: has samples that are not finite numbers")
        if peak <= _SILENT:
            raise ValueError(f"{name}: is silent, its largest sample is {peak:.1g} of full scale")
        if clipped := self.clipped:
            checks.warn(
                f"{name}: is clipped, {clipped} of its samples are cut off at {peak:.2g} of full scale: expect "
                "distortion in every part; record it again with less gain"
            )
        return self


def read_sound(path: str | Path, *, max_samples: int = _LONGEST) -> Sound:
    """Return the sound of a file: WAV, FLAC, OGG or what else libsndfile reads.

    Parameters
    ----------
    path : str or Path
        The file.
    max_samples : int
        Refuse a file that has more, channels counted one by one.

    Raises
    ------
    DataError
        The file is no sound, damaged or too long.
    """
    from mho.data import DataError

    soundfile = _soundfile()
    try:
        with soundfile.SoundFile(path) as file:
            if (count := file.frames * file.channels) > max_samples:
                raise DataError(f"{path}: has {count:,} samples, more than {max_samples:,}; cut it into parts")
            samples, rate = file.read(dtype="float64"), file.samplerate
    except soundfile.LibsndfileError as error:
        if not Path(path).is_file():
            raise FileNotFoundError(2, "No such file or directory", str(path)) from None
        raise DataError(f"{path}: is no sound that can be read: {error.error_string.rstrip('.')}") from None
    return Sound(samples, rate)


def write_sound(path: str | Path, sound: Sound) -> None:
    """Write a sound as a WAV file of 32-bit floating-point numbers, which no sample is too loud for.

    Parameters
    ----------
    path : str or Path
        Ends in ``.wav``.
    sound : Sound
        What is written.
    """
    from mho.data import replacing

    if Path(path).suffix.lower() != ".wav":
        raise ValueError(f"{path}: must end in .wav, the format that is written")
    with replacing(path) as temporary:
        _soundfile().write(temporary, sound.samples, sound.rate, format="WAV", subtype="FLOAT")


def _soundfile() -> Any:
    try:
        import soundfile
    except ImportError:
        raise ValueError("sounds need the package soundfile: pip install 'mho[sound]'") from None
    return soundfile
