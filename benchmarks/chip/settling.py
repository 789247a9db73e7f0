"""The settling time that the ledger gives a loop, by its slowest mode at rest, against the transient's:

    python benchmarks/chip/settling.py [--smoke]

Random matrices, 64 right-hand sides whose answers are zero in every second place, on the chip of a preset. The ledger's
time is `settle_seconds` over `solves`, the same for a whole block and at least 60 ns; the transient's is when no output
is off its rest by more than half a step of the converters, of the largest output.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from mho.chip import Chip, ChipError, as_circuit, preset
from mho.circuits.transient import settling_time

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized

SIZES = sized(((32, 8), (64, 8), (128, 16), (256, 16)), ((16, 4),))
PRESETS = ("ideal", "pku-2025")
SIDES, SEEDS = sized((64, 3), (4, 1))
BITS = 12
"""Of the converters, as the ledger takes them for a design without."""


def compare(name: str, rows: int, columns: int, seed: int) -> tuple[float, np.ndarray]:
    """Return the ledger's settling time and those of the transient (n,), seconds."""
    rng = np.random.default_rng(seed)
    A = rng.uniform(0, 1, (rows, columns))
    answers = rng.uniform(0.2, 1, (columns, SIDES))
    answers[::2] *= -0.5
    B = A @ answers + 0.01 * rng.standard_normal((rows, SIDES))
    chip = Chip(preset(name), seed=seed)
    array = chip.program(A)
    array.solve(B)
    bits = chip.design.converters.adc_bits or BITS
    given = chip.ledger.settle_seconds / chip.ledger.solves
    return given, np.asarray(settling_time(as_circuit(array), array.volts(B), 0.5 ** (bits + 1)))


def main() -> None:
    """Print the ledger's time, and the transient's median and slowest, for each preset and size."""
    for name in PRESETS:
        for rows, columns in SIZES:
            for seed in range(SEEDS):
                try:
                    given, found = compare(name, rows, columns, seed)
                except ChipError as error:
                    print(f"{name} {rows}x{columns} seed {seed}: {error}")
                    continue
                print(
                    f"{name} {rows}x{columns} seed {seed}: ledger {1e9 * given:.0f} ns; transient median "
                    f"{1e9 * np.median(found):.0f} ns, slowest {1e9 * found.max():.0f} ns; "
                    f"ledger over slowest {given / found.max():.2f}, over median {given / np.median(found):.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
