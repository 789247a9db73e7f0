"""Equations of motion against the formulas of docs/lookup/topologies.md, and Kirchhoff's laws node by node."""

import numpy as np
import pytest

from mho.circuits import ClassicGinv, CompactGinv, GramInv, Mvm, OpAmp, ReferenceColumns, equations

RNG = np.random.default_rng(5)
M, K = 9, 3
G_L, G_R = RNG.uniform(1e-6, 30e-6, (2, M, K))
G_IN, COMP = 2e-5, RNG.uniform(0, 1e-5, M)
OPAMP = OpAmp(gain=1e4, bandwidth=1e8)
BIAS, OFFSET = 1e-8 * RNG.standard_normal(K), 1e-4 * RNG.standard_normal(K)
b, x = RNG.standard_normal(M), RNG.random(K)


def drift(circuit, z, volts):
    """dz/dt over 2 pi bandwidth, between the limits."""
    d = equations(circuit)
    return d.v_rest(volts) - d.F @ z


def test_the_compact_circuit():
    circuit = CompactGinv(g_left=G_L, g_right=G_R, g_comp=COMP, g_in=G_IN, opamp=OPAMP, bias=BIAS, offset=OFFSET)
    S, C = np.sum(G_L + G_R, axis=1) + G_IN + COMP, np.diag(G_R.sum(axis=0))
    weighted = G_R.T / S
    s = np.linalg.solve(C - weighted @ G_R, weighted @ (G_L @ x - G_IN * b) + BIAS)
    np.testing.assert_allclose(drift(circuit, x, b), OFFSET - s - x / OPAMP.gain, rtol=1e-12)


def test_the_classic_circuit():
    g, v = np.full(M, 3e-5), RNG.standard_normal(M)
    rows = 1e-4 * RNG.standard_normal(M)
    circuit = ClassicGinv(
        g_left=G_L, g_right=G_R, g_feedback=g, g_in=G_IN, opamp=OPAMP, bias=BIAS, offset=OFFSET, row_offset=rows
    )
    u1 = (G_L @ x - G_IN * b + g * v) / (G_L.sum(axis=1) + g + G_IN)
    u2 = (G_R.T @ v - BIAS) / G_R.sum(axis=0)
    expected = np.r_[rows - u1 - v / OPAMP.gain, u2 - OFFSET - x / OPAMP.gain]
    np.testing.assert_allclose(drift(circuit, np.r_[v, x], b), expected, rtol=1e-12)


def test_the_gram_circuit():
    G = G_L.T @ G_L / 1e-4
    circuit = GramInv(g_gram=G, g_in=G_IN, opamp=OPAMP, offset=OFFSET)
    s = (G @ x - G_IN * b[:K]) / (G.sum(axis=1) + G_IN)
    np.testing.assert_allclose(drift(circuit, x, b[:K]), OFFSET - s - x / OPAMP.gain, rtol=1e-12)


def test_the_open_loop():
    circuit = Mvm(g=G_L, g_feedback=5e-5, opamp=OPAMP)
    u = (5e-5 * b - G_L @ x) / (G_L.sum(axis=1) + 5e-5)
    np.testing.assert_allclose(drift(circuit, b, x), -u - b / OPAMP.gain, rtol=1e-12)


def test_reference_columns_are_kirchhoff_at_every_node():
    """The nodes p, s and r, and the inverter's input n, solved together from their conductances alone."""
    share, f, g_sum = 0.1, 4e-5, 2e-5
    left, right = RNG.uniform(2e-5, 3e-5, (2, M))
    reference = ReferenceColumns(g_left=left, g_right=right, g_feedback=f, g_sum=g_sum, share=share)
    circuit = CompactGinv(g_left=G_L, g_right=G_R, g_comp=COMP, g_in=G_IN, opamp=OPAMP, reference=reference)
    y, t = RNG.standard_normal(2)
    # unknown: r (M), p, s (K); known: outputs y, x, t and the sources at -b
    sensing, driving = np.column_stack([right, G_R]), np.column_stack([left, G_L])
    taken = f * np.r_[1.0, np.full(K, share)]
    A = np.zeros((M + 1 + K,) * 2)
    A[:M, :M] = np.diag(driving.sum(axis=1) + sensing.sum(axis=1) + G_IN + COMP)
    A[:M, M:], A[M:, :M] = -sensing, -sensing.T
    A[M:, M:] = np.diag(sensing.sum(axis=0) + taken)
    nodes = np.linalg.solve(A, np.r_[driving @ np.r_[y, x] - G_IN * b, taken * t])
    n = (y + share * x.sum()) / (1 + K * share)
    expected = -np.r_[n, nodes[M:]] - np.r_[y, t, x] / OPAMP.gain
    np.testing.assert_allclose(drift(circuit, np.r_[y, t, x], b), expected, rtol=1e-11)


@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
def test_the_diode_path_acts_through_the_resistance_of_the_network(clamp):
    circuit = GramInv(g_gram=G_L.T @ G_L / 1e-4, g_in=G_IN, opamp=OpAmp(gain=1e4, bandwidth=1e8, clamp=clamp))
    path = circuit.g_clamp / circuit.column_conductance if clamp == "rectifying" else np.zeros(K)
    np.testing.assert_allclose(equations(circuit).diode, np.diag(path))
