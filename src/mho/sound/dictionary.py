"""Dictionaries of spectra and of patterns in time, learned from a sound, and how strongly each entry is in another."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from mho import checks
from mho.engines import Engine, nnls
from mho.nmf import NMF
from mho.nmf.divergence import fold_in
from mho.nmf.multiplicative import GeneralLoss
from mho.operands import Dense
from mho.penalty import NO_PENALTY

__all__ = ["LOSSES", "activations", "check_loss", "learn_patterns", "learn_spectra", "modelled", "pattern_activations"]

LOSSES = {"kullback-leibler": 1, "itakura-saito": 2, "frobenius": 1}
"""What is minimised, and which power of the magnitudes it looks at."""

_BETA = {"kullback-leibler": 1.0, "itakura-saito": 0.0, "frobenius": 2.0}
_TINY = 1e-12


def check_loss(loss: str, engine: str | Engine, length: int = 1) -> None:
    """Refuse a loss that the engine, or a dictionary of patterns so long, does not solve."""
    checks.one_of(loss, "loss", tuple(LOSSES))
    if engine != "digital" and (loss != "frobenius" or length > 1):
        raise ValueError(
            f"engine={engine!r} solves least squares: take loss='frobenius' and length=1, got {loss!r} and {length}"
        )


def activations(A: np.ndarray, V: np.ndarray, loss: str, engine: Any = "digital", seed: int = 0) -> np.ndarray:
    """Return H (k, frames) >= 0 that is best for V (bins, frames) ~ A H, A (bins, k)."""
    if loss == "frobenius":
        return nnls(A, V, engine=engine, random_state=seed)
    return fold_in(A, Dense(V), loss, NO_PENALTY)


def learn_spectra(V: np.ndarray, k: int, loss: str, max_iter: int, seed: int) -> np.ndarray:
    """Return a dictionary (1, bins, k) of spectra of sum 1 for V (bins, frames); fewer where fewer explain it all."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of components that ended at zero, which are left out here
        model = NMF(k, loss=loss, init="random", max_iter=max_iter, random_state=seed).fit(V.T)
    H = model.components_[model.components_.any(axis=1)]
    return _of_sum_one(np.ascontiguousarray(H.T)[None])


def learn_patterns(V: np.ndarray, length: int, k: int, loss: str, max_iter: int, seed: int) -> np.ndarray:
    """Return a dictionary (length, bins, k) of patterns of so many frames, each of sum 1 (Smaragdis-2007)."""
    rng = np.random.default_rng(seed)
    measure = GeneralLoss("beta", _BETA[loss])
    W, H = _of_sum_one(rng.uniform(0.5, 1.5, (length, len(V), k))), rng.uniform(0.5, 1.5, (k, V.shape[1]))
    H *= V.sum() / modelled(W, H).sum()
    for _ in range(max_iter):
        up, down = measure.parts(V, modelled(W, H) + _TINY * V.mean())
        for t in range(length):
            later = _later(H, t).T
            W[t] *= (up @ later / (down @ later + _TINY * V.mean())) ** measure.power
        sums = W.sum(axis=(0, 1))
        W, H = W / sums, H * sums[:, None]
        H = _step(W, V, H, measure)
    return W


def pattern_activations(W: np.ndarray, V: np.ndarray, loss: str, max_iter: int) -> np.ndarray:
    """Return H (k, frames) for V (bins, frames) ~ `modelled` (W, H), W (length, bins, k) held."""
    H = np.full((W.shape[2], V.shape[1]), V.sum() / W.sum() / V.shape[1])
    for _ in range(max_iter):
        H = _step(W, V, H, GeneralLoss("beta", _BETA[loss]))
    return H


def modelled(W: np.ndarray, H: np.ndarray) -> np.ndarray:
    """Return sum_t W_t H(. - t), (bins, frames): each entry's pattern from where it is struck on."""
    model = W[0] @ H
    for t in range(1, len(W)):
        model += W[t] @ _later(H, t)
    return model


def _step(W: np.ndarray, V: np.ndarray, H: np.ndarray, measure: GeneralLoss) -> np.ndarray:
    """H after a multiplicative step, which cannot raise the loss."""
    up, down = measure.parts(V, modelled(W, H) + _TINY * V.mean())
    above = sum(W[t].T @ _earlier(up, t) for t in range(len(W)))
    below = sum(W[t].T @ _earlier(down, t) for t in range(len(W)))
    return H * (above / (below + _TINY * V.mean())) ** measure.power


def _later(H: np.ndarray, t: int) -> np.ndarray:
    return np.pad(H, ((0, 0), (t, 0)))[:, : H.shape[1]]


def _earlier(V: np.ndarray, t: int) -> np.ndarray:
    return np.pad(V, ((0, 0), (0, t)))[:, t:]


def _of_sum_one(W: np.ndarray) -> np.ndarray:
    sums = W.sum(axis=(0, 1))
    return W / np.where(sums > 0, sums, 1)
