"""How fast a chip with wires is programmed and solves, and what the wires do to its answers, on one core:

    MHO_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/chip/wires.py [--smoke]

Converters and loop of `pku-2025-4bit`; the matrix is uniform, the right-hand
sides are non-negative combinations of its columns with noise. Then the same with half of the entries missing, exact and
to first order, at 128 x 16.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import numpy as np

from mho.chip import Chip, ChipDesign, ProgrammedArray, preset

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized, timed

SIZES = sized(((128, 16), (512, 32)), ((16, 4),))
SIDES, INCOMPLETE_SIDES = sized((20_000, 50), (20, 2))
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
        array, programming = timed(lambda A=A, B=B, design=design: answering(A, B, design))
        answer, solving = timed(lambda array=array, B=B: array.solve(B))
        error = np.linalg.norm(answer - X) / np.linalg.norm(X)
        print(
            f"{rows}x{columns}, {ohms:g} ohm a segment: programming {programming:.3f} s, "
            f"{SIDES / solving:,.0f} right-hand sides a second, error of the answers {error:.2%}"
        )


def answering(A: np.ndarray, B: np.ndarray, design: ChipDesign) -> ProgrammedArray:
    """Return a chip that has been written and has answered once: its network is reduced when it is first needed."""
    array = Chip(design, seed=0).program(A)
    array.solve(B[:, :1])
    return array


def incomplete() -> None:
    """Solve with half of the rows on; errors are differences from the exact mode without converters."""
    rng = np.random.default_rng(0)
    m, k = SIZES[0]
    A = rng.random((m, k))
    B = A @ rng.random((k, INCOMPLETE_SIDES))
    for ohms in OHMS[1:]:
        answers = []
        for mode in ("exact", "first-order"):
            changes = {"row_ohms": ohms, "column_ohms": ohms, "switched_wires": mode}
            array = Chip(PLAIN.with_(dac_bits=None, adc_bits=None, **changes), seed=0).program(A)
            volts = np.where(np.random.default_rng(1).random(B.shape) < 0.5, array.volts(B), np.nan)
            array.solve_volts(volts[:, :1])  # the rows are reduced once
            found, seconds = timed(lambda array=array, volts=volts: array.solve_volts(volts))
            answers.append(found)
            print(f"{m}x{k}, half of the rows on, {ohms:g} ohm, {mode}: {1e3 * seconds / INCOMPLETE_SIDES:.2f} ms each")
        difference = np.linalg.norm(answers[1] - answers[0]) / np.linalg.norm(answers[0])
        print(f"    first order differs from exact by {difference:.2%}")


if __name__ == "__main__":
    main()
