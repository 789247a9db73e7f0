"""Operating points of loops written up to 30 % off against the ends of their transients, and of fifty against ngspice:

    python benchmarks/chip/equilibrium.py [LOOPS [LIVE]] [--smoke]

Random matrices, 12x4, 16x4 and 32x8, columns more or less alike, on the compact, classic and Gram circuit without
converters. Prints how many are the same, refused, and answered elsewhere by more than 0.1 %; then those of LIVE loops
of 12x4 against ngspice's transients, where these come to rest.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from mho.chip import Chip, ChipError, as_circuit, ngspice_rest, preset
from mho.circuits.transient import transient

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import arguments, sized, timed

SIZES = ((12, 4), (16, 4), (32, 8))
TOPOLOGIES = ("compact", "compact", "classic", "gram")


def main(loops: int = sized(1000, 4), live: int = sized(50, 1)) -> None:
    count: Counter[str] = Counter()
    seconds = {"solving": 0.0, "transients": 0.0}
    for seed in range(loops):
        _, array, volts = loop(seed, SIZES[seed % 3], TOPOLOGIES[seed % 4])
        found, solving = timed(lambda array=array, volts=volts: answer(array, volts))
        expected, moving = timed(lambda array=array, volts=volts: settled(array, volts))
        seconds["solving"] += solving
        seconds["transients"] += moving
        count[verdict(found, expected)] += 1
    print(f"{loops} loops: {dict(count)}; seconds: { ({k: round(v, 1) for k, v in seconds.items()}) }")
    count = Counter()
    for seed in range(loops, loops + live):
        _, array, volts = loop(seed, SIZES[0], TOPOLOGIES[seed % 4])
        found = answer(array, volts)
        if found is None:
            count["refused"] += 1
            continue
        duration = 2 * transient(as_circuit(array), volts).settling_time(1e-6) + 1e-6
        rest = ngspice_rest(as_circuit(array), volts, duration=duration, tolerance=1e-4)
        count[verdict(found, rest.outputs if rest.settled else None)] += 1
    print(f"{live} loops in ngspice: {dict(count)}")


def loop(seed: int, size: tuple[int, int], topology: str):
    rng = np.random.default_rng(seed)
    (m, k), alike, sigma = size, rng.choice([0, 0.5, 0.9]), rng.uniform(0, 0.3)
    A = (1 - alike) * rng.random((m, k)) + alike * rng.random((m, 1))
    b = A @ (rng.random(k) * (rng.random(k) < 0.7))
    chip = Chip(preset("pku-2025").with_(sigma=sigma, topology=topology, dac_bits=None, adc_bits=None), seed=seed)
    array = chip.program(A)
    return chip, array, array.volts(b)


def answer(array, volts):
    try:
        x = array.solve_volts(volts)
    except ChipError:
        return None
    return x[array.g_left.sum(axis=0) + array.g_right.sum(axis=0) > 0]


def settled(array, volts):
    try:
        return transient(as_circuit(array), volts).rest()
    except ChipError:
        return None


def verdict(found, expected) -> str:
    if found is None or expected is None:
        return {(True, True): "refused, settles nowhere", (True, False): "FALSE REFUSAL"}.get(
            (found is None, expected is None), "answered, does not settle"
        )
    return "same" if np.abs(found - expected).max() <= 1e-3 * np.abs(expected).max() else "ELSEWHERE"


if __name__ == "__main__":
    main(*map(int, arguments()))
