"""Train what the picture codec ships with: `python benchmarks/image/train.py weighted.npz [--smoke]`.

In turn: code the training pictures at several steps, fit the expected magnitude of each atom by non-negative
least divergence (Kullback-Leibler, the likelihood of Poisson counts), count tokens in the contexts that follow. The
flat atom, whose step has no weight, keeps the counts of version 1. --smoke: one turn on one small picture.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from pictures import training_pictures

from mho.data import replacing
from mho.image.codec.coder import choose, exact_codes, write_tile
from mho.image.codec.context_gradient import beside
from mho.image.codec.model import ATOMS, CONTEXTS, LOUDEST, UNIT, Model
from mho.image.codec.planes import to_planes
from mho.image.codec.tokens import TOKENS, token_of
from mho.image.codec.universal import models, universal_dictionary

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import arguments, sized, smoke

STEPS = sized((3, 5, 7, 10, 15, 22, 33, 50), (15,))
TURNS, ITERATIONS = sized((3, 150), (1, 3))
STRENGTH = 4096
"""Codes that the shipped counts of a context weigh as much as."""
SHARE = 0.06
"""Of the patches, to fit weights on."""


def samples(codes, rng):
    """Magnitudes of a plane's codes, of each phase: (own, near), both (ATOMS, n), for a share of the patches."""
    magnitudes = np.minimum(np.abs(codes), LOUDEST).astype(np.float32)
    near = np.stack([beside(m) for m in magnitudes])
    board = np.add.outer(np.arange(codes.shape[1]), np.arange(codes.shape[2])) % 2
    for phase in (0, 1):
        where = np.nonzero((board == phase) & (rng.random(board.shape) < SHARE))
        yield magnitudes[:, *where], near[:, *where]


def fit(features, target, iterations=ITERATIONS):
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
    return replace(
        model, counts=np.maximum(1, counts * STRENGTH // np.maximum(counts.sum(axis=1, keepdims=True), STRENGTH))
    )


def code_all(planes, dictionary, model, rng):
    counts = np.zeros((CONTEXTS, TOKENS), np.int64)
    found, size = [], 0
    for plane in planes:
        exact = exact_codes(plane, dictionary.codes)
        for step in STEPS:
            scaled = exact / np.float32(step)
            chosen = choose([scaled], [model])
            size += len(write_tile([scaled], [model]))
            codes, contexts = chosen.codes[0], chosen.contexts[0]
            used = np.abs(codes).reshape(ATOMS, -1).max(axis=1).nonzero()[0].max(initial=1) + 1
            np.add.at(counts, (contexts[1:used], token_of[np.abs(codes[1:used])]), 1)
            found.append(list(samples(codes, rng)))
    own, near = ([np.concatenate([f[phase][side] for f in found], axis=1) for phase in (0, 1)] for side in (0, 1))
    return own, near, counts, size


def main(path):
    rng = np.random.default_rng(0)
    dictionary = universal_dictionary(1).weighted()
    given = [training_pictures()[0][:64, :64]] if smoke() else training_pictures()
    pictures = [to_planes(picture) for picture in given]
    kinds = {"luma": [p[0] for p in pictures], "chroma": [plane for p in pictures for plane in p[1:]]}
    stored = {"scale": dictionary.scale.astype(np.int32)}
    for kind, planes in kinds.items():
        model = replace(Model.untrained(), dc_counts=models(1)[kind == "chroma"].dc_counts)
        for turn in range(TURNS + 1):
            own, near, counts, size = code_all(planes, dictionary, model, rng)
            print(f"{kind}, turn {turn}: {size} bytes, {own[0].shape[1]} samples", flush=True)
            if turn < TURNS:
                model = trained(own, near, counts, model)
            else:  # contexts are those of the last weights: only the counts change
                model = with_counts(model, counts)
        for name in ("own", "near", "same", "bias"):
            stored[f"{kind}_{name}"] = getattr(model, name).astype(np.uint8)
        for name in ("counts", "dc_counts"):
            stored[f"{kind}_{name}"] = getattr(model, name).astype(np.uint16)
    if path is not None:
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **stored)


if __name__ == "__main__":
    main(None if smoke() else arguments()[0])
