"""
Two notes that were never heard alone
=====================================

From two notes of a stringed instrument, A3 and D#4, `mho.sound.Notes` learns the strengths of partials and the
stiffness of strings; C4 and E5 sound together and are separated, beside flat Kullback-Leibler factorization of the same
spectra. The strings are simulated; :doc:`/measured/structure` has those of a piano. The guide is :doc:`/do/sound`.
"""

import matplotlib.pyplot as plt
import numpy as np

import mho
from mho.sound import Notes, Sound, note_pitch
from mho.sound.spectrogram import Spectrogram, masked

RATE = 8000


def string(name, begin=0.0, seconds=3.0):
    """Partials of a stiff string that decay, the higher the faster, from a moment on."""
    t = np.arange(int(seconds * RATE)) / RATE - begin
    h = np.arange(1, 13)[:, None]
    at = h * 440 * 2 ** ((note_pitch(name) - 69) / 12) * np.sqrt(1 + 4e-4 * h**2)
    heard = np.exp(-np.maximum(t, 0) * (1 + 0.2 * h)) / h * np.sin(2 * np.pi * at * t) * (at < RATE / 2)
    return 0.1 * heard.sum(axis=0) * (t >= 0)


true = {"C4": string("C4"), "E5": string("E5", begin=0.7)}
mixture = Sound(sum(true.values()), RATE)

# %%
# Signal over what is not it, in dB.


def decibels(name, samples):
    """Ratio of a note's power to the power of the error."""
    return 10 * np.log10(np.sum(true[name] ** 2) / np.sum((true[name] - samples) ** 2))


model = Notes().fit({name: Sound(string(name), RATE) for name in ("A3", "D#4")})
notes = model.separate(mixture)
for note in notes:
    print(f"harmonic  {note.name}  {decibels(note.name, note.sound.samples):.1f} dB")

transform = Spectrogram(RATE, 0.17)
V = transform.magnitudes(mixture)
flat = mho.NMF(2, loss="kullback-leibler", init="random", random_state=0)
W = flat.fit_transform(V)
parts = masked(transform, mixture, [np.outer(W[:, j], flat.components_[j]) for j in range(2)])
for name in true:
    print(f"flat      {name}  {max(decibels(name, part.samples) for part in parts):.1f} dB")

# %%
# The mixture's spectrum in time, and how strong each note is.

figure, (above, below) = plt.subplots(2, sharex=True, figsize=(7, 5), layout="constrained")
seconds = np.arange(V.shape[1]) * transform.hop
above.pcolormesh(seconds, transform.frequencies, 20 * np.log10(V), vmin=-50, cmap="magma")
above.set(ylabel="Hz", ylim=(0, 3000))
for note in notes:
    below.plot(seconds, note.strength, label=note.name)
below.set(xlabel="s", ylabel="strength")
below.legend(frameon=False)
plt.show()
