"""Context model of both sides of a file: expected magnitude of an atom, given the atoms coded before it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mho.caching import cached_property
from mho.image.codec.dictionary import PATCH

__all__ = ["ATOMS", "CONTEXTS", "DC_CONTEXTS", "EDGES", "LOUDEST", "UNIT", "Model"]

ATOMS = PATCH**2
LOUDEST = 63
"""Contexts count magnitudes up to here: with weights of 8 bits, float32 holds their sums, below 2**24, exactly."""

UNIT = 256
"""Weights are whole numbers in units of 1/UNIT."""

CONTEXTS, DC_CONTEXTS = 28, 14
EDGES = np.unique(np.rint(2 ** (np.arange(CONTEXTS + 8) / 2))).astype(np.float32)[: CONTEXTS - 1]


@dataclass(frozen=True, eq=False)
class Model:
    """Context model of one kind of plane; phase 0 is half of the patches, a checkerboard, phase 1 the rest.

    The expected magnitude of atom j in a patch is a non-negative combination of magnitudes that both sides know: those
    of the atoms before j in the patch itself and summed over the four patches beside it, and in phase 1 of atom j
    beside it.

    Attributes
    ----------
    own, near : ndarray of shape (2, ATOMS, ATOMS), float32
        Weights [phase, j, i] of atom i < j; whole numbers up to 255.
    same, bias : ndarray of shape (2, ATOMS), float32
        Weights of atom j beside the patch, and of nothing.
    counts : ndarray of shape (CONTEXTS, TOKENS), int
        Counts of tokens to begin with.
    dc_counts : ndarray of shape (DC_CONTEXTS, TOKENS), int
        The same for the DC atom.
    """

    own: np.ndarray
    near: np.ndarray
    same: np.ndarray
    bias: np.ndarray
    counts: np.ndarray
    dc_counts: np.ndarray

    @cached_property
    def packed(self) -> np.ndarray:
        """All arrays one after the other, as the kernels take them, uint8."""
        weights = (getattr(self, name).astype(np.uint8) for name in ("own", "near", "same", "bias"))
        counts = (held.astype("<u2") for held in (self.counts, self.dc_counts))
        return np.frombuffer(b"".join(part.tobytes() for part in (*weights, *counts)), np.uint8)

    @classmethod
    def untrained(cls) -> Model:
        """Return a model to start training from."""
        from mho.image.codec.tokens import TOKENS

        own = np.tril(np.full((ATOMS, ATOMS), 2.0, np.float32), -1)
        counts = np.maximum(1, 1000 >> np.arange(TOKENS))
        return cls(
            own=np.stack([own, own]),
            near=np.stack([own, own]) / 2,
            same=np.full((2, ATOMS), 8, np.float32),
            bias=np.ones((2, ATOMS), np.float32),
            counts=np.tile(counts, (CONTEXTS, 1)),
            dc_counts=np.tile(counts, (DC_CONTEXTS, 1)),
        )
