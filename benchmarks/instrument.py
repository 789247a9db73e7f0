"""Solves a second through SCPI over TCP, beside the same chip without it: a JSON file.

    python benchmarks/instrument.py docs/measured/instrument.json [--smoke]

One right-hand side in each message of `Instrument`, and a thousand; 16 x 4 and 128 x 16, the preset pku-2025.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from measure import arguments, machine, seconds, smoke, write

from mho.engines import Analog, Instrument
from mho.engines.engine import Engine
from mho.instrument import InstrumentServer, SimulatedBoard

SIZES = ((16, 4), (128, 16))


def rates(engine: Engine, m: int, k: int, repeats: int) -> dict[str, float]:
    """Return the solves a second, alone and in thousands."""
    rng = np.random.default_rng(0)
    A, B = rng.random((m, k)), rng.random((m, 1000))
    programmed = engine.program(A)

    def alone() -> None:
        for j in range(repeats):
            programmed.solve(B[:, j : j + 1])

    return {"alone": repeats / seconds(alone), "thousands": 1000 / seconds(lambda: programmed.solve(B))}


def main() -> None:
    repeats = 20 if smoke() else 500
    cases = []
    for m, k in SIZES[:1] if smoke() else SIZES:
        with InstrumentServer(SimulatedBoard("pku-2025")) as server, Instrument(server.resource) as served:
            here = rates(Analog("pku-2025", seed=0), m, k, repeats)
            cases.append({"rows": m, "columns": k, "scpi": rates(served, m, k, repeats), "in_process": here})
    print(text := json.dumps({"machine": machine(), "cases": cases}, indent=1))
    for target in arguments():
        write(Path(target), text + "\n")


if __name__ == "__main__":
    main()
