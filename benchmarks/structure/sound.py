"""Notes of a piano, and speech from loops: signal-to-distortion ratios of mho's dictionaries beside flat ones.

Figures are `fast_bss_eval.sdr`'s, BSS Eval's ratio with filters of 512 samples, the better of both orders of the parts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import numpy as np
from scipy.signal import resample_poly
from sklearn.decomposition import NMF
from units import Row, Unit, chips, seeded

from mho.sound import Notes, Sound, Sources, read_sound
from mho.sound.spectrogram import Spectrogram, masked

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized

Parts = list[np.ndarray]
Separate = Callable[[np.ndarray, Any, int], Parts]
Methods = dict[str, tuple[Separate, int]]
Engines = Callable[[int], Any] | None

LEARNED = sized(("A3", "D#3", "A4", "D#4"), ("A3", "D#4"))
PAIRS = {"unseen notes": ("C3", "F#3", "C4", "F#4"), "another octave": ("C5", "D#5", "F#5", "A5")}
"""Settings were chosen on other pairs: with C3, F#3, C4, F#4 learned, of A3, D#3, A4, D#4 and of the second octave."""

PAIRS = sized(PAIRS, {"unseen notes": ("C4", "F#4")})
RATE, SECONDS, LATER, WINDOW = 24_000, sized(3.0, 0.6), sized(0.5, 0.1), 0.17
RANDOM: Any = "random"
FLAT: dict[str, Any] = {"beta_loss": "kullback-leibler", "solver": "mu", "max_iter": sized(300, 5), "tol": 0}
"""Of scikit-learn's multiplicative updates."""


def piano(folder: str) -> Iterator[Unit]:
    """Yield the units of pairs of notes, equally loud, the second half a second later."""
    alone = {name: _note(Path(folder), name) for name in (*LEARNED, *sum(PAIRS.values(), ()))}
    learned = {name: Sound(alone[name], RATE) for name in LEARNED}
    for case, notes in PAIRS.items():
        told = list(combinations(notes, 2))
        cases = [_mixed(alone[a], alone[b]) for a, b in told]
        yield from _units(case, _piano_methods(learned), cases, told)


def _units(case: str, methods: Methods, cases: list[np.ndarray], told: list[Any]) -> Iterator[Unit]:
    for method, (separate, seeds) in methods.items():
        yield from seeded(
            {"case": case, "method": method}, seeds, lambda seed, do=separate: _scored(do, cases, told, seed)
        )


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


def _piano_methods(learned: dict[str, Sound]) -> Methods:
    """Separations, and from how many seeds: those without any need one."""

    def notes(told: bool = False, engine: Engines = None, **settings: Any) -> Separate:
        def fitted(seed: int) -> Notes:
            return Notes(2, random_state=seed, **settings, **_solver(engine, seed)).fit(learned)

        def separated(model: Notes, true: np.ndarray, names: Any) -> Parts:
            return [note.sound.samples for note in model.separate(_sum(true, RATE), names if told else None)]

        return _once(fitted, separated)

    on_chip = {f"mho.Notes, {name}": (notes(engine=engine), n) for name, (engine, n) in chips(readback=True).items()}
    return {
        "the mixture itself": (lambda true, names, seed: [true.sum(axis=0)] * 2, 1),
        "mho.Notes, KL": (notes(), 1),
        "mho.Notes, KL, notes told": (notes(told=True), 1),
        "mho.Notes, IS": (notes(loss="itakura-saito"), 1),
        "mho.Notes, least squares, CPU": (notes(loss="frobenius"), 1),
        **on_chip,
        "flat KL, two spectra, of the mixture alone": (lambda true, names, seed: _flat(true, 2, seed), 5),
        "flat KL, learned notes' spectra*": (lambda true, names, seed: _flat_learned(true, learned, seed), 5),
        "flat KL, eight spectra of the mixture*": (lambda true, names, seed: _flat(true, 8, seed), 5),
    }


def _solver(engine: Engines, seed: int) -> dict[str, Any]:
    return {} if engine is None else {"loss": "frobenius", "engine": engine(seed)}


def _once(fitted: Callable[[int], Any], separated: Callable[[Any, np.ndarray, Any], Parts]) -> Separate:
    """A separation by a model that is fitted once for a seed."""
    models: dict[int, Any] = {}

    def separate(true: np.ndarray, names: Any, seed: int) -> Parts:
        if seed not in models:
            models[seed] = fitted(seed)
        return separated(models[seed], true, names)

    return separate


