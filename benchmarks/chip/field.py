"""Figures of the field beside this project's own, one command each:

python benchmarks/chip/field.py inv          inverse of a matrix of either sign (Sun-2019)
python benchmarks/chip/field.py egv          eigenvector of the largest eigenvalue (Sun-2019)
python benchmarks/chip/field.py settling     time to settle by the least eigenvalue, and by size (Sun-2020b)
python benchmarks/chip/field.py regression   least squares of the diabetes data, signed (after Sun-2020a)

With --smoke all of them, small.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from mho.chip import Chip, preset, program_circuit
from mho.circuits import Inv, time_constant
from mho.circuits.transient import settling_time, transient

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import arguments, sized, smoke

DESIGNS = {
    "ideal cells, gain 1e5": preset("ideal").with_(gain=1e5),
    "16 levels, sigma 2 %": preset("pku-2025-4bit"),
    "8 levels, sigma 5 %": preset("pku-2025"),
}
WRITINGS = sized(21, 2)


def inv(k: int = 10) -> None:
    """Median error of the answer over writings, and the time to 1 %, of random matrices of either sign."""
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((k, k)) + 1.5 * np.sqrt(k) * np.eye(k), rng.standard_normal(k)
    exact = np.linalg.solve(A, b)
    print(f"{k}x{k}, condition {np.linalg.cond(A):.1f}; published: solved in one step")
    for name, design in DESIGNS.items():
        written = [program_circuit("inv", A, design, seed=seed) for seed in range(WRITINGS)]
        errors = [np.linalg.norm(p.solve(b) - exact) / np.linalg.norm(exact) for p in written]
        times = [settling_time(p.circuit, p.volts(b)) for p in written]
        print(f"  {name}: error {np.median(errors):.2%}, {1e9 * np.median(times):.0f} ns to 1 %")


def egv(k: int = 10) -> None:
    """Cosine between the eigenvector and the outputs at rest, and the time to 1 %."""
    half = np.random.default_rng(0).random((k, k))
    A = half @ half.T / np.max(half @ half.T)
    exact = np.linalg.eigh(A)[1][:, -1]
    print(f"{k}x{k}, positive; feedback 2 % below the eigenvalue; published: one step, time O(1)")
    for name, design in DESIGNS.items():
        written = [program_circuit("egv", A, design, seed=seed) for seed in range(WRITINGS)]
        cosines = [abs(p.eigenvector() @ exact) for p in written]
        times = [transient(p.circuit, []).settling_time() for p in written]
        print(f"  {name}: cosine {np.median(cosines):.5f}, {1e6 * np.median(times):.2f} us to 1 %")


def settling() -> None:
    """Slowest time constant of INV against 1 / (w lambda_min), and time to 1 % by size, for two kinds of matrices."""
    rng, design = np.random.default_rng(0), preset("ideal").with_(gain=1e9)
    w = 2 * np.pi * design.amplifier.bandwidth
    print("published: time set by the least eigenvalue of M = L A; log N or constant for covariances that are well so")
    for name, make in (("covariance of 10 N samples", _covariance), ("Wishart, 2 N samples", _wishart)):
        for k in sized((4, 8, 16, 32, 64), (4,)):
            A = make(rng, k)
            programmed = program_circuit("inv", A, design, seed=0)
            circuit = programmed.circuit
            assert isinstance(circuit, Inv)
            tied = (circuit.g_positive + circuit.g_negative).sum(axis=1) + circuit.g_in
            least = np.linalg.eigvals((circuit.g_positive - circuit.g_negative) / tied[:, None]).real.min()
            times = [settling_time(circuit, programmed.volts(rng.standard_normal(k))) for _ in range(5)]
            print(
                f"  {name}, N = {k}: time constant {1e9 * time_constant(circuit):.1f} ns, without inverters' delay "
                f"{1e9 / (w * least):.1f} ns; {1e9 * np.median(times):.0f} ns to 1 %"
            )


def _covariance(rng: np.random.Generator, k: int) -> np.ndarray:
    return np.cov(rng.standard_normal((10 * k, k)), rowvar=False)


def _wishart(rng: np.random.Generator, k: int) -> np.ndarray:
    half = rng.standard_normal((2 * k, k))
    return half.T @ half / (2 * k)


def regression() -> None:
    """R2 of the ten features' least squares; the features have either sign, and so has the answer."""
    from sklearn.datasets import load_diabetes

    X, y = map(np.asarray, load_diabetes(return_X_y=True))
    y = y - y.mean()

    def r2(weights: np.ndarray) -> float:
        return float(1 - np.sum((X @ weights - y) ** 2) / np.sum(y**2))

    print(f"diabetes, 442 x 10: least squares R2 {r2(np.linalg.lstsq(X, y)[0]):.4f}")
    for name, design in DESIGNS.items():
        signed = design.with_(entries="signed", output="signed")
        found = [r2(Chip(signed, seed=seed).program(X).solve(y)) for seed in range(5)]
        print(f"  {name}: R2 {np.median(found):.4f}, {min(found):.4f} to {max(found):.4f} over 5 chips")


if __name__ == "__main__":
    figures = {"inv": inv, "egv": egv, "settling": settling, "regression": regression}
    for name in figures if smoke() else arguments():
        figures[name]()
