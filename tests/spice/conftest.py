import numpy as np
import pytest

from mho.circuits import CompactGinv, OpAmp

G_MIN, G_MAX = 0.5e-6, 35e-6  # siemens


def _circuit(rows, columns, *, seed=0, write_error=0.0, gain=1e5, clamp="rectifying", equalised=True, **options):
    """Random circuit; `write_error` is the relative standard deviation of each copy, independently."""
    rng = np.random.default_rng(seed)
    target = rng.uniform(G_MIN, G_MAX, (rows, columns))
    left, right = (target * (1 + write_error * rng.standard_normal(target.shape)) for _ in range(2))
    row_sum = (left + right).sum(axis=1)
    return CompactGinv(
        g_left=left,
        g_right=right,
        g_comp=row_sum.max() - row_sum if equalised else np.zeros(rows),
        g_in=float(target.sum(axis=1).mean()),
        opamp=OpAmp(gain=gain, bandwidth=100e6, clamp=clamp),
        **options,
    )


def _volts(circuit, *, clamped, seed=0):
    """Right-hand side up to about 0.2 V; the unconstrained solution is positive, or negative in every second output."""
    rng = np.random.default_rng(seed + 1000)
    rows, columns = circuit.shape
    wanted = rng.uniform(0.08, 0.2, columns)
    if clamped:
        wanted[::2] = -wanted[::2] / 2
    return circuit.g_left @ wanted / circuit.g_in + 0.002 * rng.standard_normal(rows)


@pytest.fixture
def make_circuit():
    return _circuit


@pytest.fixture
def make_volts():
    return _volts
