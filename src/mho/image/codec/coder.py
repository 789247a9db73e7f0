"""Planes to codes, codes to the bytes of a tile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mho.image.codec.container import number
from mho.image.codec.context_gradient import context_gradient
from mho.image.codec.model import ATOMS, CONTEXTS, Model
from mho.image.codec.planes import to_patches
from mho.image.codec.tokens import TOKENS
from mho.kernels.pictures import encode_tile

__all__ = ["LAMBDA", "Chosen", "choose", "exact_codes", "write_tile"]

LAMBDA = 0.13
"""Of a bit, in squared steps. At high rates 6 dB a bit makes it ln 2 / 6 = 0.116; low rates ask for more."""

_SMALLEST = 0.6
"""A code that is below this before rounding, everywhere in the picture, leaves its atom out of use."""


def exact_codes(plane: np.ndarray, solve: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return h+ - h- of each patch of a plane, (64, rows, columns), in grey levels; `solve` takes patches (64, n)."""
    patches = to_patches(plane)
    return solve(patches.reshape(ATOMS, -1)).astype(np.float32).reshape(patches.shape)


def _in_use(exact: np.ndarray) -> int:
    codes = exact.reshape(ATOMS, -1)
    used = np.flatnonzero(np.maximum(codes.max(axis=1), -codes.min(axis=1)) >= _SMALLEST)
    return int(used[-1]) + 1 if len(used) else 1


class Chosen:
    """Codes of the planes of a tile as one pass chose them.

    Attributes
    ----------
    dc : list of ndarray of shape (rows, columns), int32
        Of the flat atom.
    contexts : list of ndarray of shape (64, rows, columns), int8
        In which the codes were written.
    counts : list of ndarray of shape (CONTEXTS, TOKENS), int64
        Of tokens, at the end.
    """

    def __init__(self, exact: Sequence[np.ndarray]) -> None:
        shapes = [codes.shape[1:] for codes in exact]
        self._by_patch = [np.zeros((m * n, ATOMS), np.int16) for m, n in shapes]
        self.dc = [np.zeros(shape, np.int32) for shape in shapes]
        self.contexts = [np.zeros(codes.shape, np.int8) for codes in exact]
        self.counts = [np.ones((CONTEXTS, TOKENS), np.int64) for _ in exact]

    @property
    def codes(self) -> list[np.ndarray]:
        """Codes of each plane, (64, rows, columns), int16; zero for the flat atom."""
        shapes = (contexts.shape for contexts in self.contexts)
        return [codes.T.reshape(shape) for codes, shape in zip(self._by_patch, shapes, strict=True)]

    @property
    def told(self) -> dict[str, list[np.ndarray]]:
        """All of these, by the kernel's names."""
        return {"code": self._by_patch, "dc": self.dc, "context": self.contexts, "learnt": self.counts}


_NOBODY: dict[str, list[np.ndarray]] = {"code": [], "dc": [], "context": [], "learnt": []}


def _packed(models: Sequence[Model]) -> list[np.ndarray]:
    return [models[0].packed, models[-1].packed]


def choose(
    exact: Sequence[np.ndarray],
    models: Sequence[Model],
    lam: float = LAMBDA,
    gradients: Sequence[np.ndarray] | None = None,
) -> Chosen:
    """Return the codes of the least squared error plus `lam` times bits, with those by which others grow counted in.

    Parameters
    ----------
    exact : sequence of ndarray of shape (64, rows, columns), float32
        Codes of each plane before they are rounded, in steps.
    models : sequence of Model
        Of each plane.
    lam : float
        Of a bit, in squared steps.
    gradients : sequence of ndarray, optional
        Of `context_gradient`, of each plane, with zeros for atoms out of use.
    """
    chosen = Chosen(exact)
    used = [_in_use(codes) for codes in exact]
    encode_tile(list(exact), used, _packed(models), lam, None if gradients is None else list(gradients), **chosen.told)
    return chosen


def _gradients(exact: Sequence[np.ndarray], models: Sequence[Model], chosen: Chosen) -> list[np.ndarray]:
    found = []
    for codes, model, contexts, counts in zip(chosen.codes, models, chosen.contexts, chosen.counts, strict=False):
        n_atoms = _in_use(exact[len(found)])
        gradient = np.zeros(codes.shape, np.float32)
        if n_atoms > 1:
            gradient[:n_atoms] = context_gradient(model, codes[:n_atoms].astype(int), contexts[:n_atoms], counts)
        found.append(gradient)
    return found


def write_tile(exact: Sequence[np.ndarray], models: Sequence[Model], lam: float = LAMBDA, effort: int = 1) -> bytes:
    """Return codes (64, rows, columns) of each plane, given in steps, as the bytes of a tile.

    `effort` is how often to choose them.
    """
    gradients = None
    for _ in range(effort - 1):
        gradients = _gradients(exact, models, choose(exact, models, lam, gradients))
    used = [_in_use(codes) for codes in exact]
    words, data = encode_tile(list(exact), used, _packed(models), lam, gradients, **_NOBODY)
    return bytes(used) + number(words) + data
