"""Systems of equations by an inverse on a chip: coarse solves, exact products, flexible GMRES between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import checks
from mho.chip import Chip, ChipDesign, ChipError, preset

__all__ = ["SquareSolution", "solve_square"]

_SHIFTS = (0.0, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
"""Multiples of the mean diagonal that are added, in turn, until the inverting loop settles."""


@dataclass(frozen=True, eq=False)
class SquareSolution:
    """Answer of a system of equations, and its making.

    Attributes
    ----------
    x : ndarray of shape (k,)
    solves : int
        Of the inverting chip.
    products : int
        With the matrix, by the chip that multiplies or digitally.
    error : float
        Estimated size of the error of x over that of x; what a product leaves out it does not see.
    reached : bool
        Whether that is within the tolerance.
    shift : float
        Multiple of the identity that was added to the matrix before it was written, so that the loop settles.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> A = np.array([[2.0, -1.0], [0.5, 1.0]])
    >>> found = mho.engines.solve_square(A, A @ [2.0, 3.0], inverse="pku-2025", seed=0)
    >>> found.x.round(6).tolist(), found.reached
    ([2.0, 3.0], True)
    """

    x: np.ndarray
    solves: int
    products: int
    error: float
    reached: bool
    shift: float


def solve_square(
    A: Any,
    b: Any,
    *,
    inverse: ChipDesign | str = "pku-2025-4bit",
    product: ChipDesign | str | None = None,
    bits: int = 24,
    tolerance: float = 2.0**-23,
    most_solves: int = 40,
    seed: Any = None,
) -> SquareSolution:
    """Solve ``A x = b`` for a square A of either sign by an inverse on a chip, refined to `tolerance`.

    Each solve of the chip is a direction, of whose image under A the residual is made smallest (flexible GMRES,
    Saad-1993). Where the loop of the matrix as it is written does not settle, a multiple of the identity is added.

    Parameters
    ----------
    A : array_like of shape (k, k)
        Of either sign.
    b : array_like of shape (k,)
        Right-hand side.
    inverse : ChipDesign or str
        Design of the chip that solves, whose topology becomes "inv".
    product : ChipDesign or str, optional
        Design, in bit slices, of the chip that multiplies, whose topology becomes "mvm"; by default products are
        digital.
    bits : int
        Of the vectors that are multiplied.
    tolerance : float
        Size of the error over that of the answer, as estimated; at least 2^-40.
    most_solves : int
        Solves of the chip at the most.
    seed : int, Generator or None
        For the chips.

    Raises
    ------
    ChipError
        The loop does not settle whatever is added.
    TypeError, ValueError
        A bad argument.

    Notes
    -----
    The product decides how far it goes. In bit slices it is exact while the cells of an array together err by less than
    half a state, and vectors are rounded to `bits` before they go in; beyond, the answer is that of the matrix as it is
    written, which is as far off as the errors times the condition.
    """
    A = np.asarray(checks.as_matrix(A, "A", nonnegative=False), np.float64)
    b = np.asarray(checks.as_matrix(np.asarray(b)[..., None], "b", nonnegative=False), np.float64)[:, 0]
    if A.shape != (len(b), len(b)):
        raise ValueError(f"A must be square with one row for each of {len(b)} entries of b, got shape {A.shape}")
    if checks.positive_number(tolerance, "tolerance") < 2.0**-40:
        raise ValueError(f"tolerance must be at least 2^-40, got {tolerance:g}")
    checks.positive_int(most_solves, "most_solves")
    rng = checks.generator(seed, "seed")
    multiply = _product(A, product, bits, rng)
    shift, solve = _settling(A, _as_topology(inverse, "inv"), rng)
    return _Krylov(solve, multiply, b).run(tolerance, most_solves, shift)


def _as_topology(design: ChipDesign | str, topology: str) -> ChipDesign:
    return (preset(design) if isinstance(design, str) else design).with_(topology=topology)


def _product(
    A: np.ndarray, design: ChipDesign | str | None, bits: int, rng: np.random.Generator
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """From a vector to it as it goes in, and A times that."""
    if design is None:
        return lambda z: (z, A @ z)
    array = Chip(_as_topology(design, "mvm"), seed=rng).program(A)
    most = 2 ** (checks.positive_int(bits, "bits", limit=32) - 1) - 1

    def multiply(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        unit = (np.abs(z).max() or 1.0) / most
        given = np.rint(z / unit) * unit
        return given, array.multiply(given, bits=bits)

    return multiply


def _settling(
    A: np.ndarray, design: ChipDesign, rng: np.random.Generator
) -> tuple[float, Callable[[np.ndarray], np.ndarray]]:
    """The least shift with which the loop settles, and its solves."""
    chip, size, last = Chip(design, seed=rng), float(np.abs(A.diagonal()).mean()), None
    for share in _SHIFTS:
        try:
            array = chip.program(A + share * size * np.eye(len(A)))
            array.solve(np.ones(len(A)))
        except ChipError as error:
            last = error
        else:
            return share * size, array.solve
    raise ChipError(f"{last}; nor with half of the mean diagonal added")


class _Krylov:
    """Directions by the chip, their images, and an orthonormal basis of these."""

    def __init__(
        self,
        solve: Callable[[np.ndarray], np.ndarray],
        multiply: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
        b: np.ndarray,
    ) -> None:
        self.solve, self.multiply, self.b = solve, multiply, b
        self.directions: list[np.ndarray] = []
        self.basis: list[np.ndarray] = []
        self.upper: list[np.ndarray] = []

    def run(self, tolerance: float, most: int, shift: float) -> SquareSolution:
        """Go on until the error is within the tolerance."""
        x, r, gain, error = np.zeros(len(self.b)), self.b.copy(), 0.0, 0.0 if not self.b.any() else 1.0
        while error > tolerance and len(self.directions) < most:
            size = float(np.linalg.norm(r))
            z, image = self.multiply(self.solve(r / size))
            gain = max(gain, float(np.linalg.norm(z)))
            if not self._keep(z, image):
                break
            x = self._answer()
            r = self.b - self._image()
            error = gain * float(np.linalg.norm(r)) / (float(np.linalg.norm(x)) or 1.0)
        count = len(self.directions)
        return SquareSolution(x, count, count, error, error <= tolerance, shift)

    def _keep(self, z: np.ndarray, image: np.ndarray) -> bool:
        """Take in a direction; False if its image is nothing new."""
        q, column = image.copy(), np.zeros(len(self.basis) + 1)
        for _ in range(2):  # once more takes out what rounding left
            for i, other in enumerate(self.basis):
                part = other @ q
                column[i] += part
                q -= part * other
        column[-1] = np.linalg.norm(q)
        if column[-1] <= 1e-14 * np.linalg.norm(image):
            return False
        self.directions.append(z)
        self.basis.append(q / column[-1])
        self.upper.append(column)
        return True

    def _weights(self) -> np.ndarray:
        count = len(self.basis)
        R = np.zeros((count, count))
        for j, column in enumerate(self.upper):
            R[: len(column), j] = column
        return np.linalg.solve(R, np.array([q @ self.b for q in self.basis]))

    def _answer(self) -> np.ndarray:
        return self._weights() @ np.array(self.directions)

    def _image(self) -> np.ndarray:
        """A x, the nearest to b that the images reach."""
        Q = np.array(self.basis)
        return (Q @ self.b) @ Q
