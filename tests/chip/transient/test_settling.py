"""Settling times of many right-hand sides against one at a time, the bound, and loops that never settle."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from mho.chip import ChipError
from mho.circuits import CompactGinv, GramInv, Mvm, OpAmp, equations
from mho.circuits.transient import settling_bound, settling_time, transient

MICRO = 1e-6


@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
@pytest.mark.parametrize("tolerance", [0.1, 0.01, 1e-4])
def test_a_batch_settles_as_each_of_its_members(make_circuit, make_volts, clamp, tolerance):
    circuit = make_circuit("compact", (32, 8), 5, clamp=clamp)
    volts = make_volts(circuit, 5, n=20)
    together = settling_time(circuit, volts, tolerance)
    alone = [settling_time(circuit, b, tolerance) for b in volts.T]
    np.testing.assert_allclose(together, alone, rtol=0.03)


@pytest.mark.parametrize(
    ("kind", "opamp"), [("compact", {"slew_rate": 1e6}), ("compact", {"v_max": 0.1}), ("classic", {})]
)
def test_a_batch_that_is_followed_one_by_one(make_circuit, make_volts, kind, opamp):
    circuit = make_circuit(kind, (16, 4), 6, **opamp)
    volts = make_volts(circuit, 6, n=3)
    assert settling_time(circuit, volts).tolist() == pytest.approx([settling_time(circuit, b) for b in volts.T])


@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
@pytest.mark.parametrize("seed", range(5))
def test_the_bound_holds_for_every_right_hand_side(make_circuit, clamp, seed):
    """Outputs of any sign, so that clamps change on the way."""
    circuit = make_circuit("compact", (24, 6), seed, clamp=clamp)
    volts = np.random.default_rng(seed).standard_normal((24, 50))
    for tolerance in (0.1, 0.001):
        assert settling_time(circuit, volts, tolerance).max() <= settling_bound(circuit, tolerance)


def test_one_column_is_a_first_order_lag():
    """x(t) = (1 - exp(-K t)) x_rest, which is within 1 % after ln(100) / K; the bound is met exactly."""
    G = np.array([[10.0], [20.0], [30.0]]) * MICRO
    sums = 2 * G.sum(axis=1)
    circuit = CompactGinv(
        g_left=G, g_right=G, g_comp=sums.max() - sums, g_in=20 * MICRO, opamp=OpAmp(gain=1e4, bandwidth=1e8)
    )
    S = sums.max() + 20 * MICRO
    drive = np.sum(G**2) / S
    K = 2 * np.pi * 1e8 * (drive / (G.sum() - drive) + 1e-4)
    waveform = transient(circuit, [0.1, 0.2, 0.3])
    time = np.linspace(0, 5 / K, 50)
    expected = -np.expm1(-K * time) * waveform.rest()[0]
    np.testing.assert_allclose(waveform.outputs(time)[0], expected, rtol=0, atol=1e-9)
    assert waveform.settling_time() == pytest.approx(np.log(100) / K, rel=1e-4)
    assert settling_bound(circuit) == pytest.approx(np.log(100) / K)


@pytest.mark.parametrize("kind", ["compact", "classic"])
def test_against_a_stiff_integrator(make_circuit, make_volts, kind):
    """The equations of motion, as `dynamics` states them, by scipy."""
    circuit = make_circuit(kind, (12, 3), 7, slew_rate=2e6, v_max=0.11)
    volts = make_volts(circuit, 7)
    d, o = equations(circuit), circuit.opamp
    v_rest, limit = d.v_rest(volts), o.slew_rate / d.rate

    def motion(_, z):
        y = np.clip(z, d.lowest, o.v_max)
        v = v_rest - d.coupling @ y - d.diode @ np.minimum(z, 0)
        rail = np.where(z < d.lowest, d.lower_rail, 100.0)
        return d.rate * (np.clip(v, -limit, limit) - z / o.gain - rail * (z - y))

    end = 1e-6
    solved = solve_ivp(
        motion, (0, end), np.zeros(len(v_rest)), method="Radau", rtol=1e-8, atol=1e-11, dense_output=True
    )
    time = np.linspace(0, end, 200)
    Z = transient(circuit, volts, duration=end).poles(time)
    np.testing.assert_allclose(Z, solved.sol(time), rtol=0, atol=1e-5)


def test_an_unstable_loop_settles_where_a_clamp_catches_it():
    """Copies so different that outputs push each other apart: one of them wins, wherever the middle is."""
    circuit = unstable()
    assert settling_bound(circuit) == np.inf
    volts = np.array([[0.1, 0.12], [0.1, 0.1], [0.1, 0.11]])
    rests = np.array([transient(circuit, b).rest() for b in volts.T])
    assert np.all((rests > 0).sum(axis=1) == 1)
    assert np.all(settling_time(circuit, volts) > 0)


def test_a_loop_that_only_noise_would_move_says_so():
    with pytest.raises(ChipError, match=r"does not settle.*runs away"):
        transient(unstable(), np.zeros(3))


def test_a_ring_of_three_swings_for_ever():
    """Each output holds the next one down; the only operating point is not stable."""
    ring = np.roll(np.eye(3), 1, axis=1) + np.diag([0.2, 0.25, 0.3])
    circuit = GramInv(g_gram=ring * 30 * MICRO, g_in=20 * MICRO, opamp=OpAmp(gain=1e5, bandwidth=1e8))
    for volts in ([0.1, 0.11, 0.12], [[0.1, 0.1], [0.11, 0.13], [0.12, 0.1]]):
        with pytest.raises(ChipError, match=r"does not settle.*swings"):
            settling_time(circuit, volts)


def unstable():
    """Column 0 of one copy is column 1 of the other."""
    G = np.array([[30.0, 2.0], [2.0, 30.0], [25.0, 3.0]]) * MICRO
    return CompactGinv(
        g_left=G, g_right=G[:, ::-1], g_comp=np.zeros(3), g_in=20 * MICRO, opamp=OpAmp(gain=1e4, bandwidth=1e8)
    )


def test_a_waveform_that_ends_early_has_no_rest(make_circuit, make_volts):
    circuit = make_circuit("compact", (16, 4), 8)
    waveform = transient(circuit, make_volts(circuit, 8), duration=1e-8)
    with pytest.raises(ChipError, match="still on its way"):
        waveform.rest()
    with pytest.raises(ValueError, match="time must"):
        waveform.outputs([2e-8])


def test_equations_of_motion_stand_for_their_circuit(make_circuit, make_volts):
    """What costs seconds where wires have resistance is computed once."""
    circuit = make_circuit("compact", (16, 4), 10)
    volts, d = make_volts(circuit, 10), equations(circuit)
    assert equations(d) is d
    time = np.linspace(0, 1e-6, 50)
    np.testing.assert_array_equal(transient(d, volts).outputs(time), transient(circuit, volts).outputs(time))
    assert settling_time(d, volts) == settling_time(circuit, volts)
    assert settling_bound(d) == settling_bound(circuit)
    with pytest.raises(ValueError, match="volts must have 16 rows"):
        transient(d, volts[1:])


def test_three_times_the_right_hand_side_is_three_times_the_waveform(make_circuit, make_volts):
    circuit = make_circuit("compact", (32, 8), 11)
    volts = make_volts(circuit, 11)
    once, thrice = transient(circuit, volts), transient(circuit, 3 * volts)
    np.testing.assert_allclose(thrice.starts, once.starts, rtol=1e-6)
    time = np.linspace(0, 2e-6, 80)
    np.testing.assert_allclose(thrice.outputs(time), 3 * once.outputs(time), rtol=0, atol=1e-8)


def test_bad_arguments(make_circuit):
    circuit = make_circuit("compact", (16, 4), 9)
    with pytest.raises(ValueError, match=r"volts must have 16 rows.*\(15,\)"):
        transient(circuit, np.ones(15))
    with pytest.raises(ValueError, match="duration must be above 0"):
        transient(circuit, np.ones(16), duration=0.0)
    with pytest.raises(ValueError, match="tolerance must be above 0"):
        settling_time(circuit, np.ones(16), 0.0)
    with pytest.raises(TypeError, match="a closed loop, a CompactGinv, ClassicGinv, GramInv, Inv or Egv, got Mvm"):
        transient(Mvm(g=np.ones((2, 2)), g_feedback=1.0, opamp=OpAmp(gain=1e5, bandwidth=1e8)), [1.0, 1.0])
