"""Figures of the field on simulated circuits: inverse, eigenvector, the law of settling, regression of either sign."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["eigenvector_cosine", "inverse_error", "regression_r2", "settling_over_law"]

_WRITINGS = 21


def _ideal(gain: float) -> Any:
    from mho.chip import preset

    return preset("ideal").with_(gain=gain)


def inverse_error(k: int = 10) -> float:
    """Return the relative error of a system (k, k) of either sign solved by the inverting circuit (Sun-2019)."""
    from mho.chip import program_circuit

    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((k, k)) + 1.5 * np.sqrt(k) * np.eye(k), rng.standard_normal(k)
    exact = np.linalg.solve(A, b)
    found = program_circuit("inv", A, _ideal(1e5), seed=0).solve(b)
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def eigenvector_cosine(k: int = 10) -> float:
    """Return the median cosine between the first eigenvector and the circuit's outputs, 16 levels a cell (Sun-2019)."""
    from mho.chip import preset, program_circuit

    half = np.random.default_rng(0).random((k, k))
    A = half @ half.T / np.max(half @ half.T)
    exact = np.linalg.eigh(A)[1][:, -1]
    written = (program_circuit("egv", A, preset("pku-2025-4bit"), seed=seed) for seed in range(_WRITINGS))
    return float(np.median([abs(one.eigenvector() @ exact) for one in written]))


def settling_over_law(k: int = 64) -> float:
    """Return the slowest time constant of INV over the published law's, ``1 / (w lambda_min)`` (Sun-2020b)."""
    from mho.chip import program_circuit
    from mho.circuits import Inv, time_constant

    A = np.cov(np.random.default_rng(0).standard_normal((10 * k, k)), rowvar=False)
    circuit = program_circuit("inv", A, _ideal(1e9), seed=0).circuit
    assert isinstance(circuit, Inv)
    tied = (circuit.g_positive + circuit.g_negative).sum(axis=1) + circuit.g_in
    least = np.linalg.eigvals((circuit.g_positive - circuit.g_negative) / tied[:, None]).real.min()
    return float(time_constant(circuit) * 2 * np.pi * circuit.opamp.bandwidth * least)


def regression_r2() -> float:
    """Return R2 of the diabetes data's least squares on a chip that holds either sign (after Sun-2020a)."""
    from sklearn.datasets import load_diabetes

    from mho.chip import Chip

    data: Any = load_diabetes()
    X, y = data.data, data.target - data.target.mean()
    design = _ideal(1e5).with_(entries="signed", output="signed")
    weights = Chip(design, seed=0).program(X).solve(y)
    return float(1 - np.sum((X @ weights - y) ** 2) / np.sum(y**2))
