"""How fast a chip with wires is programmed and solves, and what the wires do to its answers, on one core:

    MHO_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/chip/wires.py

Converters and loop of `pku-2025-4bit`; the matrix is uniform, the right-hand
sides are non-negative combinations of its columns with noise. Then the same with half of the entries missing, exact and
to first order, at 128 x 16.
"""

from __future__ import annotations

from itertools import product
from time import perf_counter

import numpy as np

from mho.chip import Chip, preset

SIZES = ((128, 16), (512, 32))
SIDES = 20_000
INCOMPLETE_SIDES = 50
OHMS = (0.0, 0.1, 0.5, 2.0)


PLAIN = preset("pku-2025-4bit")


def main() -> None:
    """Print seconds of programming and a first answer, right-hand sides per second, and errors."""
    complete()
    incomplete()


def complete() -> None:
    """Solve with every row on."""
    for (rows, columns), ohms in product(SIZES, OHMS):
        rng = np.random.default_rng(0)
        A = rng.random((rows, columns))
        X = rng.random((columns, SIDES))
        B = A @ X + 0.01 * rng.standard_normal((rows, SIDES))
        design = PLAIN.with_(row_ohms=ohms, column_ohms=ohms)
        start = perf_counter()
        array = Chip(design, seed=0).program(A)
        array.solve(B[:, :1])  # its network is reduced when it is first needed
        programmed = perf_counter()
        answer = array.solve(B)
        solved = perf_counter()
        error = np.linalg.norm(answer - X) / np.linalg.norm(X)
        print(
            f"{rows}x{columns}, {ohms:g} ohm a segment: programming {programmed - start:.3f} s, "
            f"{SIDES / (solved - programmed):,.0f} right-hand sides a second, error of the answers {error:.2%}"
        )


def incomplete() -> None:
    """Solve with half of the rows on; errors are differences from the exact mode without converters."""
    rng = np.random.default_rng(0)
    A = rng.random((128, 16))
    B = A @ rng.random((16, INCOMPLETE_SIDES))
    for ohms in OHMS[1:]:
        answers = []
        for mode in ("exact", "first-order"):
            changes = {"row_ohms": ohms, "column_ohms": ohms, "switched_wires": mode}
            array = Chip(PLAIN.with_(dac_bits=None, adc_bits=None, **changes), seed=0).program(A)
            volts = np.where(np.random.default_rng(1).random(B.shape) < 0.5, array.volts(B), np.nan)
            array.solve_volts(volts[:, :1])  # the rows are reduced once
            start = perf_counter()
            answers.append(array.solve_volts(volts))
            seconds = perf_counter() - start
            print(f"128x16, half of the rows on, {ohms:g} ohm, {mode}: {1e3 * seconds / INCOMPLETE_SIDES:.2f} ms each")
        difference = np.linalg.norm(answers[1] - answers[0]) / np.linalg.norm(answers[0])
        print(f"    first order differs from exact by {difference:.2%}")


if __name__ == "__main__":
    main()