def _sum(true: np.ndarray, rate: int) -> Sound:
    return Sound(true.sum(axis=0), rate)


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
    model = NMF(A.shape[1], **FLAT)
    model.components_, model.n_components_ = np.ascontiguousarray(A.T), A.shape[1]
    H = model.transform(transform.magnitudes(mixture).T).T
    spread = [A[:, j : j + 4] @ H[j : j + 4] for j in range(0, A.shape[1], 4)]
    return _grouped(transform, mixture, true, spread, True)


def _factors(V: np.ndarray, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    model = NMF(**FLAT, n_components=cast(Any, k), init=RANDOM, random_state=seed)
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


def speech(folder: str) -> Iterator[Unit]:
    """Yield the units of sentences of one reader over loops of music, neither heard before."""
    root = Path(folder)
    talk = {n: _at_rate(next(root.rglob(SPEAKER.format(n)))) for n in (*SPOKEN, *HEARD)}
    loops = {n: _at_rate(next(root.rglob(f"{n}.flac"))) for n in (*LEARNED_LOOPS, *OTHER_LOOPS)}
    learned = {
        "speech": Sound(np.concatenate([talk[n] for n in SPOKEN]), SPEECH_RATE),
        "loops": Sound(np.concatenate([loops[n] for n in LEARNED_LOOPS]), SPEECH_RATE),
    }
    cases = [_over(talk[n], loops[m]) for n in HEARD for m in OTHER_LOOPS][: sized(None, 1)]
    yield from _units("speech over loops", _speech_methods(learned), cases, cases)


def _at_rate(path: Path) -> np.ndarray:
    sound = read_sound(path)
    x = resample_poly(sound.mono, SPEECH_RATE, sound.rate)[: 12 * SPEECH_RATE]
    return 0.05 * x / np.sqrt(np.mean(x**2))


def _over(talk: np.ndarray, loop: np.ndarray) -> np.ndarray:
    return np.stack([talk, np.resize(loop, len(talk))])


def _speech_methods(learned: dict[str, Sound]) -> Methods:
    def sources(engine: Engines = None, **settings: Any) -> Separate:
        def fitted(seed: int) -> Sources:
            return Sources(random_state=seed, **settings, **_solver(engine, seed)).fit(learned)

        def separated(model: Sources, true: np.ndarray, names: Any) -> Parts:
            return [sound.samples for sound in model.separate(_sum(true, SPEECH_RATE)).values()]

        return _once(fitted, separated)

    return {
        "the mixture itself": (lambda true, names, seed: [true.sum(axis=0)] * 2, 1),
        "mho.Sources, flat KL": (sources(), 5),
        "mho.Sources, patterns of 8 frames, KL": (sources(length=8), 5),
        "mho.Sources, flat IS": (sources(loss="itakura-saito"), 5),
        "mho.Sources, least squares, CPU": (sources(loss="frobenius"), 5),
        **{f"mho.Sources, {name}": (sources(engine), seeds) for name, (engine, seeds) in chips(readback=True).items()},
        "scikit-learn, flat KL": (_flat_sources(learned), 5),
    }


def _flat_sources(learned: dict[str, Sound]) -> Callable[..., Parts]:
    transform, kept = Spectrogram(SPEECH_RATE, 0.064), {}

    def separate(true: np.ndarray, names: Any, seed: int) -> Parts:
        if seed not in kept:
            kept[seed] = [_factors(transform.magnitudes(sound), 32, seed)[0] for sound in learned.values()]
        mixture, A = Sound(true.sum(axis=0), SPEECH_RATE), np.hstack(kept[seed])
        model = NMF(A.shape[1], **FLAT)
        model.components_, model.n_components_ = np.ascontiguousarray(A.T), A.shape[1]
        H = model.transform(transform.magnitudes(mixture).T).T
        models = [A[:, :32] @ H[:32], A[:, 32:] @ H[32:]]
        return [part.samples for part in masked(transform, mixture, [each + 1e-9 for each in models])]

    return separate


def _scored(separate: Separate, cases: list[np.ndarray], told: list[Any], seed: int) -> Row:
    """Mean over cases of the parts' mean ratio, and seconds of a case."""
    import fast_bss_eval

    ratios, seconds = [], []
    for true, names in zip(cases, told, strict=True):
        begun = time.perf_counter()
        parts = np.stack(separate(true, names, seed))
        seconds.append(time.perf_counter() - begun)
        ratios.append(np.mean(np.asarray(fast_bss_eval.sdr(true, parts))))
    return {"sdr": float(np.mean(ratios)), "seconds": float(np.mean(seconds))}
