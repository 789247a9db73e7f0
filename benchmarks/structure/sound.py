"""Notes of a piano, and speech from loops: signal-to-distortion ratios of mho's dictionaries beside flat ones.

Figures are `fast_bss_eval.sdr`'s, BSS Eval's ratio with filters of 512 samples, the better of both orders of the parts.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly
from sklearn.decomposition import NMF

import mho
from mho.chip import preset
from mho.sound import Notes, Sound, Sources, read_sound
from mho.sound.spectrogram import Spectrogram, masked

Row = dict[str, Any]
Parts = list[np.ndarray]
CHIP = "pku-2025-4bit"

LEARNED = ("A3", "D#3", "A4", "D#4")
PAIRS = {"unseen notes": ("C3", "F#3", "C4", "F#4"), "another octave": ("C5", "D#5", "F#5", "A5")}
"""Settings were chosen on other pairs: with C3, F#3, C4, F#4 learned, of A3, D#3, A4, D#4 and of the second octave."""

RATE, SECONDS, LATER, WINDOW = 24_000, 3.0, 0.5, 0.17


def piano(folder: str) -> Iterator[Row]:
    """Yield the figures of pairs of notes, equally loud, the second half a second later."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone = {name: _note(Path(folder), name) for name in (*LEARNED, *sum(PAIRS.values(), ()))}
        learned = {name: Sound(alone[name], RATE) for name in LEARNED}
        for name, notes in PAIRS.items():
            cases = [_mixed(alone[a], alone[b]) for a, b in combinations(notes, 2)]
            told = list(combinations(notes, 2))
            for method, separate, seeds in _piano_methods(learned):
                yield {"case": name, "method": method, **_scored(separate, cases, told, seeds)}


def _note(folder: Path, name: str) -> np.ndarray:
    """A note from its attack on, at half the rate of the file, of one loudness."""
    x = resample_poly(read_sound(folder / f"{name}v10.ogg").mono, 1, 2)
    begin = max(0, int(np.argmax(np.abs(x) > 0.02 * np.abs(x).max())) - 200)
    x = x[begin : begin + int(SECONDS * RATE)]
    return 0.05 * x / np.sqrt(np.mean(x**2))


def _mixed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The two (2, n), the second later."""
    gap = np.zeros(int(LATER * RATE))
    return np.stack([np.concatenate([a, gap]), np.concatenate([gap, b])])


def _piano_methods(learned: dict[str, Sound]) -> Iterator[tuple[str, Callable[..., Parts], int]]:
    def notes(told: bool = False, **settings: Any) -> Callable[..., Parts]:
        models: dict[int, Notes] = {}

        def separate(true: np.ndarray, names: Any, seed: int) -> Parts:
            if seed not in models:
                made = {key: value(seed) if callable(value) else value for key, value in settings.items()}
                models[seed] = Notes(2, random_state=seed, **made).fit(learned)
            found = models[seed].separate(Sound(true.sum(axis=0), RATE), names if told else None)
            return [note.sound.samples for note in found]

        return separate

    exact, fine = preset(CHIP).with_(sigma=0.0), preset(CHIP).with_(levels=None)
    squares = {"loss": "frobenius"}
    yield "the mixture itself", lambda true, names, seed: [true.sum(axis=0)] * 2, 1
    yield "flat KL, two spectra, of the mixture alone", lambda true, names, seed: _flat(true, 2, seed), 5
    yield "flat KL, learned notes' spectra*", lambda true, names, seed: _flat_learned(true, learned, seed), 5
    yield "flat KL, eight spectra of the mixture*", lambda true, names, seed: _flat(true, 8, seed), 5
    yield "mho.Notes, KL", notes(), 1
    yield "mho.Notes, KL, notes told", notes(told=True), 1
    yield "mho.Notes, IS", notes(loss="itakura-saito"), 1
    yield "mho.Notes, least squares, CPU", notes(**squares), 1
    yield "mho.Notes, least squares, chip", notes(**squares, engine=lambda seed: mho.Analog(CHIP, seed=seed)), 3
    yield "mho.Notes, chip, no error of writing", notes(**squares, engine=lambda seed: mho.Analog(exact, seed=seed)), 1
    yield "mho.Notes, chip, levels without end", notes(**squares, engine=lambda seed: mho.Analog(fine, seed=seed)), 1
    yield (
        "mho.Notes, least squares, chip then CPU",
        notes(**squares, engine=lambda seed: mho.Hybrid(CHIP, seed=seed)),
        3,
    )


def _flat(true: np.ndarray, k: int, seed: int) -> Parts:
    """Flat KL of the mixture; more than two spectra go to the note that the truth says."""
    transform = Spectrogram(RATE, WINDOW)
    mixture = Sound(true.sum(axis=0), RATE)
    W, H = _factors(transform.magnitudes(mixture), k, seed)
    return _grouped(transform, mixture, true, [np.outer(W[:, j], H[j]) for j in range(k)], k > 2)


def _flat_learned(true: np.ndarray, learned: dict[str, Sound], seed: int) -> Parts:
    transform = Spectrogram(RATE, WINDOW)
    mixture = Sound(true.sum(axis=0), RATE)
    A = np.hstack([_factors(transform.magnitudes(sound), 4, seed)[0] for sound in learned.values()])
    model = NMF(A.shape[1], beta_loss="kullback-leibler", solver="mu", max_iter=300, tol=0)
    model.components_, model.n_components_ = np.ascontiguousarray(A.T), A.shape[1]
    H = model.transform(transform.magnitudes(mixture).T).T
    spread = [A[:, j : j + 4] @ H[j : j + 4] for j in range(0, A.shape[1], 4)]
    return _grouped(transform, mixture, true, spread, True)


