"""How fast a chip with wires is programmed and solves, and what the wires do to its answers, on one core:

    MHO_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/chip/wires.py

Converters and loop of `pku-2025` with 16 levels and 2 % writing error; the matrix is uniform, the right-hand
sides are non-negative combinations of its columns with noise.
"""

from __future__ import annotations

from itertools import product
from time import perf_counter

import numpy as np

from mho.chip import Chip, preset

SIZES = ((128, 16), (512, 32))
SIDES = 20_000
OHMS = (0.0, 0.1, 0.5, 2.0)


def main() -> None:
    """Print seconds of programming, right-hand sides per second, and what the wires do to the answer."""
    plain = preset("pku-2025").with_(levels=16, sigma=0.02)
    for (rows, columns), ohms in product(SIZES, OHMS):
        rng = np.random.default_rng(0)
        A = rng.random((rows, columns))
        X = rng.random((columns, SIDES))
        B = A @ X + 0.01 * rng.standard_normal((rows, SIDES))
        design = plain.with_(row_ohms=ohms, column_ohms=ohms)
        start = perf_counter()
        array = Chip(design, seed=0).program(A)
        programmed = perf_counter()
        answer = array.solve(B)
        solved = perf_counter()
        error = np.linalg.norm(answer - X) / np.linalg.norm(X)
        print(
            f"{rows}x{columns}, {ohms:g} ohm a segment: programming {programmed - start:.3f} s, "
            f"{SIDES / (solved - programmed):,.0f} right-hand sides a second, error of the answers {error:.2%}"
        )


if __name__ == "__main__":
    main()
