"""Planes to payload and back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mho.image.codec.adaptive_counts import AdaptiveCounts
from mho.image.codec.context_gradient import context_gradient
from mho.image.codec.dictionary import PATCH, Dictionary
from mho.image.codec.entropy import Reader, Writer
from mho.image.codec.model import ATOMS, Model
from mho.image.codec.planes import from_patches, to_patches
from mho.image.codec.rdo import LAMBDA, quantize
from mho.image.codec.scan import Where, scan

__all__ = ["exact_codes", "read_plane", "write_codes"]

_SMALLEST = 0.6
"""A code that is below this before rounding, everywhere in the picture, leaves its atom out of use."""


def exact_codes(plane: np.ndarray, solve: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return h+ - h- of each patch of a plane, (64, rows, columns), in grey levels; `solve` takes patches (64, n)."""
    patches = to_patches(plane)
    return solve(patches.reshape(ATOMS, -1)).astype(np.float32).reshape(patches.shape)


def write_codes(
    exact: np.ndarray, model: Model, writer: Writer, lam: float = LAMBDA, effort: int = 1
) -> tuple[int, np.ndarray]:
    """Round codes (64, rows, columns), given in steps, and write them; `effort` is how often to choose them.

    Returns
    -------
    int
        Atoms in use, which a reader must be told.
    ndarray of shape (64, rows, columns), int32
        The codes written.
    """
    used = np.flatnonzero(np.abs(exact).reshape(ATOMS, -1).max(axis=1) >= _SMALLEST)
    n_atoms = int(used[-1]) + 1 if len(used) else 1
    bits = None
    for _ in range(effort - 1 if n_atoms > 1 else 0):
        trial = _Pass(exact, Writer(), lam, bits)
        codes = scan(model, exact.shape[1:], n_atoms, trial)
        bits = context_gradient(model, codes[:n_atoms], trial.contexts[:n_atoms], trial.counts)
    return n_atoms, scan(model, exact.shape[1:], n_atoms, _Pass(exact, writer, lam, bits))


class _Pass:
    """A visit that chooses codes, writes them and remembers in which contexts."""

    counts: AdaptiveCounts

    def __init__(self, exact: np.ndarray, writer: Writer, lam: float, gradient: np.ndarray | None) -> None:
        self._exact, self._writer, self._lam, self._gradient = exact, writer, lam, gradient
        self.contexts = np.zeros(exact.shape, np.int8)

    def __call__(
        self, atom: int, where: Where, predicted: np.ndarray | None, contexts: np.ndarray, counts: AdaptiveCounts
    ) -> np.ndarray:
        wanted = self._exact[atom][where] - (0 if predicted is None else predicted)
        others = None if self._gradient is None or predicted is not None else self._gradient[atom][where]
        codes = quantize(wanted, contexts, counts, self._lam, others)
        self._writer.put(codes, contexts, counts)
        self.contexts[atom][where], self.counts = contexts, counts
        return codes


def read_plane(
    reader: Reader, model: Model, dictionary: Dictionary, shape: tuple[int, int], n_atoms: int, step: int
) -> np.ndarray:
    """Return a plane of `shape` in sixteenths of a grey level, int32; `step` is in sixteenths as well."""

    def visit(
        atom: int, where: Where, predicted: np.ndarray | None, contexts: np.ndarray, counts: AdaptiveCounts
    ) -> np.ndarray:
        return reader.get(contexts, counts)

    rows, columns = (-(-side // PATCH) for side in shape)
    codes = scan(model, (rows, columns), n_atoms, visit)
    patches = dictionary.patches(codes.reshape(ATOMS, -1), step)
    return from_patches(patches.reshape(codes.shape), shape)
