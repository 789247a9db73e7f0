"""Each circuit in ngspice, at rest and on the way, against scipy's NNLS, a linear solve or a formula."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import nnls

from mho.chip import ngspice_rest as rest
from mho.circuits import ClassicGinv, CompactGinv, GramInv, Mvm, OpAmp, equations, time_constant
from mho.spice import available, netlist, operating_point, operating_point_netlist, run

pytestmark = [pytest.mark.spice, pytest.mark.skipif(not available(), reason="ngspice is not installed")]

CLAMPS = ["rectifying", "single-supply"]
MICRO = 1e-6


def conductances(seed, size=(16, 4)):
    """A matrix in siemens, and the voltages at which the solution is positive but for every second column."""
    rng = np.random.default_rng(seed)
    G = rng.uniform(0.5, 35, size) * MICRO
    wanted = rng.uniform(0.08, 0.2, size[1])
    wanted[::2] *= -0.5
    return G, G @ wanted / (20 * MICRO) + 0.002 * rng.standard_normal(size[0])


def compact(G, opamp):
    sums = 2 * G.sum(axis=1)
    return CompactGinv(g_left=G, g_right=G, g_comp=sums.max() - sums, g_in=20 * MICRO, opamp=opamp)


def classic(G, opamp, **options):
    rows = len(G)
    return ClassicGinv(
        g_left=G, g_right=G, g_feedback=np.full(rows, 20 * MICRO), g_in=20 * MICRO, opamp=opamp, **options
    )


def gram(G, opamp):
    """Its inputs are G'b over 100 microsiemens, and so is its array."""
    return GramInv(g_gram=G.T @ G / (100 * MICRO), g_in=20 * MICRO, opamp=opamp)


def inputs(circuit, G, volts):
    return G.T @ volts / (100 * MICRO) if isinstance(circuit, GramInv) else volts


def at_rest(circuit, volts):
    found = operating_point(operating_point_netlist(circuit, volts))
    return np.array([found[node] for node in circuit.outputs])


@pytest.mark.parametrize("clamp", CLAMPS)
@pytest.mark.parametrize("build", [compact, classic, gram])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_closed_loop_rests_at_the_nonnegative_least_squares_solution(build, clamp, seed):
    G, volts = conductances(seed)
    circuit = build(G, OpAmp(gain=1e6, bandwidth=1e8, clamp=clamp))
    expected, _ = nnls(G / MICRO, 20 * volts)
    assert (expected == 0).any()
    assert (expected > 0).any()
    volts = inputs(circuit, G, volts)
    # A floating sense node couples into the row nodes of the compact circuit: then it is another metric's solution.
    tolerance = 5e-2 if build is compact and clamp == "single-supply" else 1e-3
    static, (settled, whether) = at_rest(circuit, volts), rest(circuit, volts)
    assert whether
    np.testing.assert_allclose(static, expected, rtol=0, atol=tolerance * expected.max())
    np.testing.assert_allclose(settled, static, rtol=0, atol=1e-6 * expected.max())


def test_an_open_loop_multiplies():
    G, _ = conductances(2)
    x = np.array([0.1, -0.05, 0.02, 0.15])
    circuit = Mvm(g=G, g_feedback=100 * MICRO, opamp=OpAmp(gain=1e6, bandwidth=1e8))
    np.testing.assert_allclose(at_rest(circuit, x), G @ x / (100 * MICRO), rtol=1e-5)
    np.testing.assert_allclose(rest(circuit, x).outputs, G @ x / (100 * MICRO), rtol=1e-5)


def test_a_row_without_feedback_is_an_equality():
    G, volts = conductances(3)
    G[-1], volts[-1] = 35 * MICRO, 0.3
    free = classic(G, OpAmp(gain=1e6, bandwidth=1e8))
    bound = ClassicGinv(
        g_left=G, g_right=G, g_feedback=np.r_[free.g_feedback[:-1], 0.0], g_in=free.g_in, opamp=free.opamp
    )
    target = 20 * 0.3 / 35
    assert abs(at_rest(free, volts).sum() - target) > 0.05 * target
    assert abs(at_rest(bound, volts).sum() - target) < 1e-4 * target


def test_a_bias_is_a_price_of_the_sum():
    G, volts = conductances(4)
    price = 0.3 * MICRO * np.ones(4)
    bare, priced = (classic(G, OpAmp(gain=1e6, bandwidth=1e8), bias=bias) for bias in (None, price))
    free = at_rest(bare, volts) > 0
    # of the gradient G'(Gx - g_in b) / g_feedback + price
    expected = np.linalg.solve((G.T @ G)[np.ix_(free, free)], (20 * MICRO * G.T @ volts - 20 * MICRO * price)[free])
    np.testing.assert_allclose(at_rest(priced, volts)[free], expected, rtol=1e-3)
    assert (expected > 0).all()


@pytest.mark.parametrize("build", [classic, gram, lambda G, opamp: Mvm(g=G, g_feedback=50 * MICRO, opamp=opamp)])
def test_unclamped_states_move_by_the_matrix_exponential(build):
    G, _ = conductances(5)
    circuit = build(G, OpAmp(gain=1e4, bandwidth=1e8))
    x = np.array([0.1, 0.12, 0.14, 0.16])
    volts = x if isinstance(circuit, Mvm) else inputs(circuit, G, G @ x / (20 * MICRO))
    states = equations(circuit)
    final = np.linalg.solve(states.F, states.v_rest(volts))
    tau = time_constant(circuit)
    transient = run(netlist(circuit, volts, duration=6 * tau, step=tau / 200))
    at = np.arange(0, len(transient.time), 20)
    rate = 2 * np.pi * circuit.opamp.bandwidth * states.F
    exact = np.array([(final - expm(-rate * t) @ final)[-len(circuit.outputs) :] for t in transient.time[at]])
    found = np.array([transient.voltages[node][at] for node in circuit.outputs]).T
    assert np.abs(found - exact).max() < 2e-3 * np.abs(exact).max()


def test_the_slew_rate_bounds_how_fast_an_output_moves():
    G, _ = conductances(6)
    volts = G @ np.full(4, 0.15) / (20 * MICRO)
    slow = classic(G, OpAmp(gain=1e6, bandwidth=1e8, slew_rate=1e6))
    fast = classic(G, OpAmp(gain=1e6, bandwidth=1e8))
    runs = [run(netlist(circuit, volts, duration=1e-6, step=1e-9)) for circuit in (slow, fast)]
    slopes = [max(np.abs(np.diff(r.voltages[x]) / np.diff(r.time)).max() for x in slow.outputs) for r in runs]
    assert slopes[0] <= 1.001e6
    assert slopes[1] > 5e6
    np.testing.assert_allclose(at_rest(slow, volts), at_rest(fast, volts), rtol=1e-6)


@pytest.mark.parametrize("clamp", CLAMPS)
def test_an_output_stops_at_its_rail(clamp):
    G, _ = conductances(7)
    x = np.array([0.05, 0.3, 0.05, 0.05])
    volts = G @ x / (20 * MICRO)
    railed = at_rest(compact(G, OpAmp(gain=1e6, bandwidth=1e8, v_max=0.2, clamp=clamp)), volts)
    free = at_rest(compact(G, OpAmp(gain=1e6, bandwidth=1e8, clamp=clamp)), volts)
    assert free[1] == pytest.approx(0.3, rel=1e-3)
    assert railed[1] == pytest.approx(0.2, rel=1e-9)
    assert (railed <= 0.2).all()
