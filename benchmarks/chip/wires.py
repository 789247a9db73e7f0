"""How fast a chip with wires is programmed and solves, and what the wires do to its answers, on one core:

    MHO_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/chip/wires.py [--product] [--smoke]

Converters and loop of `pku-2025-4bit`; the matrix is uniform, the right-hand
sides are non-negative combinations of its columns with noise. Then the same with half of the entries missing, exact and
to first order, at 128 x 16. Then, or with --product alone, the product of a matrix and vectors through wires beside one
sparse LU by SciPy of all nodes of the same network.
"""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from mho.chip import Chip, ChipDesign, ProgrammedArray, preset, program_circuit
from mho.circuits import Mvm
from mho.circuits.wired_product import wired_currents

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import parser, sized, timed

SIZES = sized(((128, 16), (512, 32)), ((16, 4),))
SIDES, INCOMPLETE_SIDES = sized((20_000, 50), (20, 2))
OHMS = (0.0, 0.1, 0.5, 2.0)


STIFF = 1e6
"""Siemens of a perfect connection to ground or to a source."""

PLAIN = preset("pku-2025-4bit")


def main() -> None:
    """Print seconds of programming and a first answer, right-hand sides per second, and errors."""
    options = parser(__doc__)
    options.add_argument("--product", action="store_true", help="products alone")
    if not options.parse_args().product:
        complete()
        incomplete()
    product_through_wires()


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


def product_through_wires() -> None:
    """Multiply a square matrix and vectors, and solve the nodal equations of the same network."""
    rng = np.random.default_rng(0)
    n, ohms = sized((256, 2.0), (12, 2.0))
    A, X = rng.random((n, n)), rng.random((n, sized(16, 3)))
    design = PLAIN.with_(row_ohms=ohms, column_ohms=ohms, dac_bits=None, adc_bits=None)
    programmed = program_circuit("mvm", A, design, seed=0)
    circuit = programmed.circuit
    assert isinstance(circuit, Mvm)
    g, wires, V = circuit.g, circuit.wires, X * programmed.volts_per_unit[:, None]
    spent = [timed(lambda: wired_currents(g, wires, V)) for _ in range(sized(3, 1))]
    Y, driven = nodal(g, ohms, V)
    by_lu = [timed(lambda: splu(Y).solve(driven)) for _ in range(sized(3, 1))]
    expected = ends(by_lu[0][0], g)
    seconds = [min(one for _, one in runs) for runs in (spent, by_lu)]
    print(
        f"{n}x{n}, {X.shape[1]} vectors, {ohms:g} ohm: product {seconds[0]:.3f} s, one LU of SciPy {seconds[1]:.3f} s, "
        f"largest difference {np.abs(spent[0][0] - expected).max() / np.abs(expected).max():.1e}"
    )


def nodal(g: np.ndarray, ohms: float, V: np.ndarray) -> tuple[sp.csc_array, np.ndarray]:
    """Conductances between all nodes of an array's wires, driven at the columns' first ends, and what drives them."""
    m, k = g.shape
    c = np.arange(m * k).reshape(m, k)
    h = c + m * k
    wire = 1 / ohms
    pairs = [(c, h, g), (c[:-1], c[1:], np.full((m - 1, k), wire)), (h[:, :-1], h[:, 1:], np.full((m, k - 1), wire))]
    one, other, s = (np.concatenate([part.ravel() for part in parts]) for parts in zip(*pairs, strict=True))
    ground = np.zeros(2 * m * k)
    ground[c[0]], ground[h[:, 0]] = STIFF, STIFF
    between = sp.csc_array((-s, (one, other)), shape=(len(ground),) * 2)
    between = between + between.T
    driven = np.zeros((len(ground), V.shape[1]))
    driven[c[0]] = STIFF * V
    return sp.csc_array(between - sp.diags_array(between.sum(axis=1) - ground)), driven


def ends(nodes: np.ndarray, g: np.ndarray) -> np.ndarray:
    """Currents out of the rows' ends from the voltages of all nodes."""
    m, k = g.shape
    return STIFF * nodes[m * k + np.arange(m) * k]


if __name__ == "__main__":
    main()
