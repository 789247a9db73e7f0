"""What reading cells back gains, for single answers and for whole loops:

    python benchmarks/chip/readback.py [--smoke]

The chip is `pku-2025-4bit`. Every loop starts where an exact one does, which tells how
far plain and extrapolated alternation come by themselves. Errors are relative: mean and standard deviation over the
seeds, which change the data (not the photograph), the start and the chip.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from sklearn.utils import check_random_state

from mho.chip import Chip, preset
from mho.data import camera
from mho.engines import Analog, Digital, Engine, Hybrid, Penalty
from mho.nmf.loop import Problem, Step, alternate, extrapolate
from mho.nmf.start import starting_factors
from mho.operands import Dense

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized

DESIGN = preset("pku-2025-4bit")
SEEDS = range(sized(5, 2))
ENDS = sized((10, 20, 40), (1, 2))
SIDE = sized(128, 32)


def chip(seed: int, *, readback: bool) -> Analog:
    return Analog(Chip(DESIGN, seed=seed), readback=readback)


LOOPS: dict[str, tuple[Callable[[int], Engine], Step]] = {
    "exact, alternating": (lambda seed: Digital(), alternate),
    "exact, extrapolated": (lambda seed: Digital(), extrapolate),
    "as written": (lambda seed: chip(seed, readback=False), alternate),
    "as written, extrapolated": (lambda seed: chip(seed, readback=False), extrapolate),
    "read back, alternating": (lambda seed: chip(seed, readback=True), alternate),
    "read back": (lambda seed: chip(seed, readback=True), extrapolate),
}


def main() -> None:
    """Print one line for each case."""
    answers()
    for name, problem in ((f"{SIDE} x {SIDE} of rank 8", low_rank), (f"camera, {SIDE} x {SIDE}", photograph)):
        for how, (engine, step) in LOOPS.items():
            runs = [list(errors(*problem(seed), engine(seed), step, seed)) for seed in SEEDS]
            print(f"{name}, {how}, after {ENDS}: {', '.join(map(spread, zip(*runs, strict=True)))}", flush=True)


def answers() -> None:
    """Print the error of 200 exact right-hand sides of a matrix with 16 columns."""
    engines = {
        "as written": lambda seed: chip(seed, readback=False),
        "read back": lambda seed: chip(seed, readback=True),
        "hybrid": lambda seed: Hybrid(Chip(DESIGN, seed=seed)),
    }
    for name, engine in engines.items():
        found = []
        for seed in SEEDS:
            rng = np.random.default_rng(seed)
            A, X = rng.random((SIDE, 16)), rng.random((16, 200))
            found.append(np.linalg.norm(engine(seed).program(A).solve(A @ X) - X) / np.linalg.norm(X))
        print(f"answers, {SIDE} x 16, {name}: {spread(found)}", flush=True)


def low_rank(seed: int) -> tuple[np.ndarray, int]:
    rng = np.random.default_rng(seed)
    return rng.random((SIDE, 8)) @ rng.random((8, SIDE)), 8


def photograph(seed: int) -> tuple[np.ndarray, int]:
    return np.asarray(camera(SIDE), np.float64), SIDE // 8


def errors(X: np.ndarray, k: int, engine: Engine, step: Step, seed: int) -> Iterator[float]:
    """Yield the error after each number of iterations that is asked for."""
    given = Dense(X)
    W, H = starting_factors(given, k, "auto", check_random_state(seed))
    iterates = step(Problem(given, engine, Penalty(), Penalty()), W, H)
    yield from (it.error for n, it in enumerate(islice(iterates, ENDS[-1]), 1) if n in ENDS)


def spread(values: Sequence[float]) -> str:
    return f"{100 * np.mean(values):.2f} +- {100 * np.std(values, ddof=1):.2f} %"


if __name__ == "__main__":
    main()
