"""Train what the picture codec ships with: `python benchmarks/image/train.py universal.npz`.

In turn: code the training pictures at several steps, fit the expected magnitude of each atom by non-negative
least divergence (Kullback-Leibler, the likelihood of Poisson counts), count tokens in the contexts that follow. Last,
share columns among the atoms, so that errors of cells weigh least in luma.
"""

import sys
from dataclasses import replace

import numpy as np
from pictures import training_pictures
from scipy.fft import dct

from mho.data import replacing
from mho.image.codec.coder import exact_codes, write_codes
from mho.image.codec.dictionary import PATCH, Dictionary
from mho.image.codec.entropy import Writer
from mho.image.codec.model import ATOMS, CONTEXTS, DC_CONTEXTS, LOUDEST, UNIT, Model
from mho.image.codec.planes import to_planes
from mho.image.codec.scan import beside
from mho.image.codec.tokens import TOKENS, token_of

STEPS = (5, 8, 12, 18, 27, 40, 60)
SAMPLES, TURNS = 30_000, 3
STRENGTH = 4096
"""Codes that the shipped counts of a context weigh as much as."""
SHARE = 0.06
"""Of the patches, to fit weights on."""
COLUMNS = 96
"""Of an array that holds the dictionary; the more, the more errors of its cells average out."""


def cosines():
    """Products of cosines, (64, 64), lowest frequency first."""
    C = dct(np.eye(PATCH), axis=0, norm="ortho")
    u, v = np.divmod(np.arange(ATOMS), PATCH)
    return np.einsum("ui,vj->ijuv", C, C).reshape(ATOMS, ATOMS)[:, np.lexsort((u, u + v))]


class Recorder(Writer):
    """A writer that also counts tokens by context."""

    def __init__(self, counts):
        super().__init__()
        self._counts = counts

    def put(self, codes, contexts, counts):
        counts = self._counts[len(counts._counts)]
        np.add.at(counts, (contexts, token_of[np.abs(codes)]), 1)
        super().put(codes, contexts, counts)


def samples(codes, rng):
    """Magnitudes of a plane's codes, of each phase: (own, near), both (ATOMS, n), for a share of the patches."""
    magnitudes = np.minimum(np.abs(codes), LOUDEST).astype(np.float32)
    near = np.stack([beside(m) for m in magnitudes])
    board = np.add.outer(np.arange(codes.shape[1]), np.arange(codes.shape[2])) % 2
    for phase in (0, 1):
        where = np.nonzero((board == phase) & (rng.random(board.shape) < SHARE))
        yield magnitudes[:, *where], near[:, *where]


def fit(features, target, iterations=150):
    """Multiplicative updates (Lee-2001) of w >= 0 on the divergence of `target` (n,) from w'features."""
    w = np.full(len(features), target.mean() / (features.sum(axis=0).mean() + 1e-9) + 1e-6, np.float32)
    total = features.sum(axis=1) + 1e-6
    for _ in range(iterations):
        w *= features @ (target / (w @ features + 1e-7)) / total
    return np.minimum(np.rint(w * UNIT), 255)


def trained(own, near, counts, model):
    """The model that these samples and counts of one kind of plane ask for."""
    weights = {"own": np.zeros_like(model.own), "near": np.zeros_like(model.near)}
    weights |= {"same": np.zeros((2, ATOMS), np.float32), "bias": np.zeros((2, ATOMS), np.float32)}
    for phase in (0, 1):
        for j in range(1, ATOMS):
            parts = [own[phase][1:j], near[phase][1:j], np.ones((1, own[phase].shape[1]), np.float32)]
            w = fit(np.concatenate(parts + [near[phase][j : j + 1]] * phase), own[phase][j])
            weights["own"][phase, j, 1:j], weights["near"][phase, j, 1:j] = w[: j - 1], w[j - 1 : 2 * j - 2]
            weights["bias"][phase, j] = w[2 * j - 2]
            if phase:
                weights["same"][phase, j] = w[-1]
    return with_counts(replace(model, **weights), counts)


def with_counts(model, counts):
    """The model with the token counts of each context, scaled to at most STRENGTH."""
    flat, others = (
        np.maximum(1, counts[n] * STRENGTH // np.maximum(counts[n].sum(axis=1, keepdims=True), STRENGTH))
        for n in (DC_CONTEXTS, CONTEXTS)
    )
    return replace(model, counts=others, dc_counts=flat)


def code_all(planes, dictionary, model, rng):
    counts = {n: np.zeros((n, TOKENS), np.int64) for n in (CONTEXTS, DC_CONTEXTS)}
    found, size = [], 0
    for plane in planes:
        exact = exact_codes(plane, dictionary.codes)
        for step in STEPS:
            writer = Recorder(counts)
            codes = write_codes(exact / step, model, writer)[1]
            size += len(writer.data)
            found.append(list(samples(codes, rng)))
    own, near = ([np.concatenate([f[phase][side] for f in found], axis=1) for phase in (0, 1)] for side in (0, 1))
    return own, near, counts, size


def shared(own, scale):
    """Columns (ATOMS,) of each atom but the flat one: the next goes where it lowers the expected error most.

    The cells' independent errors reach the picture in proportion to the codes they multiply: an atom in c columns adds
    the mean square of its codes, times its scale squared, over c.
    """
    error = np.mean(np.concatenate(own, axis=1).astype(float) ** 2, axis=1) * scale**2
    columns = np.ones(ATOMS, int)
    columns[0] = error[0] = 0
    for _ in range(COLUMNS - (ATOMS - 1)):
        columns[np.argmax(error / np.maximum(columns, 1) / (columns + 1))] += 1
    return columns


def main(path):
    rng = np.random.default_rng(0)
    dictionary = Dictionary.quantised(cosines())
    pictures = [to_planes(picture) for picture in training_pictures()]
    kinds = {"luma": [p[0] for p in pictures], "chroma": [plane for p in pictures for plane in p[1:]]}
    stored = {"positive": dictionary.positive, "negative": dictionary.negative}
    stored = {name: levels.astype(np.uint8) for name, levels in stored.items()} | {
        "scale": dictionary.scale.astype(np.int32)
    }
    for kind, planes in kinds.items():
        model = Model.untrained()
        for turn in range(TURNS + 1):
            own, near, counts, size = code_all(planes, dictionary, model, rng)
            print(f"{kind}, turn {turn}: {size} bytes, {own[0].shape[1]} samples", flush=True)
            if turn < TURNS:
                model = trained(own, near, counts, model)
            else:  # contexts are those of the last weights: only the counts change
                model = with_counts(model, counts)
        if kind == "luma":
            stored["columns"] = shared(own, dictionary.scale).astype(np.uint8)
        for name in ("own", "near", "same", "bias"):
            stored[f"{kind}_{name}"] = getattr(model, name).astype(np.uint8)
        for name in ("counts", "dc_counts"):
            stored[f"{kind}_{name}"] = getattr(model, name).astype(np.uint16)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **stored)


if __name__ == "__main__":
    main(sys.argv[1])
