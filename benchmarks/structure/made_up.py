"""Small data in the form of the recordings that the measurements read, for ``--smoke``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np

WORDS = ("ship sea sail wind harbour", "bread oven flour salt crust", "planet orbit moon star rocket")


def made_up(folder: Path) -> dict[str, Path]:
    """Write files and return, by command, the argument that it takes."""
    rng = np.random.default_rng(0)
    made = {
        "clusters": clusters(folder / "mnist.csv", rng),
        "topics": topics(folder, rng),
        "piano": piano(folder, rng),
        "speech": speech(folder, rng),
        "faces": faces(folder, rng),
        "signatures": folder,
        "signature-times": folder,
        "transform": folder,
    }
    return made | ({"tensors": tensors(folder / "pines.npy", rng)} if find_spec("tensorly") else {})


def clusters(path: Path, rng: np.random.Generator) -> Path:
    """Rows of 16 pixels and their digit, six of each."""
    digit = np.repeat(np.arange(10), 6)
    pixels = 0.1 * rng.random((60, 16)) + rng.random((10, 16))[digit]
    np.savetxt(path, np.column_stack([pixels, digit]), delimiter=",")
    return path


def topics(folder: Path, rng: np.random.Generator) -> Path:
    """Tables of documents of three groups, their second and third line for other programs."""
    for part in ("train", "test"):
        lines = ["Category\tText", "d\tstring", "class\tmeta"]
        for number in range(45):
            words = rng.choice(WORDS[number % 3].split(), 12)
            lines.append(f"{number % 3}\t{' '.join(words)}")
        (folder / f"20newsgroups-{part}.tab").write_text("\n".join(lines) + "\n")
    return folder


def piano(folder: Path, rng: np.random.Generator) -> Path:
    """Notes of five harmonics that fade."""
    import soundfile

    octave = {name: 2 ** (step / 12) for step, name in enumerate(("C", "C#", "D", "D#", "E", "F", "F#", "G"))}
    octave["A"] = 2 ** (9 / 12)
    t = np.arange(48_000) / 48_000
    for name in ("A3", "D#3", "A4", "D#4", "C3", "F#3", "C4", "F#4", "C5", "D#5", "F#5", "A5"):
        hertz = 32.7 * 2 ** int(name[-1]) * octave[name[:-1]]
        tone = sum((np.sin(2 * np.pi * h * hertz * t) / h for h in range(1, 6)), np.zeros(len(t)))
        soundfile.write(
            folder / f"{name}v10.ogg", 0.2 * tone * np.exp(-3 * t) + 1e-4 * rng.standard_normal(len(t)), 48_000
        )
    return folder


def speech(folder: Path, rng: np.random.Generator) -> Path:
    """Noise in bursts for sentences, ticks for loops."""
    import soundfile

    from sound import HEARD, LEARNED_LOOPS, OTHER_LOOPS, SPEAKER, SPOKEN

    for name in (*SPOKEN, *HEARD):
        bursts = np.repeat(rng.random(20), 400)
        soundfile.write(folder / SPEAKER.format(name), 0.1 * bursts * rng.standard_normal(8_000), 16_000)
    for name in (*LEARNED_LOOPS, *OTHER_LOOPS):
        ticks = np.sin(2 * np.pi * rng.uniform(200, 2000) * np.arange(8_000) / 16_000)
        soundfile.write(folder / f"{name}.flac", 0.1 * ticks * (np.arange(8_000) % 4000 < 500), 16_000)
    return folder


def faces(folder: Path, rng: np.random.Generator) -> Path:
    """Pictures of 92 x 112 pixels, ten of each of two people."""
    from PIL import Image

    for person in (1, 2):
        (folder / f"s{person}").mkdir()
        for number in range(1, 11):
            pixels = rng.integers(0, 256, (112, 92), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"s{person}" / f"{number}.pgm")
    return folder


def tensors(path: Path, rng: np.random.Generator) -> Path:
    """A product of three parts along three axes."""
    A, B, C = (rng.random((n, 3)) for n in (8, 7, 6))
    np.save(path, np.einsum("ir,jr,kr->ijk", A, B, C))
    return path
