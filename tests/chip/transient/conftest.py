import numpy as np
import pytest

from mho.circuits import ClassicGinv, CompactGinv, OpAmp

MICRO = 1e-6
G_IN = 20 * MICRO


@pytest.fixture
def make_circuit():
    """Circuits of random conductances, 2 % apart in their two copies."""

    def make(kind, size, seed, **opamp):
        rng = np.random.default_rng(seed)
        G = rng.uniform(0.5, 35, size) * MICRO
        left, right = (G * (1 + 0.02 * rng.standard_normal(size)) for _ in range(2))
        common = {"g_left": left, "g_right": right, "g_in": G_IN}
        amplifier = OpAmp(**{"gain": 1e5, "bandwidth": 1e8, **opamp})
        if kind == "classic":
            return ClassicGinv(g_feedback=np.full(size[0], G_IN), opamp=amplifier, **common)
        sums = (left + right).sum(axis=1)
        return CompactGinv(g_comp=sums.max() - sums, opamp=amplifier, **common)

    return make


@pytest.fixture
def make_volts():
    """Right-hand sides whose answers are positive but for every second output."""

    def make(circuit, seed, n=None):
        rng = np.random.default_rng(seed)
        rows, columns = circuit.shape
        wanted = rng.uniform(0.08, 0.2, (columns, n or 1))
        wanted[::2] *= -0.5
        volts = circuit.g_left @ wanted / G_IN + 0.002 * rng.standard_normal((rows, n or 1))
        return volts if n else volts[:, 0]

    return make