def _factors(V: np.ndarray, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    model = NMF(k, beta_loss="kullback-leibler", solver="mu", init="random", max_iter=300, tol=0, random_state=seed)
    return model.fit_transform(V), model.components_


def _grouped(transform: Spectrogram, mixture: Sound, true: np.ndarray, models: Parts, grouped: bool) -> Parts:
    if grouped:
        heard = [np.abs(transform.spectra(one)) for one in true]
        own = [int(np.argmax([np.sum(model * one) / np.linalg.norm(one) for one in heard])) for model in models]
        nothing = np.zeros_like(models[0])
        models = [sum((m for m, s in zip(models, own, strict=True) if s == part), nothing) for part in (0, 1)]
    return [part.samples for part in masked(transform, mixture, [model + 1e-9 for model in models])]


SPEAKER = "sense_and_sensibility_01_austen_64kb-{}.wav"
SPOKEN, HEARD = ("0870", "0880", "0890"), ("0920", "0930")
LEARNED_LOOPS = ("loop_amen", "loop_breakbeat", "loop_compus", "loop_industrial", "loop_tabla", "loop_mehackit1")
OTHER_LOOPS = ("loop_garzul", "loop_mika", "loop_safari", "loop_perc1", "loop_weirdo", "loop_electric")
SPEECH_RATE = 16_000


def speech(folder: str) -> Iterator[Row]:
    """Yield the figures of sentences of one reader over loops of music, neither heard before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = Path(folder)
        talk = {n: _at_rate(next(root.rglob(SPEAKER.format(n)))) for n in (*SPOKEN, *HEARD)}
        loops = {n: _at_rate(next(root.rglob(f"{n}.flac"))) for n in (*LEARNED_LOOPS, *OTHER_LOOPS)}
        learned = {
            "speech": Sound(np.concatenate([talk[n] for n in SPOKEN]), SPEECH_RATE),
            "loops": Sound(np.concatenate([loops[n] for n in LEARNED_LOOPS]), SPEECH_RATE),
        }
        cases = [_over(talk[n], loops[m]) for n in HEARD for m in OTHER_LOOPS]
        for method, separate, seeds in _speech_methods(learned):
            yield {"case": "speech over loops", "method": method, **_scored(separate, cases, cases, seeds)}


def _at_rate(path: Path) -> np.ndarray:
    sound = read_sound(path)
    x = resample_poly(sound.mono, SPEECH_RATE, sound.rate)[: 12 * SPEECH_RATE]
    return 0.05 * x / np.sqrt(np.mean(x**2))


def _over(talk: np.ndarray, loop: np.ndarray) -> np.ndarray:
    return np.stack([talk, np.resize(loop, len(talk))])


def _speech_methods(learned: dict[str, Sound]) -> Iterator[tuple[str, Callable[..., Parts], int]]:
    def sources(**settings: Any) -> Callable[..., Parts]:
        models: dict[int, Sources] = {}

        def separate(true: np.ndarray, names: Any, seed: int) -> Parts:
            made = {key: value(seed) if callable(value) else value for key, value in settings.items()}
            if seed not in models:
                models[seed] = Sources(random_state=seed, **made).fit(learned)
            found = models[seed].separate(Sound(true.sum(axis=0), SPEECH_RATE))
            return [sound.samples for sound in found.values()]

        return separate

    squares = {"loss": "frobenius"}
    yield "the mixture itself", lambda true, names, seed: [true.sum(axis=0)] * 2, 1
    yield "scikit-learn, flat KL", _flat_sources(learned), 3
    yield "mho.Sources, flat KL", sources(), 3
    yield "mho.Sources, patterns of 8 frames, KL", sources(length=8), 3
    yield "mho.Sources, flat IS", sources(loss="itakura-saito"), 3
    yield "mho.Sources, least squares, CPU", sources(**squares), 3
    yield "mho.Sources, least squares, chip", sources(**squares, engine=lambda seed: mho.Analog(CHIP, seed=seed)), 3


def _flat_sources(learned: dict[str, Sound]) -> Callable[..., Parts]:
    transform, kept = Spectrogram(SPEECH_RATE, 0.064), {}

    def separate(true: np.ndarray, names: Any, seed: int) -> Parts:
        if seed not in kept:
            kept[seed] = [_factors(transform.magnitudes(sound), 32, seed)[0] for sound in learned.values()]
        mixture, A = Sound(true.sum(axis=0), SPEECH_RATE), np.hstack(kept[seed])
        model = NMF(A.shape[1], beta_loss="kullback-leibler", solver="mu", max_iter=300, tol=0)
        model.components_, model.n_components_ = np.ascontiguousarray(A.T), A.shape[1]
        H = model.transform(transform.magnitudes(mixture).T).T
        models = [A[:, :32] @ H[:32], A[:, 32:] @ H[32:]]
        return [part.samples for part in masked(transform, mixture, [each + 1e-9 for each in models])]

    return separate


def _scored(separate: Callable[..., Parts], cases: list[np.ndarray], told: list[Any], seeds: int) -> Row:
    """Mean over cases of the parts' mean ratio, the median of the seeds."""
    import fast_bss_eval

    means, seconds = [], []
    for seed in range(seeds):
        each = []
        for true, names in zip(cases, told, strict=True):
            begun = time.perf_counter()
            parts = np.stack(separate(true, names, seed))
            seconds.append(time.perf_counter() - begun)
            each.append(float(np.mean(fast_bss_eval.sdr(true, parts))))
        means.append(float(np.mean(each)))
    spread = {"low": min(means), "high": max(means), "seeds": seeds, "pairs": len(cases)}
    return {"sdr": float(np.median(means)), **spread, "seconds": float(np.median(seconds))}
