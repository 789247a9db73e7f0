import numpy as np
import pytest

from mho.circuits import ClassicGinv, CompactGinv, GramInv, Mvm, OpAmp

MICRO = 1e-6


def _matrix(seed):
    return np.random.default_rng(seed).uniform(0.5, 35, (16, 4)) * MICRO


def _compact(G, opamp, other=None):
    right = G if other is None else other
    sums = (G + right).sum(axis=1)
    return CompactGinv(g_left=G, g_right=right, g_comp=sums.max() - sums, g_in=20 * MICRO, opamp=opamp)


def _classic(G, opamp, other=None):
    right = G if other is None else other
    return ClassicGinv(g_left=G, g_right=right, g_feedback=np.full(16, 20 * MICRO), g_in=20 * MICRO, opamp=opamp)


def _gram(G, opamp):
    return GramInv(g_gram=G.T @ G / (100 * MICRO), g_in=20 * MICRO, opamp=opamp)


def _mvm(G, opamp):
    return Mvm(g=G, g_feedback=100 * MICRO, opamp=opamp)


@pytest.fixture(params=[_compact, _classic, _gram, _mvm], ids=["compact", "classic", "gram", "mvm"])
def problem(request):
    """One of the circuits, from a seed and properties of its op-amps, and inputs that clamp every second output."""

    def build(seed=0, **opamp):
        G = _matrix(seed)
        circuit = request.param(G, OpAmp(**{"gain": 1e4, "bandwidth": 1e8} | opamp))
        volts = G @ [-0.05, 0.12, -0.07, 0.15] / (20 * MICRO)
        if isinstance(circuit, GramInv):
            volts = G.T @ volts / (100 * MICRO)
        return circuit, np.array([0.1, -0.05, 0.02, 0.15]) if isinstance(circuit, Mvm) else volts

    return build
