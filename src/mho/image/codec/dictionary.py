"""The patch dictionary: two arrays of cells that are read differentially."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from mho import checks
from mho.caching import cached_property

__all__ = ["FRACTION", "PATCH", "Dictionary"]

PATCH = 8
"""Side of a patch in pixels."""

FRACTION = 16
"""Binary digits behind the point of `Dictionary.scale`."""


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Atoms D = (P - N) scale, P and N non-negative: what two arrays of memory cells hold.

    A patch is D h+ - D h-, with codes h+, h- >= 0 of which one is zero: the second half is the same cells read with the
    other sign. Atoms are complete and nearly orthogonal: this is a transform coder that such arrays can hold, not a
    parts-based factorization.

    Attributes
    ----------
    positive, negative : ndarray of shape (64, 64), float64
        Levels of the cells of P and N; whole numbers unless read back from a noisy array. Rows are pixels of a patch,
        columns are atoms, the flat one first.
    scale : ndarray of shape (64,), float64
        Whole numbers: 2**16 times what a level of each atom is worth.
    columns : ndarray of shape (64,), int, optional
        Columns of each array that hold an atom, by default one. Columns that share the voltage of one code give the
        mean of their cells. Zero is an atom without cells: the flat one, the same for every pixel, may be a bias after
        the arrays.
    """

    positive: np.ndarray
    negative: np.ndarray
    scale: np.ndarray
    columns: np.ndarray = field(default_factory=lambda: np.ones(PATCH**2, int))

    @classmethod
    def quantised(cls, atoms: np.ndarray, bits: int = 4) -> Dictionary:
        """Return atoms (64, 64) as cells of 2**bits levels, each atom filling the range of its cells."""
        top = 2 ** checks.positive_int(bits, "bits", limit=12) - 1
        levels = np.rint(atoms / np.abs(atoms).max(axis=0) * top)
        worth = np.einsum("ij,ij->j", atoms, levels) / np.einsum("ij,ij->j", levels, levels)  # least squares
        return cls(np.maximum(levels, 0), np.maximum(-levels, 0), np.rint(worth * 2**FRACTION))

    def read_back(self, noise: float, random_state: int | np.random.Generator | None = None) -> Dictionary:
        """Return the dictionary as cells with a Gaussian error hold it, each the mean of its atom's columns.

        Parameters
        ----------
        noise : float
            Standard deviation of each cell's level, as a share of the highest level.
        random_state : int, Generator or None
            Seed of the errors.
        """
        rng = checks.generator(random_state, "random_state")
        sigma = checks.nonnegative_number(noise, "noise") * max(self.positive.max(), self.negative.max())
        held = np.maximum(self.columns, 1)
        errors = np.where(self.columns > 0, sigma / np.sqrt(held), 0) * rng.standard_normal((2, *self.positive.shape))
        return replace(self, positive=self.positive + errors[0], negative=self.negative + errors[1])

    @cached_property
    def atoms(self) -> np.ndarray:
        """D (64, 64), columns of length near 1."""
        return (self.positive - self.negative) * self.scale / 2**FRACTION

    @cached_property
    def _inverse(self) -> np.ndarray:
        return np.linalg.inv(self.atoms).astype(np.float32)

    def codes(self, patches: np.ndarray) -> np.ndarray:
        """Return h+ - h- of patches (64, n), float32.

        D is square, so this is the non-negative least-squares solution in which one code of each pair is zero.
        """
        return self._inverse @ patches

    @cached_property
    def levels(self) -> np.ndarray:
        """P - N (64, 64): pixels by atoms."""
        return np.ascontiguousarray(self.positive - self.negative)

    def weighted(self) -> Dictionary:
        """Return the dictionary with each atom but the flat one worth 1 + f / 7 times as much.

        f is the atom's frequency, the mean of hypot(u, v) over its energy in products of cosines u, v = 0 .. 7. Steps
        that grow with it spare bits where the eye sees least.
        """
        from scipy.fft import dctn

        energy = np.asarray(dctn(self.atoms.T.reshape(-1, PATCH, PATCH), axes=(1, 2), norm="ortho")) ** 2
        frequency = np.einsum("juv,uv->j", energy, np.hypot(*np.mgrid[:PATCH, :PATCH])) / energy.sum(axis=(1, 2))
        weight = 1 + frequency / (PATCH - 1)
        weight[0] = 1
        return replace(self, scale=np.rint(self.scale * weight))
