"""How far the chip's state of rest is from ngspice's, for each static non-ideality alone and for combinations of them:

    python benchmarks/chip/statics.py [--smoke]

Entries from 0 to 1, three in ten of them zero, right-hand sides that clamp a third of the outputs. Every figure is the
largest difference over the outputs and three chips, in per cent of the largest output, with every row on and with a
quarter of them off.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import numpy as np

from mho.chip import Chip, ChipDesign, as_circuit, ngspice_rest, preset

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized, smoke

SIZES = sized(((16, 4), (32, 8)), ((8, 2),))
CHIPS = sized(3, 1)
IDEAL = preset("ideal").with_(gain=1e6)
ALONE = {
    "none": {},
    "levels": {"levels": 16},
    "sigma": {"sigma": 0.03},
    "g_min": {"g_min": 0.5e-6},
    "gain": {"gain": 1e4},
    "offset": {"offset": 1e-4},
    "wires": {"row_ohms": 2.0, "column_ohms": 2.0, "driver_ohms": 5.0, "sense_ohms": 5.0},
    "clamp": {"clamp": "single-supply"},
    "reference": {"g_min": 0.5e-6, "off_state": "circuit"},
}
FAULTS = {
    "stuck and dead": {"stuck_low": 0.03, "stuck_high": 0.03, "dead": 0.03},
    "temperature": {"temperature_slope": -1.5e-3, "temperature_spread": 1e-3, "kelvin": 350.0},
}


def main() -> None:
    """Print one line for each combination: both sizes, every row on and some off."""
    cases = ALONE | FAULTS
    pairs = () if smoke() else combinations(list(cases)[1:], 2)
    cases |= {f"{a} + {b}": cases[a] | cases[b] for a, b in pairs}
    everything = {key: value for changes in cases.values() for key, value in changes.items()}
    cases |= {"all but the clamp": everything | {"clamp": "rectifying"}, "all": everything}
    print(f"{'case':32}" + "".join(f"{m}x{k}, all rows  some off  " for m, k in SIZES))
    for name, changes in cases.items():
        figures = [100 * worst(IDEAL.with_(**changes), size, off) for size in SIZES for off in (False, True)]
        print(f"{name:32}" + "".join(f"{figure:10.1e} %" for figure in figures), flush=True)


def worst(design: ChipDesign, size: tuple[int, int], off: bool) -> float:
    """The largest difference over the chips, as a share of the largest output."""
    return max(difference(design, size, off, seed) for seed in range(CHIPS))


def difference(design: ChipDesign, size: tuple[int, int], off: bool, seed: int) -> float:
    """The same for one chip."""
    rng = np.random.default_rng(seed)
    A = rng.random(size) * (rng.random(size) < 0.7)
    x = rng.uniform(0.5, 1.5, size[1])
    x[::3] = -0.5
    array = Chip(design, seed=seed).program(A)
    volts = array.volts(A @ x + 0.02 * rng.standard_normal(size[0]))
    on = (np.arange(size[0]) % 4 != 1) | (not off)
    rest = ngspice_rest(as_circuit(array, on), volts)
    assert rest.settled
    found = array.solve_volts(np.where(on, volts, np.nan))
    return float(np.abs(found - rest.outputs).max() / rest.outputs.max())


if __name__ == "__main__":
    main()
